//! A timeout or a cancelled run leaves nothing running inside a container.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use toban::event::Failure;
use toban::process::StopReason;

use crate::support::{Lab, cli, processes, text, words};

fn timed_out(after_ms: u64) -> Option<(Duration, StopReason)> {
    Some((Duration::from_millis(after_ms), StopReason::TimedOut))
}

fn exec(container: &str, script: &str) -> Value {
    json!({ "exec": { "container": container, "command": words(&["sh", "-c", script]) } })
}

fn others(container: &str) -> Vec<String> {
    processes(container).into_iter().filter(|line| !line.contains("sleep 1000")).collect()
}

#[test]
fn a_timeout_ends_the_command_and_all_that_it_started() {
    let lab = Lab::around(json!({ "timeout": "1s" }));
    let container = lab.sleeper(&[]);
    let script = "echo begun; sleep 777 & setsid sleep 778 & env -i sleep 779 & (sleep 780; true) & wait";
    let report = lab.perform_until(exec(&container, script), timed_out(1000)).expect("it ran");
    assert_eq!(report.failure, Some(Failure::TimedOut { after_ms: 1000 }));
    assert_eq!(text(&report, "stdout"), "begun");
    assert_eq!(others(&container), Vec::<String>::new());
    assert!(
        processes(&container).iter().any(|p| p.contains("sleep 1000")),
        "the container's own process lives on"
    );
}

#[test]
fn what_ignores_the_request_to_end_is_killed_after_a_grace() {
    let lab = Lab::around(json!({ "timeout": "500ms" }));
    let container = lab.sleeper(&[]);
    let begun = Instant::now();
    let script = "trap '' TERM; while :; do sleep 1; done";
    let report = lab.perform_until(exec(&container, script), timed_out(500)).expect("it ran");
    assert_eq!(report.failure, Some(Failure::TimedOut { after_ms: 500 }));
    assert!(begun.elapsed() >= Duration::from_secs(5), "it had its grace");
    assert_eq!(others(&container), Vec::<String>::new());
}

#[test]
fn what_tidies_up_when_asked_to_end_has_the_time_and_is_heard() {
    let lab = Lab::new();
    let container = lab.sleeper(&[]);
    let script =
        "trap 'echo tidied; rm -f /tmp/lock; exit 0' TERM; touch /tmp/lock; while :; do sleep 0.1; done";
    let stop = Some((Duration::from_millis(700), StopReason::Cancelled));
    let report = lab.perform_until(exec(&container, script), stop).expect("it ran");
    assert_eq!(report.failure, Some(Failure::Cancelled));
    assert_eq!(text(&report, "stdout"), "tidied");
    assert_eq!(cli(&["exec", &container, "ls", "/tmp"]), "");
}

#[test]
fn another_users_processes_are_found_too() {
    let lab = Lab::new();
    let container = lab.sleeper(&[]);
    let script = "su app -c 'sleep 777 & sleep 778 & wait'";
    lab.perform_until(exec(&container, script), timed_out(1000)).expect("it ran");
    assert_eq!(others(&container), Vec::<String>::new());
}

#[test]
fn another_attempts_processes_are_left_alone() {
    let (lab, other) = (Lab::new(), Lab::new());
    let container = lab.sleeper(&[]);
    std::thread::scope(|scope| {
        let long = scope.spawn(|| {
            let other = Lab { dir: tempfile::tempdir().expect("a folder"), ..Lab::new() };
            other.perform(exec(&container, "sleep 4; echo whole")).expect("it ran")
        });
        std::thread::sleep(Duration::from_millis(500));
        let stop = Some((Duration::from_millis(500), StopReason::Killed));
        lab.perform_until(exec(&container, "sleep 777"), stop).expect("it ran");
        assert_eq!(text(&long.join().expect("the other"), "stdout"), "whole");
    });
    drop(other);
}

#[test]
fn a_container_without_a_shell_is_cleared_from_the_host() {
    let lab = Lab::new();
    let name = lab.name();
    cli(&["run", "-d", "--init", "--name", &name, "toban-bare", "/bin/sleep", "1000"]);
    let action = json!({ "exec": { "container": name, "command": words(&["/bin/sleep", "777"]) } });
    let report = lab.perform_until(action, timed_out(800)).expect("it ran");
    assert!(matches!(report.failure, Some(Failure::TimedOut { .. })));
    assert_eq!(others(&name), Vec::<String>::new());
}

#[test]
fn a_stopped_step_leaves_no_output_file() {
    let lab = Lab::around(json!({ "stdout": { "file": "dump" }, "timeout": "1s" }));
    let container = lab.sleeper(&[]);
    lab.perform_until(exec(&container, "yes"), timed_out(1000)).expect("it ran");
    assert_eq!(std::fs::read_dir(lab.dir.path()).expect("the folder").count(), 0);
    assert_eq!(others(&container), Vec::<String>::new());
}

#[test]
fn a_container_of_run_is_ended_and_removed() {
    for reason in [StopReason::TimedOut, StopReason::Killed] {
        let lab = Lab::new();
        let name = lab.name();
        let action =
            json!({ "run": { "image": "toban-test", "name": name, "command": words(&["sleep", "777"]) } });
        let report = lab.perform_until(action, Some((Duration::from_millis(1500), reason))).expect("it ran");
        assert!(report.failure.is_some());
        assert_eq!(cli(&["ps", "-aq", "--filter", &format!("name={name}")]), "", "{reason:?}");
    }
}
