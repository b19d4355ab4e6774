//! The index against real run folders.

use std::fs;

use super::*;
use crate::base::RunId;
use crate::event::{Counts, Event, Kind, Outcome, Record, RunOutcome};
use crate::journal::tests::{Bench, at, bench};
use crate::journal::{Journal, RunFolder};

/// A run of a playbook by somebody; without an outcome it goes on.
fn journal(bench: &Bench, n: i64, playbook: &str, operator: &str) -> Journal {
    let run = RunId::new(at(n), n as u32);
    let kind = Kind::RunStarted {
        run: run.clone(),
        playbook: playbook.into(),
        title: "日次".into(),
        environment: (n % 2 == 0).then(|| "lab".into()),
        operator: operator.into(),
        engine: "0.1.0".into(),
        pid: 1,
        boot: "boot".into(),
        jobs: 1,
        steps: 1,
        plan: String::new(),
    };
    Journal::create(&bench.state, &run, b"{}", &Event { seq: 0, at: at(n), kind }).expect("created")
}

fn finish(mut journal: Journal, n: i64, outcome: RunOutcome) -> RunFolder {
    let step = crate::base::StepId::new("dump[3]/load");
    let state = if outcome == RunOutcome::Ok { Outcome::Ok } else { Outcome::Failed };
    let kind = Kind::StepEnded {
        step,
        outcome: state,
        seconds: 1.0,
        gives: Default::default(),
        withheld: Vec::new(),
    };
    let end = Kind::RunEnded { outcome, counts: Counts { ok: 1, ..Counts::default() }, seconds: 2.5 };
    let events = [Event { seq: 1, at: at(n + 1), kind }, Event { seq: 2, at: at(n + 2), kind: end }];
    journal.append(&events).expect("appended");
    let folder = journal.folder().clone();
    journal.close().expect("closed");
    folder
}

/// Three that ended and one that goes on.
fn some() -> (Bench, Journal) {
    let bench = bench();
    finish(journal(&bench, 10, "refnet/daily", "sato"), 10, RunOutcome::Ok);
    finish(journal(&bench, 20, "refnet/restore", "佐藤"), 20, RunOutcome::Failed);
    finish(journal(&bench, 31, "cafe/daily", "sato"), 31, RunOutcome::Warned);
    let going = journal(&bench, 40, "/root/x.yaml", "sato");
    (bench, going)
}

fn found(bench: &Bench, filter: &Filter) -> String {
    let rows = select(&bench.state, filter, 99).expect("asked");
    rows.iter().map(|r| format!("{}={}", r.playbook, r.result)).collect::<Vec<_>>().join(" ")
}

fn text(text: &str) -> Option<String> {
    Some(text.to_string())
}

#[test]
fn each_filter_finds_what_it_says_from_the_index_and_from_what_goes_on() {
    let (bench, going) = some();
    let all = "/root/x.yaml=running cafe/daily=warned refnet/restore=failed refnet/daily=ok";
    let none = Filter::default();
    for _ in 0..2 {
        let is = |filter: Filter, what: &str| assert_eq!(found(&bench, &filter), what, "{filter:?}");
        is(none.clone(), all);
        is(Filter { system: text("refnet"), ..none.clone() }, "refnet/restore=failed refnet/daily=ok");
        is(Filter { playbook: text("daily"), ..none.clone() }, "cafe/daily=warned refnet/daily=ok");
        is(Filter { playbook: text("cafe/daily"), ..none.clone() }, "cafe/daily=warned");
        is(Filter { playbook: text("x.yaml"), ..none.clone() }, "/root/x.yaml=running");
        is(Filter { operator: text("佐藤"), ..none.clone() }, "refnet/restore=failed");
        is(
            Filter { environment: text("lab"), operator: text("sato"), ..none.clone() },
            "/root/x.yaml=running refnet/daily=ok",
        );
        is(
            Filter { results: vec!["ok".into(), "running".into()], ..none.clone() },
            "/root/x.yaml=running refnet/daily=ok",
        );
        is(Filter { since: Some(at(20)), until: Some(at(31)), ..none.clone() }, "refnet/restore=failed");
        is(
            Filter { step: Some(("dump/load".into(), None)), ..none.clone() },
            "cafe/daily=warned refnet/restore=failed refnet/daily=ok",
        );
        let failed = Some(("dump/load".to_string(), text("ok")));
        is(Filter { step: failed, since: Some(at(5)), ..none.clone() }, "refnet/daily=ok");
        is(Filter { step: Some(("x'; DROP TABLE runs".into(), None)), ..none.clone() }, "");
    }
    assert_eq!(select(&bench.state, &none, 2).expect("asked").len(), 2);
    let row = &select(&bench.state, &none, 99).expect("asked")[3];
    assert_eq!((row.title.as_str(), row.seconds, row.ended), ("日次", 2.5, Some(at(12))));
    drop(going);
    assert_eq!(found(&bench, &none), all.replace("running", "dead"));
}

#[test]
fn runs_that_come_end_go_on_and_go_are_noticed() {
    let (bench, going) = some();
    let none = Filter::default();
    assert!(found(&bench, &none).starts_with("/root/x.yaml=running"));
    let folder = finish(going, 40, RunOutcome::Cancelled);
    assert!(found(&bench, &none).starts_with("/root/x.yaml=cancelled"));
    let new = finish(journal(&bench, 50, "refnet/daily", "x"), 50, RunOutcome::Ok);
    note(&bench.state, &RunId::new(at(50), 50));
    assert!(found(&bench, &none).starts_with("refnet/daily=ok /root/x.yaml=cancelled"));
    fs::remove_dir_all(new.path()).expect("removed");
    assert!(found(&bench, &none).starts_with("/root/x.yaml=cancelled"));
    // As a resumed run leaves it: the same journal, longer, without an end.
    let whole = fs::read(folder.journal()).expect("read");
    let mut lines: Vec<&[u8]> = whole.split_inclusive(|b| *b == b'\n').collect();
    lines.pop();
    fs::write(folder.journal(), lines.concat()).expect("written");
    fs::remove_file(folder.head().expect("a head")).expect("removed");
    assert!(found(&bench, &none).starts_with("/root/x.yaml=dead"));
    fs::write(folder.journal(), "nonsense\n").expect("written");
    let rows = select(&bench.state, &none, 99).expect("asked");
    assert!(rows[0].result == "unreadable" && rows[0].error.is_some(), "{:?}", rows[0]);
}

#[test]
fn a_missing_a_damaged_and_another_version_of_the_index_are_made_anew() {
    let (bench, _going) = some();
    let none = Filter::default();
    let whole = found(&bench, &none);
    let file = store::file(&bench.state);
    let good = fs::read(&file).expect("an index");
    let mut torn = good.clone();
    torn[4096..].fill(0x5a);
    for bad in [b"nonsense".to_vec(), torn, good[..good.len() / 2].to_vec(), Vec::new()] {
        fs::write(&file, &bad).expect("written");
        assert_eq!(found(&bench, &none), whole, "{} bytes", bad.len());
        assert_eq!(found(&bench, &none), whole);
    }
    let db = rusqlite::Connection::open(&file).expect("opened");
    db.pragma_update(None, "user_version", 99).expect("set");
    drop(db);
    assert_eq!(found(&bench, &none), whole);
    fs::remove_file(&file).expect("removed");
    assert_eq!(found(&bench, &none), whole);
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("in the way");
    assert_eq!(found(&bench, &none), whole, "without any file");
}

#[test]
fn many_may_ask_at_once_while_runs_end() {
    let (bench, _going) = some();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert!(found(&bench, &Filter::default()).ends_with("refnet/daily=ok"));
                }
            });
        }
        for n in 0..20 {
            finish(journal(&bench, 100 + n, "refnet/daily", "x"), 100 + n, RunOutcome::Ok);
            note(&bench.state, &RunId::new(at(100 + n), (100 + n) as u32));
        }
    });
    assert_eq!(select(&bench.state, &Filter::default(), 99).expect("asked").len(), 24);
}
