//! How fast Toban is beside the least that the same work can cost, both measured in the same run.
//!
//! `cargo bench --bench speed [-- WORKLOAD…] [--rounds N]`; see benches/README.md.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its table")]

mod emit;
mod floor;
mod guard;
mod measure;
mod pair;
mod spawn;
mod stat;
mod table;
mod workload;

use std::process::ExitCode;

use workload::{ALL, Workload};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["--floor", name, mode, jobs, folder] => floor::run(name, mode, jobs, folder),
        ["--emit", bytes] => emit::produce(bytes),
        ["--capture", bytes, file] => emit::capture(bytes, file),
        _ => asked(&words).and_then(|(chosen, rounds)| measure::all(&chosen, rounds)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The workloads that were asked for, all when none was, and how many rounds.
fn asked(words: &[&str]) -> Result<(Vec<&'static Workload>, Option<usize>), String> {
    let mut chosen = Vec::new();
    let mut rounds = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            // Cargo says this to every benchmark.
            "--bench" => {}
            "--rounds" => {
                let count = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                rounds = Some(count.ok_or("--rounds needs a number from 1")?);
            }
            name => chosen.push(Workload::named(name).ok_or_else(|| unknown(name))?),
        }
    }
    if chosen.is_empty() {
        chosen.extend(ALL);
    }
    Ok((chosen, rounds))
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = ALL.iter().map(|w| w.name).collect();
    format!("no workload `{name}`; there are: {}", names.join(" "))
}
