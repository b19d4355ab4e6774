//! SQL: what is planned of it compared with what the servers say that they were given.

use std::path::Path;

use serde_json::Value;

use super::server;
use super::told::{fits, plan};
use super::{run, text};

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

/// What the engine sends MariaDB of its own.
const OWN_OF_MARIADB: [&str; 9] = [
    "SET sql_mode=",
    "SET time_zone='+00:00',NAMES utf8mb4",
    "SET time_zone = ",
    "SET autocommit = 0",
    "SET SESSION TRANSACTION READ ONLY",
    "START TRANSACTION",
    "COMMIT",
    "ROLLBACK",
    "SELECT CONNECTION_ID()",
];

/// What a general log holds of statements: the command and what it carried; the further lines of one belong to it.
fn entries(log: &str) -> Vec<(String, String)> {
    let begins = regex::Regex::new(r"^(?:\d{6} [ \d]\d:\d\d:\d\d)?\t+ *\d+ ([A-Z][A-Za-z ]*?)\t(.*)$")
        .expect("a pattern");
    let mut all: Vec<(String, String)> = Vec::new();
    for line in log.lines() {
        match (begins.captures(line), all.last_mut()) {
            (Some(entry), _) => all.push((entry[1].to_string(), entry[2].to_string())),
            (None, Some((_, text))) => *text = format!("{text}\n{line}"),
            (None, None) => panic!("`{line}` is no entry of\n{log}"),
        }
    }
    all.retain(|(command, _)| ["Query", "Prepare", "Execute"].contains(&command.as_str()));
    all
}

/// A statement with its values in their places, as MariaDB writes that it executed it.
fn executed(statement: &str, values: &[String]) -> String {
    let mut parts = statement.split('?');
    let mut text = parts.next().unwrap_or_default().to_string();
    for (part, value) in parts.zip(values) {
        let plain = plain(value);
        let quoted = plain != *value;
        let plain = plain.replace('\\', "\\\\").replace('\'', "\\'");
        text += &if quoted { format!("'{plain}'") } else { plain };
        text += part;
    }
    text
}

/// Compares what is planned with what MariaDB logged, both ways: each planned statement came once, and no other.
fn same_as_logged(planned: &[(String, Vec<String>)], log: &str) {
    let mut left: Vec<String> = planned.iter().map(|(text, values)| executed(text, values)).collect();
    for (command, text) in entries(log) {
        if OWN_OF_MARIADB.iter().any(|own| text.starts_with(own)) {
            continue;
        }
        if command == "Prepare" {
            let known = planned.iter().any(|(statement, _)| *statement == text);
            assert!(known, "this was prepared and not planned: {text}");
            continue;
        }
        let at = left.iter().position(|told| fits(told, &text));
        left.remove(
            at.unwrap_or_else(|| panic!("this reached the server and was not planned: {text}\n{left:#?}")),
        );
    }
    assert!(left.is_empty(), "this was planned and did not come: {left:#?}\n{log}");
}

#[test]
fn what_is_told_of_sql_is_what_mariadb_logs() {
    let server = server::mariadb();
    let folder = tempfile::tempdir().expect("a folder");
    let file = server.folder.join("general.log");
    let root = format!("mysql://root@127.0.0.1:{}/mysql", server.port);
    let log_to = format!("SET GLOBAL general_log_file = '{}'", text(&file));
    setup(
        folder.path(),
        &root,
        &["CREATE DATABASE shop CHARACTER SET utf8mb4", &log_to, "SET GLOBAL general_log = ON"],
    );
    let address = format!("mysql://root@127.0.0.1:{}/shop", server.port);
    std::fs::write(folder.path().join("people.yaml"), people(&address, "{{ steps.found.rows[0].born }}"))
        .expect("a playbook");
    let planned = statements(folder.path(), |_| "?".to_string());
    let log = || std::fs::read_to_string(&file).expect("a log");
    let before = log().len();
    run(folder.path(), "people.yaml");
    let log = log()[before..].to_string();
    same_as_logged(&planned, &log);
    // The comparison itself: one statement more in the log, and one fewer, is found.
    let differs = |planned: &[(String, Vec<String>)], log: &str| {
        let (planned, log) = (planned.to_vec(), log.to_string());
        std::panic::catch_unwind(move || same_as_logged(&planned, &log)).expect_err("a difference is found")
    };
    differs(&planned, &format!("{log}\t\t     9 Query\tDROP TABLE people\n"));
    differs(&planned[1..], &log);
    differs(&[&planned[..], &planned[..1]].concat(), &log);
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
