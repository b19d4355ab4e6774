//! `--only` and `--from`: just these steps, or from a step on; what they need of others is missed before anything happens.

use crate::place::Place;

/// Two chains, a group with ends of its own, and a loop over steps.
const STEPS: &str = "title: 選択
steps:
  - { id: dump, shell: 'echo dump >> done; echo /b/dump.gz' }
  - { id: look, shell: echo look >> done }
  - id: restore
    needs: [look]
    steps:
      - { id: stop, shell: echo stop >> done, undo: { shell: echo start >> done } }
      - { id: swap, effect: destroy, shell: echo swap >> done }
      - { id: check, shell: echo check >> done }
    always:
      - { id: unlock, shell: echo unlock >> done }
  - { id: tell, shell: 'echo tell >> done; test {{ steps.look.state }} = skipped' }
  - id: each
    needs: []
    for_each: [a, b]
    steps:
      - { id: first, shell: 'echo first {{ item }} >> done' }
      - { id: second, shell: 'echo second {{ item }} >> done' }
  - { id: keep, needs: [tell], when: steps.dump.stdout is none, shell: echo keep >> done }
  - { id: send, needs: [keep], shell: 'echo {{ steps.dump.stdout }} >> done' }
always:
  - { id: clean, shell: echo clean >> done }
";

fn place() -> Place {
    let place = Place::new();
    place.file("play.yaml", STEPS);
    place
}

fn done(place: &Place) -> String {
    let text = place.text("done");
    std::fs::remove_file(place.at("done")).unwrap_or_default();
    text.lines().collect::<Vec<_>>().join(" ")
}

#[test]
fn only_these_steps_are_run_with_what_is_done_at_the_end_whatever_happened() {
    let place = place();
    let said = place.toban(&["run", "play.yaml", "--only", "look", "--only", "tell", "--progress", "plain"]);
    // `look` is not skipped this time, which is what `tell` looks at.
    assert_eq!((said.code, done(&place).as_str()), (1, "look tell clean"), "{said:?}");
    let said = place.toban(&["run", "play.yaml", "--only", "tell", "--progress", "plain", "--lang", "ja"]);
    assert_eq!((said.code, done(&place).as_str()), (0, "tell clean"), "{said:?}");
    assert!(said.out.contains("選択: --only tell"), "{said:?}");
    let status = place.toban(&["status", "--lang", "en"]).out;
    let line =
        |id: &str| status.lines().find(|l| l.trim_start().starts_with(id)).unwrap_or_default().to_string();
    assert!(line("dump").contains("left out") && line("dump").contains("対象外: --only tell"), "{status}");
    assert!(line("unlock").contains("left out"), "{status}");
    assert!(line("clean").contains("ok"), "{status}");
    let report = place.toban(&["report", "last", "--format", "json"]).out;
    assert!(report.contains("対象外: --only tell"), "{report}");
}

#[test]
fn nested_steps_are_chosen_by_their_whole_ids_and_destroying_ones_still_ask() {
    let place = place();
    let said = place.toban(&["run", "play.yaml", "--only", "swap"]);
    assert_eq!((said.code, done(&place).as_str()), (3, "unlock clean"), "{said:?}");
    let said = place.toban(&["run", "play.yaml", "--only", "swap", "--confirm", "swap"]);
    assert_eq!((said.code, done(&place).as_str()), (0, "swap unlock clean"), "{said:?}");
    let said = place.toban(&["run", "play.yaml", "--only", "tell", "--confirm", "swap"]);
    assert_eq!(said.code, 2, "{said:?}");
    let said = place.toban(&["run", "play.yaml", "--only", "each/second", "-j", "1"]);
    assert_eq!((said.code, done(&place).as_str()), (0, "second a second b clean"), "{said:?}");
}

#[test]
fn from_a_step_on_all_that_comes_after_it_is_run() {
    let place = place();
    let from = ["run", "play.yaml", "--from", "check", "--confirm", "swap"];
    let said = place.toban(&from);
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(done(&place), "");
    let said = place.toban(&["run", "play.yaml", "--from", "each"]);
    assert_eq!((said.code, done(&place).split_whitespace().count()), (0, 9), "{said:?}");
}

#[test]
fn a_failure_of_a_chosen_step_blocks_what_follows_behind_steps_that_are_left_out() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t
steps:
  - { id: a, shell: exit 1 }
  - { id: b, shell: echo b >> done }
  - { id: g, steps: [{ id: c, shell: echo c >> done }] }
  - { id: d, shell: echo d >> done }
  - { id: e, needs: [], after: [d], shell: echo e >> done }
",
    );
    let said = place.toban(&["run", "play.yaml", "--only", "a", "--only", "d", "--only", "e"]);
    assert_eq!((said.code, done(&place).as_str()), (1, "e"), "{said:?}");
    assert!(place.ends().contains("b=skipped") && place.ends().contains("d=blocked"), "{}", place.ends());
}

#[test]
fn what_a_chosen_step_needs_of_one_that_is_left_out_is_told_with_its_place() {
    let place = place();
    let said = place.toban(&["run", "play.yaml", "--only", "send"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("`send` needs `steps.dump.stdout`"), "{said:?}");
    assert!(said.err.contains("play.yaml:21:48") && said.err.contains("--only dump"), "{said:?}");
    let plan = place.toban(&["plan", "play.yaml", "--from", "restore"]);
    assert_eq!(plan.code, 2, "{plan:?}");
    assert!(plan.err.contains("begin earlier: --from dump"), "{plan:?}");
    assert!(!place.at("state").exists(), "nothing was begun");
}

#[test]
fn a_step_that_is_not_there_or_cannot_be_chosen_is_told() {
    let place = place();
    for (name, words) in [
        ("tel", "did you mean `tell`?"),
        ("zzz", "its steps: "),
        ("each[1]", "without `[…]`"),
        ("each[1]/second", "without `[…]`"),
        ("clean", "`rescue` or `always`"),
        ("unlock", "`rescue` or `always`"),
        ("stop/undo", "no step"),
    ] {
        let said = place.toban(&["run", "play.yaml", "--only", name]);
        assert!(said.code == 2 && said.err.contains(words), "{name}: {said:?}");
    }
    let both = place.toban(&["run", "play.yaml", "--only", "tell", "--from", "dump"]);
    assert_eq!(both.code, 2, "{both:?}");
    assert!(!place.at("state").exists(), "nothing was begun");
}

#[test]
fn a_plan_tells_exactly_what_is_chosen_and_a_saved_one_does_it() {
    let place = place();
    let plan = place.toban(&["plan", "play.yaml", "--only", "stop", "--only", "tell"]).out;
    assert!(plan.contains("left out (7): dump, look, swap, check, each, keep, send"), "{plan}");
    assert!(!plan.contains("echo dump") && !plan.contains("echo swap"), "{plan}");
    assert!(plan.contains("0 read, 4 change, 0 destroy"), "{plan}");
    for form in ["html", "markdown", "json"] {
        let page = place.toban(&["plan", "play.yaml", "--only", "tell", "--format", form]).out;
        assert!(
            page.contains("tell") && page.contains("only") && !page.contains("echo swap"),
            "{form}: {page}"
        );
    }
    let save = ["plan", "play.yaml", "--only", "stop", "-o", "stop.plan"];
    assert_eq!(place.toban(&save).code, 0);
    let other = place.toban(&["run", "stop.plan", "--only", "tell"]);
    assert_eq!(other.code, 2, "{other:?}");
    let said = place.toban(&["run", "stop.plan"]);
    assert_eq!((said.code, done(&place).as_str()), (0, "stop unlock clean"), "{said:?}");
    let differs = place.toban(&["diff", "play.yaml", "--against", "last"]);
    assert_eq!(differs.code, 1, "{differs:?}");
}

#[test]
fn undo_rescue_and_always_have_headings_of_their_own() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t
steps:
  - { id: stop, title: 止める, shell: echo, undo: { shell: echo } }
  - { id: fails, shell: exit 1 }
rescue: [{ id: mend, shell: echo }]
always: [{ id: clean, shell: echo }]
",
    );
    for (lang, words) in [("en", ["undo", "rescue", "always"]), ("ja", ["取り消し", "復旧", "後始末"])]
    {
        let said = place.toban(&["run", "play.yaml", "--progress", "plain", "--lang", lang]);
        assert_eq!(said.code, 1, "{said:?}");
        let at = words.map(|word| said.out.find(&format!("  {word} ")));
        assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?} {}", said.out);
        let status = place.toban(&["status", "--lang", lang]).out;
        assert!(status.contains("stop/undo"), "{status}");
        assert!(words.iter().all(|word| status.contains(&format!("  {word} ("))), "{status}");
        let report = place.toban(&["report", "last", "--format", "markdown", "--lang", lang]).out;
        assert!(words.iter().all(|word| report.contains(&format!("**{word} ("))), "{report}");
    }
}

#[test]
fn a_loop_over_too_much_is_refused_before_any_of_it() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t
steps:
  - { id: list, shell: 'seq 100001; echo made >> done' }
  - { id: flat, on_error: continue, for_each: '{{ steps.list.lines }}', shell: echo }
  - id: nested
    needs: [list]
    for_each: '{{ range(60000) | list }}'
    steps:
      - { id: one, shell: echo one >> done }
      - { id: two, shell: echo two >> done }
",
    );
    let wanted = "60000 items of 3 steps make 180000";
    let plan = place.toban(&["plan", "play.yaml"]).out;
    assert!(plan.contains(wanted), "{plan}");
    let said = place.toban(&["run", "play.yaml", "--progress", "plain"]);
    assert_eq!((said.code, done(&place).as_str()), (1, "made"), "{said:?}");
    assert!(said.out.contains(wanted) && said.out.contains("100001 items are more than"), "{said:?}");
}

#[test]
fn what_playbook_and_system_allow_is_told_in_the_plan() {
    let place = Place::new();
    place.file(
        "playbooks/s/play.yaml",
        "title: t\nallow: { endless-command: 外から止める }\nsteps:\n  - { id: a, shell: top }\n",
    );
    place.file(
        "playbooks/s/system.yaml",
        "title: s\nallow: { literal-secret: 使い捨て }\nconnections: { m: { url: 'postgres://u:hunter2@h/d' } }\n",
    );
    let checked = place.toban(&["check", "s/play"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let plan = place.toban(&["plan", "s/play"]).out;
    assert!(plan.contains("allowed in all of s/play: 外から止める [endless-command]"), "{plan}");
    assert!(plan.contains("allowed in all of system.yaml: 使い捨て [literal-secret]"), "{plan}");
    for form in ["html", "markdown", "json"] {
        let page = place.toban(&["plan", "s/play", "--format", form, "--lang", "ja"]).out;
        assert!(page.contains("外から止める") && page.contains("使い捨て"), "{form}: {page}");
    }
}
