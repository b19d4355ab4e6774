//! Real engines killed at random moments, again and again, until their runs are over. Counters in files and tables,
//! outside of the engine, say what was really done, and how often.
//!
//! `TOBAN_TEST_KILLS` says how many kills there are at least (default 200).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use toban::event::{Event, Kind};

use crate::server::{Server, postgres};
use crate::support::Place;

static POSTGRES: LazyLock<Server> = LazyLock::new(|| {
    let server = postgres();
    psql(server.port, "create table counts (place text, name text)");
    server
});

/// Brings a Docker engine up for this process: the variables that lead to it.
pub static DOCKER: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/docker-up");
    let done =
        Command::new(script).args(["start", &std::process::id().to_string()]).output().expect("docker-up");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "tests/support/docker-up needs root and Debian packages: {said}");
    let pairs = String::from_utf8_lossy(&done.stdout).into_owned();
    pairs.lines().filter_map(|l| l.split_once('=')).map(|(k, v)| (k.to_string(), v.to_string())).collect()
});

fn psql(port: u16, sql: &str) -> String {
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    let done = Command::new("psql").args(["-XAtqc", sql, &url]).output().expect("psql");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// A playbook with steps of many kinds; each counts itself, `place` tells tables whose count it is.
fn playbook(place: &str, docker: bool) -> String {
    let port = POSTGRES.port;
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    let in_docker = "  - { id: boxed, needs: [], docker: { run: { image: toban-test, \
                     command: [sh, -c, 'echo x >> /mnt/boxed.n'], volumes: ['./:/mnt'] } } }\n";
    format!(
        "title: Killed
steps:
  - {{ id: a, shell: 'sleep 0.03; echo x >> a.n; sleep 0.03; echo given' }}
  - {{ id: b, needs: [], shell: 'sleep 0.05; echo x >> b.n' }}
  - {{ id: lite, needs: [b], sql: {{ connection: 'sqlite:counts.db', script: \"INSERT INTO counts VALUES ('lite')\" }} }}
  - {{ id: pg, needs: [b], sql: {{ connection: '{url}', script: \"INSERT INTO counts VALUES ('{place}', 'pg'); SELECT pg_sleep(0.05)\" }} }}
  - {{ id: items, needs: [a], for_each: {{ list: [0, 1, 2, 3], max_parallel: 2 }}, shell: 'sleep 0.02; echo x >> items_{{{{ item }}}}.n; sleep 0.02' }}
  - id: each
    needs: [a]
    for_each: {{ list: [0, 1], max_parallel: 1 }}
    steps:
      - {{ id: one, shell: 'echo x >> one_{{{{ item }}}}.n; sleep 0.03' }}
      - {{ id: two, shell: 'sleep 0.03; echo x >> two_{{{{ item }}}}.n' }}
  - {{ id: verified, needs: [a], after_crash: verify, verify: {{ shell: test -s verified.n }}, shell: 'sleep 0.03; echo x >> verified.n; sleep 0.03' }}
  - {{ id: harmless, needs: [a], after_crash: rerun, shell: 'sleep 0.03; echo x >> harmless.n; sleep 0.03' }}
{}  - {{ id: end, needs: [a, each, items, lite, pg, verified, harmless], shell: 'echo x >> end.n; test {{{{ steps.a.stdout }}}} = given' }}
",
        if docker { in_docker } else { "" }
    )
}

/// What was done, by the names of the units.
fn counted(place: &Place, tag: &str) -> BTreeMap<String, u64> {
    let unit = |name: String| match name.split_once('_') {
        Some(("items", item)) => format!("items[{item}]"),
        Some((step, item)) => format!("each[{item}]/{step}"),
        None => name,
    };
    let mut counts: BTreeMap<String, u64> =
        place.counts().into_iter().map(|(name, n)| (unit(name), n)).collect();
    let lite = rusqlite::Connection::open(place.path().join("counts.db")).expect("a database");
    let n: i64 = lite.query_row("SELECT count(*) FROM counts", [], |row| row.get(0)).expect("counted");
    counts.insert("lite".into(), n as u64);
    let sql = format!("select count(*) from counts where place = '{tag}'");
    counts.insert("pg".into(), psql(POSTGRES.port, &sql).trim().parse().expect("a number"));
    counts
}

/// Units whose last attempt has an end on record.
fn ended(events: &[Event]) -> BTreeSet<String> {
    let mut ended = BTreeSet::new();
    for event in events {
        match &event.kind {
            Kind::AttemptEnded { unit, .. } => drop(ended.insert(unit.to_string())),
            Kind::AttemptStarted { unit, .. } => drop(ended.remove(&unit.to_string())),
            _ => {}
        }
    }
    ended
}

/// The word of the last fact: in which moment the engine died.
fn moment(events: &[Event]) -> String {
    let last = events.last().and_then(|e| serde_json::to_value(&e.kind).ok());
    last.and_then(|v| v["kind"].as_str().map(str::to_string)).unwrap_or_else(|| "before the run".into())
}

/// Numbers that look random, the same in every run of the test.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

#[derive(Default)]
struct Tally {
    kills: u32,
    rounds: u32,
    moments: BTreeMap<String, u32>,
    decided: u32,
    unknown: BTreeMap<String, u32>,
}

/// One run, killed until it is over.
struct Round<'a> {
    place: Place,
    tag: String,
    random: Random,
    tally: &'a Mutex<Tally>,
    reruns: BTreeMap<String, u64>,
    left_out: BTreeSet<String>,
    over: BTreeMap<String, u64>,
}

impl Round<'_> {
    /// Runs a command and kills it after a while, if it is not over by then: its code then.
    fn killed(&mut self, arguments: &[&str], within: Option<u64>) -> Option<i32> {
        let mut command = self.place.command(arguments);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        command.envs(LazyLock::get(&DOCKER).into_iter().flatten().cloned());
        let mut engine = command.spawn().expect("it starts");
        let Some(within) = within else { return engine.wait().expect("ended").code() };
        std::thread::sleep(Duration::from_micros(self.random.below(within * 1000)));
        if let Some(status) = engine.try_wait().expect("asked") {
            return status.code();
        }
        engine.kill().expect("killed");
        let code = engine.wait().expect("ended").code();
        if code.is_none() {
            let mut tally = self.tally.lock().expect("the tally");
            tally.kills += 1;
            *tally.moments.entry(moment(&self.place.events())).or_default() += 1;
        }
        code
    }

    /// What is over stays as it is, whoever died since.
    fn look(&mut self) {
        let counts = counted(&self.place, &self.tag);
        for (unit, before) in &self.over {
            assert_eq!(counts.get(unit), Some(before), "{unit} was over, and was done again");
        }
        let known = ended(&self.place.events()).into_iter().filter(|u| counts.contains_key(u));
        self.over = known.map(|unit| (unit.clone(), counts[&unit])).collect();
        for (unit, count) in &counts {
            let most = 1 + self.reruns.get(unit).copied().unwrap_or(0);
            assert!(unit == "harmless" || *count <= most, "{unit} was done {count} times, {most} allowed");
        }
    }

    /// What a person would be asked, after whatever still runs has ended; nothing is done by asking.
    fn unknown(&mut self) -> Option<Vec<String>> {
        let mut command = self.place.command(&["resume", "last", "--progress", "quiet", "--wait"]);
        command.envs(LazyLock::get(&DOCKER).into_iter().flatten().cloned());
        let output = command.output().expect("it runs");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!err.contains("panic") && !err.contains("bug"), "{err}");
        match output.status.code() {
            Some(4) => {}
            Some(0) => return None,
            code => panic!("{code:?}: {err}"),
        }
        let lines = err.lines().filter(|l| l.contains("  unknown: "));
        Some(lines.filter_map(|l| l.split_once("  ")).map(|(id, _)| id.to_string()).collect())
    }

    fn go(&mut self) {
        self.killed(&["run", "p.yaml", "-j", "3"], Some(900));
        if self.place.folder().is_none() {
            return;
        }
        for kills in 0..12 {
            self.look();
            if self.place.events().iter().any(|e| matches!(e.kind, Kind::RunEnded { .. })) {
                break;
            }
            let facts = self.place.events().len();
            let Some(unknown) = self.unknown() else { continue };
            assert_eq!(self.place.events().len(), facts, "asking leaves no fact");
            self.look();
            let mut resume = vec!["resume".to_string(), "last".into(), "--reason".into(), "a test".into()];
            for unit in &unknown {
                assert!(!matches!(unit.as_str(), "harmless"), "{unit} needs no person");
                let flag = ["--rerun", "--rerun", "--skip", "--done-by-hand"][self.random.below(4) as usize];
                // What a later step needs is not made up here.
                let flag = if unit == "a" { "--rerun" } else { flag };
                resume.extend([flag.to_string(), unit.clone()]);
                if flag == "--rerun" {
                    *self.reruns.entry(unit.clone()).or_default() += 1;
                } else {
                    self.left_out.insert(unit.clone());
                }
            }
            let mut tally = self.tally.lock().expect("the tally");
            tally.decided += unknown.len() as u32;
            for unit in unknown {
                *tally.unknown.entry(unit).or_default() += 1;
            }
            drop(tally);
            let arguments: Vec<&str> = resume.iter().map(String::as_str).collect();
            // However slow the machine is, there is an end.
            let within = (kills < 6).then(|| 300 + self.random.below(1200));
            self.killed(&arguments, within);
        }
        self.end();
    }

    /// Everything was done, once for each time it was asked for.
    fn end(&mut self) {
        self.look();
        let events = self.place.events();
        let last = events.last().map(|e| &e.kind);
        assert!(matches!(last, Some(Kind::RunEnded { .. })), "the run does not end: {last:?}");
        let counts = counted(&self.place, &self.tag);
        for unit in ended(&events) {
            let done = counts.get(&unit).copied().unwrap_or(0);
            assert!(done >= 1 || self.left_out.contains(&unit), "{unit} is over, and was not done");
        }
        assert!(counts["verified"] == 1 || self.left_out.contains("verified"), "{counts:?}");
    }
}

fn rounds(seed: u64, tally: &Mutex<Tally>, kills: u32) {
    let mut random = Random(seed);
    loop {
        let number = {
            let mut tally = tally.lock().expect("the tally");
            if tally.kills >= kills {
                return;
            }
            tally.rounds += 1;
            tally.rounds
        };
        let tag = format!("{seed}-{number}");
        let docker = number % 5 == 1;
        if docker {
            LazyLock::force(&DOCKER);
        }
        let place = Place::new(&playbook(&tag, docker));
        let lite = rusqlite::Connection::open(place.path().join("counts.db")).expect("a database");
        lite.execute_batch("CREATE TABLE counts (name TEXT)").expect("made");
        let next = Random(random.below(u64::MAX) | 1);
        let (reruns, left_out, over) = Default::default();
        Round { place, tag, random: next, tally, reruns, left_out, over }.go();
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "the figures are what the test is run for by hand")]
fn no_finished_step_is_repeated_and_no_other_without_being_asked_however_often_the_engine_dies() {
    let kills = std::env::var("TOBAN_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for seed in [0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03] {
            let tally = &tally;
            scope.spawn(move || rounds(seed, tally, kills));
        }
    });
    let tally = tally.into_inner().expect("the tally");
    eprintln!("{} kills in {} runs, in these moments: {:?}", tally.kills, tally.rounds, tally.moments);
    eprintln!("{} units were decided about: {:?}; violations: 0", tally.decided, tally.unknown);
    assert!(tally.kills >= kills && tally.moments.len() >= 4);
}
