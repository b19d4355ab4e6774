//! Texts in several languages: all of them are read and checked, each at its place, whichever is taken.

use toban::base::Lang;
use toban::diag::{Diagnostic, render};
use toban::lang::{Loaded, load_in};
use toban::model::StepBody;

fn loaded(lang: Lang, playbook: &str, system: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("p.yaml"), playbook).expect("written");
    std::fs::write(dir.path().join("system.yaml"), system).expect("written");
    load_in(lang, "./p.yaml", None, dir.path(), None)
}

/// What is wrong, in each language the same: the code, where it is, and what is marked.
fn mistakes(playbook: &str, system: &str) -> Vec<(&'static str, usize, String)> {
    let told = |lang| {
        let found = loaded(lang, playbook, system).expect_err("mistakes");
        let one = |d: &Diagnostic| {
            let at = d.at.as_ref().expect("a place");
            let line = at.source.text[..at.span.start].lines().count().max(1);
            (d.code, line, at.source.text[at.span.clone()].to_string())
        };
        found.iter().map(one).collect::<Vec<_>>()
    };
    let (mut ja, mut en) = (told(Lang::Ja), told(Lang::En));
    ja.sort();
    en.sort();
    assert_eq!(ja, en, "what is wrong does not depend on who checks");
    ja
}

fn help(playbook: &str) -> String {
    render(&loaded(Lang::En, playbook, "{}").expect_err("mistakes"), false)
}

#[test]
fn a_language_that_is_none_and_a_text_that_is_none_are_mistakes_with_a_way_out() {
    let playbook =
        |title: &str| format!("title: {title}\nsteps:\n  - {{ id: a, shell: ls, effect: read }}\n");
    for (title, code, marked, way_out) in [
        ("{ jp: 日次, en: Daily }", "unknown-language", "jp", "did you mean `ja`?"),
        ("{ ja: 日次, en_US: Daily }", "unknown-language", "en_US", "did you mean `en`?"),
        ("{ ja: 日次, french: Quotidien }", "unknown-language", "french", "`ja` and `en`"),
        ("{}", "empty", "{}", "`ja:`, `en:` or both"),
        ("{ ja: 日次, en: }", "empty", "", "`en` is empty"),
        ("{ ja: 日次, en: 7 }", "wrong-type", "7", "put it in quotes"),
        ("[日次]", "wrong-type", "[日次]", "expected text"),
    ] {
        let text = playbook(title);
        assert_eq!(mistakes(&text, "{}"), [(code, 1, marked.to_string())], "{title}");
        assert!(help(&text).contains(way_out), "{}", help(&text));
    }
}

#[test]
fn a_mistake_in_either_language_is_found_at_its_place() {
    let playbook = "\
title: t
inputs: { days: { type: integer, default: 7 } }
steps:
  - id: a
    title: { ja: '{{ inputs.days }} 日', en: '{{ inputs.dyas }} days' }
    confirm:
      question: { ja: '{{ inputs.nichi }} 日分でよいか', en: 'Go on?' }
      facts:
        days: { label: { ja: 日数, en: Days }, value: '{{ inputs.tage }}' }
    shell: ls
    effect: read
    expect:
      - { that: exit_code == 0, message: { ja: 'コード {{ exit_cod }}', en: 'code {{ exit_code }' } }
  - id: b
    confirm: { ja: '{{ steps.c.stdout }}', en: '{{ steps.a.stdout }}' }
    effect: destroy
    shell: ls
  - id: c
    decide: { question: { ja: どうするか, en: '{{ what }}' }, choices: { ja: { en: '{{ how }}' }, go: 進む } }
";
    let found = mistakes(playbook, "{}");
    let places: Vec<(usize, &str)> = found.iter().map(|(_, line, part)| (*line, part.as_str())).collect();
    for place in [
        (5, "inputs.dyas"),
        (7, "inputs.nichi"),
        (9, "inputs.tage"),
        (13, "exit_cod"),
        (13, "}"),
        (15, "steps.c.stdout"),
        (19, "what"),
        (19, "how"),
    ] {
        assert!(places.contains(&place), "{place:?} in {found:?}");
    }
}

#[test]
fn the_text_in_the_wanted_language_is_taken_and_the_one_there_is_where_that_is_missing() {
    let system = "title: { ja: 店, en: Shop }\ndefault_environment: lab\nenvironments: { lab: { title: { en: Lab } } }\n";
    let playbook = "\
title: &title { ja: 日次, en: Daily }
description: { ja: 毎日 }
owner: { en: Ops }
inputs: { days: { type: integer, default: 7, description: { ja: 日数, en: Days } } }
steps:
  - { id: a, title: *title, confirm: { ja: よいか, en: 'Go on?' }, effect: destroy, shell: ls }
  - id: b
    confirm: { question: 何, facts: { 日: 1, n: { label: { ja: 数, en: Count }, value: 2 } } }
    effect: destroy
    shell: ls
checklist: [{ item: { ja: 済, en: Done }, from: a }]
";
    let told = |lang| {
        let loaded = loaded(lang, playbook, system).map_err(|f| render(&f, false)).expect("it loads");
        let book = loaded.playbook;
        let confirm = |i: usize| book.steps[i].confirm.as_ref().expect("a question");
        let labels: Vec<String> = confirm(1).facts.keys().cloned().collect();
        let step = &book.steps[0];
        assert!(matches!(step.body, StepBody::Act(_)));
        [
            book.title.clone(),
            book.description.clone().unwrap_or_default(),
            book.owner.clone().unwrap_or_default(),
            book.inputs["days"].description.clone().unwrap_or_default(),
            step.title.as_ref().map(|t| t.show()).unwrap_or_default(),
            confirm(0).question.show(),
            labels.join(" "),
            book.checklist[0].item.clone(),
            loaded.system.title.clone().unwrap_or_default(),
        ]
        .join("|")
    };
    assert_eq!(told(Lang::Ja), "日次|毎日|Ops|日数|日次|よいか|日 数|済|店");
    assert_eq!(told(Lang::En), "Daily|毎日|Ops|Days|Daily|Go on?|日 Count|Done|Lab");
}

#[test]
fn a_mapping_that_is_no_text_is_told_by_its_own_keys() {
    let playbook = "title: t\nsteps:\n  - { id: a, confirm: { question: ok, en: 'Go on?' }, effect: destroy, shell: ls }\n  - { id: b, confirm: { ja: よいか, enn: 'Go on?' }, effect: destroy, shell: ls }\n  - { id: c, confirm: { question: q, facts: { a: { label: L }, b: { label: L, value: 1 }, c: { label: L, value: 2 } } }, effect: destroy, shell: ls }\n";
    let found = mistakes(playbook, "{}");
    assert_eq!(
        found,
        [
            ("duplicate-key", 5, "c".to_string()),
            ("missing-key", 5, "label".into()),
            ("unknown-key", 3, "en".into()),
            ("unknown-language", 4, "enn".into()),
        ]
    );
}

#[test]
fn an_action_of_a_system_is_checked_in_every_language() {
    let system = "actions:\n  tell:\n    fail: { ja: '{{ system.vars.x }}', en: '{{ system.vars.y }}' }\nvars: { x: 1 }\n";
    let found = mistakes("title: t\nsteps:\n  - { id: a, shell: ls, effect: read }\n", system);
    assert_eq!(found, [("unknown-name", 3, "system.vars.y".to_string())]);
}
