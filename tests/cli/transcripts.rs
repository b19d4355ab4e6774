//! Whole answers of every command, in both languages.

use insta::assert_snapshot;

use crate::place::Place;

const SYSTEM: &str = "\
title: 店
timezone: Asia/Tokyo
default_environment: lab
vars: { dir: /tmp }
secrets:
  token: { from: env:SHOP_TOKEN }
environments:
  lab: { target: lab, hosts: { app: local }, run_on: app }
  production: { protected: true, target: shop-1, hosts: { app: local }, run_on: app }
";

const DAILY: &str = "\
title: 日次
description: Looks at the shop, then says so.
owner: 店長
locks: [shop]
inputs:
  who: { type: string, description: 誰に }
  days: { type: integer, default: 7, minimum: 1, maximum: 30, description: Age at which a file may go }
  on: { type: date, required: false }
steps:
  - id: hello
    title: \"{{ inputs.who }} へのあいさつ\"
    shell: echo hello {{ inputs.who }} {{ run.stamp }}
  - id: each
    for_each: [a, 'b c', \"{{ inputs.days }}\"]
    shell: echo {{ item }} {{ index }}
  - id: secret
    shell: 'echo \"the token is $TOKEN\"'
    env: { TOKEN: \"{{ secrets.token }}\" }
    timeout: 5s
    retry: { attempts: 2, delay: 1s }
  - id: bad
    shell: echo oops >&2; exit 7
    on_error: continue
  - id: broken
    needs: [hello]
    shell: exit 3
  - id: after_broken
    shell: echo never
  - id: not_today
    needs: [hello]
    when: inputs.days > 10
    shell: echo long
  - id: part
    needs: [hello]
    playbook: { run: shop/part, inputs: { count: 2 } }
  - id: told
    shell: echo {{ steps.part.text }}
checklist:
  - { item: あいさつ, from: hello }
  - { item: 部品, from: part }
";

const PART: &str = "\
title: 部品
inputs: { count: { type: integer } }
steps:
  - { id: count, shell: 'echo {{ inputs.count * 2 }}' }
outputs: { text: '{{ steps.count.stdout }}' }
";

const ASK: &str = "\
title: 確認
inputs: { table: { type: string, default: papers } }
steps:
  - id: drop
    title: 表 {{ inputs.table }} を消す
    effect: destroy
    shell: echo dropped {{ inputs.table }}
  - { id: then, shell: echo then }
  - id: switch
    needs: []
    confirm: { question: '{{ inputs.table }} に切り替えますか', facts: { 件数: 3 }, type: '{{ inputs.table }}' }
    shell: echo switched
  - { id: which, needs: [], decide: { question: どうしますか, choices: { restore: 復元する, stop: 中止する } } }
  - { id: look, needs: [], manual: { instruction: 画面を見る, evidence: { red: { type: integer } } } }
  - { id: other, needs: [], shell: echo other }
";

fn shop() -> Place {
    let place = Place::new();
    place.file("playbooks/shop/system.yaml", SYSTEM);
    place.file("playbooks/shop/daily.yaml", DAILY);
    place.file("playbooks/shop/part.yaml", PART);
    place.file("playbooks/shop/ask.yaml", ASK);
    place
}

/// The answers to several calls, one after another.
fn answers(place: &Place, calls: &[&[&str]]) -> String {
    calls.iter().map(|args| place.transcript(args)).collect::<Vec<_>>().join("\n")
}

/// The same with the secret in the environment.
fn run_daily(place: &Place, args: &[&str]) -> String {
    // One at a time, so that lines come in one order.
    let args = [&["run", "shop/daily", "-j", "1", "-i", "who=世界"], args].concat();
    let mut command = place.command();
    let output = command.args(&args).env("SHOP_TOKEN", "hunter22 秘密").output().expect("toban starts");
    let said = crate::place::said(output);
    assert!(!said.out.contains("hunter22") && !said.err.contains("hunter22"), "{said:?}");
    without_reservations(&place.steadied(&args, &said))
}

/// Which starts share a sync depends on how long steps take: those facts, and the numbers that count them, are left out.
fn without_reservations(text: &str) -> String {
    let numbers = regex::Regex::new(r#""seq":\d+"#).expect("a pattern");
    let lines = text.lines().filter(|line| !line.contains(r#""kind":"reserved""#));
    lines.map(|line| numbers.replace(line, r#""seq":"[n]""#) + "\n").collect()
}

#[test]
fn what_can_be_run_is_listed_and_shown() {
    let place = shop();
    place.file("playbooks/shop/wrong.yaml", "title: だめ\nsteps:\n  - { id: a }\n");
    assert_snapshot!(answers(
        &place,
        &[&["list"], &["show", "shop/daily"], &["--lang", "ja", "show", "shop/ask"]]
    ));
}

#[test]
fn a_check_tells_every_mistake_with_its_place() {
    let place = shop();
    assert_snapshot!(
        "a_check_without_mistakes",
        answers(&place, &[&["check"], &["check", "--format", "json"]])
    );
    place.file(
        "playbooks/shop/wrong.yaml",
        "title: だめ\nsteps:\n  - { id: a, shel: echo }\n  - { id: b, needs: [c], shell: 'echo {{ inputs.x }}' }\n",
    );
    let calls: &[&[&str]] = &[
        &["check", "shop/wrong"],
        &["check", "shop/wrong", "--format", "json"],
        &["--lang=ja", "check", "playbooks"],
        &["run", "shop/wrong"],
        &["check", "nothing", "nothing.yaml"],
    ];
    assert_snapshot!("a_check_with_mistakes", answers(&place, calls));
}

#[test]
fn a_plan_tells_everything_that_would_be_done() {
    let place = shop();
    assert_snapshot!(
        "plan_text",
        answers(
            &place,
            &[&["plan", "shop/daily"], &["plan", "shop/daily", "-i", "who=世界", "-i", "days=12"]]
        )
    );
    assert_snapshot!("plan_json", place.transcript(&["plan", "shop/daily", "--format", "json"]));
    assert_snapshot!(
        "plan_questions",
        answers(
            &place,
            &[&["plan", "shop/ask"], &["--lang", "ja", "plan", "shop/ask", "--env", "production"]]
        )
    );
    assert!(!place.at("state").exists(), "a plan writes nothing");
}

#[test]
fn a_run_is_told_as_lines_and_kept() {
    let place = shop();
    assert_snapshot!("run_plain", run_daily(&place, &[]));
    let calls: &[&[&str]] = &[
        &["runs"],
        &["status"],
        &["--lang", "ja", "status", "last"],
        &["logs"],
        &["logs", "last", "secret"],
        &["logs", "last", "each[1]"],
        &["logs", "last", "part/count"],
        &["logs", "last", "after_broken"],
        &["logs", "last", "broken"],
        &["logs", "last", "secrt"],
        &["status", "nothing"],
    ];
    assert_snapshot!("run_kept", answers(&place, calls));
    assert_snapshot!(
        "run_kept_json",
        answers(&place, &[&["runs", "--format", "json"], &["status", "--format", "json"]])
    );
}

#[test]
fn a_run_is_told_in_japanese_and_quietly() {
    let place = shop();
    assert_snapshot!("run_japanese", run_daily(&place, &["--lang", "ja"]));
    assert_snapshot!("run_quiet", run_daily(&place, &["--progress", "quiet"]));
}

#[test]
fn a_run_is_told_as_events_for_programs() {
    let place = shop();
    assert_snapshot!(run_daily(&place, &["--progress", "json"]));
}

#[test]
fn a_question_without_a_terminal_is_a_no_and_the_rest_goes_on() {
    let place = shop();
    assert_snapshot!("asked_nobody", place.transcript(&["run", "shop/ask", "-j", "1"]));
    assert!(
        place.ends().contains("drop=refused") && place.ends().contains("then=blocked"),
        "{}",
        place.ends()
    );
    assert!(place.ends().contains("other=ok"), "{}", place.ends());
}

#[test]
fn flags_answer_beforehand_by_name() {
    let place = shop();
    let all = [
        "run",
        "shop/ask",
        "-j",
        "1",
        "--confirm",
        "drop",
        "--confirm",
        "switch=papers",
        "--choose",
        "which=stop",
        "--answer",
        "look=red=0",
    ];
    assert_snapshot!("answered_by_flags", place.transcript(&all));
    let calls: &[&[&str]] = &[
        &["run", "shop/ask", "--confirm", "dorp"],
        &["run", "shop/ask", "--confirm", "which", "--choose", "drop=x", "--answer", "drop[1]=done"],
        &["run", "shop/ask", "--choose", "which"],
        &["run", "shop/part", "-i", "count=1", "--confirm", "count"],
    ];
    assert_snapshot!("answers_to_nothing", answers(&place, calls));
}

#[test]
fn a_flag_that_does_not_fit_the_question_is_no_yes() {
    let place = shop();
    let args = [
        "run",
        "shop/ask",
        "-j",
        "1",
        "--env",
        "production",
        "--confirm",
        "drop",
        "--confirm",
        "switch=other",
        "--choose",
        "which=perhaps",
        "--answer",
        "look=red=many",
    ];
    assert_snapshot!(place.transcript(&args));
}

#[test]
fn help_is_in_the_operators_language() {
    let place = Place::new();
    let calls: &[&[&str]] = &[&["--help"], &["run", "--help"], &["help", "logs"], &["help", "rnu"], &[]];
    assert_snapshot!("help_en", answers(&place, calls));
    let calls: &[&[&str]] =
        &[&["--lang", "ja", "--help"], &["run", "-h", "--lang=ja"], &["--lang", "ja", "help", "rnu"]];
    assert_snapshot!("help_ja", answers(&place, calls));
    assert_snapshot!("version", place.transcript(&["--version"]));
}

const WRONG_CALLS: &[&[&str]] = &[
    &["rnu"],
    &["--progess", "plain", "list"],
    &["runs", "--format", "yaml"],
    &["runs", "--limit", "many"],
    &["run"],
    &["run", "shop/daily", "-j", "0"],
    &["run", "shop/daily", "--progress"],
    &["list", "extra"],
    &["run", "shop/dayly"],
    &["run", "shop/daily", "--env", "prodction"],
    &["plan", "nothing.yaml"],
    &["--playbooks", "nothing", "list"],
    &["--lang", "fr", "list"],
];

#[test]
fn a_wrong_call_says_what_was_meant() {
    let place = shop();
    assert_snapshot!("wrong_calls", answers(&place, WRONG_CALLS));
    let japanese: Vec<Vec<&str>> = WRONG_CALLS.iter().map(|c| [&["--lang=ja"], *c].concat()).collect();
    let japanese: Vec<&[&str]> = japanese.iter().take(10).map(Vec::as_slice).collect();
    assert_snapshot!("wrong_calls_ja", answers(&place, &japanese));
}

#[test]
fn every_wrong_and_missing_input_is_named_in_one_answer() {
    let place = shop();
    place.file("inputs.yaml", "days: 0\non: tomorrow\n");
    place.file("list.yaml", "- 1\n");
    let calls: &[&[&str]] = &[
        &["run", "shop/daily"],
        &["run", "shop/daily", "-i", "dayz=3", "-i", "days=99", "-i", "on=2026-02-30", "-i", "who"],
        &["plan", "shop/daily", "-i", "days=99", "-i", "nothing=1"],
        &["run", "shop/daily", "--inputs", "inputs.yaml", "-i", "who=x"],
        &["run", "shop/daily", "--inputs", "list.yaml"],
        &["run", "shop/daily", "--inputs", "none.yaml"],
        &["--lang", "ja", "run", "shop/daily", "-i", "dayz=3"],
    ];
    assert_snapshot!(answers(&place, calls));
    assert!(!place.at("state").exists(), "nothing was begun");
}

#[test]
fn completions_and_schemas_are_printed_whole() {
    let place = Place::new();
    let bash = place.toban(&["completions", "bash"]);
    assert_eq!((bash.code, bash.err.as_str()), (0, ""));
    let checked = place.around("bash").args(["-n", "-c", &bash.out]).status().expect("bash");
    assert!(checked.success());
    for command in ["list", "check", "plan", "run", "runs", "status", "logs", "schema"] {
        assert!(
            bash.out.contains(&format!("toban__subcmd__{command}"))
                || bash.out.contains(&format!("toban__{command}")),
            "{command}"
        );
    }
    for (what, part) in [("playbook", "\"for_each\""), ("system", "\"environments\"")] {
        let said = place.toban(&["schema", what]);
        let schema: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        assert!(schema["properties"].is_object() && said.out.contains(part), "{what}");
    }
    assert!(place.toban(&["schema", "reference"]).out.contains("for_each"));
}

#[test]
fn where_nothing_is_there_the_way_to_something_is_told() {
    let place = Place::new();
    let calls: &[&[&str]] =
        &[&["list"], &["check"], &["runs"], &["status"], &["logs"], &["runs", "--format", "json"]];
    assert_snapshot!(answers(&place, calls));
}
