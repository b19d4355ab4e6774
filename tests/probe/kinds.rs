//! The verdict on each kind of step that needs no server but the test's own, and what follows from what was read.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::place::{Place, said};
use super::support::{Probed, plan, probe, snapshot};

/// A server that counts what is sent to it, by the first line of each request.
fn web() -> (u16, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut bytes = [0; 4096];
            let n = stream.read(&mut bytes).unwrap_or(0);
            if n > 0 {
                let text = String::from_utf8_lossy(&bytes[..n]).to_string();
                kept.lock().expect("the list").push(text.lines().next().unwrap_or_default().to_string());
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            }
        }
    });
    (port, seen)
}

#[test]
fn each_kind_of_step_gets_its_verdict_and_nothing_is_changed() {
    let place = Place::new();
    let (port, seen) = web();
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    place.file("there.txt", "here");
    std::fs::create_dir(place.at("out")).expect("a folder");
    let steps = format!(
        r#"
  - {{ id: program, needs: [], shell: [true] }}
  - {{ id: no_program, needs: [], shell: [no-such-program-here] }}
  - {{ id: script, needs: [], shell: "echo a > made" }}
  - {{ id: no_script, needs: [], shell: "if true; then echo" }}
  - {{ id: no_command, needs: [], shell: "no-such-program-here --all" }}
  - {{ id: into, needs: [], shell: "echo a", stdout: {{ file: "out/{{{{ run.stamp }}}}.txt" }} }}
  - {{ id: into_nowhere, needs: [], shell: "echo a", stdout: {{ file: nowhere/a.txt }} }}
  - {{ id: no_stdin, needs: [], shell: "cat", stdin: {{ file: nowhere.txt }} }}
  - {{ id: done, needs: [], shell: "false", creates: there.txt }}
  - {{ id: write, needs: [], file: {{ write: {{ path: out/new.txt, content: a }} }} }}
  - {{ id: no_write, needs: [], file: {{ write: {{ path: nowhere/new.txt, content: a }} }} }}
  - {{ id: copy, needs: [], file: {{ copy: {{ from: there.txt, to: out/copy.txt }} }} }}
  - {{ id: no_copy, needs: [], file: {{ copy: {{ from: absent.txt, to: out/copy.txt }} }} }}
  - {{ id: remove, needs: [], effect: destroy, file: {{ remove: {{ path: there.txt }} }} }}
  - {{ id: read, needs: [], file: {{ read: {{ path: there.txt }} }}, expect: "text == 'here'" }}
  - {{ id: no_read, needs: [], file: {{ read: {{ path: absent.txt }} }} }}
  - {{ id: post, needs: [], http: {{ post: "http://127.0.0.1:{port}/a", json: {{ a: 1 }} }} }}
  - {{ id: no_post, needs: [], http: {{ post: "http://127.0.0.1:{gone}/a" }} }}
  - {{ id: no_name, needs: [], http: {{ post: "http://nobody.probe.test/a" }} }}
  - {{ id: get, needs: [], http: {{ get: "http://127.0.0.1:{port}/health" }}, expect: status == 200 }}
  - {{ id: tcp, needs: [], probe: {{ tcp: {{ host: 127.0.0.1, port: {port} }} }} }}
  - {{ id: person, needs: [], manual: look }}
  - {{ id: menu, needs: [], decide: {{ question: which, choices: {{ a: A, b: B }} }} }}
  - {{ id: later, needs: [], wait: {{ until: status == 200, http: {{ get: "http://127.0.0.1:{gone}/" }} }} }}
  - {{ id: at_once, needs: [], wait: {{ until: status == 200, http: {{ get: "http://127.0.0.1:{port}/" }} }} }}
"#
    );
    place.file("p.yaml", "");
    let before = snapshot(place.path());
    let probed = probe(&place, &steps, &[]);
    let mut after = snapshot(place.path());
    after.retain(|path, _| !path.ends_with("p.yaml"));
    let untouched: Vec<_> = before.iter().filter(|(path, _)| !path.ends_with("p.yaml")).collect();
    assert_eq!(after.iter().collect::<Vec<_>>(), untouched, "files have changed");
    for (id, verdict, words) in [
        ("program", "yes", "/true"),
        ("no_program", "no", "no-such-program-here"),
        ("script", "yes", "bash"),
        ("no_script", "no", "syntax error"),
        ("no_command", "no", "no-such-program-here"),
        ("into", "yes", ""),
        ("into_nowhere", "no", "nowhere"),
        ("no_stdin", "no", "nowhere.txt"),
        ("done", "yes", "nothing to do"),
        ("write", "yes", "room"),
        ("no_write", "no", "nowhere"),
        ("copy", "yes", "room"),
        ("no_copy", "no", "absent.txt"),
        ("remove", "yes", "there.txt"),
        ("read", "yes", "here"),
        ("no_read", "no", "absent.txt"),
        ("post", "yes", "answers"),
        ("no_post", "no", "refused"),
        ("no_name", "no", "nobody.probe.test"),
        ("get", "yes", "200"),
        ("tcp", "yes", ""),
        ("person", "cannot_know", "person"),
        ("menu", "cannot_know", "person"),
        ("later", "cannot_know", "not so now"),
        ("at_once", "yes", "200"),
    ] {
        probed.expect(id, verdict, words);
    }
    assert_eq!(probed.code, 1);
    assert_eq!(probed.plan["probe"]["no"], 10);
    let seen = seen.lock().expect("the list").clone();
    assert!(seen.iter().all(|line| line.starts_with("GET ")), "{seen:?}");
}

#[test]
fn what_was_read_makes_known_what_follows_and_a_change_between_keeps_it_open() {
    let place = Place::new();
    place.file("names.txt", "one two");
    let steps = r#"
  - { id: names, file: { read: { path: names.txt } } }
  - { id: use, shell: "echo {{ steps.names.text }}" }
  - { id: skipped, when: "'three' in steps.names.text", shell: [no-such-program-here] }
  - { id: change, file: { write: { path: other.txt, content: a } } }
  - { id: again, file: { read: { path: names.txt } } }
  - { id: use_again, shell: "echo {{ steps.again.text }}" }
"#;
    let probed = probe(&place, steps, &[]);
    assert_eq!(probed.text("use"), "echo 'one two'");
    probed.expect("skipped", "yes", "would be skipped");
    assert!(probed.ran("again"), "{}", probed.words("again"));
    assert_eq!(probed.text("use_again"), "echo ⟨steps.again.text⟩");
    assert_eq!(probed.code, 0);
    let plain = plan(&place, steps, &[]);
    assert!(plain.out.contains("⟨steps.names.text⟩") && !plain.out.contains("\"probe\""), "{}", plain.out);
}

#[test]
fn what_an_earlier_step_may_bring_is_no_certain_no() {
    let place = Place::new();
    let steps = r#"
  - { id: dump, shell: "date", stdout: { file: dump.sql } }
  - { id: copy, file: { copy: { from: dump.sql, to: copy.sql } } }
  - { id: other, file: { copy: { from: unheard-of.sql, to: copy.sql } } }
  - { id: whole, file: { read: { path: dump.sql } } }
"#;
    let probed = probe(&place, steps, &[]);
    probed.expect("copy", "cannot_know", "`dump`");
    probed.expect("other", "no", "unheard-of.sql");
    probed.expect("whole", "cannot_know", "`dump`");
}

#[test]
fn who_only_asks_or_judges_needs_no_folder() {
    let place = Place::new();
    let steps = r#"
  - { id: way, cwd: nowhere, decide: { question: Which way?, choices: { left: left, right: right } } }
  - { id: date, cwd: nowhere, shell: date, effect: read }
"#;
    let probed = probe(&place, steps, &[]);
    probed.expect("way", "cannot_know", "a person decides");
    probed.expect("date", "no", "nowhere");
}

#[test]
fn a_failed_expectation_is_a_no() {
    let place = Place::new();
    place.file("names.txt", "one");
    let steps = "  - { id: two, file: { read: { path: names.txt } }, expect: \"text == 'two'\" }\n";
    let probed = probe(&place, steps, &[]);
    probed.expect("two", "no", "text == 'two'");
    assert!(probed.ran("two"));
    assert_eq!(probed.code, 1);
}

#[test]
fn what_is_only_done_when_something_failed_makes_no_no_by_what_it_says_itself() {
    let place = Place::new();
    place.file("names.txt", "one");
    let steps = r#"
  - id: all
    rescue:
      - { id: look, file: { read: { path: names.txt } }, expect: "text == 'two'" }
      - { id: deeper, steps: [{ id: holds, assert: "1 == 2" }] }
      - { id: each, for_each: [a, b], fail: "{{ item }}" }
      - { id: told, fail: "restored, not repaired" }
      - { id: absent, shell: [no-such-program-here] }
    steps:
      - { id: work, shell: date }
"#;
    let probed = probe(&place, steps, &[]);
    for id in ["look", "holds", "each", "told"] {
        probed.expect(id, "cannot_know", "only done when something failed");
    }
    probed.expect("told", "cannot_know", "restored, not repaired");
    probed.expect("absent", "no", "no-such-program-here");
    let steps = steps.replace("      - { id: absent, shell: [no-such-program-here] }\n", "");
    assert_eq!(probe(&place, &steps, &[]).code, 0);
    let plain = "  - { id: told, fail: never }\n  - { id: holds, assert: \"1 == 2\" }\n";
    let probed = probe(&place, plain, &[]);
    probed.expect("told", "no", "never");
    probed.expect("holds", "no", "1 == 2");
    assert_eq!(probed.code, 1);
}

#[test]
fn a_secret_is_not_shown_nor_asked_for() {
    let place = Place::new();
    place.file("secret.txt", SECRET);
    std::fs::set_permissions(place.at("secret.txt"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("mode");
    let inputs =
        "inputs: { key: { type: secret, from: 'file:secret.txt' }, typed: { type: secret, from: prompt } }";
    place.file(
        "s.yaml",
        &format!(
            "title: t\n{inputs}\nsteps:\n  - {{ id: shows, shell: 'printf %s \"$KEY\"', env: {{ KEY: '{{{{ inputs.key }}}}' }}, effect: read }}\n  \
             - {{ id: asks, needs: [], shell: 'printf %s \"$KEY\"', env: {{ KEY: '{{{{ inputs.typed }}}}' }}, effect: read }}\n  \
             - {{ id: use, shell: 'echo {{{{ steps.shows.stdout }}}}' }}\n"
        ),
    );
    for form in ["text", "json", "html", "markdown"] {
        let output =
            place.command().args(["plan", "./s.yaml", "--probe-declared", "--format", form]).output();
        let said = said(output.expect("toban"));
        assert!(said.out.contains("•••"), "{}{}", said.out, said.err);
        for part in ["correct", "horse", "battery"] {
            assert!(!said.out.contains(part) && !said.err.contains(part), "{form}: {}", said.out);
        }
        assert!(said.out.contains("a person types inputs.typed"), "{}", said.out);
    }
    let saved = place.command().args(["plan", "./s.yaml", "--probe-declared", "-o", "s.plan"]).output();
    let saved = said(saved.expect("toban"));
    assert!(!place.text("s.plan").contains("horse") && place.text("s.plan").contains("•••"), "{}", saved.err);
}

#[test]
fn a_secret_whose_file_a_step_before_makes_is_no_certain_no() {
    let place = Place::new();
    place.file(
        "s.yaml",
        "title: t\ninputs: { made: { type: secret, from: 'file:made.txt' }, other: { type: secret, from: 'file:other.txt' } }\n\
         steps:\n  - { id: make, secret_generate: { file: made.txt, length: 20 } }\n  \
         - { id: with_made, shell: 'test -n \"$KEY\"', env: { KEY: '{{ inputs.made }}' }, effect: read }\n  \
         - { id: with_other, shell: 'test -n \"$KEY\"', env: { KEY: '{{ inputs.other }}' }, effect: read }\n",
    );
    let command = ["plan", "./s.yaml", "--probe-declared", "--format", "json"];
    let probed = Probed::read(&said(place.command().args(command).output().expect("toban")));
    probed.expect("with_made", "cannot_know", "`make`");
    probed.expect("with_other", "no", "other.txt");
}

/// A page and a ticket write some of its characters in another way.
const SECRET: &str = "correct_<horse>&*battery*";
