//! A saved plan whose run is killed at every write and at every sync: it is never lost, and never run twice.

use std::process::Stdio;

use crate::place::Place;

/// Runs the plan under a tracer that kills the engine at the `nth` of a system call. False once it came to its end.
fn killed_at(place: &Place, call: &str, nth: u32) -> bool {
    let status = place
        .around("strace")
        .args(["-qq", "-o/dev/null", &format!("-etrace={call}")])
        // The engine syncs on several threads; its children never do.
        .args(call.contains("sync").then_some("-f"))
        .arg(format!("-einject={call}:signal=KILL:when={nth}"))
        .arg(env!("CARGO_BIN_EXE_toban"))
        .args(["--progress", "quiet", "run", "p.plan"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("strace runs (Debian package: strace)");
    !status.success()
}

/// The journals of the runs that stand on disk.
fn runs(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.at("state/runs")).into_iter().flatten().flatten();
    let runs = entries.filter(|e| !e.file_name().to_string_lossy().starts_with('.'));
    runs.map(|e| std::fs::read_to_string(e.path().join("journal.jsonl")).expect("a journal")).collect()
}

fn kill_at_every(call: &str) {
    let (mut completed, mut used) = (0, 0);
    for nth in 1..200 {
        let place = Place::new();
        place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: echo a >> a.count }\n");
        assert_eq!(place.toban(&["plan", "play.yaml", "-o", "p.plan"]).code, 0);
        let killed = killed_at(&place, call, nth);
        // A child outlives a killed engine; what it does is over in a moment.
        std::thread::sleep(std::time::Duration::from_millis(30));
        let began = killed && runs(&place).iter().any(|run| run.contains("attempt_started"));
        let again = place.toban(&["--progress", "quiet", "run", "p.plan"]);
        if killed && !began {
            assert_eq!((again.code, place.lines("a.count")), (0, 1), "{call} {nth}: {again:?}");
            assert_eq!(runs(&place).len(), 1, "what did nothing is not left beside it");
            completed += 1;
        } else {
            assert_eq!(again.code, 3, "{call} {nth}: {again:?}");
            assert!(again.err.contains("was run already, as "), "{again:?}");
            assert!(place.lines("a.count") <= 1, "{call} {nth}: done twice");
            used += 1;
        }
        if !killed {
            assert!(completed > 2 && used > 1, "{call}: {completed} completed, {used} used");
            return;
        }
    }
    panic!("the run does not end");
}

#[test]
fn a_kill_at_any_sync_leaves_the_plan_used_by_its_run_or_still_to_be_run() {
    kill_at_every("fsync,fdatasync");
}

#[test]
fn a_kill_at_any_write_leaves_the_plan_used_by_its_run_or_still_to_be_run() {
    kill_at_every("write");
}
