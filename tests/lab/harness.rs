//! Runs the real binary inside the lab and looks at what is there afterwards. It knows no playbook.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// One system of the lab, held by one test; mended and with an own state folder.
pub struct Lab {
    system: String,
    _turn: Turn,
    state: tempfile::TempDir,
}

/// One test at a time on a system, and several systems side by side: in one process or in many, so these are locks of
/// files. Each is let go where its file is closed.
struct Turn {
    _system: File,
    _rest: File,
}

impl Turn {
    fn take(system: &str, alone: bool) -> std::io::Result<Turn> {
        let folder = place("turns");
        std::fs::create_dir_all(&folder)?;
        let open = |name: &str| File::create(folder.join(name));
        let (held, gate, rest) = (open(system)?, open("gate")?, open("rest")?);
        held.lock()?;
        // Whoever waits to be alone holds the gate, so that those who come later do not keep going before.
        gate.lock()?;
        if alone {
            rest.lock()?
        } else {
            rest.lock_shared()?
        };
        Ok(Turn { _system: held, _rest: rest })
    }
}

/// What a command left.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A saved plan and the answers for its run.
struct Saved {
    _folder: tempfile::TempDir,
    file: String,
    answers: Vec<String>,
}

impl Saved {
    fn arguments(&self) -> Vec<&str> {
        ["run", self.file.as_str()].into_iter().chain(self.answers.iter().map(String::as_str)).collect()
    }
}

/// A run from a saved plan that goes on while its test does something else.
pub struct Running<'a> {
    lab: &'a Lab,
    plan: Saved,
    child: Child,
}

impl Running<'_> {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the run").is_some()
    }

    /// Its exit code, once it is compared with its plan.
    pub fn ends(mut self) -> Option<i32> {
        let code = self.child.wait().expect("the run").code();
        self.lab.compare(&self.plan, code.unwrap_or(-1));
        code
    }
}

impl Lab {
    /// Waits for this test's turn on a system. None only where `TOBAN_WITHOUT_LAB=1` says that the lab is left out on
    /// purpose.
    ///
    /// # Panics
    /// When the lab is not up: a test that did not run must not look like one that passed.
    pub fn of(system: &str) -> Option<Lab> {
        Lab::turn(system, false)
    }

    /// The same with no test of another system beside it: for what the systems have in common, which is the packages of
    /// their machine and the leftovers in their engine.
    pub fn alone(system: &str) -> Option<Lab> {
        Lab::turn(system, true)
    }

    fn turn(system: &str, alone: bool) -> Option<Lab> {
        if std::env::var("TOBAN_WITHOUT_LAB").is_ok_and(|value| value == "1") {
            // Past the test runner's capture: a test that was left out must not look like one that passed.
            let test = std::thread::current().name().unwrap_or("a lab test").to_string();
            let line = format!("LEFT OUT, NOT TESTED: {test} (TOBAN_WITHOUT_LAB=1)\n");
            drop(std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()));
            return None;
        }
        assert!(
            repo().join("target/lab/up").exists(),
            "the lab is not up. Bring it up with tests/lab/up (as root), run everything with tests/run, \
             or leave these tests out with TOBAN_WITHOUT_LAB=1"
        );
        let turn = Turn::take(system, alone).expect("a turn");
        let state = tempfile::tempdir().expect("a folder for the state");
        let lab = Lab { system: system.to_owned(), _turn: turn, state };
        lab.mends();
        Some(lab)
    }

    /// Runs `toban` in the lab without a terminal. A playbook is run as a careful operator runs it: from its plan, which
    /// was saved and approved, and which is compared with what the run says it did.
    pub fn toban(&self, arguments: &[&str]) -> Ran {
        self.watched(&[], arguments)
    }

    /// The same under a program that watches what runs.
    pub fn watched(&self, watch: &[&str], arguments: &[&str]) -> Ran {
        match arguments {
            ["run", playbook, given @ ..] if playbook.contains('/') && !playbook.starts_with('/') => {
                self.run_as_planned(watch, playbook, given)
            }
            _ => ran(self.under(watch, arguments)),
        }
    }

    /// Plans, saves, approves, runs what was saved, and compares. What cannot be planned is not run: the plan says why.
    fn run_as_planned(&self, watch: &[&str], playbook: &str, given: &[&str]) -> Ran {
        let plan = match self.saved(playbook, given) {
            Ok(plan) => plan,
            Err(refused) => return refused,
        };
        let run = ran(self.under(watch, &plan.arguments()));
        self.compare(&plan, run.code);
        run
    }

    /// A plan of a playbook, saved and approved; or the answer of what did not plan it.
    fn saved(&self, playbook: &str, given: &[&str]) -> Result<Saved, Ran> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("saved.plan").display().to_string();
        let (mut inputs, mut answers, mut words) = (Vec::new(), Vec::new(), given.iter());
        while let Some(word) = words.next() {
            match *word {
                "-i" => inputs.extend([*word].into_iter().chain(words.next().copied())),
                _ => answers.push((*word).to_owned()),
            }
        }
        let toban = |words: &[&[&str]]| ran(self.command(&words.concat()));
        let planned = toban(&[&["plan", playbook, "-o", &file], &inputs]);
        if planned.code != 0 {
            return Err(planned);
        }
        toban(&[&["approve", &file, "--operator", "佐藤"]]).ok(&[playbook, "approve"]);
        Ok(Saved { _folder: folder, file, answers })
    }

    /// The last run did what its plan said, as far as it came; and is noted where it ended well.
    fn compare(&self, plan: &Saved, code: i32) {
        if matches!(code, 0 | 1 | 6) {
            let compared = ran(self.command(&["diff", &plan.file, "--against", "last"]));
            let same = compared.ok(&[&plan.file, "diff"]);
            assert_eq!(same, "the plans are the same\n", "{:?}: exit code {code}", plan.arguments());
        }
        if code == 0 {
            self.note_what_ended_well();
        }
    }

    /// Notes that the playbook of the last run, and those that it called and that ended well within it, were run from a
    /// plan to their ends; `tests/lab/all-ran` reads it.
    fn note_what_ended_well(&self) {
        let runs = self.state.path().join("state/runs");
        let runs = names(&runs, "").into_iter().map(|name| runs.join(name));
        // Two of one second are in no order by their names.
        let written =
            |run: &PathBuf| run.join("journal.jsonl").metadata().and_then(|facts| facts.modified()).ok();
        let run = runs.max_by_key(written).expect("a run");
        let text = |name: &str| std::fs::read_to_string(run.join(name)).expect("a file of the run");
        let plan: Value = serde_json::from_str(&text("plan.json")).expect("JSON");
        let ended: HashSet<String> = text("journal.jsonl")
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|fact| {
                let well = ["ok", "warned", "unchanged"];
                fact["kind"] == "step_ended" && well.contains(&fact["outcome"].as_str().unwrap_or_default())
            })
            .map(|fact| fact["step"].as_str().unwrap_or_default().to_owned())
            .collect();
        let steps = plan["outline"]["steps"].as_array().expect("steps");
        let calls = steps.iter().filter(|step| step["kind"] == "playbook");
        let over = calls.filter(|step| ended.contains(step["id"].as_str().unwrap_or_default()));
        let folder = place("ran");
        std::fs::create_dir_all(&folder).expect("a folder for what ran");
        let names = over.map(|step| &step["text"][0]["lines"][0]).chain([&plan["playbook"]]);
        // Which playbook is called may be known to the run alone.
        for name in names.filter_map(Value::as_str) {
            std::fs::write(folder.join(name.replace('/', "__")), "").expect("a note of what ran");
        }
    }

    /// Starts a playbook in the lab without a terminal, and goes on; from a saved plan too.
    pub fn start(&self, playbook: &str, given: &[&str]) -> Running<'_> {
        let plan = self.saved(playbook, given).unwrap_or_else(|refused| panic!("{playbook}: {refused}"));
        let mut command = self.command(&plan.arguments());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|e| panic!("{command:?} could not be started: {e}"));
        Running { lab: self, plan, child }
    }

    /// Whether a text stands anywhere in what this test's runs have recorded: journals, logs, indexes.
    pub fn recorded(&self, text: &str) -> bool {
        let mut grep = Command::new("grep");
        ran({
            grep.args(["--recursive", "--fixed-strings", "--quiet", "--", text]).arg(self.state.path());
            grep
        })
        .code
            == 0
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.under(&[], arguments)
    }

    fn under(&self, watch: &[&str], arguments: &[&str]) -> Command {
        let mut command = Command::new(repo().join("tests/lab/enter"));
        command
            .args(watch)
            .arg(env!("CARGO_BIN_EXE_toban"))
            .args(arguments)
            .args(["--env", "lab", "--progress", "plain", "--lang", "en"])
            .current_dir(repo())
            .env("TOBAN_STATE_DIR", self.state.path().join("state"))
            .env("TOBAN_LOCK_DIR", self.state.path().join("locks"));
        command
    }

    /// Runs a program in the lab and gives what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn enter(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(repo().join("tests/lab/enter"));
        command.args(arguments).current_dir(repo());
        ran(command).ok(arguments)
    }

    /// A script of `tests/lab`: `break`, `mend`.
    pub fn script(&self, name: &str, arguments: &[&str]) {
        let mut command = Command::new(repo().join("tests/lab").join(name));
        command.args(arguments);
        ran(command).ok(&[name]);
    }

    /// Breaks one thing; the system's next turn mends it.
    pub fn breaks(&self, what: &str) {
        self.script("break", &[what]);
    }

    /// Makes whole whatever of its system is broken.
    pub fn mends(&self) {
        self.script("mend", &[&self.system]);
    }

    /// One value from RefNet's database.
    pub fn refnet(&self, sql: &str) -> String {
        self.refnet_in("refnet", sql)
    }

    /// One value from a database of RefNet's server.
    pub fn refnet_in(&self, database: &str, sql: &str) -> String {
        self.enter(&[
            "docker",
            "exec",
            "refnet-postgres-1",
            "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "refnet",
            "-d",
            database,
            "-c",
            sql,
        ])
        .trim()
        .to_owned()
    }

    /// A script under `sh` in one of RefNet's containers.
    pub fn in_container(&self, service: &str, script: &str) -> String {
        self.enter(&["docker", "exec", &format!("refnet-{service}-1"), "sh", "-ceu", script])
    }

    /// Python in cafeMuji's project and environment.
    pub fn cafe_python(&self, code: &str) -> String {
        let script = "cd target/lab/cafemuji/project && exec .venv/bin/python manage.py shell -v 0 -c \"$1\"";
        self.enter(&["bash", "-ceu", script, "bash", code]).trim().to_owned()
    }
}

impl Ran {
    /// The output of a command that must have succeeded.
    pub fn ok(self, what: &[&str]) -> String {
        assert_eq!(self.code, 0, "{what:?} failed\n{self}");
        self.out
    }

    /// Asserts the exit code, showing all that was printed.
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "another exit code than {code}\n{self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}\n--- output\n{}\n--- errors\n{}", self.code, self.out, self.err)
    }
}

fn ran(mut command: Command) -> Ran {
    let Output { status, stdout, stderr } = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("{command:?} could not be started: {e}"));
    Ran {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// This repository.
pub fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A path below the lab's folder.
pub fn place(path: &str) -> PathBuf {
    repo().join("target/lab").join(path)
}

/// The names in a folder that hold `part`, sorted; hidden and half-written ones too.
pub fn names(folder: &Path, part: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry of the folder").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains(part))
        .collect();
    names.sort();
    names
}

/// Empties a folder.
pub fn empty(folder: &Path) {
    for name in names(folder, "") {
        std::fs::remove_file(folder.join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

/// A gzipped file that was last written so many days ago.
pub fn aged_gzip(path: &Path, text: &str, days: u32) {
    use std::io::Write;
    let file = std::fs::File::create(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("packing");
    let file = packed.finish().expect("packing");
    age(&file, days);
}

/// Makes a file look as if it was last written so many days ago.
pub fn age(file: &std::fs::File, days: u32) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(u64::from(days) * 86_400);
    file.set_modified(then).expect("setting a file's time");
}

/// The text of a gzipped file.
pub fn unpacked(path: &Path) -> String {
    use std::io::Read;
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text
}
