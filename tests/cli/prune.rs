//! `toban prune`: what goes, what stays, and that a plan once run stays used up.

use std::process::Stdio;

use toban::journal::StateDir;

use crate::place::{Place, until};

fn count(place: &Place) -> usize {
    StateDir::new(place.at("state")).runs().expect("listed").len()
}

fn two() -> Place {
    let place = Place::new();
    assert_eq!(place.run("  - { id: a, shell: 'true' }\n", &[]).code, 0);
    assert_eq!(place.run("  - { id: a, shell: exit 1 }\n", &[]).code, 1);
    place
}

#[test]
fn nothing_goes_unless_it_is_old_and_somebody_agrees() {
    let place = two();
    let young = place.toban(&["prune", "--older-than", "1h", "--yes"]);
    assert!(young.code == 0 && young.out.contains("0 runs to remove"), "{young:?}");
    let asked = place.toban(&["prune", "--older-than", "0s"]);
    assert!(asked.code == 3 && asked.err.contains("--yes removes without asking"), "{asked:?}");
    assert!(asked.out.contains("2 runs to remove"), "{asked:?}");
    assert_eq!(count(&place), 2);
    assert_eq!(place.toban(&["prune"]).code, 2, "how old is not guessed");
}

#[test]
fn a_run_goes_whole_and_failed_and_newest_ones_are_kept() {
    let place = two();
    let kept = place.toban(&["prune", "--older-than", "0s", "--keep-last", "2", "--yes"]);
    assert!(kept.code == 0 && kept.out.contains("2 of the newest") && count(&place) == 2, "{kept:?}");
    let failed = place.toban(&["prune", "--older-than", "0s", "--keep-failed", "--yes"]);
    assert!(failed.out.contains("kept though old: 1 that did not end well"), "{failed:?}");
    assert!(failed.code == 0 && failed.out.ends_with("1 run removed\n"), "{failed:?}");
    let files = |name: &str| std::fs::read_dir(place.at(name)).expect("listed").count();
    assert_eq!((files("state/runs"), files("state/heads")), (1, 1), "nothing of it is left");
    assert_eq!(place.toban(&["runs"]).out.lines().count(), 1);
    assert_eq!(place.toban(&["prune", "--older-than", "0s", "--yes"]).code, 0);
    assert_eq!((files("state/runs"), files("state/heads")), (0, 0));
}

#[test]
fn one_that_lives_is_never_removed_and_one_that_died_only_when_told() {
    let place = Place::new();
    place.file("play.yaml", "title: x\nsteps:\n  - { id: b, shell: 'touch begun; exec sleep 60' }\n");
    let mut command = place.command();
    let command = command.args(["run", "play.yaml", "--progress", "quiet"]).stdout(Stdio::null());
    let mut engine = command.spawn().expect("started");
    until("the step", || place.at("begun").exists());
    let prune = |more: &[&str]| place.toban(&[&["prune", "--older-than", "0s", "--yes"], more].concat());
    let said = prune(&["--dead"]);
    assert!(said.out.contains("kept though old: 1 running") && count(&place) == 1, "{said:?}");
    engine.kill().expect("killed");
    engine.wait().expect("ended");
    let child = place.facts().iter().rev().find_map(|e| match e.kind {
        toban::event::Kind::ChildStarted { pid, .. } => Some(pid),
        _ => None,
    });
    // SAFETY: the group is that of the step, which this test started and its engine left behind.
    unsafe { libc::kill(-(child.expect("a child") as i32), libc::SIGKILL) };
    let said = prune(&[]);
    assert!(said.out.contains("1 that died (--dead)") && count(&place) == 1, "{said:?}");
    let said = prune(&["--dead"]);
    assert!(said.code == 0 && count(&place) == 0, "{said:?}");
}

#[test]
fn a_plan_that_was_run_stays_used_up_and_a_removal_that_was_cut_short_is_finished() {
    let place = Place::new();
    place.file("play.yaml", "title: x\nsteps:\n  - { id: a, shell: echo x >> a.count }\n");
    assert_eq!(place.toban(&["plan", "play.yaml", "-o", "p.plan"]).code, 0);
    assert_eq!(place.toban(&["run", "p.plan", "--progress", "quiet"]).code, 0);
    // As an engine leaves it that dies before it says that the run's folder stands.
    let record =
        std::fs::read_dir(place.at("state/plans")).expect("plans").flatten().next().expect("one").path();
    let text = std::fs::read_to_string(&record).expect("a record");
    let torn: String = text.lines().filter(|l| !l.contains("begun")).map(|l| format!("{l}\n")).collect();
    assert_ne!(torn, text);
    std::fs::write(&record, torn).expect("written");
    assert_eq!(place.toban(&["prune", "--older-than", "0s", "--yes"]).code, 0);
    assert_eq!(count(&place), 0);
    let again = place.toban(&["run", "p.plan", "--progress", "quiet"]);
    assert_eq!((again.code, place.lines("a.count")), (3, 1), "{again:?}");

    place.run("  - { id: a, shell: 'true' }\n", &[]);
    let folder = place.last_run();
    let name = folder.path().file_name().expect("a name").to_string_lossy().into_owned();
    std::fs::rename(folder.path(), folder.path().with_file_name(format!(".gone-{name}"))).expect("renamed");
    assert_eq!(place.toban(&["prune", "--older-than", "90d"]).code, 0);
    let left = |of: &str| std::fs::read_dir(place.at(of)).expect("listed").count();
    assert_eq!((left("state/runs"), left("state/heads")), (0, 0));
}
