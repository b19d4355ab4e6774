//! Signals to the engine: what it starts is ended with it, and what is recorded is true.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use toban::event::{Kind, RunOutcome};

use crate::place::{Place, lives, said, until};

/// A polite child with a grandchild, a deaf one that ignores TERM, and a step that must never begin.
const STEPS: &str = "title: t
steps:
  - id: polite
    shell: |
      trap 'echo told >> told; exit 3' TERM
      sleep 300 & echo $! > grandchild.pid
      wait
  - { id: never, shell: echo no >> never.count }
";
const DEAF: &str = "  - { id: deaf, needs: [], shell: \"trap '' TERM; echo $$ > deaf.pid; while true; do sleep 0.1; done\" }\n";

fn begin(place: &Place, steps: &str) -> Child {
    place.file("play.yaml", steps);
    let mut command = place.command();
    command.args(["run", "play.yaml", "-j", "4", "--progress", "plain"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("toban starts")
}

fn send(child: &Child, signal: i32) {
    // SAFETY: kill takes two numbers; the child is ours and not yet reaped.
    assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
}

fn has(place: &Place, name: &str) -> bool {
    place.text(name).ends_with('\n')
}

fn outcome(place: &Place) -> Option<RunOutcome> {
    place.facts().into_iter().find_map(|e| match e.kind {
        Kind::RunEnded { outcome, .. } => Some(outcome),
        _ => None,
    })
}

#[test]
fn each_signal_ends_the_whole_tree_and_is_recorded() {
    for (signal, code, name) in
        [(libc::SIGINT, 130, "SIGINT"), (libc::SIGTERM, 143, "SIGTERM"), (libc::SIGHUP, 129, "SIGHUP")]
    {
        let place = Place::new();
        let child = begin(&place, STEPS);
        until("the grandchild", || has(&place, "grandchild.pid"));
        send(&child, signal);
        let said = said(child.wait_with_output().expect("it ends"));
        assert_eq!(said.code, code, "{said:?}");
        assert!(said.out.contains(name), "{said:?}");
        assert_eq!(place.text("told"), "told\n", "TERM came first");
        assert!(!lives(&place.text("grandchild.pid")));
        assert_eq!(place.lines("never.count"), 0);
        assert_eq!(outcome(&place), Some(RunOutcome::Cancelled));
        assert_eq!(place.ends(), "polite=failed");
        let status = place.toban(&["status"]);
        assert!(status.out.contains("stopped") && status.out.contains("not begun"), "{status:?}");
    }
}

#[test]
fn a_second_interrupt_kills_at_once() {
    let place = Place::new();
    let child = begin(&place, &format!("{STEPS}{DEAF}"));
    until("both", || has(&place, "deaf.pid") && has(&place, "grandchild.pid"));
    send(&child, libc::SIGINT);
    until("the word to stop", || has(&place, "told"));
    std::thread::sleep(Duration::from_millis(300));
    assert!(lives(&place.text("deaf.pid")), "it has its grace");
    let second = Instant::now();
    send(&child, libc::SIGINT);
    let said = said(child.wait_with_output().expect("it ends"));
    assert!(second.elapsed() < Duration::from_secs(3), "{:?}", second.elapsed());
    assert_eq!(said.code, 130);
    assert!(!lives(&place.text("deaf.pid")));
    assert_eq!(place.ends(), "deaf=failed polite=failed");
}

#[test]
fn a_child_that_ignores_term_is_killed_after_its_grace() {
    let place = Place::new();
    let child = begin(&place, &format!("title: t\nsteps:\n{DEAF}"));
    until("the child", || has(&place, "deaf.pid"));
    let sent = Instant::now();
    send(&child, libc::SIGTERM);
    assert_eq!(said(child.wait_with_output().expect("it ends")).code, 143);
    assert!(sent.elapsed() > Duration::from_secs(4), "{:?}", sent.elapsed());
    assert!(!lives(&place.text("deaf.pid")));
}

#[test]
fn a_retry_that_waits_is_not_made_after_an_interrupt() {
    let place = Place::new();
    let steps = "title: t\nsteps:\n  - { id: a, shell: echo x >> count; exit 1, retry: { attempts: 5, delay: 30s } }\n";
    let child = begin(&place, steps);
    until("the first attempt", || has(&place, "count"));
    until("the pause", || place.facts().iter().any(|e| matches!(e.kind, Kind::RetryPlanned { .. })));
    let sent = Instant::now();
    send(&child, libc::SIGINT);
    assert_eq!(said(child.wait_with_output().expect("it ends")).code, 130);
    assert!(sent.elapsed() < Duration::from_secs(5));
    assert_eq!(place.lines("count"), 1);
    assert_eq!(outcome(&place), Some(RunOutcome::Cancelled));
}

#[test]
fn an_interrupt_ends_a_wait_and_a_loop() {
    let place = Place::new();
    let steps = "title: t
steps:
  - { id: w, needs: [], wait: 10m }
  - { id: u, needs: [], wait: { until: exit_code == 0, every: 10m, limit: 1h, shell: echo x >> read.count; exit 1 } }
  - { id: l, needs: [], for_each: { list: [1, 2, 3], max_parallel: 1 }, shell: echo x >> loop.count; sleep 300 }
";
    let child = begin(&place, steps);
    until("all of them", || has(&place, "read.count") && has(&place, "loop.count"));
    let sent = Instant::now();
    send(&child, libc::SIGINT);
    assert_eq!(said(child.wait_with_output().expect("it ends")).code, 130);
    assert!(sent.elapsed() < Duration::from_secs(5));
    assert_eq!((place.lines("read.count"), place.lines("loop.count")), (1, 1));
}

#[test]
fn under_nohup_the_end_of_the_terminal_is_nothing() {
    let place = Place::new();
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: echo x >> count; sleep 1 }\n");
    let mut command = place.around("nohup");
    command
        .arg(env!("CARGO_BIN_EXE_toban"))
        .args(["run", "play.yaml"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("nohup, of the package coreutils");
    until("the step", || has(&place, "count"));
    send(&child, libc::SIGHUP);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!(place.ends(), "a=ok");
}

#[test]
fn an_engine_that_was_stopped_for_a_while_goes_on() {
    let place = Place::new();
    let steps = "title: t
steps:
  - { id: a, shell: echo x >> count; sleep 0.5 }
  - { id: b, needs: [], shell: sleep 0.2; exit 1, retry: { attempts: 2, delay: 300ms }, on_error: continue }
  - { id: c, needs: [a, b], shell: echo c >> c.count }
";
    let child = begin(&place, steps);
    until("the step", || has(&place, "count"));
    send(&child, libc::SIGSTOP);
    std::thread::sleep(Duration::from_millis(1200));
    send(&child, libc::SIGCONT);
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(place.ends(), "a=ok b=failed c=ok");
}

#[test]
fn a_killed_engine_leaves_a_run_that_says_so() {
    let place = Place::new();
    let mut child = begin(
        &place,
        "title: t\nsteps:\n  - { id: a, shell: echo $$ > a.pid; sleep 2 }\n  - { id: b, shell: echo b }\n",
    );
    until("the step", || has(&place, "a.pid"));
    let running = place.toban(&["status"]);
    assert!(running.out.lines().next().is_some_and(|l| l.contains("running")), "{running:?}");
    send(&child, libc::SIGKILL);
    assert!(child.wait().expect("it ends").code().is_none());
    let status = place.toban(&["status", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&status.out).expect("JSON");
    assert_eq!(told["liveness"], "dead");
    assert_eq!(told["steps"]["a"]["state"], "unknown");
    assert_eq!(told["steps"]["b"]["state"], "not_begun");
    assert!(place.toban(&["runs"]).out.contains("dead"));
}

/// A secret whose command hangs, and a step beside it that does not need it.
const HANGS: &str = "title: t
inputs: { token: { type: secret, from: { command: [sh, -c, 'sleep 600 & echo $! > asked.pid; wait'] } } }
steps:
  - { id: beside, shell: echo x >> beside.count }
  - { id: a, needs: [], shell: echo x >> never.count, env: { T: '{{ inputs.token }}' }LIMIT }
  - { id: b, needs: [], shell: echo x >> never.count, env: { T: '{{ inputs.token }}' }LIMIT }
";

#[test]
fn a_secret_that_does_not_come_is_given_up_by_a_signal() {
    let place = Place::new();
    let child = begin(&place, &HANGS.replace("LIMIT", ""));
    until("the command and the step beside", || has(&place, "asked.pid") && has(&place, "beside.count"));
    send(&child, libc::SIGINT);
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 130, "{said:?}");
    until("the command's end", || !lives(&place.text("asked.pid")));
    assert_eq!(place.lines("never.count"), 0);
    assert_eq!(outcome(&place), Some(RunOutcome::Cancelled));
}

#[test]
fn a_secret_that_does_not_come_within_the_steps_timeout_fails_the_step() {
    let place = Place::new();
    let child = begin(&place, &HANGS.replace("LIMIT", ", timeout: 300ms"));
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("inputs.token was not there within the step's timeout"), "{said:?}");
    assert_eq!((place.lines("never.count"), place.lines("beside.count")), (0, 1));
    assert!(!lives(&place.text("asked.pid")));
}

#[test]
fn what_ended_while_the_engine_was_stopped_has_not_timed_out() {
    let place = Place::new();
    let steps = "title: t
steps:
  - { id: a, timeout: 1s, shell: echo x >> count; sleep 0.4; seq 20000 }
  - { id: long, needs: [], timeout: 1s, on_error: continue, shell: sleep 300 }
";
    let child = begin(&place, steps);
    until("the step", || has(&place, "count"));
    send(&child, libc::SIGSTOP);
    std::thread::sleep(Duration::from_millis(2500));
    send(&child, libc::SIGCONT);
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(place.ends(), "a=ok long=failed");
}
