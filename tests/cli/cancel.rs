//! `toban cancel` from another process: in each state a run can be in.

use std::process::{Child, Stdio};

use toban::event::{Event, Kind, RunOutcome};

use crate::place::{Place, Said, lives, said, until};

const STEPS: &str = "title: t
steps:
  - id: a
    shell: |
      trap 'echo told >> told; exit 3' TERM
      sleep 300 & echo $! > child.pid
      wait
  - { id: never, shell: echo x >> never.count }
always:
  - { id: z, shell: echo x >> always.count }
";

const DEAF: &str = "title: t
steps:
  - { id: deaf, shell: \"trap '' TERM; echo $$ > child.pid; while true; do sleep 0.1; done\" }
always:
  - { id: z, shell: echo x >> always.count }
";

fn begin(place: &Place, steps: &str) -> Child {
    place.file("play.yaml", steps);
    let mut command = place.command();
    command.args(["run", "play.yaml", "--progress", "plain"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("toban starts");
    until("its step", || place.text("child.pid").ends_with('\n'));
    child
}

fn end(child: Child) -> Said {
    said(child.wait_with_output().expect("it ends"))
}

fn outcome(facts: &[Event]) -> Option<RunOutcome> {
    facts.iter().find_map(|e| match e.kind {
        Kind::RunEnded { outcome, .. } => Some(outcome),
        _ => None,
    })
}

#[test]
fn a_cancelled_run_ends_as_after_an_interrupt_and_says_who_cancelled_it() {
    let place = Place::new();
    let run = begin(&place, STEPS);
    let cancel = place.toban(&["cancel", "last", "--operator", "鈴木", "--reason", "誤り", "--wait"]);
    assert_eq!(cancel.code, 0, "{cancel:?}");
    assert!(cancel.out.contains("is being stopped") && cancel.out.contains("stopped\n"), "{cancel:?}");
    let run = end(run);
    assert_eq!(run.code, 143, "{run:?}");
    assert!(run.out.contains("by 鈴木: 誤り"), "{run:?}");
    assert_eq!(
        (place.text("told"), place.lines("never.count"), place.lines("always.count")),
        ("told\n".into(), 0, 1)
    );
    assert!(!lives(&place.text("child.pid")));
    let facts = place.facts();
    assert_eq!(outcome(&facts), Some(RunOutcome::Cancelled));
    assert!(facts.iter().any(|e| matches!(&e.kind, Kind::CancelAsked { by, at_once: false, reason: Some(r) } if by == "鈴木" && r == "誤り")));
    assert!(!place.last_run().path().join("cancel").exists());
    assert_eq!(place.toban(&["verify"]).code, 0);
    // Over: the words say so, and its result is given again.
    let again = place.toban(&["cancel", "last"]);
    assert_eq!(again.code, 3, "{again:?}");
    assert!(again.err.contains("is over: stopped"), "{again:?}");
    assert_eq!(place.toban(&["resume", "last"]).code, 143);
}

#[test]
fn now_kills_at_once_and_a_second_plain_cancel_does_not() {
    let place = Place::new();
    let run = begin(&place, DEAF);
    assert_eq!(place.toban(&["cancel", "last"]).code, 0);
    let second = place.toban(&["cancel", "last"]);
    assert!(second.code == 0 && second.out.contains("--now"), "{second:?}");
    assert!(lives(&place.text("child.pid")), "it has its grace");
    let now = place.toban(&["cancel", "last", "--now", "--wait"]);
    assert_eq!(now.code, 0, "{now:?}");
    assert!(!lives(&place.text("child.pid")));
    assert_eq!(end(run).code, 143);
    assert_eq!(place.lines("always.count"), 0);
    let asked = place.facts().iter().filter(|e| matches!(e.kind, Kind::CancelAsked { .. })).count();
    assert_eq!(asked, 2);
}

#[test]
fn now_at_the_first_time_is_enough() {
    let place = Place::new();
    let run = begin(&place, DEAF);
    assert_eq!(place.toban(&["cancel", "last", "--now"]).code, 0);
    assert_eq!(end(run).code, 143);
    assert!(!lives(&place.text("child.pid")));
    assert_eq!(outcome(&place.facts()), Some(RunOutcome::Cancelled));
}

#[test]
fn a_run_that_waits_for_a_lock_can_be_cancelled() {
    let place = Place::new();
    let first = begin(&place, &format!("locks: [db]\n{STEPS}"));
    place.file("other.yaml", "title: t\nlocks: [db]\nsteps:\n  - { id: a, shell: echo x >> other.count }\n");
    let mut command = place.command();
    let second = command
        .args(["run", "other.yaml", "--progress", "plain"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("toban starts");
    until("the wait", || place.toban(&["status"]).out.contains("waits"));
    assert_eq!(place.toban(&["cancel", "last", "--operator", "鈴木"]).code, 0);
    let second = end(second);
    assert_eq!(second.code, 143, "{second:?}");
    assert!(second.out.contains("by 鈴木"), "{second:?}");
    assert_eq!(place.lines("other.count"), 0);
    let runs = place.toban(&["runs", "--result", "running", "--format", "json"]).out;
    let first_id =
        runs.split('"').find(|w| w.starts_with("20") && w.contains("Z-")).expect("an id").to_string();
    assert_eq!(place.toban(&["cancel", &first_id]).code, 0);
    assert_eq!(end(first).code, 143);
}

/// A run whose engine died in a step that is over by now, and another run that holds its lock.
fn dead_beside_a_holder(place: &Place) -> (String, Child) {
    let mut dead = begin(
        place,
        "title: t\nlocks: [db]\nsteps:\n  - { id: a, after_crash: rerun, shell: 'echo x >> a.count; echo $$ > child.pid; test -e go || sleep 300' }\n",
    );
    dead.kill().expect("it is ours");
    dead.wait().expect("it ended");
    let pid: i32 = place.text("child.pid").trim().parse().expect("a pid");
    // SAFETY: kill takes two numbers; the group is that of a step of ours.
    unsafe { libc::kill(-pid, libc::SIGKILL) };
    until("its end", || !lives(&place.text("child.pid")));
    let id = place.last_run().path().file_name().expect("a name").to_string_lossy().into_owned();
    place.file("other.yaml", "title: t\nlocks: [db]\nsteps:\n  - { id: b, shell: echo x > held; until test -e free; do sleep 0.02; done }\n");
    let mut command = place.command();
    let other = command.args(["run", "other.yaml"]).stdout(Stdio::null()).spawn().expect("toban starts");
    until("the other", || place.text("held").ends_with('\n'));
    (id, other)
}

#[test]
fn a_resume_that_waits_for_a_lock_can_be_cancelled_and_leaves_the_run_as_it_was() {
    let place = Place::new();
    let (id, mut other) = dead_beside_a_holder(&place);
    let journal = format!("state/runs/{id}/journal.jsonl");
    let resume = |time: usize| {
        let mut command = place.command();
        command.args(["resume", &id, "--progress", "plain"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("toban starts");
        until("the wait", || place.text(&journal).matches("lock_busy").count() == time);
        child
    };
    let waiting = resume(1);
    assert!(place.toban(&["status", &id]).out.contains("held by"));
    let cancel = place.toban(&["cancel", &id, "--operator", "鈴木", "--reason", "明日にする"]);
    assert_eq!(cancel.code, 0, "{cancel:?}");
    assert!(cancel.out.contains("stays as it was"), "{cancel:?}");
    let waiting = end(waiting);
    assert_eq!(waiting.code, 143, "{waiting:?}");
    assert!(waiting.out.contains("by 鈴木: 明日にする"), "{waiting:?}");
    // Ctrl-C where it waits does the same.
    let waiting = resume(2);
    // SAFETY: kill takes two numbers; the child is ours and not yet reaped.
    unsafe { libc::kill(waiting.id() as i32, libc::SIGINT) };
    assert_eq!(end(waiting).code, 130);
    assert_eq!(place.lines("a.count"), 1, "nothing was begun");
    assert_eq!(place.toban(&["verify", &id]).code, 0);
    place.file("free", "");
    assert_eq!(other.wait().expect("it ended").code(), Some(0));
    place.file("go", "");
    let resumed = place.toban(&["resume", &id]);
    assert_eq!((resumed.code, place.lines("a.count")), (0, 2), "{resumed:?}");
}

#[test]
fn a_resume_that_waits_for_a_process_can_be_cancelled() {
    let place = Place::new();
    let mut dead = begin(&place, STEPS);
    dead.kill().expect("it is ours");
    dead.wait().expect("it ended");
    let mut command = place.command();
    let told = std::fs::File::create(place.at("told.err")).expect("a file");
    command.args(["resume", "last", "--wait"]).stdout(Stdio::null()).stderr(told);
    let waiting = command.spawn().expect("toban starts");
    until("the wait", || place.text("told.err").contains("waits for"));
    let cancel = place.toban(&["cancel", "last"]);
    assert_eq!(cancel.code, 0, "{cancel:?}");
    assert_eq!(end(waiting).code, 143);
    assert!(lives(&place.text("child.pid")), "what the dead engine left is not ours to end");
    // SAFETY: kill takes two numbers; the process is a child of ours.
    unsafe { libc::kill(place.text("child.pid").trim().parse().expect("a pid"), libc::SIGKILL) };
}

#[test]
fn a_dead_run_is_pointed_to_resume_and_an_unknown_one_is_usage() {
    let place = Place::new();
    let mut run = begin(&place, STEPS);
    run.kill().expect("it is ours");
    run.wait().expect("it ended");
    let cancel = place.toban(&["cancel", "last"]);
    assert_eq!(cancel.code, 3, "{cancel:?}");
    assert!(cancel.err.contains("toban resume"), "{cancel:?}");
    assert_eq!(place.toban(&["cancel", "20000101"]).code, 2);
    assert_eq!(place.toban(&["cancel"]).code, 2);
    // SAFETY: kill takes two numbers; the process is a child of ours.
    unsafe { libc::kill(place.text("child.pid").trim().parse().expect("a pid"), libc::SIGKILL) };
}

#[test]
fn an_engine_that_was_stopped_hears_the_word_when_it_goes_on() {
    let place = Place::new();
    let run = begin(&place, STEPS);
    // SAFETY: kill takes two numbers; the child is ours and not yet reaped.
    unsafe { libc::kill(run.id() as i32, libc::SIGSTOP) };
    let cancel = place.toban(&["cancel", "last", "--operator", "鈴木"]);
    assert_eq!(cancel.code, 1, "{cancel:?}");
    assert!(cancel.err.contains("has not answered yet"), "{cancel:?}");
    // SAFETY: as above.
    unsafe { libc::kill(run.id() as i32, libc::SIGCONT) };
    let run = end(run);
    assert_eq!(run.code, 143, "{run:?}");
    assert!(run.out.contains("by 鈴木"), "{run:?}");
}

#[test]
fn another_user_may_not_cancel_a_run_and_root_may() {
    // SAFETY: geteuid has no preconditions and cannot fail.
    assert_eq!(unsafe { libc::geteuid() }, 0, "this test needs root, as the others here do");
    let place = Place::new();
    let open = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(place.at(name), std::fs::Permissions::from_mode(0o777)).expect("changed");
    };
    open(".");
    let theirs = |args: &[&str]| {
        let mut command = place.around("setpriv");
        command.args(["--reuid", "daemon", "--regid", "daemon", "--clear-groups", "--"]);
        command.arg(env!("CARGO_BIN_EXE_toban")).args(args);
        command
    };
    // Root's run, which another user cannot even see.
    let run = begin(&place, STEPS);
    let cancel = said(theirs(&["cancel", "last"]).output().expect("setpriv"));
    assert!(cancel.code == 5 || cancel.code == 3 || cancel.code == 2, "{cancel:?}");
    assert_eq!(place.facts().iter().filter(|e| matches!(e.kind, Kind::CancelAsked { .. })).count(), 0);
    assert_eq!(place.toban(&["cancel", "last"]).code, 0);
    assert_eq!(end(run).code, 143);
    std::fs::remove_dir_all(place.at("state")).expect("it is there");
    // Another user's run, which root cancels.
    std::fs::remove_file(place.at("child.pid")).expect("it is there");
    let mut command = theirs(&["run", "play.yaml", "--progress", "plain"]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("setpriv");
    until("its step", || place.text("child.pid").ends_with('\n'));
    let cancel = place.toban(&["cancel", "last", "--operator", "root"]);
    assert_eq!(cancel.code, 0, "{cancel:?}");
    let run = end(run);
    assert_eq!(run.code, 143, "{run:?}");
    assert!(run.out.contains("by root"), "{run:?}");
}
