//! Saved plans: run once, as they were made, or refused with what differs.

use crate::place::{Place, Said, said};

const SYSTEM: &str = "\
vars: { out: done }
secrets: { token: { from: env:TOKEN } }
default_environment: lab
environments: { lab: {}, other: { vars: { out: elsewhere } } }
";

const PLAYBOOK: &str = "\
title: 試験
inputs:
  name: { type: string }
  key: { type: secret, from: 'env:KEY' }
steps:
  - { id: a, shell: 'echo {{ inputs.name }} {{ system.vars.out }} >> done', stdin: { file: data.txt } }
  - { id: b, shell: [sh, -c, 'test $(printf %s $T | wc -c) = 17 && echo ok >> b.count'], env: { T: '{{ secrets.token }}', K: '{{ inputs.key }}' } }
  - { id: c, for_each: [1, 2], shell: 'echo {{ item }} {{ steps.a.state }} >> c.count' }
";

fn place() -> Place {
    let place = Place::new();
    place.file("system.yaml", SYSTEM);
    place.file("play.yaml", PLAYBOOK);
    place.file("data.txt", "data\n");
    place
}

impl Place {
    /// The binary with the secrets of these tests.
    fn with_secrets(&self, args: &[&str]) -> Said {
        let mut command = self.command();
        command.env("TOKEN", "very-secret-token").env("KEY", "very-secret-key");
        said(command.args(["--progress", "plain"]).args(args).output().expect("toban starts"))
    }

    fn saved(&self, args: &[&str]) -> Said {
        let said = self.with_secrets(&[&["plan", "play.yaml", "-o", "p.plan"], args].concat());
        assert_eq!(said.code, 0, "{said:?}");
        said
    }

    fn saved_as(&self, name: &str) -> Said {
        let said = self.with_secrets(&["plan", "play.yaml", "-i", "name=x", "-o", name]);
        assert_eq!(said.code, 0, "{said:?}");
        said
    }

    /// A refusal: exit 3, these words, and nothing done.
    fn refused(&self, args: &[&str], words: &[&str]) {
        let said = self.with_secrets(args);
        assert_eq!(said.code, 3, "{said:?}");
        for word in words {
            assert!(said.err.contains(word), "{word}: {}", said.err);
        }
        assert!(said.err.contains("help: "), "{}", said.err);
        assert_eq!((self.lines("done"), self.at("state/runs").exists()), (0, false), "{said:?}");
    }
}

#[test]
fn a_plan_is_shown_as_it_was_made_and_run_once() {
    let place = place();
    let planned = place.saved(&["-i", "name=x", "--operator", "鈴木"]);
    assert!(planned.err.contains("by 鈴木 on "), "{}", planned.err);
    assert_eq!(place.toban(&["show", "p.plan"]).out, planned.out);
    // From wherever it is called.
    let mut elsewhere = place.command();
    elsewhere.current_dir("/").env("TOKEN", "very-secret-token").env("KEY", "very-secret-key");
    let run = said(elsewhere.arg("run").arg(place.at("p.plan")).output().expect("toban starts"));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(place.toban(&["status"]).out.contains(" by 鈴木\n"));
    assert_eq!(
        (place.text("done"), place.lines("b.count"), place.lines("c.count")),
        ("x done\n".into(), 1, 2)
    );
    let text = std::fs::read_to_string(place.last_run().plan()).expect("plan.json");
    let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let saved: serde_json::Value = serde_json::from_str(&place.text("p.plan")).expect("JSON");
    assert_eq!(record["saved"]["digest"], saved["digest"]);
    assert_eq!(record["saved"]["author"], "鈴木");
    let later = place.saved_as("later.plan");
    assert_eq!(place.toban(&["show", "later.plan"]).out, later.out, "also with how long it took before");
    let again = place.with_secrets(&["run", "p.plan"]);
    assert_eq!(again.code, 3);
    assert!(again.err.contains("was run already, as 20"), "{}", again.err);
    // Also where somebody has removed the folder of the run.
    std::fs::remove_dir_all(place.at("state/runs")).expect("removed");
    assert_eq!(place.with_secrets(&["run", "p.plan"]).code, 3);
    assert_eq!((place.lines("done"), place.lines("c.count")), (1, 2));
}

#[test]
fn no_secret_stands_in_a_plan_but_its_name_and_source() {
    let place = place();
    place.saved(&["-i", "name=x"]);
    let text = place.text("p.plan");
    for secret in ["very-secret-token", "very-secret-key"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let plan: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(plan["secrets"]["secrets.token"]["from"], "env:TOKEN");
    assert_eq!(plan["secrets"]["inputs.key"]["from"], "env:KEY");
}

#[test]
fn whatever_changed_is_named_with_its_old_and_its_new_value() {
    let place = place();
    place.saved(&["-i", "name=x"]);
    place.file("system.yaml", &SYSTEM.replace("out: done", "out: gone"));
    place.refused(
        &["run", "p.plan"],
        &[
            "system.yaml: vars.out: \"done\" → \"gone\"",
            "step a: shell.run: ",
            "→ \"echo 'x' 'gone' >> done\"",
        ],
    );
    place.file("system.yaml", SYSTEM);
    place.file("data.txt", "other\n");
    place.refused(&["run", "p.plan"], &["  data.txt: SHA-256 ", " → SHA-256 "]);
    std::fs::remove_file(place.at("data.txt")).expect("removed");
    place.refused(&["run", "p.plan"], &["  data.txt: SHA-256 ", " → nothing"]);
    place.file("data.txt", "data\n");
    place.file("play.yaml", &PLAYBOOK.replace("id: b,", "id: bb,"));
    place.refused(&["run", "p.plan"], &["play.yaml: steps: [\"a\",\"b\",\"c\"] → [\"a\",\"bb\",\"c\"]"]);
    place.file("play.yaml", &PLAYBOOK.replace("env:KEY", "env:OTHER"));
    place.refused(&["run", "p.plan"], &["secrets: inputs.key.from: \"env:KEY\" → \"env:OTHER\""]);
    place.file("play.yaml", &format!("# a remark\n{PLAYBOOK}"));
    place.refused(&["run", "p.plan"], &["  play.yaml: SHA-256 "]);
    place.file("play.yaml", &format!("{PLAYBOOK}  - [\n"));
    place.refused(&["run", "p.plan"], &["  play.yaml: SHA-256 ", "not closed"]);
    std::fs::remove_file(place.at("play.yaml")).expect("removed");
    place.refused(&["run", "p.plan"], &["play.yaml: No such file"]);
    place.file("play.yaml", PLAYBOOK);
    assert_eq!(place.with_secrets(&["run", "p.plan"]).code, 0, "all is as it was");
}

#[test]
fn a_file_that_is_not_what_was_saved_is_refused() {
    let place = place();
    place.saved(&["-i", "name=x"]);
    let text = place.text("p.plan");
    let refused = |bytes: &[u8], word: &str| {
        std::fs::write(place.at("e.plan"), bytes).expect("written");
        for command in ["run", "show"] {
            let said = place.toban(&[command, "e.plan"]);
            assert!(said.code == 3 && said.err.contains(word), "{word}: {said:?}");
        }
    };
    refused(text.replace("echo 'x'", "echo 'y'").as_bytes(), "changed after it was saved");
    refused(text.replacen("\"by\": \"", "\"by\": \"x", 1).as_bytes(), "changed after it was saved");
    refused(
        text.replacen("\"inputs\": {", "\"more\": 1, \"inputs\": {", 1).as_bytes(),
        "unknown field `more`",
    );
    refused(&text.as_bytes()[..text.len() / 2], "cut off");
    refused(text.replacen("toban_plan\": 1", "toban_plan\": 2", 1).as_bytes(), "has the form 2");
    refused(&[b"{\"toban_plan\": 1, \"id\": \"\xff\"".as_slice(), b"}"].concat(), "not UTF-8 at byte 25");
    let huge = std::fs::File::options().append(true).open(place.at("p.plan")).expect("opened");
    huge.set_len(300 << 20).expect("longer");
    let said = place.toban(&["run", "p.plan"]);
    assert!(said.code == 3 && said.err.contains("larger than 256 MiB"), "{said:?}");
    assert!(!place.at("state/runs").exists());
}

#[test]
fn a_plan_is_run_until_its_time_is_over() {
    let place = place();
    place.saved(&["-i", "name=x", "--valid", "1ms"]);
    place.refused(&["run", "p.plan"], &["the plan has expired: it could be run until 2"]);
    let said = place.toban(&["plan", "play.yaml", "-o", "p.plan"]);
    assert!(said.code == 2 && said.err.contains("is there already"), "{said:?}");
    assert_eq!(place.toban(&["plan", "play.yaml", "--valid", "1h"]).code, 2, "nothing is saved");
}

#[test]
fn a_missing_input_is_unknown_in_a_plan_and_given_to_its_run() {
    let place = place();
    assert!(place.saved(&[]).out.contains("⟨inputs.name⟩"));
    let said = place.with_secrets(&["run", "p.plan"]);
    assert!(said.code == 2 && said.err.contains("-i name=…"), "{said:?}");
    let said = place.with_secrets(&["run", "p.plan", "-i", "name=y", "-i", "other=1"]);
    assert!(said.code == 2 && said.err.contains("it lacks only: name"), "{said:?}");
    let said = place.with_secrets(&["--env", "other", "run", "p.plan", "-i", "name=y"]);
    assert!(said.code == 2 && said.err.contains("made for the environment lab"), "{said:?}");
    let said = place.with_secrets(&["--env", "lab", "run", "p.plan", "-i", "name=y; rm z"]);
    assert_eq!((said.code, place.text("done")), (0, "y; rm z done\n".into()), "{said:?}");
    assert_eq!(place.with_secrets(&["plan", "play.yaml", "-i", "name=y", "-o", "q.plan"]).code, 0);
    let said = place.with_secrets(&["run", "q.plan", "-i", "name=y"]);
    assert!(said.code == 2 && said.err.contains("those it was made with"), "{said:?}");
}

#[test]
fn a_step_that_would_do_something_else_than_planned_does_nothing() {
    let place = Place::new();
    place.file("q.sql", "create table planned (x int);\n");
    place.file("other", "create table not_planned (x int);\n");
    place.file(
        "play.yaml",
        "title: t\nsteps:
  - { id: a, shell: 'cp other \"$(echo q_sql | tr _ .)\"' }
  - { id: b, sql: { connection: 'sqlite:x.db', file: q.sql } }
  - { id: c, shell: echo c >> c.count }\n",
    );
    assert_eq!(place.toban(&["plan", "play.yaml", "-o", "p.plan"]).code, 0);
    let said = place.toban(&["--progress", "plain", "run", "p.plan"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.out.contains("the saved plan says otherwise") && said.out.contains("q.sql: SHA-256 "),
        "{said:?}"
    );
    assert_eq!(place.ends(), "a=ok b=refused c=blocked");
    assert!(!place.at("x.db").exists() && place.lines("c.count") == 0);
    // Where a step names the file, its content is that step's to change.
    place.file("q.sql", "create table planned (x int);\n");
    place.file(
        "play.yaml",
        "title: t\nsteps:
  - { id: a, shell: cp other q.sql }
  - { id: b, sql: { connection: 'sqlite:x.db', file: q.sql } }\n",
    );
    assert_eq!(place.toban(&["plan", "play.yaml", "-o", "q.plan"]).code, 0);
    assert_eq!(place.toban(&["run", "q.plan"]).code, 0);
}

#[test]
fn of_two_that_start_at_once_one_runs() {
    for round in 0..20 {
        let place = Place::new();
        place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: echo a >> a.count }\n");
        assert_eq!(place.toban(&["plan", "play.yaml", "-o", "p.plan"]).code, 0);
        let start = || {
            place
                .command()
                .args(["--progress", "quiet", "run", "p.plan"])
                .stderr(std::process::Stdio::piped())
                .spawn()
                .expect("it starts")
        };
        let both = [start(), start(), start()];
        let said: Vec<Said> = both.map(|c| said(c.wait_with_output().expect("it ends"))).into();
        let mut codes: Vec<i32> = said.iter().map(|s| s.code).collect();
        codes.sort_unstable();
        assert_eq!((codes, place.lines("a.count")), (vec![0, 3, 3], 1), "round {round}: {said:?}");
        let told =
            |s: &&Said| s.err.contains("was run already") || s.err.contains("another process is starting");
        assert_eq!(said.iter().filter(told).count(), 2, "{said:?}");
    }
}

#[test]
fn what_a_called_playbook_is_given_is_planned_as_it_is_taken() {
    let place = Place::new();
    place.file(
        "inner.yaml",
        "title: t\ninputs: { least: { type: size }, count: { type: integer }, other: { type: size, default: 2KiB } }\n\
         steps:\n  - { id: a, shell: 'echo {{ inputs.least }} {{ inputs.count }} {{ inputs.other }} > said' }\n",
    );
    place.file(
        "p.yaml",
        "title: t\nsteps:\n  - { id: call, playbook: { run: ./inner.yaml, inputs: { least: 1KiB, count: '7' } } }\n",
    );
    let planned = place.toban(&["plan", "p.yaml", "-o", "s.plan"]);
    assert!(planned.out.contains("echo '1024' '7' '2048'"), "{planned:?}");
    let run = place.toban(&["run", "s.plan", "--progress", "plain"]);
    assert_eq!((run.code, place.text("said").as_str()), (0, "1024 7 2048\n"), "{run:?}");
}
