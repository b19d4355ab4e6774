//! A folder with playbooks, a state folder of its own, and the binary called in it. It knows no single test.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use regex::{Captures, Regex};
use toban::event::{Event, Kind};
use toban::journal::{RunFolder, StateDir, read};

/// The longest that anything here may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder to work in.
pub struct Place {
    folder: tempfile::TempDir,
}

/// What the binary said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, text).expect("written");
        path
    }

    /// The text of a file; empty when there is none.
    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    /// How many lines a file has: how often it was written to.
    pub fn lines(&self, name: &str) -> usize {
        self.text(name).lines().count()
    }

    /// The binary, called here with nothing of this machine but its PATH.
    pub fn command(&self) -> Command {
        self.around(env!("CARGO_BIN_EXE_toban"))
    }

    /// Any program, called here in the same surroundings.
    pub fn around(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path())
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC");
        command.env("TOBAN_STATE_DIR", self.at("state")).env("TOBAN_LOCK_DIR", self.at("locks"));
        command.env("TOBAN_OPERATOR", "佐藤").env("TOBAN", env!("CARGO_BIN_EXE_toban"));
        command.current_dir(self.path()).stdin(Stdio::null());
        // The tests may run under `nohup`, or in the background of a script: what they ignore is not for the engine.
        // SAFETY: signal is async-signal-safe, and nothing else is done between fork and exec.
        unsafe {
            command.pre_exec(|| {
                for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
                    libc::signal(signal, libc::SIG_DFL);
                }
                Ok(())
            });
        }
        command
    }

    pub fn toban(&self, args: &[&str]) -> Said {
        said(self.command().args(args).output().expect("toban starts"))
    }

    /// Runs this playbook, without its first lines.
    pub fn run(&self, steps: &str, args: &[&str]) -> Said {
        self.file("play.yaml", &format!("title: 試験\nsteps:\n{steps}"));
        let how: &[&str] = if args.contains(&"--progress") { &[] } else { &["--progress", "plain"] };
        self.toban(&[&["run", "play.yaml"], how, args].concat())
    }

    /// The newest run.
    pub fn last_run(&self) -> RunFolder {
        let state = StateDir::new(self.at("state"));
        let id = state.find("last").unwrap_or_else(|e| panic!("a run: {e}"));
        state.run(&id)
    }

    /// The facts of the newest run.
    pub fn facts(&self) -> Vec<Event> {
        read(&self.last_run()).unwrap_or_else(|e| panic!("a journal: {e}"))
    }

    /// How each step of the newest run ended, as `id=ok`, in this order.
    pub fn ends(&self) -> String {
        let told = |event: &Event| match &event.kind {
            Kind::StepEnded { step, outcome, .. } if !step.is_beginning() => {
                Some(format!("{step}={}", outcome.word()))
            }
            Kind::Skipped { step, .. } if !step.is_beginning() => Some(format!("{step}=skipped")),
            Kind::Blocked { step, .. } if !step.is_beginning() => Some(format!("{step}=blocked")),
            _ => None,
        };
        let mut ends: Vec<String> = self.facts().iter().filter_map(told).collect();
        ends.sort();
        ends.join(" ")
    }

    /// Arguments in; output, error output and code out, with what differs from run to run taken out.
    pub fn transcript(&self, args: &[&str]) -> String {
        self.steadied(args, &self.toban(args))
    }

    /// The transcript of a call that was made.
    pub fn steadied(&self, args: &[&str], said: &Said) -> String {
        let words = args.iter().map(|a| if a.contains(' ') { format!("'{a}'") } else { a.to_string() });
        let words: Vec<String> = words.collect();
        let text = format!(
            "$ toban {}\n── standard output\n{}── standard error\n{}── exit {}\n",
            words.join(" "),
            said.out,
            said.err,
            said.code
        );
        self.steady(&text)
    }

    fn steady(&self, text: &str) -> String {
        let text = text.replace(&self.path().display().to_string(), "[here]");
        let replace = |text: String, pattern: &str, with: &str| {
            Regex::new(pattern).expect("a pattern").replace_all(&text, with).into_owned()
        };
        let text = replace(text, r"\d{8}T\d{6}Z-[0-9a-z]{6}", "[run]");
        let text = replace(text, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "[time]");
        let text = replace(text, r"\b\d{8}_\d{6}\b", "[stamp]");
        let text = replace(text, r"\b\d+\.\d+s\b", "[s]s");
        let text = replace(text, r#""seconds": ?[0-9.e-]+"#, "\"seconds\":[s]");
        let text = replace(text, r#""(pid|start)": ?\d+"#, "\"$1\":[n]");
        let text = replace(text, r#""(boot|plan|prev|blake3)": ?"[^"]*""#, "\"$1\":[x]");
        // Columns are as wide as what stood there.
        let gaps = Regex::new(r"(\[(?:s|run|time)\]s?) {2,}").expect("a pattern");
        gaps.replace_all(&text, |c: &Captures<'_>| format!("{}  ", &c[1])).into_owned()
    }
}

pub fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the process whose pid stands in this text still does anything.
pub fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    // The state stands behind the name, which is in brackets; a zombie waits to be reaped by somebody else.
    stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next()).is_some_and(|state| state != 'Z')
}
