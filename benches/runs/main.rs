//! How fast `toban runs` finds runs among 100,000, as whole processes over journals that the engine's own code wrote.
//!
//! `cargo bench --bench runs [-- --runs N] [--at FOLDER]`; see benches/README.md.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its table")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use toban::base::{RunId, StepId};
use toban::event::{Counts, Event, Kind, LogSeal, Outcome, Record, RunOutcome, Unit};
use toban::journal::{Journal, StateDir};

/// How often each question is asked.
const ROUNDS: usize = 11;
/// The steps of each run.
const STEPS: [&str; 6] = ["preflight", "stop", "dump", "load", "start", "check"];
/// The questions, beside the one without a filter.
const QUESTIONS: [&[&str]; 10] = [
    &[],
    &["--system", "system3"],
    &["--playbook", "daily"],
    &["--playbook", "system3/weekly", "--result", "failed"],
    &["--operator", "rare"],
    &["--result", "cancelled"],
    &["--since", "2025-03-01", "--until", "2025-03-02"],
    &["--step", "dump=failed"],
    &["--step", "load", "--operator", "rare"],
    &["--operator", "nobody"],
];

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let runs: u32 =
        value("--runs").map_or(Ok(100_000), |n| n.parse().map_err(|_| "--runs needs a number"))?;
    let at = value("--at").map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("runs"), PathBuf::from);
    if at.exists() {
        return Err(format!("{} is there already: remove it, or name another with --at", at.display()));
    }
    let begun = Instant::now();
    make(&at, runs)?;
    println!("{runs} runs written in {:.1} s\n", begun.elapsed().as_secs_f64());
    // The folder must have been left alone for a while before its listing is believed.
    std::thread::sleep(Duration::from_secs(3));
    println!("| question | median ms | slowest ms | runs |\n| --- | --- | --- | --- |");
    let (took, found) = ask(&at, &[])?;
    println!("| the first one, which makes the index | {:.0} | | {found} |", took.as_secs_f64() * 1e3);
    for question in QUESTIONS {
        let mut rounds = (0..ROUNDS).map(|_| ask(&at, question)).collect::<Result<Vec<_>, _>>()?;
        rounds.sort_unstable();
        let ms = |at: usize| rounds[at].0.as_secs_f64() * 1e3;
        let name = if question.is_empty() { "no filter".to_string() } else { question.join(" ") };
        println!("| `{name}` | {:.1} | {:.1} | {} |", ms(ROUNDS / 2), ms(ROUNDS - 1), rounds[0].1);
    }
    std::fs::remove_dir_all(&at).map_err(|e| e.to_string())
}

/// Writes the runs. Each is synced six times, which would take hours for all of them on a disk: they are made in memory
/// and copied, as nothing is lost with them.
fn make(at: &Path, runs: u32) -> Result<(), String> {
    let memory = Path::new("/dev/shm");
    let made = match memory.is_dir() {
        true => memory.join(format!("toban-bench-runs-{}", std::process::id())),
        false => at.to_path_buf(),
    };
    let state = StateDir::new(&made);
    (0..runs).try_for_each(|n| write(&state, n)).map_err(|e| e.to_string())?;
    if made == at {
        return Ok(());
    }
    let copied = Command::new("cp").arg("-a").arg(&made).arg(at).status().map_err(|e| format!("cp: {e}"))?;
    std::fs::remove_dir_all(&made).map_err(|e| e.to_string())?;
    if copied.success() { Ok(()) } else { Err(format!("cannot copy to {}", at.display())) }
}

/// Asks once: how long the whole process took, and how many runs it listed.
fn ask(at: &Path, question: &[&str]) -> Result<(Duration, usize), String> {
    let begun = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["runs", "--state-dir"])
        .arg(at)
        .args(question)
        .output()
        .map_err(|e| e.to_string())?;
    let took = begun.elapsed();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok((took, text.lines().filter(|line| line.starts_with("202")).count()))
}

/// One finished run, five minutes after the one before.
fn write(state: &StateDir, n: u32) -> Result<(), Box<dyn std::error::Error>> {
    let at = Timestamp::from_second(1_735_689_600 + i64::from(n) * 300)?;
    let run = RunId::new(at, n);
    let mut seq = 0;
    let mut event = |kind| {
        seq += 1;
        Event { seq: seq - 1, at, kind }
    };
    let playbook = format!("system{}/{}", n % 8, ["daily", "weekly", "restore"][n as usize % 3]);
    let first = event(Kind::RunStarted {
        run: run.clone(),
        playbook,
        title: "日次メンテナンス".into(),
        environment: Some(if n.is_multiple_of(10) { "lab" } else { "production" }.into()),
        operator: if n % 20_000 == 7 { "rare".into() } else { format!("operator{}", n % 5) },
        engine: "0.1.0".into(),
        pid: 1,
        boot: "boot".into(),
        jobs: 1,
        steps: STEPS.len() as u32,
        plan: String::new(),
    });
    let failed = n % 50 == 1;
    let mut facts = Vec::new();
    for name in STEPS {
        let unit = Unit::step(StepId::new(name));
        let outcome = if failed && name == "dump" { Outcome::Failed } else { Outcome::Ok };
        facts.push(event(Kind::AttemptStarted {
            unit: unit.clone(),
            attempt: 1,
            preview: format!("run {name}"),
            stands: None,
        }));
        facts.push(event(Kind::AttemptEnded {
            unit: unit.clone(),
            attempt: 1,
            outcome,
            failure: None,
            warnings: Vec::new(),
            gives: Default::default(),
            withheld: Vec::new(),
            log: Some(LogSeal::default()),
            seconds: 0.1,
        }));
        facts.push(event(Kind::StepEnded {
            step: unit.step,
            outcome,
            seconds: 0.1,
            gives: Default::default(),
            withheld: Vec::new(),
        }));
    }
    let outcome = match (failed, n % 1000 == 3) {
        (true, _) => RunOutcome::Failed,
        (_, true) => RunOutcome::Cancelled,
        _ => RunOutcome::Ok,
    };
    facts.push(event(Kind::RunEnded {
        outcome,
        counts: Counts { ok: 6, ..Counts::default() },
        seconds: 1.0,
    }));
    let mut journal = Journal::create(state, &run, b"{}", &first)?;
    journal.append(&facts)?;
    Ok(journal.close()?)
}
