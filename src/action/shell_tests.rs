//! The shell action for real, in a folder of its own.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::shell::{perform, succeeds};
use super::{Context, Performed, Site};
use crate::base::{Confidential, StepId};
use crate::event::{Failure, Stream, Unit};
use crate::model::{Arg, Args, Around, Compression, Host, Rendered, Shell, Slot, Stdin, StdoutFile, System};
use crate::process::{Stop, StopReason, Stopper, find_marked};
use crate::ssh::Hosts;

struct Bench {
    dir: tempfile::TempDir,
    around: Around<Rendered>,
    system: System,
    stop: Stop,
    max_output: usize,
    log: RefCell<String>,
}

impl Bench {
    fn new() -> Bench {
        Bench {
            dir: tempfile::tempdir().expect("a folder"),
            around: serde_json::from_value(json!({})).expect("nothing around"),
            system: System::default(),
            stop: Stop::never(),
            max_output: 1 << 20,
            log: RefCell::default(),
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).expect("listed");
        entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect()
    }

    async fn with<T>(&self, work: impl AsyncFnOnce(&Context<'_>) -> T) -> T {
        let unit = Unit::item(StepId::new("restore/swap"), 2);
        let site = Site {
            system: Arc::new(self.system.clone()),
            base_dir: self.path().to_path_buf(),
            scratch_dir: self.path().to_path_buf(),
            marker: ("TOBAN_RUN".into(), format!("run-{}", self.path().display())),
            hosts: Rc::new(Hosts::new(self.path(), ("TOBAN_RUN".into(), "run".into()))),
            secret: Box::new(|_| Err(Failure::Cancelled)),
        };
        let log = |stream: Stream, bytes: &[u8]| {
            let text = format!("{}:{}", stream.word(), String::from_utf8_lossy(bytes));
            self.log.borrow_mut().push_str(&text);
        };
        let cx = Context {
            unit: &unit,
            attempt: 3,
            around: &self.around,
            site: &site,
            log: &log,
            child: &|_, _| {},
            stop: self.stop.clone(),
            max_output: self.max_output,
            held: false,
        };
        work(&cx).await
    }

    async fn run(&self, script: &str) -> Performed {
        let action = Shell { run: Some(Slot(script.into())), with: None, argv: None };
        self.with(async |cx| perform(&action, cx).await).await
    }
}

fn argv(words: &[&str]) -> Shell<Rendered> {
    let words = words.iter().map(|w| Slot(Arg(vec![w.to_string()]))).collect();
    Shell { run: None, with: None, argv: Some(Args(words)) }
}

#[tokio::test]
async fn a_script_gives_its_outputs() {
    let bench = Bench::new();
    let report = bench.run("echo 一; echo two; echo oops >&2").await.expect("performed");
    assert_eq!(report.failure, None);
    assert_eq!(
        Value::Object(report.gives),
        json!({"stdout": "一\ntwo", "stderr": "oops", "exit_code": 0, "json": null, "lines": ["一", "two"]})
    );
    assert!(bench.log.borrow().contains("err:oops\n"));
}

#[tokio::test]
async fn json_is_given_when_all_of_the_output_is_json() {
    let bench = Bench::new();
    let report = bench.run(r#"echo '{"a": [1, 2.5, "三"]}'"#).await.expect("performed");
    assert_eq!(report.gives["json"], json!({"a": [1, 2.5, "三"]}));
    let report = bench.run("echo 42").await.expect("performed");
    assert_eq!(report.gives["json"], json!(42));
    let report = bench.run("echo '{\"a\": 1} and more'; true").await.expect("performed");
    assert_eq!(report.gives["json"], Value::Null);
    let report = bench.run("true").await.expect("performed");
    assert_eq!((&report.gives["stdout"], &report.gives["lines"]), (&json!(""), &json!([])));
}

#[tokio::test]
async fn a_script_stops_at_its_first_error_also_within_a_pipe() {
    let bench = Bench::new();
    for (script, code) in [("false; echo on", 1), ("exit 7 | cat; echo on", 7), ("echo $NO_SUCH; echo on", 1)]
    {
        let report = bench.run(script).await.expect("performed");
        assert_eq!(report.failure, Some(Failure::Exit { code }), "{script}");
        assert_eq!(report.gives["exit_code"], json!(code));
        assert_eq!(report.gives["stdout"], json!(""), "{script}");
    }
    let report = bench.run("kill -KILL $$").await.expect("performed");
    assert_eq!(report.failure, Some(Failure::Signal { number: 9 }));
}

#[tokio::test]
async fn a_list_runs_without_a_shell_word_for_word() {
    let bench = Bench::new();
    let action = argv(&["printf", "[%s]", "a b", "$HOME", "'\"", "-rf", "*"]);
    let report = bench.with(async |cx| perform(&action, cx).await).await.expect("performed");
    assert_eq!(report.gives["stdout"], json!("[a b][$HOME]['\"][-rf][*]"));
}

#[tokio::test]
async fn another_shell_and_a_script_that_begins_with_a_dash_work() {
    let bench = Bench::new();
    let with = Some(vec!["sh".to_string(), "-eu".to_string()]);
    let action = Shell { run: Some(Slot("echo $0; false; echo on".into())), with, argv: None };
    let report = bench.with(async |cx| perform(&action, cx).await).await.expect("performed");
    assert_eq!((&report.gives["stdout"], report.failure), (&json!("sh"), Some(Failure::Exit { code: 1 })));
    let report = bench.run("-n || echo the script was read").await.expect("performed");
    assert_eq!(report.gives["stdout"], json!("the script was read"));
}

#[tokio::test]
async fn variables_folder_input_and_marks_reach_the_child() {
    let mut bench = Bench::new();
    std::fs::create_dir(bench.path().join("sub")).expect("made");
    bench.around.env.insert("PASSWORD".into(), Slot(Confidential::new("hunter2".into(), "•••".into())));
    bench.around.cwd = Some(Slot("sub".into()));
    let text = Confidential::new("from stdin".into(), "•••".into());
    bench.around.stdin = Some(Stdin { text: Some(Slot(text)), file: None, decompress: None });
    let script = "echo $PASSWORD; basename $PWD; cat; echo; echo ${TOBAN_RUN#run-}; echo ${TOBAN_STEP##*/}";
    let report = bench.run(script).await.expect("performed");
    let run = bench.path().display().to_string();
    assert_eq!(report.gives["lines"], json!(["hunter2", "sub", "from stdin", run, "swap[2].3;"]));
}

#[tokio::test]
async fn a_packed_file_is_read_and_a_missing_one_is_told() {
    let mut bench = Bench::new();
    bench.run("echo packed | gzip > in.gz").await.expect("performed");
    let file = |name: &str| {
        Some(Stdin { text: None, file: Some(Slot(name.into())), decompress: Some(Compression::Gzip) })
    };
    bench.around.stdin = file("in.gz");
    assert_eq!(bench.run("cat").await.expect("performed").gives["stdout"], json!("packed"));
    bench.around.stdin = file("none.gz");
    let Err(Failure::Unavailable { message }) = bench.run("cat").await else { panic!("is refused") };
    assert!(message.contains("none.gz"), "{message}");
}

#[tokio::test]
async fn a_file_of_output_appears_only_with_the_verdict() {
    let mut bench = Bench::new();
    let file = StdoutFile { file: Slot("dump.gz".into()), compress: Some(Compression::Gzip), mode: None };
    bench.around.stdout = Some(file);
    let report = bench.run("echo rows; echo warning >&2").await.expect("performed");
    assert_eq!(report.gives["stdout"], json!(""));
    assert_eq!(report.gives["file"], json!(bench.path().join("dump.gz")));
    assert!(!bench.path().join("dump.gz").exists());
    report.pending.commit().expect("committed");
    assert_eq!(bench.files(), ["dump.gz"]);
    assert!(!bench.log.borrow().contains("rows") && bench.log.borrow().contains("warning"));
    bench.around.stdout = None;
    assert_eq!(
        bench.run("gzip -dc dump.gz; stat -c %a dump.gz").await.expect("read").gives["stdout"],
        json!("rows\n600")
    );
}

#[tokio::test]
async fn half_a_file_of_output_never_looks_like_one() {
    let mut bench = Bench::new();
    std::fs::write(bench.path().join("dump"), "old").expect("written");
    bench.around.stdout = Some(StdoutFile { file: Slot("dump".into()), compress: None, mode: None });
    drop(bench.run("echo half; exit 1").await.expect("performed"));
    drop(bench.run("echo half; kill -KILL $$").await.expect("performed"));
    assert_eq!(bench.files(), ["dump"]);
    assert_eq!(std::fs::read_to_string(bench.path().join("dump")).expect("read"), "old");
    bench.around.stdout = Some(StdoutFile { file: Slot("no/such/dump".into()), compress: None, mode: None });
    assert!(matches!(bench.run("echo").await, Err(Failure::Unavailable { .. })));
}

#[tokio::test]
async fn a_stop_is_told_by_its_reason_and_leaves_nothing() {
    for (reason, failure) in [
        (StopReason::TimedOut, Failure::TimedOut { after_ms: 0 }),
        (StopReason::Cancelled, Failure::Cancelled),
        (StopReason::Killed, Failure::Cancelled),
    ] {
        let (stopper, stop) = Stopper::new();
        let mut bench = Bench::new();
        bench.stop = stop;
        let begin = Instant::now();
        let (report, ()) = tokio::join!(bench.run("echo begun; setsid sleep 1050 & sleep 1051"), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            stopper.stop(reason);
        });
        let report = report.expect("performed");
        assert_eq!(report.failure, Some(failure));
        assert_eq!(report.gives["stdout"], json!("begun"));
        assert!(begin.elapsed() < Duration::from_secs(3));
        assert_eq!(find_marked(&("TOBAN_RUN".into(), format!("run-{}", bench.path().display()))), vec![]);
    }
}

#[tokio::test]
async fn nothing_is_started_after_the_word_to_stop() {
    let (stopper, stop) = Stopper::new();
    stopper.stop(StopReason::Cancelled);
    let mut bench = Bench::new();
    bench.stop = stop;
    let report = bench.run("touch ran").await.expect("performed");
    assert_eq!(report.failure, Some(Failure::Cancelled));
    assert_eq!(bench.files(), Vec::<String>::new());
}

#[tokio::test]
async fn long_output_is_logged_whole_and_given_in_part() {
    let mut bench = Bench::new();
    bench.max_output = 10;
    let report = bench.run("echo '[1, 2, 3, 4, 5, 6]'").await.expect("performed");
    assert_eq!((&report.gives["stdout"], &report.gives["json"]), (&json!("[1, 2, 3, "), &Value::Null));
    assert!(bench.log.borrow().contains("out:[1, 2, 3, 4, 5, 6]\n"));
    assert!(bench.log.borrow().contains("---:later steps can use the first 10 B of this output"));
}

#[tokio::test]
async fn a_process_left_behind_is_noted() {
    let bench = Bench::new();
    let report = bench.run("sleep 1060 & echo $!").await.expect("performed");
    assert_eq!(report.failure, None);
    assert!(bench.log.borrow().contains("---:a process it started in the background is still running"));
    let pid = report.gives["stdout"].as_str().expect("a pid").to_string();
    let mut bench = Bench::new();
    bench.around.env.insert("PID".into(), Slot(Confidential::plain(pid)));
    bench.run("kill $PID").await.expect("performed");
}

#[tokio::test]
async fn a_missing_program_is_told_with_what_to_do() {
    let bench = Bench::new();
    let action = argv(&["pg_dmup", "x"]);
    let Err(Failure::Unavailable { message }) = bench.with(async |cx| perform(&action, cx).await).await
    else {
        panic!("is refused")
    };
    assert!(message.contains("`pg_dmup` is not installed, or not in PATH"), "{message}");
}

#[tokio::test]
async fn a_step_of_a_host_that_nothing_is_known_of_is_not_run_here() {
    let mut bench = Bench::new();
    let host = |local| Host { local, ssh: None, become_root: None };
    bench.system.hosts.insert("app".into(), host(false));
    bench.system.hosts.insert("here".into(), host(true));
    bench.system.run_on = Some("app".into());
    let Err(Failure::Unavailable { message }) = bench.run("touch ran").await else { panic!("is refused") };
    assert!(message.contains("`app` is neither `local` nor has `ssh`"), "{message}");
    assert_eq!(bench.files(), Vec::<String>::new());
    bench.around.host = Some(Slot("here".into()));
    bench.run("touch ran").await.expect("performed");
    assert_eq!(bench.files(), ["ran"]);
}

#[tokio::test]
async fn a_step_runs_as_the_user_it_names() {
    let mut bench = Bench::new();
    bench.around.cwd = Some(Slot("/".into()));
    let me = bench.run("id -un").await.expect("performed").gives["stdout"].clone();
    if me == json!("root") {
        bench.around.env.insert("MARK".into(), Slot(Confidential::plain("kept")));
        bench.around.run_as = Some(Slot("nobody".into()));
        let report = bench.run("echo $(id -un) $MARK").await.expect("performed");
        assert_eq!(report.gives["stdout"], json!("nobody kept"));
    }
    bench.around.run_as = Some(Slot(me.as_str().expect("a name").into()));
    assert_eq!(bench.run("id -un").await.expect("performed").gives["stdout"], me);
    bench.around.run_as = Some(Slot("no-such-user".into()));
    assert!(bench.run("true").await.expect("performed").failure.is_some());
}

#[tokio::test]
async fn a_condition_of_bash_is_true_or_false() {
    let bench = Bench::new();
    assert_eq!(bench.with(async |cx| succeeds("test -d .", cx).await).await, Ok(true));
    assert_eq!(bench.with(async |cx| succeeds("test -d none", cx).await).await, Ok(false));
}
