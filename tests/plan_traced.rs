//! A dry run touches nothing: every system call of `toban plan` is looked at, for every playbook and every example.
//! What is allowed is listed here; anything else is a fault.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// System calls that reach nothing outside the process.
const HARMLESS: &[&str] = &[
    "access",
    "arch_prctl",
    "brk",
    "close",
    "exit",
    "exit_group",
    "fcntl",
    "fstat",
    "futex",
    "getcwd",
    "getdents64",
    "getegid",
    "geteuid",
    "getgid",
    "getpid",
    "getrandom",
    "gettid",
    "getuid",
    "ioctl",
    "lseek",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "newfstatat",
    "poll",
    "pread64",
    "prlimit64",
    "read",
    "readlink",
    "readlinkat",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "set_tid_address",
    "sigaltstack",
    "stat",
    "lstat",
    "statx",
    "sysinfo",
    "uname",
    "clock_gettime",
    "clock_nanosleep",
];

/// What the loader and the standard library read of any program.
const LOADING: &[&str] =
    &["/etc/ld.so.", "/lib/", "/lib64/", "/usr/lib/", "/proc/self/", "/sys/fs/cgroup/", "/etc/localtime"];

/// Tables of zones and of languages.
const TABLES: &[&str] = &["/usr/share/zoneinfo", "/usr/share/locale", "/usr/lib/locale", "/etc/timezone"];

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a dry run may read.
struct Allowed {
    files: Vec<PathBuf>,
}

impl Allowed {
    /// Playbooks, system files, examples with their parts, and the state folder.
    fn usual(state: &Path) -> Allowed {
        Allowed { files: vec![repo().join("playbooks"), repo().join("examples"), state.to_path_buf()] }
    }

    fn reads(&self, path: &str) -> bool {
        let begins = |list: &[&str]| list.iter().any(|prefix| path.starts_with(prefix));
        begins(LOADING) || begins(TABLES) || self.files.iter().any(|file| Path::new(path).starts_with(file))
    }

    /// Whether something is there may also be asked of the folders above.
    fn looks_at(&self, path: &str) -> bool {
        path.is_empty() || self.reads(path) || self.files.iter().any(|file| file.starts_with(path))
    }
}

/// Runs toban under strace and gives its output and its system calls.
fn traced(arguments: &[&str]) -> (Output, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trace");
    let output = Command::new("strace")
        .args(["-f", "-qq", "-s", "4096", "-o"])
        .arg(&file)
        .arg(env!("CARGO_BIN_EXE_toban"))
        .args(["--lang", "en"])
        .args(arguments)
        .current_dir(repo())
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        // Where cargo would have the loader look first.
        .env_remove("LD_LIBRARY_PATH")
        .stdin(Stdio::null())
        .output()
        .expect("strace starts: this test cannot do without it");
    let text = std::fs::read(&file).expect("a trace");
    let lines = String::from_utf8_lossy(&text).lines().map(str::to_string).collect();
    (output, lines)
}

/// Every call of a trace that a dry run may not make.
fn faults(trace: &[String], allowed: &Allowed) -> Vec<String> {
    let calls =
        trace.iter().filter_map(|line| line.split_once(char::is_whitespace)).map(|(_, call)| call.trim());
    let begun = calls
        .filter(|call| !call.starts_with("<...") && !call.starts_with("+++") && !call.starts_with("---"));
    // The first one is strace itself starting the program.
    begun.skip(1).filter(|call| !is_allowed(call, allowed)).map(str::to_string).collect()
}

fn is_allowed(call: &str, allowed: &Allowed) -> bool {
    let Some((name, rest)) = call.split_once('(') else { return false };
    match name {
        "open" | "openat" => {
            let only_reads =
                !["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"].iter().any(|f| rest.contains(f));
            only_reads && path_of(rest).is_some_and(|path| allowed.reads(path))
        }
        "access" | "stat" | "lstat" | "statx" | "newfstatat" | "readlink" | "readlinkat" => {
            path_of(rest).is_none_or(|path| allowed.looks_at(path))
        }
        // Standard output and standard error.
        "write" | "writev" => rest.starts_with("1,") || rest.starts_with("2,"),
        other => HARMLESS.contains(&other),
    }
}

/// The first text among the arguments of a call.
fn path_of(arguments: &str) -> Option<&str> {
    let (_, rest) = arguments.split_once('"')?;
    rest.split_once('"').map(|(path, _)| path)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries.collect();
    found.sort();
    found
}

fn is_playbook(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml") && path.file_name().is_some_and(|n| n != "system.yaml")
}

/// Every playbook and example with each environment it has.
fn all() -> Vec<(String, Option<&'static str>)> {
    let mut all = Vec::new();
    for system in files(&repo().join("playbooks")).into_iter().filter(|p| p.is_dir()) {
        for file in files(&system).into_iter().filter(|p| is_playbook(p)) {
            let name = file.strip_prefix(repo()).expect("below the repository").display().to_string();
            if system.ends_with("quickstart") {
                all.push((name, None));
            } else {
                all.extend([(name.clone(), Some("lab")), (name, Some("production"))]);
            }
        }
    }
    let examples = files(&repo().join("examples")).into_iter().filter(|p| is_playbook(p));
    all.extend(examples.map(|p| (p.strip_prefix(repo()).expect("below").display().to_string(), None)));
    all
}

/// What a folder holds: every path with its size.
fn listing(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in files(&folder) {
            let length = path.metadata().expect("an entry").len();
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.push((path, length));
        }
    }
    found
}

/// A state folder with a run in it, so that a dry run has something to estimate from.
fn state() -> tempfile::TempDir {
    let state = tempfile::tempdir().expect("a folder");
    let done = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["--progress", "quiet", "run", "examples/hello.yaml", "--state-dir"])
        .arg(state.path())
        .current_dir(repo())
        .output()
        .expect("toban starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    state
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

#[test]
fn a_dry_run_of_every_playbook_and_example_touches_nothing() {
    let state = state();
    let (before, allowed) = (listing(state.path()), Allowed::usual(state.path()));
    let all = all();
    assert!(all.len() >= 40, "they were found: {all:?}");
    for (name, environment) in all {
        let mut arguments = vec!["plan", &name, "--state-dir", text(state.path())];
        arguments.extend(environment.iter().flat_map(|e| ["--env", e]));
        let (output, trace) = traced(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
        assert!(trace.len() > 50, "{name} was traced");
        let faults = faults(&trace, &allowed);
        assert!(faults.is_empty(), "{name} {environment:?}:\n{}", faults.join("\n"));
        if name == "examples/hello.yaml" {
            let plan = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(plan.contains("median of 1 run)"), "the state was read: {plan}");
        }
    }
    assert_eq!(listing(state.path()), before, "the state folder is as it was");
}

#[test]
fn the_watch_sees_what_a_run_does() {
    let state = tempfile::tempdir().expect("a folder");
    let allowed = Allowed::usual(state.path());
    let (output, trace) = traced(&["run", "examples/hello.yaml", "--state-dir", text(state.path())]);
    assert!(output.status.success());
    let faults = faults(&trace, &allowed);
    let seen = |what: &str| faults.iter().any(|f| f.starts_with(what));
    for what in ["execve(", "mkdir", "rename"] {
        assert!(seen(what), "{what} was missed in\n{}", faults.join("\n"));
    }
    assert!(faults.iter().any(|f| f.contains("O_CREAT")), "a file that is made was missed");
}

#[test]
fn the_watch_sees_a_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = folder.path().join("ask.yaml");
    let text_of = "title: ask\nsteps:\n  - {id: ask, http: {get: 'http://127.0.0.1:9/'}}\n";
    std::fs::write(&playbook, text_of).expect("a playbook");
    let state = folder.path().join("state");
    let allowed = Allowed::usual(folder.path());
    let (_, trace) = traced(&["plan", text(&playbook), "--state-dir", text(&state)]);
    assert_eq!(faults(&trace, &allowed), Vec::<String>::new());
    let (_, trace) = traced(&["run", text(&playbook), "--state-dir", text(&state)]);
    let faults = faults(&trace, &allowed);
    for what in ["socket(", "connect("] {
        assert!(faults.iter().any(|f| f.starts_with(what)), "{what} was missed in\n{}", faults.join("\n"));
    }
}

#[test]
fn the_watch_sees_a_file_that_is_none_of_a_plan_s_business() {
    let folder = tempfile::tempdir().expect("a folder");
    let inputs = folder.path().join("inputs.yaml");
    std::fs::write(&inputs, "name: 太郎\ntimes: 2\n").expect("inputs");
    let arguments =
        ["plan", "examples/inputs.yaml", "--inputs", text(&inputs), "--state-dir", text(folder.path())];
    let (output, trace) = traced(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let nowhere = Path::new("/nonexistent");
    let seen = faults(&trace, &Allowed::usual(nowhere));
    assert!(seen.iter().any(|f| f.contains("inputs.yaml")), "{seen:?}");
    assert_eq!(faults(&trace, &Allowed::usual(folder.path())), Vec::<String>::new());
}
