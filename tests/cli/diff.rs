//! `toban diff`: two plans compared, saved, planned now, or of a run.

use serde_json::Value;

use crate::place::Place;

const OLD: &str = "title: 日次
inputs: {days: {type: integer, default: 7}}
steps:
  - {id: look, needs: [], shell: 'df -h'}
  - {id: old, needs: [], shell: 'echo gone'}
  - {id: list, needs: [], shell: 'ls -l /var'}
  - id: dump
    needs: []
    shell: |
      echo one
      echo days {{ inputs.days }}
      echo three
";

const NEW: &str = "title: 日次
inputs: {days: {type: integer, default: 9}}
steps:
  - {id: list, needs: [], shell: 'ls -l /var'}
  - {id: look, needs: [], shell: 'df -h'}
  - id: dump
    needs: []
    retry: {attempts: 3, delay: 2s}
    shell: |
      echo one
      echo days {{ inputs.days }}
      echo three
  - {id: more, needs: [], shell: 'echo more'}
";

fn place() -> Place {
    let place = Place::new();
    place.file("play.yaml", OLD);
    place
}

#[test]
fn a_plan_is_the_same_as_itself_and_as_the_run_that_it_became() {
    let place = place();
    assert_eq!(place.toban(&["plan", "play.yaml", "-o", "a.plan"]).code, 0);
    assert_eq!(place.toban(&["run", "play.yaml", "--progress", "quiet"]).code, 0);
    for args in [
        &["diff", "a.plan", "play.yaml"][..],
        &["diff", "a.plan", "a.plan"],
        &["diff", "play.yaml", "--against", "last"],
    ] {
        let said = place.toban(args);
        assert_eq!(
            (said.code, said.out.as_str(), said.err.as_str()),
            (0, "the plans are the same\n", ""),
            "{args:?}"
        );
    }
    let said = place.toban(&["--lang", "ja", "diff", "a.plan", "play.yaml"]);
    assert_eq!((said.code, said.out.as_str()), (0, "計画に違いはありません\n"));
}

#[test]
fn what_was_added_removed_moved_and_changed_is_told_with_its_lines() {
    let place = place();
    assert_eq!(place.toban(&["plan", "play.yaml", "-o", "a.plan"]).code, 0);
    assert_eq!(place.toban(&["run", "play.yaml", "--progress", "quiet"]).code, 0);
    place.file("play.yaml", NEW);
    let saved = place.toban(&["diff", "a.plan", "play.yaml"]);
    assert_eq!(saved.code, 1, "{saved:?}");
    for part in [
        "input days\n- 7\n+ 9\n",
        "old  removed\n",
        "more  added\n",
        "  moved\n",
        "dump  changed\n",
        "  does        echo one\n",
        "-             echo days '7'\n",
        "+             echo days '9'\n",
        "+ attempts    3, 2s apart\n",
        "+ does        echo more\n",
        "- does        echo gone\n",
        "steps: 1 added, 1 removed, 1 moved, 1 changed; inputs: 1 changed\n",
    ] {
        assert!(saved.out.contains(part), "`{part}` is not in\n{}", saved.out);
    }
    assert!(!saved.out.contains('\u{1b}'), "no terminal, no colours");
    // The run of the old playbook says the same.
    let run = place.toban(&["diff", "play.yaml", "--against", "last"]);
    assert_eq!((run.code, run.out), (1, saved.out));
    let coloured = place.toban(&["--color", "always", "diff", "a.plan", "play.yaml"]);
    assert!(coloured.out.contains("\u{1b}[32m+ "), "{}", coloured.out);
    // The inputs of a plan made now can be given: then they are no difference.
    let given = place.toban(&["diff", "a.plan", "play.yaml", "-i", "days=7"]);
    assert!(given.code == 1 && !given.out.contains("input days"), "{}", given.out);
}

#[test]
fn a_difference_can_be_read_by_a_program() {
    let place = place();
    place.file("other.yaml", NEW);
    let said = place.toban(&["diff", "play.yaml", "other.yaml", "--format", "json"]);
    assert_eq!(said.code, 1, "{said:?}");
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(told["equal"], false);
    assert_eq!(told["inputs"][0]["old"], 7);
    let step = |id: &str| told["steps"].as_array().expect("steps").iter().find(|s| s["id"] == id).cloned();
    let dump = step("dump").expect("it changed");
    assert_eq!(dump["fields"], serde_json::json!(["text", "retry"]));
    assert_eq!(dump["text"][1], serde_json::json!({"side": "old", "line": "echo days '7'"}));
    assert!(step("more").expect("it came")["old"].is_null());
    assert!(step("old").expect("it went")["new"].is_null());
    let moved = [step("look"), step("list")].into_iter().flatten().filter(|s| s["moved"] == true).count();
    assert_eq!(moved, 1, "one of two that changed places moved");
    let same = place.toban(&["diff", "play.yaml", "play.yaml", "--format", "json"]);
    let told: Value = serde_json::from_str(&same.out).expect("JSON");
    assert_eq!((same.code, &told["equal"]), (0, &Value::Bool(true)));
}

#[test]
fn what_cannot_be_compared_is_said_with_a_way_out() {
    let place = place();
    let cases: [(&[&str], i32, &str); 4] = [
        (&["diff", "play.yaml"], 2, "--against last"),
        (&["diff", "play.yaml", "--against", "last"], 2, "no run of"),
        (&["diff", "play.yaml", "play.yaml", "--against", "last"], 2, "against"),
        (&["diff", "play.yaml", "nothing.yaml"], 2, "nothing.yaml"),
    ];
    for (args, code, part) in cases {
        let said = place.toban(args);
        assert!(said.code == code && said.err.contains(part), "{args:?}: {said:?}");
        assert!(said.out.is_empty(), "{said:?}");
    }
}
