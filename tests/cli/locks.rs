//! Locks between processes, and between users of one host: who waits, who is refused, who is told of whom.

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use toban::event::{Event, Kind, RunOutcome};

use crate::place::{Place, Said, lives, said, until};

/// A playbook that holds a lock until a file appears.
fn holder(place: &Place, locks: &str) -> Child {
    let text = format!(
        "title: 保守\nlocks: {locks}\nsteps:\n  - {{ id: hold, shell: echo $$ > hold.pid; until test -e go; do sleep 0.02; done }}\n"
    );
    place.file("holder.yaml", &text);
    let mut command = place.command();
    command.args(["run", "holder.yaml", "--progress", "plain"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("toban starts");
    until("the holder", || place.text("hold.pid").ends_with('\n'));
    child
}

fn other(place: &Place, locks: &str) {
    place.file(
        "other.yaml",
        &format!("title: 別\nlocks: {locks}\nsteps:\n  - {{ id: a, shell: echo x >> other.count }}\n"),
    );
}

fn start(place: &Place, args: &[&str]) -> Child {
    let mut command = place.command();
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("toban starts")
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

fn waits(place: &Place) -> bool {
    place.toban(&["status"]).out.contains("waits")
}

#[test]
fn a_run_waits_for_a_lock_and_says_who_holds_it_since_when() {
    let place = Place::new();
    let first = holder(&place, "[db]");
    other(&place, "[db]");
    let second = start(&place, &["run", "other.yaml", "--progress", "plain"]);
    until("the wait", || waits(&place));
    assert_eq!(place.lines("other.count"), 0);
    let status = place.toban(&["status"]);
    assert!(status.out.contains("held by") && status.out.contains("佐藤, pid"), "{status:?}");
    place.file("go", "");
    assert_eq!(end(first).code, 0);
    let second = end(second);
    assert_eq!(second.code, 0, "{second:?}");
    assert!(second.out.contains("waits") && second.out.contains("lock db  held by 2"), "{second:?}");
    assert!(second.out.contains("佐藤, pid"), "{second:?}");
    assert_eq!(place.lines("other.count"), 1);
    let facts = place.facts();
    let busy = facts.iter().position(|e| matches!(&e.kind, Kind::LockBusy { lock, by: Some(by) } if lock == "db" && by.playbook == "holder.yaml"));
    let taken = facts.iter().position(|e| matches!(&e.kind, Kind::LockTaken { lock, waited, died: None, .. } if lock == "db" && *waited > 0.0));
    let begun = facts.iter().position(|e| matches!(e.kind, Kind::AttemptStarted { .. }));
    assert!(busy.is_some() && busy < taken && taken < begun, "{facts:#?}");
    let report = place.toban(&["report", "last"]);
    assert!(report.out.contains("lock db"), "{report:?}");
}

#[test]
fn a_program_reads_the_wait_as_events() {
    let place = Place::new();
    let first = holder(&place, "[db]");
    other(&place, "[{ name: db, limit: 200ms }]");
    let second = place.toban(&["run", "other.yaml", "--progress", "json"]);
    let kinds: Vec<serde_json::Value> =
        second.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<&str> = kinds.iter().filter_map(|k| k["kind"].as_str()).collect();
    assert_eq!(names, ["run_started", "lock_busy", "lock_refused", "stopping", "run_ended"]);
    assert_eq!(kinds[1]["by"]["operator"], "佐藤");
    place.file("go", "");
    assert_eq!(end(first).code, 0);
}

#[test]
fn a_lock_that_is_not_given_back_in_time_refuses_the_run_before_its_first_step() {
    let place = Place::new();
    let first = holder(&place, "[db]");
    place.file("other.yaml", "title: t\nlocks: [{ name: db, limit: 300ms }]\nsteps:\n  - { id: a, shell: echo x >> other.count }\nalways:\n  - { id: z, shell: echo x >> other.count }\n");
    let began = Instant::now();
    let second = place.toban(&["run", "other.yaml", "--progress", "quiet"]);
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert_eq!(second.code, 3, "{second:?}");
    assert!(second.err.contains("lock db  held by 2"), "{second:?}");
    assert_eq!(place.lines("other.count"), 0);
    assert_eq!(outcome(&place.facts()), Some(RunOutcome::Refused));
    place.file("go", "");
    assert_eq!(end(first).code, 0);
}

#[test]
fn a_lock_that_is_not_waited_for_refuses_or_leaves_out_without_a_run() {
    let place = Place::new();
    let first = holder(&place, "[db]");
    for (busy, code, word) in
        [("fail", 3, "error: lock db  held by 2"), ("skip", 0, "left out: lock db  held by 2")]
    {
        other(&place, &format!("[{{ name: db, busy: {busy} }}]"));
        let second = place.toban(&["run", "other.yaml"]);
        assert_eq!(second.code, code, "{second:?}");
        assert!(second.err.contains(word), "{second:?}");
    }
    assert_eq!(place.lines("other.count"), 0);
    assert_eq!(place.toban(&["runs", "--format", "json"]).out.matches("\"run\"").count(), 1);
    let japanese = place.toban(&["--lang", "ja", "run", "other.yaml"]);
    assert!(
        japanese.err.contains("実行しません: ロック db") && japanese.err.contains("から使用中"),
        "{japanese:?}"
    );
    place.file("go", "");
    assert_eq!(end(first).code, 0);
    // Given back: the file says nothing any more.
    assert_eq!(place.text("locks/db"), "");
    assert_eq!(place.toban(&["run", "other.yaml"]).code, 0);
}

#[test]
fn the_kernel_gives_a_lock_back_when_its_holder_is_killed_and_the_next_is_told() {
    let place = Place::new();
    let mut first = holder(&place, "[db]");
    first.kill().expect("it is ours");
    first.wait().expect("it ended");
    let pid = place.text("hold.pid");
    assert!(lives(&pid), "what it started goes on");
    other(&place, "[{ name: db, busy: fail }]");
    let second = place.toban(&["run", "other.yaml", "--progress", "plain"]);
    assert_eq!(second.code, 0, "{second:?}");
    assert!(second.out.contains("which held it, died and left running"), "{second:?}");
    let alive = place.facts().into_iter().find_map(|e| match e.kind {
        Kind::LockTaken { alive, died: Some(_), .. } => Some(alive),
        _ => None,
    });
    assert!(alive.expect("a fact").iter().any(|line| line.starts_with(pid.trim())), "{second:?}");
    place.file("go", "");
    until("its end", || !lives(&pid));
}

#[test]
fn resume_takes_the_locks_again_by_the_same_policy() {
    let place = Place::new();
    let mut first = holder(&place, "[{ name: db, limit: 300ms }]");
    first.kill().expect("it is ours");
    first.wait().expect("it ended");
    place.file("go", "");
    until("its child", || !lives(&place.text("hold.pid")));
    let dead = place.last_run();
    let id = dead.path().file_name().expect("a name").to_string_lossy().into_owned();
    std::fs::remove_file(place.at("go")).expect("it is there");
    other(&place, "[db]");
    place.file("other.yaml", "title: t\nlocks: [db]\nsteps:\n  - { id: a, shell: echo x > taken; until test -e go2; do sleep 0.02; done }\n");
    let second = start(&place, &["run", "other.yaml"]);
    until("the other", || place.text("taken").ends_with('\n'));
    let kept_out = place.toban(&["resume", &id, "--rerun", "hold"]);
    assert_eq!(kept_out.code, 3, "{kept_out:?}");
    assert!(kept_out.err.contains("lock db  held by 2"), "{kept_out:?}");
    place.file("go2", "");
    assert_eq!(end(second).code, 0);
    place.file("go", "");
    let resumed = place.toban(&["resume", &id, "--rerun", "hold", "--progress", "plain"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert!(!resumed.out.contains("died"), "its own death is no news: {resumed:?}");
}

#[test]
fn an_interrupt_ends_the_wait_for_a_lock_and_is_recorded() {
    let place = Place::new();
    let first = holder(&place, "[db]");
    place.file("other.yaml", "title: t\nlocks: [db]\nsteps:\n  - { id: a, shell: echo x >> other.count }\nalways:\n  - { id: z, shell: echo x >> other.count }\n");
    let second = start(&place, &["run", "other.yaml", "--progress", "plain"]);
    until("the wait", || waits(&place));
    // SAFETY: kill takes two numbers; the child is ours and not yet reaped.
    assert_eq!(unsafe { libc::kill(second.id() as i32, libc::SIGINT) }, 0);
    let second = end(second);
    assert_eq!(second.code, 130, "{second:?}");
    assert_eq!(place.lines("other.count"), 0, "nothing was begun, so there is nothing to end");
    assert_eq!(outcome(&place.facts()), Some(RunOutcome::Cancelled));
    place.file("go", "");
    assert_eq!(end(first).code, 0);
}

#[test]
fn the_locks_of_a_called_playbook_are_taken_along_and_once() {
    let place = Place::new();
    place.file(
        "part.yaml",
        "title: t\nlocks: [db, files]\nsteps:\n  - { id: b, shell: cat locks/db locks/files > seen }\n",
    );
    place.file("whole.yaml", "title: t\nlocks: [db]\nsteps:\n  - { id: p, playbook: part.yaml }\n");
    let run = place.toban(&["run", "whole.yaml"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(place.text("seen").matches("\"playbook\":\"whole.yaml\"").count(), 2);
    let plan = place.toban(&["plan", "whole.yaml"]);
    assert!(plan.out.contains("lock db: waits") && plan.out.contains("lock files: waits"), "{plan:?}");
}

#[test]
fn two_runs_of_one_playbook_at_once_are_refused_or_wait_as_it_says() {
    for (policy, code) in [("refuse", 3), ("wait", 0), ("allow", 0)] {
        let place = Place::new();
        let text = format!(
            "title: t\nruns_at_once: {policy}\nsteps:\n  - {{ id: a, shell: echo x >> count; until test -e go; do sleep 0.02; done }}\n"
        );
        place.file("play.yaml", &text);
        let first = start(&place, &["run", "play.yaml"]);
        until("the first", || place.lines("count") == 1);
        let second = start(&place, &["run", "play.yaml", "--progress", "plain"]);
        match policy {
            "wait" => until("the wait", || waits(&place)),
            "allow" => until("the second", || place.lines("count") == 2),
            _ => {}
        }
        if policy != "refuse" {
            place.file("go", "");
        }
        let second = end(second);
        assert_eq!(second.code, code, "{second:?}");
        place.file("go", "");
        assert_eq!(end(first).code, 0);
        match policy {
            "refuse" => assert!(second.err.contains("another run of play.yaml  held by 2"), "{second:?}"),
            "wait" => assert!(second.out.contains("another run of play.yaml  held by 2"), "{second:?}"),
            _ => {}
        }
    }
}

#[test]
fn a_protected_environment_refuses_a_second_run_unless_its_playbook_says_otherwise() {
    let place = Place::new();
    place.file("system.yaml", "title: s\nenvironments: { production: { protected: true }, lab: {} }\n");
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: 'true' }\n");
    let plan = |env: &str| place.toban(&["plan", "play.yaml", "--env", env]).out;
    assert!(plan("production").contains("runs at once: refused"));
    assert!(!plan("lab").contains("runs at once"));
}

#[test]
fn a_probe_says_who_holds_a_lock_and_makes_nothing() {
    let place = Place::new();
    other(&place, "[db]");
    let free = place.toban(&["plan", "other.yaml", "--probe"]);
    assert!(free.out.contains("now: lock db  free"), "{free:?}");
    assert!(!place.at("locks").exists());
    let first = holder(&place, "[db]");
    let busy = place.toban(&["plan", "other.yaml", "--probe"]);
    assert!(busy.out.contains("now: lock db  held by 2"), "{busy:?}");
    place.file("go", "");
    assert_eq!(end(first).code, 0);
}

/// Another user of this machine, without any right of root.
fn as_daemon(place: &Place, args: &[&str]) -> Command {
    let mut command = place.around("setpriv");
    command.args(["--reuid", "daemon", "--regid", "daemon", "--clear-groups", "--"]);
    command.arg(env!("CARGO_BIN_EXE_toban")).args(args);
    command.env("TOBAN_STATE_DIR", place.at("theirs/state")).env("TOBAN_OPERATOR", "daemon").env("HOME", "/");
    command
}

#[test]
fn users_of_one_host_share_the_locks_whoever_made_the_folder() {
    // SAFETY: geteuid has no preconditions and cannot fail.
    assert_eq!(unsafe { libc::geteuid() }, 0, "this test needs root, as the others here do");
    for root_is_first in [true, false] {
        let place = Place::new();
        let open = |name: &str, mode: u32| {
            std::fs::set_permissions(place.at(name), std::fs::Permissions::from_mode(mode)).expect("changed");
        };
        open(".", 0o755);
        // As `/run/lock` is on Debian.
        std::fs::create_dir(place.at("run")).expect("a folder");
        open("run", 0o1777);
        std::fs::create_dir(place.at("theirs")).expect("a folder");
        open("theirs", 0o777);
        place.file(
            "other.yaml",
            "title: t\nlocks: [{ name: db, busy: fail }]\nsteps:\n  - { id: a, shell: 'true' }\n",
        );
        let locks = place.at("run/toban");
        if !root_is_first {
            let first = said(
                as_daemon(&place, &["run", "other.yaml"])
                    .env("TOBAN_LOCK_DIR", &locks)
                    .output()
                    .expect("setpriv"),
            );
            assert_eq!(first.code, 0, "{first:?}");
        }
        let hold = "title: t\nlocks: [db]\nsteps:\n  - { id: a, shell: echo x > held; until test -e go; do sleep 0.02; done }\n";
        place.file("holder.yaml", hold);
        let mut command = place.command();
        command
            .args(["run", "holder.yaml"])
            .env("TOBAN_LOCK_DIR", &locks)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let root = command.spawn().expect("toban starts");
        until("root's run", || place.text("held").ends_with('\n'));
        let run = || {
            said(
                as_daemon(&place, &["run", "other.yaml"])
                    .env("TOBAN_LOCK_DIR", &locks)
                    .output()
                    .expect("setpriv"),
            )
        };
        let refused = run();
        assert_eq!(refused.code, 3, "{refused:?}");
        assert!(refused.err.contains("held by 2") && refused.err.contains("佐藤"), "{refused:?}");
        let made = std::fs::metadata(&locks).expect("the folder");
        assert_eq!(made.permissions().mode() & 0o7777, 0o1777);
        assert_eq!(
            std::fs::metadata(locks.join("db")).expect("the file").permissions().mode() & 0o777,
            0o666
        );
        place.file("go", "");
        assert_eq!(end(root).code, 0);
        assert_eq!(run().code, 0);
    }
}

#[test]
fn a_lock_folder_that_cannot_be_used_is_said_with_a_way_out() {
    let place = Place::new();
    other(&place, "[db]");
    place.file("locks", "a file\n");
    let run = place.toban(&["run", "other.yaml"]);
    assert_eq!(run.code, 5, "{run:?}");
    assert!(run.err.contains("remove it"), "{run:?}");
    assert!(!place.at("state/runs").exists(), "no run was begun");
}
