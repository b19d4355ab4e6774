//! The engine that all tests of this binary share, and the context of one attempt, built by hand.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::{Value, json};
use toban::action::{Context, Performed, Report, Site, docker};
use toban::base::StepId;
use toban::event::{Failure, Stream, Unit};
use toban::model::{Docker, Rendered, System};
use toban::process::{Stop, StopReason, Stopper};

/// The engine; started by the first test that needs it, ended when this process has ended.
static ENGINE: LazyLock<()> = LazyLock::new(|| {
    let said = docker_up(&["start", &std::process::id().to_string()]);
    for line in said.lines() {
        let (name, value) = line.split_once('=').expect("NAME=VALUE");
        set(name, value);
    }
    if env!("CARGO_CRATE_NAME") == "docker_compose_v1" {
        let path = std::env::var("PATH").expect("a PATH");
        set("PATH", &format!("{}:{path}", docker_up(&["compose-v1"]).trim()));
        set("DOCKER_CONFIG", "/nowhere");
    }
});

/// Runs the script that brings things up; it has to succeed.
fn docker_up(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/docker-up");
    let done = Command::new(script).args(arguments).output().expect("tests/support/docker-up can be run");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "tests/support/docker-up needs root and Debian packages: {said}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

fn set(name: &str, value: &str) {
    // SAFETY: the variables of this process are otherwise only read by way of std, which takes a lock.
    unsafe { std::env::set_var(name, value) };
}

/// What one attempt is performed with, and what came of it.
pub struct Lab {
    pub dir: tempfile::TempDir,
    pub around: Value,
    pub system: System,
    pub max_output: usize,
    pub log: RefCell<Vec<(Stream, Vec<u8>)>>,
    pub child: RefCell<Option<(u32, u64)>>,
}

impl Lab {
    /// A folder, and a step with nothing around it.
    pub fn new() -> Lab {
        LazyLock::force(&ENGINE);
        Lab {
            dir: tempfile::tempdir().expect("a folder"),
            around: json!({}),
            system: System::default(),
            max_output: 1 << 20,
            log: RefCell::default(),
            child: RefCell::default(),
        }
    }

    /// A step with keys around its action.
    pub fn around(around: Value) -> Lab {
        Lab { around, ..Lab::new() }
    }

    /// Performs an action in a runtime of its own.
    pub fn perform(&self, action: Value) -> Performed {
        self.perform_until(action, None)
    }

    /// Performs an action, and says stop after a while.
    pub fn perform_until(&self, action: Value, stop: Option<(Duration, StopReason)>) -> Performed {
        let action: Docker<Rendered> = serde_json::from_value(action).expect("an action");
        let around = serde_json::from_value(self.around.clone()).expect("what surrounds it");
        let (stopper, listening) = Stopper::new();
        let site = Site {
            system: Arc::new(self.system.clone()),
            base_dir: self.dir.path().to_path_buf(),
            scratch_dir: self.dir.path().to_path_buf(),
            marker: ("TOBAN_RUN".into(), "20260301T050000Z-tests0".into()),
            hosts: std::rc::Rc::new(toban::ssh::Hosts::new(
                &std::env::temp_dir(),
                ("TOBAN_RUN".into(), "test".into()),
            )),
            secret: Box::new(|name| Err(Failure::Unavailable { message: name.to_string() })),
        };
        let unit = Unit::step(StepId::new(format!("s{}", self.name())));
        let context = Context {
            unit: &unit,
            attempt: 1,
            around: &around,
            site: &site,
            log: &|stream, bytes| self.log.borrow_mut().push((stream, bytes.to_vec())),
            child: &|pid, start| *self.child.borrow_mut() = Some((pid, start)),
            stop: if stop.is_some() { listening } else { Stop::never() },
            max_output: self.max_output,
            held: false,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let work = docker::perform(&action, &context);
            match stop {
                None => work.await,
                Some((after, reason)) => {
                    let say = async {
                        tokio::time::sleep(after).await;
                        stopper.stop(reason);
                        std::future::pending::<()>().await;
                    };
                    tokio::select! { performed = work => performed, () = say => unreachable!("it never ends") }
                }
            }
        })
    }

    /// Performs an action that has to succeed.
    pub fn done(&self, action: Value) -> Report {
        let report = self.perform(action).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(report.failure, None, "{:?}", report.gives);
        report.pending.commit().unwrap_or_else(|failure| panic!("{failure}"));
        report
    }

    /// Performs an action that can't be done, and gives the message.
    pub fn refused(&self, action: Value) -> String {
        match self.perform(action) {
            Err(Failure::Rejected { message } | Failure::Unavailable { message }) => message,
            other => panic!("it should have been refused: {other:?}"),
        }
    }

    /// A name of this test's own.
    pub fn name(&self) -> String {
        let folder = self.dir.path().file_name().expect("a name").to_string_lossy().to_lowercase();
        folder.chars().filter(char::is_ascii_alphanumeric).collect()
    }

    /// A path below the test's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// All that was logged of one stream.
    pub fn logged(&self, of: Stream) -> String {
        let log = self.log.borrow();
        let bytes: Vec<u8> = log.iter().filter(|(s, _)| *s == of).flat_map(|(_, b)| b.clone()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Starts a container that sleeps; it goes with the engine.
    pub fn sleeper(&self, options: &[&str]) -> String {
        let name = self.name();
        let mut arguments = vec!["run", "-d", "--init", "--name", &name];
        arguments.extend(options);
        arguments.extend(["toban-test", "sleep", "1000"]);
        cli(&arguments);
        name
    }
}

/// Asks the engine by its own program, for what the tests compare with; it has to succeed.
pub fn cli(arguments: &[&str]) -> String {
    let output = cli_output(arguments);
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

/// The same, also when it does not succeed.
pub fn cli_output(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("docker (apt: docker.io)")
}

/// Arguments as a rendered model holds them.
pub fn words(of: &[&str]) -> Value {
    of.iter().map(|word| json!([word])).collect()
}

/// Names as a rendered model holds them.
pub fn names(of: &[&str]) -> Value {
    json!([of])
}

/// A value that was given.
pub fn given(report: &Report, key: &str) -> Value {
    report.gives.get(key).cloned().unwrap_or(Value::Null)
}

/// Text that was given.
pub fn text(report: &Report, key: &str) -> String {
    given(report, key).as_str().unwrap_or_else(|| panic!("{key} is no text: {:?}", report.gives)).to_string()
}

/// The processes of a container: number inside is not known, their command lines are.
pub fn processes(container: &str) -> Vec<String> {
    cli(&["top", container, "-o", "pid,args"]).lines().skip(1).map(|line| line.trim().to_string()).collect()
}

/// The things of a list by their name.
pub fn by_name(list: &Value) -> HashMap<String, Value> {
    let all = list.as_array().expect("a list");
    all.iter().map(|one| (one["name"].as_str().unwrap_or_default().to_string(), one.clone())).collect()
}
