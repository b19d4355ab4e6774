//! What is said when Docker is not there: no engine, no right to use it, no compose, an engine that dies.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use toban::action::{Context, Performed, Site, docker};
use toban::base::StepId;
use toban::event::{Failure, Unit};
use toban::model::{Docker, Rendered, System};
use toban::process::Stop;

/// The environment belongs to the whole process, so the tests that set it take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Gives the variables back what they were, also after a failed test.
struct Restore(Vec<(String, Option<OsString>)>);

impl Drop for Restore {
    fn drop(&mut self) {
        for (name, value) in &self.0 {
            match value {
                // SAFETY: the variables of this process are otherwise only read by way of std, which takes a lock.
                Some(value) => unsafe { std::env::set_var(name, value) },
                // SAFETY: as above.
                None => unsafe { std::env::remove_var(name) },
            }
        }
    }
}

fn with(variables: &[(&str, &str)], test: impl FnOnce()) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let before = variables.iter().map(|(name, _)| (name.to_string(), std::env::var_os(name))).collect();
    let _restore = Restore(before);
    for (name, value) in variables {
        // SAFETY: as above.
        unsafe { std::env::set_var(name, value) };
    }
    test();
}

fn perform(action: Value) -> Performed {
    let action: Docker<Rendered> = serde_json::from_value(action).expect("an action");
    let around = serde_json::from_value(json!({})).expect("nothing around it");
    let dir = tempfile::tempdir().expect("a folder");
    let site = Site {
        system: Arc::new(System::default()),
        base_dir: dir.path().to_path_buf(),
        scratch_dir: dir.path().to_path_buf(),
        marker: ("TOBAN_RUN".into(), "20260301T050000Z-tests0".into()),
        hosts: std::rc::Rc::new(toban::ssh::Hosts::new(
            &std::env::temp_dir(),
            ("TOBAN_RUN".into(), "test".into()),
        )),
        secret: Box::new(|name| Err(Failure::Unavailable { message: name.to_string() })),
    };
    let unit = Unit::step(StepId::new("gone"));
    let context = Context {
        unit: &unit,
        attempt: 1,
        around: &around,
        site: &site,
        log: &|_, _| {},
        child: &|_, _| {},
        stop: Stop::never(),
        max_output: 1 << 20,
        held: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(docker::perform(&action, &context))
}

fn unavailable(performed: Performed) -> String {
    match performed {
        Err(Failure::Unavailable { message }) => message,
        other => panic!("it should be unavailable: {other:?}"),
    }
}

fn ps() -> Performed {
    perform(json!({ "ps": {} }))
}

#[test]
fn a_socket_that_is_not_there_is_named_with_what_to_do() {
    with(&[("DOCKER_HOST", "unix:///nowhere/docker.sock")], || {
        let message = unavailable(ps());
        assert!(
            message.contains("/nowhere/docker.sock") && message.contains("systemctl start docker"),
            "{message}"
        );
        let exec = json!({ "exec": { "container": "web", "command": [["true"]] } });
        assert_eq!(unavailable(perform(exec)), message);
    });
}

#[test]
fn a_socket_that_nobody_listens_at_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let socket = dir.path().join("docker.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).expect("a socket"));
    with(&[("DOCKER_HOST", &format!("unix://{}", socket.display()))], || {
        let message = unavailable(ps());
        assert!(message.contains("no Docker engine answers"), "{message}");
    });
}

#[test]
fn a_way_to_the_engine_that_is_not_known_is_named() {
    for (host, tls, word) in
        [("ssh://root@host", "", "ssh -L"), ("tcp://127.0.0.1:1", "1", "DOCKER_TLS_VERIFY")]
    {
        with(&[("DOCKER_HOST", host), ("DOCKER_TLS_VERIFY", tls)], || {
            let message = unavailable(ps());
            assert!(message.contains(host) && message.contains(word), "{message}");
        });
    }
}

#[test]
fn without_compose_both_of_its_names_are_said() {
    let empty = tempfile::tempdir().expect("a folder");
    let path = empty.path().display().to_string();
    let host = "unix:///nowhere/docker.sock";
    with(&[("PATH", &path), ("DOCKER_HOST", host)], || {
        let message = unavailable(perform(json!({ "compose": { "up": {} } })));
        assert!(message.contains("`docker compose`") && message.contains("`docker-compose`"), "{message}");
    });
}

#[test]
fn the_older_compose_is_used_where_there_is_no_plugin() {
    let dir = tempfile::tempdir().expect("a folder");
    program(dir.path(), "docker", "echo 'docker: compose is not a docker command.' >&2; exit 1");
    program(dir.path(), "docker-compose", "[ \"$1\" = version ] && { echo 1.29.2; exit; }; echo \"$*\"");
    let path = format!("{}:/usr/bin:/bin", dir.path().display());
    with(&[("PATH", &path), ("DOCKER_HOST", "unix:///nowhere/docker.sock")], || {
        let report = perform(json!({ "compose": {
            "project": "p", "exec": { "service": "db", "command": [["true"]] },
        } }));
        let said = report.expect("it ran").gives["stdout"].as_str().unwrap_or_default().to_string();
        assert!(said.contains("-p p exec -T -e TOBAN_RUN -e TOBAN_ATTEMPT db true"), "{said}");
    });
}

fn program(dir: &Path, name: &str, script: &str) {
    let path = dir.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("may be run");
}

#[test]
fn an_engine_that_dies_under_a_command_ends_the_step_with_one_clear_message() {
    with(&[("DOCKER_HOST", "")], || dies_under_a_command(&start()));
}

/// Starts an engine of this test's own; gives its address.
fn start() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/docker-up");
    let started = Command::new(script).arg("start").arg(std::process::id().to_string()).output();
    let started = started.expect("tests/support/docker-up can be run");
    let said = String::from_utf8_lossy(&started.stderr);
    assert!(started.status.success(), "tests/support/docker-up needs root and Debian packages: {said}");
    let said = String::from_utf8_lossy(&started.stdout).into_owned();
    said.lines().find_map(|line| line.strip_prefix("DOCKER_HOST=")).expect("its address").to_string()
}

fn dies_under_a_command(host: &str) {
    let socket = host.strip_prefix("unix://").expect("a socket");
    let pid_file = Path::new(socket).with_file_name("dockerd.pid");
    let pid = std::fs::read_to_string(pid_file).expect("its pid").trim().parse::<i32>().expect("a number");
    let made = Command::new("docker")
        .args(["-H", host, "run", "-d", "--init", "--name", "web", "toban-test", "sleep", "1000"])
        .status();
    assert!(made.expect("docker (apt: docker.io)").success());
    // SAFETY: the caller has the turn.
    unsafe { std::env::set_var("DOCKER_HOST", host) };
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(1));
        // SAFETY: kill takes two numbers; the process is the engine that this test has started.
        unsafe { libc::kill(pid, libc::SIGKILL) };
    });
    let begun = std::time::Instant::now();
    let exec = json!({ "exec": { "container": "web", "command": [["sleep"], ["60"]] } });
    let message = match perform(exec) {
        Err(failure) => failure.to_string(),
        Ok(report) => report.failure.expect("a failure").to_string(),
    };
    killer.join().expect("the killer");
    assert!(message.contains("Docker engine") && message.contains(socket), "{message}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
