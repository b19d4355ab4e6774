//! Secrets: used, and nowhere to be found afterwards.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine as _;

use crate::place::{Place, Said, said};

const SECRET: &str = "hunter2/+ 値\"x'$y";
const SYSTEM: &str = "\
title: s
secrets:
  by_env: { from: env:SHOP_TOKEN }
  by_file: { from: file:key.txt }
  by_command: { from: { command: [cat, ../../command.txt] } }
  short: { from: env:SHORT }
";

fn place() -> Place {
    let place = Place::new();
    place.file("playbooks/s/system.yaml", SYSTEM);
    place.file("playbooks/s/key.txt", "file-secret-1\nits second line\n");
    place.file("command.txt", "command secret\n");
    mode(&place.at("playbooks/s/key.txt"), 0o600);
    place
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

fn run(place: &Place, steps: &str, args: &[&str]) -> Said {
    place.file("playbooks/s/play.yaml", &format!("title: t\nsteps:\n{steps}"));
    let mut command = place.command();
    command.args(["run", "s/play"]).args(args).env("SHOP_TOKEN", SECRET).env("SHORT", "abc");
    said(command.output().expect("toban starts"))
}

/// Every form that must not be found.
fn forms() -> Vec<String> {
    let mut forms: Vec<String> = vec![
        SECRET.into(),
        base64::engine::general_purpose::STANDARD.encode(SECRET),
        "hunter2%2F%2B%20%E5%80%A4%22x%27%24y".into(),
        "hunter2/%2B%20%E5%80%A4%22x%27%24y".into(),
        "hunter2%2F%2B+%E5%80%A4%22x%27%24y".into(),
        serde_json::to_string(SECRET).expect("JSON").trim_matches('"').into(),
        "hunter2/+ \\u5024\\\"x'$y".into(),
        "file-secret-1".into(),
        "its second line".into(),
        "command secret".into(),
        "Y29tbWFuZCBzZWNyZXQ".into(),
    ];
    forms.dedup();
    forms
}

/// The files below a folder that hold one of the forms.
fn leaks(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            leaks(&path, found);
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
        found
            .extend(forms().iter().filter(|f| text.contains(*f)).map(|f| format!("{}: {f}", path.display())));
    }
}

fn is_silent(place: &Place, said: &Said) {
    let mut found = Vec::new();
    leaks(&place.at("state"), &mut found);
    for form in forms() {
        found.extend(
            [&said.out, &said.err].iter().filter(|t| t.contains(&form)).map(|_| format!("screen: {form}")),
        );
    }
    assert!(found.is_empty(), "{found:#?}");
}

const PRINTER: &str = r#"
import base64, json, os, sys, time, urllib.parse as u
s = os.environ["S"]
print(s); print(base64.b64encode(s.encode()).decode()); print(u.quote(s), u.quote(s, safe=""), u.quote_plus(s))
print(json.dumps(s), json.dumps(s, ensure_ascii=False), file=sys.stderr)
for c in s.encode():
    sys.stdout.buffer.write(bytes([c])); sys.stdout.buffer.flush(); time.sleep(0.004)
print(); print("x" * 65530 + s)
"#;

#[test]
fn no_form_of_a_secret_is_written_or_shown() {
    let place = place();
    place.file("playbooks/s/printer.py", PRINTER);
    let steps = "  - { id: print_it, shell: [python3, printer.py], env: { S: '{{ secrets.by_env }}' } }
  - { id: by_stdin, needs: [], shell: 'cat; exit 3', stdin: '{{ secrets.by_file }}', on_error: continue, retry: { attempts: 2, delay: 10ms } }
  - { id: command, needs: [], shell: 'echo \"$A\" >&2; ps -eo args > arguments; grep -c \"command [s]ecret\" arguments > in_arguments || true', env: { A: '{{ secrets.by_command }}' } }
";
    for how in ["plain", "json", "quiet"] {
        let said = run(&place, steps, &["--progress", how, "-v", "-v"]);
        assert_eq!(said.code, 0, "{said:?}");
        is_silent(&place, &said);
        assert_eq!(place.text("playbooks/s/in_arguments").trim(), "0", "no process shows it");
    }
    let log = place.toban(&["logs", "last", "print_it"]).out;
    assert!(log.matches("•••").count() >= 7, "{log}");
}

#[test]
fn a_secret_stands_percent_encoded_in_a_url_and_leaks_nowhere() {
    let place = place();
    let steps = "  - { id: a, shell: 'printf %s \"$U\" > used; echo \"$U\"', env: { U: 'db://a:{{ secrets.by_env | urlencode }}@h' } }\n";
    let said = run(&place, steps, &["--progress", "plain"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(place.text("playbooks/s/used"), "db://a:hunter2%2F%2B%20%E5%80%A4%22x%27%24y@h");
    is_silent(&place, &said);
    let checked = said_of(&place, &["check", "s/play"], steps);
    assert_eq!(checked.code, 0, "{}", checked.err);
    let hashed = steps.replace("urlencode", "sha256");
    let checked = said_of(&place, &["check", "s/play"], &hashed);
    assert!(checked.code == 2 && checked.err.contains("`| sha256`"), "{} {}", checked.out, checked.err);
}

/// What a call of these steps says.
fn said_of(place: &Place, call: &[&str], steps: &str) -> Said {
    place.file("playbooks/s/play.yaml", &format!("title: t\nsteps:\n{steps}"));
    said(place.command().args(call).output().expect("toban starts"))
}

#[test]
fn an_output_with_a_secret_is_withheld_and_still_of_use_in_the_run() {
    let place = place();
    let steps = "  - { id: a, shell: 'printf \"%s\" \"$S\"', env: { S: '{{ secrets.by_env }}' } }
  - { id: b, shell: 'printf %s {{ steps.a.stdout }} > {{ run.dir }}/../../../used' }
  - { id: c, confirm: { question: 'Is it {{ steps.a.stdout }}?', facts: { it: '{{ steps.a.stdout }}' } }, shell: 'echo {{ steps.a.stdout }}' }
  - { id: d, shell: exit 1, when: \"steps.a.stdout == ''\" }
  - { id: e, for_each: ['{{ steps.a.stdout }}'], shell: 'test {{ item }} = {{ steps.a.stdout }}' }
  - { id: f, shell: echo no, expect: { that: \"stdout == 'yes'\", message: 'not {{ steps.a.stdout }}', otherwise: warn } }
  - { id: g, needs: [e], fail: 'because {{ steps.a.stdout }}', on_error: continue }
  - { id: h, needs: [a], playbook: { run: s/sub, inputs: { x: '{{ steps.a.stdout }}' } } }
  - { id: i, shell: 'test {{ steps.h.x }} = {{ steps.a.stdout }}' }
";
    place.file("playbooks/s/sub.yaml", "title: sub\ninputs: { x: { type: string } }\nsteps:\n  - { id: one, shell: 'echo {{ inputs.x }}' }\noutputs: { x: '{{ inputs.x }}' }\n");
    for how in ["plain", "json", "quiet"] {
        let said = run(&place, steps, &["--progress", how, "--confirm", "c", "-v"]);
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(place.text("used"), SECRET);
        is_silent(&place, &said);
        let journal = std::fs::read_to_string(place.last_run().journal()).expect("a journal");
        assert!(journal.contains(r#""withheld":["#) && journal.contains("•••"), "{journal}");
    }
}

#[test]
fn a_plan_and_a_check_resolve_no_secret() {
    let place = place();
    let steps = "  - { id: a, shell: echo, env: { S: '{{ secrets.by_env }}', T: '{{ secrets.by_command }}' }, stdin: '{{ secrets.by_file }}' }\n";
    place.file("playbooks/s/play.yaml", &format!("title: t\nsteps:\n{steps}"));
    std::fs::remove_file(place.at("command.txt")).expect("removed");
    for args in [&["plan", "s/play"][..], &["plan", "s/play", "--format", "json"], &["check"]] {
        let said = place.toban(args);
        assert_eq!(said.code, 0, "{said:?}");
    }
    let plan = place.toban(&["plan", "s/play"]).out;
    assert!(plan.contains("S=•••(secrets.by_env)") && plan.contains("stdin: •••(secrets.by_file)"), "{plan}");
}

#[test]
fn a_secret_that_cannot_be_had_fails_its_step_and_says_what_to_do() {
    let place = place();
    mode(&place.at("playbooks/s/key.txt"), 0o644);
    std::fs::remove_file(place.at("command.txt")).expect("removed");
    let steps = "  - { id: open, needs: [], shell: echo x >> ran, stdin: '{{ secrets.by_file }}' }
  - { id: short, needs: [], shell: echo x >> ran, env: { S: '{{ secrets.short }}' } }
  - { id: failing, needs: [], shell: echo x >> ran, env: { S: '{{ secrets.by_command }}' } }
  - { id: rest, needs: [], shell: echo x >> rest }
";
    let said = run(&place, steps, &["--progress", "quiet"]);
    assert_eq!(said.code, 1);
    for words in ["can be read by others; run: chmod 600", "only 3 characters", "cat ended with"] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
    assert_eq!((place.lines("playbooks/s/ran"), place.lines("playbooks/s/rest")), (0, 1));
}

#[test]
fn a_secret_input_comes_from_its_source_and_never_from_the_command_line() {
    let place = place();
    place.file(
        "playbooks/s/in.yaml",
        "title: t\ninputs: { token: { type: secret, from: 'env:SHOP_TOKEN' } }\nsteps:\n  - { id: a, shell: 'test \"$T\" = \"$SHOP_TOKEN\"; echo \"$T\"', env: { T: '{{ inputs.token }}' } }\n",
    );
    let mut command = place.command();
    let good = said(command.args(["run", "s/in"]).env("SHOP_TOKEN", SECRET).output().expect("toban starts"));
    assert_eq!(good.code, 0, "{good:?}");
    is_silent(&place, &good);
    let refused = place.toban(&["run", "s/in", "-i", "token=x"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("never given on the command line"), "{refused:?}");
    let missing = place.toban(&["run", "s/in", "--progress", "quiet"]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("SHOP_TOKEN is not set"), "{missing:?}");
}

#[test]
fn what_a_sensitive_step_gives_is_used_and_not_written() {
    let place = Place::new();
    let steps =
        "  - { id: pay, shell: 'echo salary-o\"f\"-tanaka; echo salary-o\"f\"-sato >&2', sensitive: true }
  - { id: used, shell: 'echo {{ steps.pay.stdout }} > used; echo again {{ steps.pay.stdout }}' }
  - { id: each, for_each: '{{ steps.pay.lines }}', shell: 'echo {{ item }}' }
";
    for how in ["plain", "json"] {
        let said = place.run(steps, &["--progress", how]);
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(place.text("used"), "salary-of-tanaka\n");
        assert!(!said.out.contains("salary-of") && !said.err.contains("salary-of"), "{said:?}");
        let found = place
            .around("grep")
            .args(["-rl", "salary-of", "state/runs", "--include=*.jsonl", "--include=*.log"])
            .output();
        assert_eq!(String::from_utf8_lossy(&found.expect("grep").stdout), "");
    }
}

#[test]
fn a_secret_comes_from_the_credentials_of_a_systemd_service() {
    let place = Place::new();
    place.file("system.yaml", "secrets: { db: { from: 'credential:db' } }\n");
    place
        .file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: 'tee used', stdin: '{{ secrets.db }}' }\n");
    let plan = place.toban(&["plan", "play.yaml"]);
    assert!(plan.code == 0 && plan.out.contains("credential:db"), "{plan:?}");
    mode(&place.file("credentials/db", "credential-of-db\n"), 0o440);
    let run = |folder: Option<&str>| {
        let mut command = place.command();
        command.args(["run", "play.yaml", "--progress", "plain"]);
        command.envs(folder.map(|f| ("CREDENTIALS_DIRECTORY", place.at(f))));
        said(command.output().expect("toban starts"))
    };
    let done = run(Some("credentials"));
    assert_eq!((done.code, place.text("used").as_str()), (0, "credential-of-db"), "{done:?}");
    assert!(!done.out.contains("credential-of-db"), "{done:?}");
    for (folder, words) in
        [(None, "there is no $CREDENTIALS_DIRECTORY"), (Some("state"), "LoadCredential=db:")]
    {
        let refused = run(folder);
        assert!(refused.code == 1 && refused.out.contains(words), "{words}: {refused:?}");
    }
    for source in ["credential:", "credential:../db", "env:", "file:", "vault:x"] {
        place.file("system.yaml", &format!("secrets: {{ db: {{ from: '{source}' }} }}\n"));
        let refused = place.toban(&["check", "play.yaml"]);
        assert!(refused.code == 2 && refused.err.contains("credential:NAME"), "{source}: {refused:?}");
        assert!(refused.err.contains("system.yaml:1:"), "{source}: {refused:?}");
    }
}

#[test]
fn a_secret_of_the_environment_is_masked_also_where_no_step_names_it() {
    let place = place();
    let said = run(&place, "  - { id: a, shell: 'printenv SHOP_TOKEN' }\n", &["--progress", "plain"]);
    assert_eq!(said.code, 0, "{said:?}");
    is_silent(&place, &said);
    assert!(place.toban(&["logs", "last", "a"]).out.contains("•••"));
}

#[test]
fn a_generated_secret_is_one_value_in_a_run_and_nowhere_kept() {
    let place = Place::new();
    let system =
        |length: u32| format!("secrets: {{ x: {{ generate: {{ length: {length}, alphabet: hex }} }} }}\n");
    place.file("system.yaml", &system(32));
    let steps = "  - { id: a, shell: 'tee a.txt', stdin: '{{ secrets.x }}' }\n  - { id: b, shell: 'printf %s \"$X\" > b.txt', env: { X: '{{ secrets.x }}' } }\n";
    let mut seen = Vec::new();
    for _ in 0..2 {
        let said = place.run(steps, &[]);
        let value = place.text("a.txt");
        assert_eq!((said.code, value.len(), value == place.text("b.txt")), (0, 32, true), "{said:?}");
        assert!(!said.out.contains(&value) && !seen.contains(&value), "{said:?}");
        let kept = place.around("grep").args(["-rl", &value, "state"]).output().expect("grep");
        assert_eq!(String::from_utf8_lossy(&kept.stdout), "");
        seen.push(value);
    }
    for length in [0, 5, 65_537] {
        place.file("system.yaml", &system(length));
        let refused = place.toban(&["check", "play.yaml"]);
        assert!(refused.code == 2 && refused.err.contains("6 to 65536"), "{refused:?}");
    }
    let wrong = "secrets: { x: { generate: { length: 32, alphabet: greek } } }\n";
    place.file("system.yaml", wrong);
    assert!(place.toban(&["check", "play.yaml"]).err.contains("url, alnum, hex"));
}

#[test]
fn a_step_makes_a_secret_once_and_others_use_it_by_its_file() {
    let place = Place::new();
    place.file("system.yaml", "secrets: { key: { from: 'file:app.key' } }\n");
    let steps = "  - { id: make, secret_generate: { file: app.key, length: 40 } }\n  - { id: use, shell: 'tee used', stdin: '{{ secrets.key }}' }\n";
    let mut values = Vec::new();
    for ends in ["make=ok use=ok", "make=unchanged use=ok"] {
        let said = place.run(steps, &[]);
        let value = place.text("app.key").trim_end().to_string();
        assert_eq!((said.code, place.ends().as_str(), value.len()), (0, ends, 40), "{said:?}");
        assert_eq!(place.text("used"), value);
        let kept = place.around("grep").args(["-rl", &value, "state"]).output().expect("grep");
        assert_eq!((String::from_utf8_lossy(&kept.stdout).as_ref(), said.out.contains(&value)), ("", false));
        values.push(value);
    }
    assert_eq!(values[0], values[1]);
    let plan = place.toban(&["plan", "play.yaml"]).out;
    assert!(plan.contains("secret_generate file: app.key, length: 40"), "{plan}");
    let short = place.run("  - { id: a, secret_generate: { file: x, length: 5 } }\n", &[]);
    assert!(
        short.code == 2 && short.err.contains("play.yaml:3:") && short.err.contains("6 to 65536"),
        "{short:?}"
    );
}
