//! Kills a writing process and reads what it left.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use jiff::Timestamp;

use super::{Journal, Liveness, StateDir, liveness, read};
use crate::base::{RunId, StepId};
use crate::event::{Event, Kind, Outcome, Record};

const ROLE: &str = "TOBAN_TEST_JOURNAL_WRITER";

fn id() -> RunId {
    RunId::new(Timestamp::UNIX_EPOCH, 7)
}

fn event(seq: u64) -> Event {
    let kind = Kind::StepEnded {
        step: StepId::new("dump"),
        outcome: Outcome::Ok,
        seconds: 0.5,
        gives: Default::default(),
        withheld: Vec::new(),
    };
    Event { seq, at: Timestamp::UNIX_EPOCH, kind }
}

/// Writes facts until it is killed, and tells of each one once it is on disk.
fn write_for_ever(state: PathBuf) {
    let mut journal = Journal::create(&StateDir::new(state), &id(), b"{}", &event(0)).expect("created");
    let mut told = std::io::stderr();
    for seq in 1.. {
        journal.append(&[event(seq)]).expect("appended");
        journal.sync().expect("synced");
        writeln!(told, "{seq}").expect("told");
    }
}

#[test]
fn what_was_synced_before_a_kill_is_there_and_the_run_is_known_to_be_dead() {
    if let Some(state) = std::env::var_os(ROLE) {
        return write_for_ever(state.into());
    }
    let name = "journal::crash_tests::what_was_synced_before_a_kill_is_there_and_the_run_is_known_to_be_dead";
    for last in [1, 7, 60] {
        let dir = tempfile::tempdir().expect("a folder");
        let mut writer = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", name, "--nocapture"])
            .env(ROLE, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(writer.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let seen = lines.find(|line| line.parse::<u64>().is_ok_and(|seq| seq >= last));
        let folder = StateDir::new(dir.path()).run(&id());
        assert_eq!(liveness(&folder).expect("asked"), Liveness::Running);
        writer.kill().expect("killed");
        writer.wait().expect("ended");
        let seen = lines.last().or(seen).expect("told").parse::<u64>().expect("a number");
        let events = read(&folder).expect("reads");
        assert!(events.len() as u64 > seen, "{} facts, {seen} told", events.len());
        assert_eq!(events[seen as usize], event(seen));
        assert_eq!(liveness(&folder).expect("asked"), Liveness::Dead);
    }
}
