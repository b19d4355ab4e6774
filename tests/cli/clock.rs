//! The machine's clock jumps back by hours and on by hours, in the middle of a run and between its death and its resume:
//! limits hold, what is recorded stays whole, and nothing is done twice. The jumps come from `libfaketime`, which gives
//! the real binary and its children another time of day; how time passes stays true, as on a machine.

use std::process::{Child, Command, Stdio};
use std::time::Instant;

use toban::event::Kind;

use crate::place::{PATIENCE, Place, said, until};

/// Each step says that it was there. The clock goes where its file says.
const STEPS: &str = "title: t
deadlines: [{ within: 30m, otherwise: late }]
handlers:
  late: [{ id: late, shell: echo x >> late }]
steps:
  - { id: before, shell: echo x >> before; echo -2h > clock }
  - { id: back, shell: date +%s > back.at; sleep 0.3, timeout: 20s }
  - { id: again, shell: 'echo x >> again; [ $(wc -l < again) = 2 ]', retry: { attempts: 2, delay: 200ms } }
  - { id: waits, needs: [], wait: { until: exit_code == 0, every: 100ms, limit: 20s, shell: test -s again } }
  - { id: dies, needs: [again, waits], after_crash: ask, shell: 'echo x >> dies; while [ ! -e go ]; do sleep 0.05; done' }
  - { id: last, shell: echo x >> last }
";

/// The binary on a machine whose clock is as far off as the file `clock` says.
fn off(place: &Place, arguments: &[&str]) -> Command {
    let library = glob::glob("/usr/lib/*/faketime/libfaketimeMT.so.1").expect("a pattern").flatten().next();
    let mut command = place.command();
    command
        .args(arguments)
        .env("LD_PRELOAD", library.expect("libfaketime is installed: tests/run brings it"))
        .env("FAKETIME_TIMESTAMP_FILE", place.at("clock"))
        .envs(["FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT"].map(|name| (name, "1")));
    command
}

fn begin(place: &Place) -> Child {
    place.file("play.yaml", STEPS);
    place.file("clock", "+0\n");
    let mut command = off(place, &["run", "play.yaml", "--progress", "plain"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("toban starts")
}

/// How often each step was there.
fn counts(place: &Place) -> [usize; 4] {
    ["before", "again", "dies", "last"].map(|name| place.lines(name))
}

fn is_whole(place: &Place) {
    let verified = place.toban(&["verify", "last"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[test]
fn a_run_ends_well_while_the_clock_goes_back_and_its_limits_hold() {
    let (place, began) = (Place::new(), Instant::now());
    let run = begin(&place);
    until("the last but one", || place.lines("dies") == 1);
    let now = jiff::Timestamp::now().as_second();
    let there: i64 = place.text("back.at").trim().parse().expect("seconds");
    assert!((7100..7300).contains(&(now - there)), "the clock was not two hours behind: {now} {there}");
    place.file("go", "");
    let said = said(run.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 0, "{said:?}");
    assert!(began.elapsed() < PATIENCE, "no pause became longer by the jump");
    assert_eq!(place.ends(), "again=ok back=ok before=ok dies=ok last=ok late=skipped waits=ok");
    assert_eq!(counts(&place), [1, 2, 1, 1]);
    is_whole(&place);
    // How long it took cannot be known by that clock; it is never a negative time, nor one of hours.
    let report = place.toban(&["report", "last", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report.out).expect("JSON");
    let steps = report["steps"].as_array().expect("steps");
    let took: Vec<f64> = steps.iter().filter_map(|step| step["seconds"].as_f64()).collect();
    assert!(took.len() >= 4 && took.iter().all(|seconds| (0.0..60.0).contains(seconds)), "{took:?}");
}

#[test]
fn a_run_that_died_is_taken_up_under_a_clock_from_before_its_beginning_and_repeats_nothing() {
    for clock in ["-1d\n", "+400d\n"] {
        let place = Place::new();
        let mut run = begin(&place);
        until("the step that dies", || place.lines("dies") == 1);
        run.kill().expect("killed");
        run.wait().expect("dead");
        let left = ["sem.faketime_sem", "faketime_shm"].map(|name| format!("/dev/shm/{name}_{}", run.id()));
        left.iter().for_each(|path| drop(std::fs::remove_file(path)));
        place.file("clock", clock);
        place.file("go", "");

        let status = off(&place, &["status", "last"]).output().expect("toban starts");
        assert!(said(status).out.contains("again"), "it is shown");
        let asked = said(off(&place, &["resume", "last"]).output().expect("toban starts"));
        assert_eq!(asked.code, 4, "{clock}{asked:?}");
        assert_eq!(counts(&place), [1, 2, 1, 0], "{clock}{asked:?}");
        let resumed =
            said(off(&place, &["resume", "last", "--rerun", "dies"]).output().expect("toban starts"));
        assert_eq!(counts(&place), [1, 2, 2, 1], "{clock}{resumed:?}");
        let late = place.facts().iter().any(|fact| matches!(fact.kind, Kind::Breached { .. }));
        assert_eq!((resumed.code, late), (0, clock.starts_with('+')), "{resumed:?}");
        is_whole(&place);
    }
}
