//! A folder with a playbook, an engine over it, and what it left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use toban::event::{Event, Kind};
use toban::journal::{RunFolder, StateDir, read};

/// A folder of a test's own.
pub struct Place(pub tempfile::TempDir);

impl Place {
    /// A folder with this playbook in it.
    pub fn new(playbook: &str) -> Place {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("p.yaml"), playbook).expect("written");
        Place(dir)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toban"));
        command.current_dir(self.path()).args(["--state-dir", "state", "--lang", "en"]).args(arguments);
        command.stdin(Stdio::null()).env_remove("TOBAN_STATE_DIR");
        command
    }

    /// Runs a command to its end.
    pub fn toban(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().expect("it runs"))
    }

    /// Starts a command that is going to be killed.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
    }

    /// Runs the playbook until its journal has a fact that fits, and kills the engine.
    pub fn kill_when(&self, fits: impl Fn(&Kind) -> bool) {
        let mut engine = self.start(&["run", "p.yaml"]);
        self.until("the fact", |place| place.events().iter().any(|event| fits(&event.kind)));
        engine.kill().expect("killed");
        engine.wait().expect("ended");
    }

    /// Waits until something holds.
    pub fn until(&self, what: &str, holds: impl Fn(&Place) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < Duration::from_secs(60), "{what} does not come");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn folder(&self) -> Option<RunFolder> {
        let state = StateDir::resolve(Some(&self.path().join("state")), &|_| None, false);
        let id = state.runs().ok()?.into_iter().next()?;
        Some(state.run(&id))
    }

    pub fn events(&self) -> Vec<Event> {
        self.folder().and_then(|folder| read(&folder).ok()).unwrap_or_default()
    }

    /// The lines of each counter file, by its name.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let entries = std::fs::read_dir(self.path()).expect("a folder").flatten();
        let count = |path: PathBuf| {
            let name = path.file_name()?.to_str()?.strip_suffix(".n")?.to_string();
            Some((name, std::fs::read_to_string(&path).ok()?.lines().count() as u64))
        };
        entries.filter_map(|entry| count(entry.path())).collect()
    }

    pub fn count(&self, name: &str) -> u64 {
        self.counts().get(name).copied().unwrap_or(0)
    }
}

/// What a command said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(output: Output) -> Said {
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Said {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        assert!(!self.err.contains("bug") && !self.err.contains("panic"), "{}", self.err);
        self
    }

    /// The ids of the steps that a person has to decide about: each line begins with one, two blanks behind it.
    pub fn unknown(&self) -> Vec<String> {
        let lines = self.err.lines().filter_map(|line| line.split_once("  "));
        lines.map(|(id, _)| id.to_string()).filter(|id| !id.contains(' ')).collect()
    }
}
