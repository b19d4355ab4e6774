//! No secret is written or shown: known secrets go through every action, error and report, and all that is left of
//! them is searched for every form of them.

#[path = "leaks/echo.rs"]
mod echo;
#[path = "cli/place.rs"]
#[allow(dead_code, reason = "the tests of the command line use all of it")]
mod place;
#[path = "leaks/search.rs"]
mod search;
#[path = "sql_support/server.rs"]
#[allow(dead_code, reason = "the SQL tests use all of it")]
mod server;
#[path = "cli/sink.rs"]
mod sink;
#[path = "cli/smtp.rs"]
#[allow(dead_code, reason = "the tests of the command line use all of it")]
mod smtp;

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, LazyLock, Mutex};

use place::{Place, Said, said};
use search::{Needles, needles};
use server::Server;
use sha2::{Digest, Sha256};

const PLAY: &str = include_str!("leaks/play.yaml");
const DRIBBLE: &str = "
import os, sys, time
s = os.environ['S'].encode()
step = max(1, len(s) // 150)
for i in range(0, len(s), step):
    os.write(1, s[i:i + step]); os.write(2, s[i:i + step]); time.sleep(0.001)
";

/// A mail server that lets nobody in and repeats what it was told.
static SMTP: LazyLock<smtp::Smtp> =
    LazyLock::new(|| smtp::Smtp::new(smtp::Manners { auth: "PLAIN LOGIN", ..smtp::Manners::default() }));
/// Where people are told of runs.
static TOLD: LazyLock<(u16, Arc<Mutex<Vec<String>>>)> = LazyLock::new(|| sink::web("200 OK"));
static POSTGRES: LazyLock<Server> = LazyLock::new(server::postgres);
static MARIADB: LazyLock<Server> = LazyLock::new(server::mariadb);

/// Secrets of every kind, by name.
fn secrets() -> Vec<(&'static str, String)> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = |length: usize, alphabet: &str| -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            alphabet[(state % alphabet.len() as u64) as usize]
        };
        (0..length).map(|_| next()).collect()
    };
    let base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let lines: Vec<String> = (0..24).map(|_| noise(64, base64)).collect();
    vec![
        ("six characters", "x7#Kq2".into()),
        ("digits", "4815162342".into()),
        ("words", "correct horse battery staple".into()),
        ("quotes", "it's a \"q\" $x `d` \\n \\".into()),
        ("signs", "p%ss+w/rd=&<x>;|*?~!#[]{}()^,:@".into()),
        ("unicode", "値のパスワード🔑é ß\u{301}".into()),
        ("lines", "first line\nit's \"two\"\nab\n\n  indented four\nlast".into()),
        ("key", format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", lines.join("\n"))),
        ("64 KiB", noise(64 * 1024, base64)),
    ]
}

/// A place where the secret is known, and a playbook of all that can be done with it.
fn place(secret: &str, unmasked: bool) -> Place {
    let place = Place::new();
    let (pg, my, echo, mail, hook) = (POSTGRES.port, MARIADB.port, echo::port(), SMTP.port, TOLD.0);
    let system = format!(
        "title: s\nsecrets:\n  s: {{ from: file:key.txt, unmasked: {unmasked} }}\nconnections:\n\
         \x20 pg: {{ url: 'postgres://postgres@127.0.0.1:{pg}/postgres' }}\n\
         \x20 my: {{ url: 'mysql://root@127.0.0.1:{my}/mysql' }}\n\
         \x20 pg_login: {{ url: 'postgres://nobody@127.0.0.1:{pg}/postgres', password: s }}\n\
         \x20 my_login: {{ url: 'mysql://nobody@127.0.0.1:{my}/mysql', password: s }}\n\
         \x20 closed: {{ url: 'postgres://nobody@127.0.0.1:1/postgres', password: s }}\n\
         \x20 lite: {{ url: 'sqlite:lite.db' }}\n  memory: {{ url: 'sqlite::memory:' }}\n\
         mail: {{ server: 'smtp://127.0.0.1:{mail}', from: a@corp.test, user: nobody, password: s }}\n\
         notifications: {{ on: [failure, warning, person, recovery], mail: {{ to: [b@corp.test] }}, \
         webhook: {{ url: 'http://127.0.0.1:{hook}/' }} }}\n"
    );
    place.file("playbooks/s/system.yaml", &system);
    let key = place.file("playbooks/s/key.txt", secret);
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    place.file("playbooks/s/forms.py", include_str!("leaks/forms.py"));
    place.file("playbooks/s/dribble.py", DRIBBLE);
    place.file("playbooks/s/sub.yaml", "title: sub\ninputs: { x: { type: string } }\nsteps:\n  - { id: one, shell: 'echo {{ inputs.x }}' }\noutputs: { x: '{{ inputs.x }}', list: ['{{ inputs.x }}'] }\n");
    place.file(
        "playbooks/s/typed.yaml",
        "title: typed\ninputs: { n: { type: ip } }\nsteps:\n  - { id: one, shell: 'echo {{ inputs.n }}' }\n",
    );
    let play = PLAY.replace("@ECHO@", &echo.to_string()).replace("@SQL@\n", &sql_steps());
    place.file("playbooks/s/play.yaml", &play);
    place
}

/// The same for both servers.
fn sql_steps() -> String {
    let mut steps = String::new();
    for (db, text, wrong) in [
        (
            "pg",
            "select {{ secrets.s }}::text as v, md5({{ secrets.s }}::text) as m",
            "select {{ secrets.s }}::text::int",
        ),
        (
            "my",
            "select {{ secrets.s }} as v, to_base64({{ secrets.s }}) as b",
            "select nothing from nowhere where x = {{ secrets.s }}",
        ),
    ] {
        let table = "create temporary table twice (v varchar(600) primary key); insert into twice values (left({{ secrets.s }}, 600)); insert into twice values (left({{ secrets.s }}, 600))";
        let number = "create temporary table number (n int); insert into number values ({{ secrets.s }})";
        for (id, sql) in [
            ("value", format!("query: \"{text}\"")),
            ("wrong", format!("query: \"{wrong}\"")),
            ("twice", format!("script: \"{table}\"")),
            ("number", format!("script: \"{number}\"")),
        ] {
            steps.push_str(&format!(
                "  - {{ id: {db}_{id}, needs: [], sql: {{ connection: {db}, {sql} }}, on_error: continue }}\n"
            ));
        }
        steps.push_str(&format!(
            "  - {{ id: {db}_login, needs: [], sql: {{ connection: {db}_login, query: select 1 }}, on_error: continue }}\n"
        ));
    }
    steps
        + "  - { id: sql_nobody, needs: [], sql: { connection: closed, query: select 1 }, on_error: continue }\n"
}

fn run(place: &Place, how: &[&str]) -> Said {
    let mut command = place.command();
    command.args(["run", "s/play", "--confirm", "asked"]).args(how);
    said(command.output().expect("toban starts"))
}

/// All that the commands which tell of plans and runs print.
fn told(place: &Place) -> Vec<(String, String)> {
    let commands: &[&[&str]] = &[
        &["plan", "s/play"],
        &["plan", "s/play", "--format", "json"],
        &["plan", "s/play", "--format", "markdown"],
        &["plan", "s/play", "--format", "html"],
        &["plan", "s/play", "-o", "saved.plan"],
        &["show", "saved.plan"],
        &["check", "s/play"],
        &["show", "s/play"],
        &["runs"],
        &["status", "last"],
        &["logs", "last"],
    ];
    let tell = |args: &&[&str]| {
        let said = place.toban(args);
        assert!([0, 1].contains(&said.code), "{args:?}: {said:?}");
        (args.join(" "), format!("{}{}", said.out, said.err))
    };
    let mut all: Vec<(String, String)> = commands.iter().map(tell).collect();
    all.push(("saved.plan".into(), place.text("saved.plan")));
    all
}

/// What a run of everything left behind and said: where, and what it is.
fn left(place: &Place, screens: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut left = search::files(&place.at("state"));
    left.extend(search::files(&place.at("locks")));
    left.extend(screens);
    left
}

#[test]
fn no_form_of_any_secret_is_left_anywhere() {
    let hows: [&[&str]; 3] =
        [&["--progress", "plain", "-v", "-v"], &["--progress", "json"], &["--progress", "quiet"]];
    let (mut searched, mut leaks) = (0, Vec::new());
    for (name, secret) in secrets() {
        let place = place(&secret, false);
        let mut screens = Vec::new();
        // Every way to show a run for some, for the others the one that tells most.
        for how in &hows[..if ["quotes", "lines", "words"].contains(&name) { 3 } else { 1 }] {
            let _ = std::fs::remove_file(place.at("playbooks/s/lite.db"));
            let said = run(&place, how);
            // Only the step that nobody agreed to keeps the run from ending with warnings.
            assert!([0, 1, 3].contains(&said.code), "{name}: {said:?}");
            screens.push((format!("run {}", how.join(" ")), format!("{}{}", said.out, said.err)));
            assert_eq!(
                place.text("playbooks/s/used.txt"),
                secret.trim_end_matches('\n'),
                "{name}: the true value"
            );
            let sum: String = Sha256::digest(secret.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
            assert!(place.text("playbooks/s/sum").starts_with(&sum), "{name}: standard input");
        }
        screens.extend(told(&place));
        let notices = std::mem::take(&mut *TOLD.1.lock().expect("requests"));
        assert!(
            !notices.is_empty() && notices.iter().all(|n| n.contains("\"text\":")),
            "{name}: {notices:?}"
        );
        screens.extend(notices.into_iter().map(|notice| ("a notification".to_string(), notice)));
        let needles = needles(&place, &secret);
        for (at, text) in left(&place, screens) {
            searched += needles.all.len();
            leaks.extend(needles.within(&text).into_iter().map(|found| format!("{name} in {at}: {found}")));
        }
    }
    #[expect(clippy::print_stdout, reason = "the figure that the test is run for")]
    {
        println!("{searched} searches of a form in a place; leaks: {}", leaks.len());
    }
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn what_is_not_masked_is_found() {
    for (name, secret) in
        secrets().into_iter().filter(|(name, _)| ["quotes", "unicode", "signs"].contains(name))
    {
        let place = place(&secret, true);
        run(&place, &["--progress", "quiet"]);
        let Needles { all } = needles(&place, &secret);
        let left = left(&place, Vec::new());
        for (form, needle) in all.into_iter().filter(|(form, _)| !form.contains(" in ")) {
            assert!(left.iter().any(|(_, text)| text.contains(&needle)), "{name}: {form} is not found");
        }
    }
}
