//! A disk that fills up: the state folder on a file system of its own that has room for ever one page, or one file, more.
//! Wherever it is full, the run stops before its next step and says so, and goes on once there is room.

use std::process::Command;

use toban::event::{Event, Kind};

use crate::support::{Place, Said};

/// Each step counts itself, beside the full disk; `loud` writes a log of many pages.
const STEPS: &str = "\
title: Full
steps:
  - { id: one, after_crash: rerun, shell: 'echo x >> one.n; echo given' }
  - { id: loud, after_crash: rerun, shell: 'echo x >> loud.n; seq 6000' }
  - { id: items, after_crash: rerun, for_each: [p, q, r], shell: 'echo x >> items_{{ item }}.n; echo {{ item }}' }
  - { id: last, after_crash: rerun, shell: 'echo x >> last.n; test {{ steps.one.stdout }} = given' }
";

/// Calls the binary with `state` on a file system of that size, and keeps what is on it afterwards.
fn on(place: &Place, options: &str, arguments: &str) -> Said {
    let script = format!(
        "set -e
         mkdir -p state kept
         mount -t tmpfs -o {options} tmpfs state
         cp -a kept/. state/
         code=0
         timeout 60 \"$TOBAN\" --state-dir state --lang en {arguments} < /dev/null > out 2> err || code=$?
         rm -rf kept && mkdir kept && cp -a state/. kept/
         exit $code"
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "bash", "-c", &script]);
    command.current_dir(place.path()).env("TOBAN", env!("CARGO_BIN_EXE_toban"));
    let done = command.output().expect("unshare, of util-linux");
    let text = |name: &str| std::fs::read_to_string(place.path().join(name)).unwrap_or_default();
    let trouble = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(trouble.is_empty(), "a file system of its own needs root: {trouble}");
    Said { code: done.status.code().unwrap_or(-1), out: text("out"), err: text("err") }
}

/// What was left is where the binary looks for it, with room.
fn make_room(place: &Place) {
    let path = place.path();
    drop(std::fs::remove_dir_all(path.join("state")));
    std::fs::rename(path.join("kept"), path.join("state")).expect("kept");
}

/// The name of the counter of a unit.
fn counter(unit: &toban::event::Unit) -> String {
    match unit.to_string().as_str() {
        "items[0]" => "items_p".into(),
        "items[1]" => "items_q".into(),
        "items[2]" => "items_r".into(),
        unit => unit.to_string(),
    }
}

/// The units that the journal says were begun, or could have been.
fn begun(events: &[Event]) -> Vec<String> {
    let named = events.iter().flat_map(|event| match &event.kind {
        Kind::AttemptStarted { unit, .. } => vec![counter(unit)],
        Kind::Reserved { units } => units.iter().map(counter).collect(),
        _ => Vec::new(),
    });
    named.collect()
}

/// Runs with so much room, and goes on with plenty. True when there was room enough.
fn fills_up(options: &str) -> bool {
    let place = Place::new(STEPS);
    let said = on(&place, options, "run p.yaml -j 1 --progress quiet");
    assert!(!said.err.contains("panic") && !said.err.contains("bug"), "{options}: {}", said.err);
    make_room(&place);
    let counts = place.counts();
    let Some(folder) = place.folder() else {
        assert_eq!(said.code, 5, "{options}: {}", said.err);
        assert!(
            said.err.contains("the disk is full") && said.err.contains("cannot"),
            "{options}: {}",
            said.err
        );
        assert!(counts.is_empty(), "{options}: nothing was begun, and yet {counts:?}");
        let left = std::fs::read_dir(place.path().join("state/runs")).map(|runs| runs.flatten().count());
        assert_eq!(left.unwrap_or(0), 0, "{options}: nothing is left of a run that did not begin");
        return false;
    };
    let events = toban::journal::read(&folder).unwrap_or_else(|e| panic!("{options}: {e}"));
    let known = begun(&events);
    assert!(counts.keys().all(|unit| known.contains(unit)), "{options}: {counts:?} {known:?}");
    // What was ended in the midst of its work may have made its file and written nothing.
    assert!(counts.values().all(|n| *n <= 1), "{options}: {counts:?}");
    if said.code == 0 {
        assert!(counts.len() == 6 && counts.values().all(|n| *n == 1), "{options}: {counts:?}");
        return true;
    }
    assert_eq!(said.code, 5, "{options}: {}", said.err);
    assert!(
        said.err.contains("the disk is full") && said.err.contains("toban resume"),
        "{options}: {}",
        said.err
    );
    goes_on(options, &place, &events);
    false
}

/// What is over is not done again, what was under way by its `after_crash`, and the rest for the first time.
fn goes_on(options: &str, place: &Place, events: &[Event]) {
    let over: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.kind {
            Kind::AttemptEnded { unit, .. } => Some(counter(unit)),
            _ => None,
        })
        .collect();
    place.toban(&["resume", "last", "--wait", "--progress", "quiet"]).exits(0);
    let counts = place.counts();
    assert_eq!(counts.len(), 6, "{options}: {counts:?}");
    for (unit, n) in &counts {
        assert!(*n == 1 || *n == 2 && !over.contains(unit), "{options}: {unit} {n} {over:?}");
    }
    place.toban(&["verify", "last"]).exits(0);
}

/// Every size from nothing to enough.
#[allow(clippy::print_stderr, reason = "the figures are for whoever runs it with --nocapture")]
fn sweep(sizes: impl Iterator<Item = u64>, options: impl Fn(u64) -> String) {
    let (mut full, mut enough) = (0, 0);
    for size in sizes {
        match fills_up(&options(size)) {
            true => enough += 1,
            false => full += 1,
        }
        if enough == 2 {
            break;
        }
    }
    eprintln!("full disk: {full} places");
    assert!(full >= 8 && enough == 2, "{full} {enough}");
}

#[test]
fn a_disk_that_is_full_at_any_page_stops_the_run_and_loses_nothing() {
    sweep((1..200).map(|pages| pages * 4), |kib| format!("size={kib}k"));
}

#[test]
fn a_disk_without_room_for_any_file_more_stops_the_run_and_loses_nothing() {
    sweep(2..100, |files| format!("size=8m,nr_inodes={files}"));
}

#[test]
fn a_saved_plan_a_report_and_an_export_are_whole_or_not_there() {
    let place = Place::new(STEPS);
    place.toban(&["run", "p.yaml", "--progress", "quiet"]).exits(0);
    std::fs::rename(place.path().join("state"), place.path().join("kept")).expect("moved");
    let tries: [(&str, &str); 3] = [
        ("plan p.yaml -o state/x.plan", "x.plan"),
        ("report last --format html -o state/x.html", "x.html"),
        ("export last -o state/x.tar.zst", "x.tar.zst"),
    ];
    let used = pages(&place.path().join("kept")) * 4;
    for (call, name) in tries {
        let (mut full, mut whole) = (0, 0);
        for kib in (used..used + 400).step_by(4) {
            let kept = place.path().join("kept");
            let copy = place.path().join("copy");
            drop(std::fs::remove_dir_all(&copy));
            copy_all(&kept, &copy);
            let said = on(&place, &format!("size={kib}k"), call);
            let there = kept.join(name).exists();
            let others = std::fs::read_dir(&kept).expect("kept").flatten();
            let hidden = others.filter(|e| e.file_name().to_string_lossy().contains("tmp")).count();
            std::fs::remove_dir_all(&kept).expect("removed");
            std::fs::rename(&copy, &kept).expect("back");
            assert_eq!(hidden, 0, "{call} {kib}");
            match said.code {
                0 => {
                    assert!(there, "{call} {kib}");
                    whole += 1;
                }
                code => {
                    assert!(matches!(code, 2 | 5), "{call} {kib}: {}", said.err);
                    assert!(!there, "{call} {kib}: {}", said.err);
                    assert!(
                        said.err.contains("cannot write")
                            && said.err.contains(name)
                            && !said.err.contains("panic"),
                        "{call}: {}",
                        said.err
                    );
                    full += 1;
                }
            }
            if whole == 1 {
                break;
            }
        }
        assert!(whole == 1 && full > 0, "{call}: {full} {whole}");
    }
}

/// How many pages the files of a folder take on a file system in memory.
fn pages(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let of = |entry: std::fs::DirEntry| match entry.metadata().expect("there") {
        there if there.is_dir() => pages(&entry.path()),
        there => there.len().div_ceil(4096),
    };
    entries.map(of).sum()
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    let done = Command::new("cp").arg("-a").args([from, to]).status().expect("cp");
    assert!(done.success());
}

#[test]
fn a_file_of_a_step_that_finds_no_room_fails_the_step_and_leaves_nothing_half_written() {
    let place = Place::new(
        "title: T
steps:
  - { id: dump, shell: seq 200000, stdout: { file: state/dump.txt } }
  - { id: then, shell: echo x >> then.n }
",
    );
    let said = on(&place, "size=700k", "run p.yaml --progress plain");
    assert!(matches!(said.code, 1 | 5), "{} {}", said.code, said.err);
    let kept = std::fs::read_dir(place.path().join("kept")).expect("kept").flatten();
    let dumps: Vec<_> =
        kept.map(|e| e.file_name()).filter(|n| n.to_string_lossy().contains("dump")).collect();
    assert!(dumps.is_empty(), "{dumps:?}");
    assert_eq!(place.count("then"), 0);
}
