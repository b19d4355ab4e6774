//! A dry run tells the truth: what it says of commands is compared with what the kernel was asked to start, of
//! SQL with the server's own log, of requests with the bytes that arrived. They may differ only inside `⟨…⟩`.

#[allow(dead_code)]
#[path = "sql_support/server.rs"]
mod server;

#[path = "plan_truth/children.rs"]
mod children;
#[path = "plan_truth/rounds.rs"]
mod rounds;
#[path = "plan_truth/told.rs"]
mod told;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use serde_json::Value;
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

#[test]
fn what_is_told_of_the_quickstart_is_what_is_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("playbooks/quickstart");
    std::fs::create_dir_all(&to).expect("a folder");
    for name in ["system.yaml", "daily.yaml"] {
        std::fs::copy(repo().join("playbooks/quickstart").join(name), to.join(name)).expect("the playbooks");
    }
    compare_commands(folder.path(), "quickstart/daily", &[], &[]);
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

/// A playbook that makes a table, fills it with values, and reads with known and unknown ones.
fn people(connection: &str, number: &str) -> String {
    format!(
        "title: people\ninputs:\n  name: {{type: string, default: \"O'Brien'); DROP TABLE people; --\"}}\n  \
         born: {{type: integer, default: 1980}}\nsteps:\n  \
         - id: make\n    sql:\n      connection: '{connection}'\n      script: |\n        \
         CREATE TABLE people (name VARCHAR(80), born INTEGER);\n        \
         INSERT INTO people VALUES ({{{{ inputs.name }}}}, {{{{ inputs.born }}}}), ('佐藤', 1990);\n  \
         - id: found\n    effect: read\n    sql: {{connection: '{connection}', query: \"SELECT name, born FROM people WHERE name = {{{{ inputs.name }}}}\"}}\n    \
         expect: row_count == 1\n  \
         - id: next\n    effect: read\n    sql: {{connection: '{connection}', query: \"SELECT count(*) AS n FROM people WHERE born > {number}\"}}\n    \
         expect: rows[0].n == 1\n"
    )
}

/// Runs a playbook that turns the server's log on.
fn setup(folder: &Path, connection: &str, statements: &[&str]) {
    let steps: Vec<String> = statements
        .iter()
        .enumerate()
        .map(|(i, s)| {
            format!(
                "  - {{id: s{i}, sql: {{connection: '{connection}', transaction: false, script: \"{s}\"}}}}\n"
            )
        })
        .collect();
    std::fs::write(folder.join("setup.yaml"), format!("title: setup\nsteps:\n{}", steps.concat()))
        .expect("a playbook");
    run(folder, "setup.yaml");
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

/// The planned statements with a placeholder for each value, and the values.
fn statements(folder: &Path, placeholder: impl Fn(usize) -> String) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for told in plan(folder, &["plan", "people.yaml"]) {
        let (_, sql) = told.text.split_once("] ").expect("a connection");
        for statement in sql.split(";\n") {
            let (mut text, mut values) = (String::new(), Vec::new());
            for (i, part) in statement.trim_end_matches(';').split(['⟦', '⟧']).enumerate() {
                if i % 2 == 0 {
                    text.push_str(part);
                } else {
                    values.push(part.to_string());
                    text.push_str(&placeholder(values.len()));
                }
            }
            all.push((text, values));
        }
    }
    assert_eq!(all.len(), 4, "{all:?}");
    all
}

/// A planned value as the server writes it, without its quotes.
fn plain(value: &str) -> String {
    match serde_json::from_str(value) {
        Ok(Value::String(text)) => text,
        _ => value.to_string(),
    }
}

/// How PostgreSQL logs a statement that the engine prepares.
const PREPARED: &str = "statement: PREPARE toban_statement AS ";

#[test]
fn what_is_told_of_sql_is_what_postgresql_logs() {
    let server = server::postgres();
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port);
    setup(folder.path(), &address, &["ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()"]);
    std::fs::write(folder.path().join("people.yaml"), people(&address, "{{ steps.found.rows[0].born }}"))
        .expect("a playbook");
    let planned = statements(folder.path(), |n| format!("${n}"));
    let log = || std::fs::read_to_string(server.folder.join("server.log")).expect("a log");
    let before = log().len();
    run(folder.path(), "people.yaml");
    let log = log()[before..].to_string();
    for (statement, values) in &planned {
        let lines: Vec<&str> = log.lines().collect();
        // A statement with values is prepared under the engine's own name.
        let at = lines.iter().position(|l| {
            l.ends_with(&format!("statement: {statement}")) || l.ends_with(&format!("{PREPARED}{statement}"))
        });
        let at = at.unwrap_or_else(|| panic!("`{statement}` is not in\n{log}"));
        for (i, value) in values.iter().enumerate() {
            let written = lines[at + 1..]
                .iter()
                .find(|l| l.to_lowercase().contains("parameters:"))
                .expect("parameters");
            let (_, rest) = written.split_once(&format!("${} = '", i + 1)).expect("the value");
            let end = rest.find("', $").unwrap_or(rest.len() - 1);
            assert!(fits(&plain(value), &rest[..end].replace("''", "'")), "{value} became {rest}");
        }
    }
    let logged = log.lines().filter(|l| l.contains("statement: ") || l.contains("execute "));
    let own = [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SET client_connection_check_interval",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SELECT pg_backend_pid()",
        "SAVEPOINT toban_prepare",
        "RELEASE SAVEPOINT toban_prepare",
        "SELECT format_type(",
        "SELECT set_config('toban.p",
        "EXECUTE toban_statement",
        "DEALLOCATE toban_statement",
    ];
    for line in logged {
        let (_, sql) = line.split_once(": ").and_then(|(_, r)| r.split_once(": ")).unwrap_or(("", line));
        let sql = sql.strip_prefix(PREPARED.trim_start_matches("statement: ")).unwrap_or(sql);
        let known = own.iter().any(|o| sql.starts_with(o)) || planned.iter().any(|(p, _)| sql == p);
        assert!(known, "this reached the server and was not planned: {line}");
    }
}

#[test]
fn what_is_told_of_sql_is_what_mariadb_logs() {
    let server = server::mariadb();
    let folder = tempfile::tempdir().expect("a folder");
    let file = server.folder.join("general.log");
    let root = format!("mysql://root@127.0.0.1:{}/mysql", server.port);
    let log_to =
        format!("SET GLOBAL general_log_file = '{}'", text(&file)).replace('\'', "''").replace("''", "'");
    setup(
        folder.path(),
        &root,
        &["CREATE DATABASE shop CHARACTER SET utf8mb4", &log_to, "SET GLOBAL general_log = ON"],
    );
    let address = format!("mysql://root@127.0.0.1:{}/shop", server.port);
    std::fs::write(folder.path().join("people.yaml"), people(&address, "{{ steps.found.rows[0].born }}"))
        .expect("a playbook");
    let planned = statements(folder.path(), |_| "?".to_string());
    run(folder.path(), "people.yaml");
    let log = std::fs::read_to_string(&file).expect("a log");
    for (statement, values) in &planned {
        assert!(
            log.lines().any(|l| l.ends_with(&format!("\t{statement}"))),
            "`{statement}` is not in\n{log}"
        );
        let (head, _) = statement.split_once('?').unwrap_or((statement, ""));
        for value in values.iter().map(|v| plain(v)).filter(|v| !v.contains('⟨')) {
            let written = value.replace('\'', "\\'");
            let line =
                log.lines().find(|l| l.contains(&format!("Execute\t{head}"))).expect("it was executed");
            assert!(line.contains(&written), "{value} is not in {line}");
        }
    }
}

#[test]
fn what_is_told_of_sql_is_what_sqlite_keeps() {
    let folder = tempfile::tempdir().expect("a folder");
    // SQLite keeps the very text of what makes a view, and the bound value in its row.
    let playbook = "title: t\ninputs: {name: {type: string, default: \"O'Brien'; --\"}}\nsteps:\n  \
        - {id: a, sql: {connection: 'sqlite:x.db', script: \"CREATE TABLE t (name TEXT);\\nCREATE VIEW v AS SELECT name  FROM t\"}}\n  \
        - {id: b, sql: {connection: 'sqlite:x.db', script: 'INSERT INTO t VALUES ({{ inputs.name }})'}}\n";
    std::fs::write(folder.path().join("t.yaml"), playbook).expect("a playbook");
    let told = plan(folder.path(), &["plan", "t.yaml"]);
    run(folder.path(), "t.yaml");
    let database = rusqlite::Connection::open(folder.path().join("x.db")).expect("a database");
    let one = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0)).expect("a row");
    let kept = one("SELECT sql FROM sqlite_schema WHERE name = 'v'");
    assert!(told[0].text.ends_with(&kept), "{} became {kept}", told[0].text);
    assert_eq!(told[1].parameters, [serde_json::to_string(&one("SELECT name FROM t")).expect("JSON")]);
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
