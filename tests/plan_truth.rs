//! A dry run tells the truth: what it says of commands is compared with what the kernel was asked to start, of
//! SQL with the server's own log, of requests with the bytes that arrived. They may differ only inside `⟨…⟩`.

#[allow(dead_code)]
#[path = "sql_support/server.rs"]
mod server;
#[allow(dead_code)]
#[path = "cli/smtp.rs"]
mod smtp;

#[path = "plan_truth/children.rs"]
mod children;
#[path = "plan_truth/rounds.rs"]
mod rounds;
#[path = "plan_truth/sql.rs"]
mod sql;
#[path = "plan_truth/told.rs"]
mod told;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use told::{Told, fits, plan};

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// Every example, as it is named to the binary.
fn examples() -> Vec<String> {
    let entries =
        std::fs::read_dir(repo().join("examples")).expect("examples").map(|e| e.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    found.sort();
    let name = |p: &PathBuf| format!("examples/{}", p.file_name().expect("a name").to_string_lossy());
    found.iter().map(name).collect()
}

/// What an example needs besides its name.
fn extra(example: &str) -> &'static [&'static str] {
    match example {
        "examples/questions.yaml" => &["--confirm", "wipe", "--choose", "how=fast", "--answer", "look=red=0"],
        "examples/languages.yaml" => &["--confirm", "tell"],
        "examples/schedule.yaml" => &["--confirm", "clean"],
        _ => &[],
    }
}

fn inputs(example: &str) -> &'static [&'static str] {
    match example {
        "examples/inputs.yaml" => &["-i", "name=O'Brien; rm -rf /", "-i", "times=2"],
        _ => &[],
    }
}

/// Compares the commands of a plan with the children of its run, both ways.
fn compare_commands(folder: &Path, name: &str, inputs: &[&str], extra: &[&str]) -> usize {
    let told = plan(folder, &[&["plan", name], inputs].concat());
    let children = children::of_run(folder, &[&["run", name], inputs, extra].concat());
    let mut left: Vec<&Told> = told.iter().filter(|t| t.kind == "shell" || t.kind == "wait").collect();
    for child in &children {
        let at = left.iter().position(|t| t.starts(child));
        let Some(at) = at else {
            // A loop of which only a run knows the items, a reading made again, and a further attempt are told once.
            let again = told.iter().any(|t| (t.unknown_loop || t.repeats) && t.starts(child));
            let guard = told.iter().any(|t| t.guards.iter().any(|g| told::is_script(g, &child.argv)));
            assert!(again || guard, "{name}: this was not planned: {child:#?}\n{told:#?}");
            continue;
        };
        for (variable, value) in &left[at].env {
            let actual = child.env.iter().find_map(|e| e.strip_prefix(&format!("{variable}=")));
            assert!(actual.is_some_and(|a| fits(value, a)), "{name}: {variable}: {value} became {actual:?}");
        }
        left.remove(at);
    }
    left.retain(|t| !t.conditional && !t.may_be_childless);
    assert!(left.is_empty(), "{name}: this was planned and did not come: {left:#?}\n{children:#?}");
    children.len()
}

#[test]
fn what_is_told_of_the_commands_of_every_example_is_what_is_started() {
    let mut compared = 0;
    for name in examples() {
        compared += compare_commands(repo(), &name, inputs(&name), extra(&name));
    }
    assert!(compared >= 10, "{compared} commands were compared");
}

/// The quickstart in a folder of its own, since it writes beside itself.
fn quickstart() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("playbooks/quickstart");
    std::fs::create_dir_all(&to).expect("a folder");
    for name in ["system.yaml", "daily.yaml"] {
        std::fs::copy(repo().join("playbooks/quickstart").join(name), to.join(name)).expect("the playbooks");
    }
    folder
}

#[test]
fn what_is_told_of_the_quickstart_is_what_is_started() {
    compare_commands(quickstart().path(), "quickstart/daily", &[], &[]);
}

#[test]
fn arguments_that_are_spliced_quoted_or_unknown_are_told_one_by_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = "title: argv\nvars: {list: [a b, \"it's\", '-n', '']}\nsteps:\n  \
        - {id: one, shell: ['printf', '%s|', '{{ vars.list }}', 'x y', '$HOME']}\n  \
        - {id: two, shell: ['echo', '{{ steps.one.stdout }}', '--to={{ steps.one.exit_code }} z']}\n  \
        - {id: three, env: {WHO: '{{ run.stamp }} 花子'}, shell: 'echo {{ vars.list | words }} {{ steps.two.lines[0] }}'}\n";
    std::fs::write(folder.path().join("argv.yaml"), playbook).expect("a playbook");
    assert_eq!(compare_commands(folder.path(), "argv.yaml", &[], &[]), 3);
}

#[test]
#[should_panic(expected = "this was not planned")]
fn a_command_that_differs_from_its_plan_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = "title: t\ninputs: {a: {type: string, default: x}}\nsteps:\n  - {id: one, shell: 'echo {{ inputs.a }}'}\n";
    std::fs::write(folder.path().join("t.yaml"), playbook).expect("a playbook");
    // The run is given another value than the plan was told with.
    compare_commands(folder.path(), "t.yaml", &[], &["-i", "a=y"]);
}

fn run(folder: &Path, name: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["--lang", "en", "--progress", "plain", "--state-dir", "state", "run", name])
        .current_dir(folder)
        .env("TOBAN_LOCK_DIR", folder.join("locks"))
        .env("GATE_TOKEN", "correct-horse-battery")
        .stdin(Stdio::null())
        .output()
        .expect("toban starts");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// A server that answers two requests and keeps the bytes of each: its head's lines and its body.
fn recorder() -> (u16, mpsc::Receiver<(Vec<String>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a line");
                match line.trim_end() {
                    "" => break,
                    line => head.push(line.to_string()),
                }
            }
            let length = head
                .iter()
                .find_map(|l| l.to_lowercase().strip_prefix("content-length: ").map(str::to_string));
            let mut body = vec![0; length.and_then(|l| l.parse().ok()).unwrap_or(0)];
            reader.read_exact(&mut body).expect("a body");
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{\"id\": 7}";
            stream.write_all(answer.as_bytes()).expect("an answer");
            send.send((head, String::from_utf8(body).expect("text"))).expect("the test listens");
        }
    });
    (port, receive)
}

#[test]
fn what_is_told_of_a_request_is_what_arrives() {
    let (port, arrived) = recorder();
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("playbooks/gate");
    std::fs::create_dir_all(&to).expect("a folder");
    std::fs::write(
        to.join("system.yaml"),
        "secrets: {token: {from: 'env:GATE_TOKEN'}}\nhttp: {headers: {x-from: toban}}\n",
    )
    .expect("a system");
    let playbook = format!(
        "title: t\ninputs: {{who: {{type: string, default: \"花子 & co\"}}}}\nsteps:\n  \
         - {{id: a, http: {{post: 'http://127.0.0.1:{port}/people?q={{{{ inputs.who | urlencode }}}}', headers: {{x-trace: '{{{{ run.id }}}}'}}, auth: {{bearer: '{{{{ secrets.token }}}}'}}, json: {{name: '{{{{ inputs.who }}}}', list: [1, 2]}}}}}}\n  \
         - {{id: b, http: {{put: 'http://127.0.0.1:{port}/people/{{{{ steps.a.json.id }}}}', body: 'was {{{{ steps.a.status }}}} for {{{{ inputs.who }}}}'}}}}\n"
    );
    std::fs::write(to.join("knock.yaml"), playbook).expect("a playbook");
    let told = plan(folder.path(), &["plan", "gate/knock"]);
    run(folder.path(), "gate/knock");
    for told in &told {
        let (head, body) = arrived.recv().expect("a request");
        let mut lines = told.text.lines();
        let (method, url) = lines.next().and_then(|l| l.split_once(' ')).expect("a request line");
        let path = url.strip_prefix(&format!("http://127.0.0.1:{port}")).expect("the address");
        assert!(fits(&format!("{method} {path} HTTP/1.1"), &head[0]), "{method} {path} became {}", head[0]);
        let mut bodies = Vec::new();
        for line in lines {
            let header = line
                .split_once(": ")
                .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            let Some((name, value)) = header else {
                bodies.push(line);
                continue;
            };
            let actual = head.iter().find_map(|l| {
                l.to_lowercase().starts_with(&format!("{name}:")).then(|| &l[name.len() + 2..])
            });
            assert!(actual.is_some_and(|a| fits(value, a)), "{line} became {actual:?} in {head:?}");
        }
        assert!(fits(&bodies.join("\n"), &body), "{bodies:?} became {body}");
        assert!(!told.text.contains("correct-horse"), "{}", told.text);
    }
    assert!(told[0].text.contains("x-from: toban"), "{}", told[0].text);
}
