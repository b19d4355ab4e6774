//! Journals that were cut off: behind what was synced a run goes on, before that it is refused.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::{Duration, Instant};

use toban::event::Kind;
use toban::journal::{Journal, JournalError, Recovered, RunFolder};

use crate::support::Place;

/// Facts of every kind that comes without a crash, and no pauses.
const MANY: &str = "\
title: Many
outputs: { all: '{{ steps.a.stdout }}' }
steps:
  - { id: a, shell: 'echo x >> a.n; echo out' }
  - { id: pick, needs: [], decide: { question: Which?, choices: { a: A, b: B } } }
  - { id: hand, needs: [], manual: { instruction: Do it } }
  - { id: no, when: 'false', shell: 'echo x >> no.n' }
  - { id: sure, confirm: Sure?, shell: 'echo x >> sure.n' }
  - { id: items, for_each: { list: [p, q, r], stop: item == 'q' }, shell: 'echo x >> items_{{ item }}.n' }
  - { id: again, retry: { attempts: 2, delay: 10ms }, on_error: continue, shell: 'echo x >> again.n; exit 3' }
  - id: each
    for_each: { list: [p, q], max_parallel: 1 }
    steps:
      - { id: one, shell: 'echo x >> one_{{ item }}.n' }
      - { id: two, shell: 'echo x >> two_{{ item }}.n' }
  - { id: bad, needs: [], shell: 'echo x >> bad.n; exit 4' }
  - { id: blocked, needs: [bad], shell: 'echo x >> blocked.n' }
  - { id: end, needs: [a, each, pick], shell: 'echo {{ steps.a.stdout }} {{ steps.pick.choice }} >> end.n' }
";

const ANSWERS: [&str; 6] = ["--choose", "pick=b", "--confirm", "sure", "--answer", "hand=done"];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("copied")),
        }
    }
}

fn cut(folder: &RunFolder, length: u64) {
    let file = OpenOptions::new().write(true).open(folder.journal()).expect("the journal");
    file.set_len(length).expect("cut");
}

/// The lines that were on disk, as the head says.
fn synced(place: &Place) -> usize {
    let head = fs::read_dir(place.path().join("state/heads")).expect("heads").flatten().next().expect("one");
    let text = fs::read_to_string(head.path()).expect("read");
    text.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

#[test]
fn a_run_that_died_at_any_fact_comes_to_the_same_end_and_does_nothing_twice_unasked() {
    let whole = Place::new(MANY);
    whole.toban(&[&["run", "p.yaml"][..], &ANSWERS].concat()).exits(1);
    let text = fs::read(whole.folder().expect("a run").journal()).expect("read");
    let ends: Vec<u64> =
        text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i as u64 + 1).collect();
    let kinds = whole.events();
    let full = whole.counts();
    // Every second fact, the first and the second in turns with the number of the process: all of them come round.
    let from = std::process::id() as usize % 2;
    for (n, length) in ends.iter().enumerate().take(ends.len() - 1).skip(from).step_by(2) {
        let place = Place::new(MANY);
        copy(&whole.path().join("state"), &place.path().join("state"));
        // The paths in the plan are those of the first folder: the same playbook stands there.
        fs::remove_dir_all(place.path().join("state/heads")).expect("no head, as after a power cut");
        cut(&place.folder().expect("a run"), *length + (n as u64 % 3).min(1));
        let before = whole.counts();
        let resume = [&["resume", "last", "--progress", "quiet"][..], &ANSWERS].concat();
        let first = place.toban(&resume);
        let unknown = if first.code == 4 { first.unknown() } else { Vec::new() };
        let context = format!("cut behind {:?}: {}", kinds[n].kind, first.err);
        if first.code == 4 {
            let mut after = whole.counts();
            after.retain(|name, count| before.get(name) != Some(count));
            assert!(after.is_empty(), "{context}: {after:?}");
            let mut resume = resume.clone();
            unknown.iter().for_each(|id| resume.extend(["--rerun", id]));
            let second = place.toban(&resume);
            assert_eq!(second.code, 1, "{context}\n{}", second.err);
        } else {
            assert_eq!(first.code, 1, "{context}");
        }
        let events = place.events();
        let last = events.last().map(|e| &e.kind);
        let (Some(Kind::RunEnded { counts, .. }), Some(Kind::RunEnded { counts: then, .. })) =
            (last, kinds.last().map(|e| &e.kind))
        else {
            panic!("no end: {context}")
        };
        assert_eq!(counts, then, "{context}");
        // What is run now was not over then, and each once for each attempt.
        let over: Vec<String> = kinds[..=n]
            .iter()
            .filter_map(|e| match &e.kind {
                Kind::AttemptEnded { unit, .. } => Some(unit.to_string()),
                _ => None,
            })
            .filter(|unit| unit != "again")
            .collect();
        let began = events[n + 1..].iter().filter_map(|e| match &e.kind {
            Kind::AttemptStarted { unit, .. } => Some(unit.to_string()),
            _ => None,
        });
        let twice: Vec<String> = began.filter(|unit| over.contains(unit)).collect();
        assert!(twice.is_empty(), "{context}: again {twice:?}");
        for (name, count) in &full {
            assert!(whole.counts()[name] >= *count, "{name} went away");
        }
    }
}

/// A journal that no engine writes. What another test of this process starts at the same moment has inherited the lock of the
/// one that was opened before, until it is the program that it becomes.
fn reopened(folder: &RunFolder) -> Result<(Journal, Recovered), JournalError> {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        match Journal::reopen(folder) {
            Err(JournalError::Busy { .. }) if Instant::now() < limit => {
                std::thread::sleep(Duration::from_millis(1));
            }
            other => return other,
        }
    }
}

#[test]
fn a_journal_is_reopened_at_any_byte_behind_the_last_sync_and_refused_before_it() {
    let place =
        Place::new("title: T\nsteps:\n  - { id: a, shell: 'true' }\n  - { id: b, shell: sleep 0.5 }\n");
    place.kill_when(|kind| matches!(kind, Kind::ChildStarted { unit, .. } if unit.to_string() == "b"));
    let folder = place.folder().expect("a run");
    let text = fs::read(folder.journal()).expect("read");
    let head = place.path().join("state/heads").join(folder.path().file_name().expect("a name"));
    let head_text = fs::read(&head).expect("read");
    let lines = synced(&place);
    let boundary = text.split_inclusive(|b| *b == b'\n').take(lines).map(<[u8]>::len).sum::<usize>();
    assert!(boundary > 500 && boundary < text.len(), "{boundary} of {}", text.len());
    for length in (0..=text.len()).rev() {
        fs::write(folder.journal(), &text[..length]).expect("written");
        match reopened(&folder) {
            Ok((_, recovered)) => {
                assert!(length >= boundary, "cut at {length} of {boundary} and not found out");
                assert!(recovered.whole <= length as u64 && recovered.events.len() >= lines);
            }
            Err(JournalError::CutShort { lines: told, .. }) => {
                assert!(length < boundary, "cut at {length}, synced up to {boundary}");
                assert_eq!(told, lines);
            }
            Err(other) => panic!("{other}"),
        }
        fs::write(&head, &head_text).expect("written");
    }
    let said = place.toban(&["resume", "last"]).exits(5);
    assert!(said.err.contains("lines are missing at the end"), "{}", said.err);
}

#[test]
fn two_engines_never_go_on_with_one_run() {
    let place = Place::new("title: T\nsteps:\n  - { id: a, shell: sleep 1.5 }\n");
    let mut engine = place.start(&["run", "p.yaml"]);
    while !place.events().iter().any(|e| matches!(e.kind, Kind::ChildStarted { .. })) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let said = place.toban(&["resume", "last"]).exits(5);
    assert!(said.err.contains("is under way"), "{}", said.err);
    let status = place.toban(&["status", "last"]).exits(0);
    assert!(status.out.contains("running"), "{}", status.out);
    assert_eq!(engine.wait().expect("ended").code(), Some(0));
}
