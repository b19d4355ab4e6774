//! The children that a run really starts, as the kernel was asked for them. It judges nothing.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};

/// A program that the engine itself started.
#[derive(Debug, Default)]
pub struct Child {
    pub argv: Vec<String>,
    pub env: Vec<String>,
}

/// How every process that a program starts is watched, each into the trace that follows.
pub const WATCH: [&str; 11] = [
    "strace",
    "-f",
    "-qq",
    "-v",
    "-xx",
    "-s",
    "1000000",
    "-e",
    "trace=execve,clone,clone3,fork,vfork",
    "-e",
    "signal=none",
];

/// The programs that the engine itself starts in a run; not those that they start.
pub fn of_run(folder: &Path, arguments: &[&str]) -> Vec<Child> {
    let state = tempfile::tempdir().expect("a folder");
    let file = state.path().join("trace");
    let output = Command::new(WATCH[0])
        .args(&WATCH[1..])
        .arg("-o")
        .arg(&file)
        .arg(env!("CARGO_BIN_EXE_toban"))
        .args(["--lang", "en", "--progress", "plain", "--state-dir"])
        .arg(state.path().join("state"))
        .args(arguments)
        .current_dir(folder)
        .env("TOBAN_LOCK_DIR", state.path().join("locks"))
        .stdin(Stdio::null())
        .output()
        .expect("strace starts: this test cannot do without it");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    children(&std::fs::read_to_string(&file).expect("a trace"))
}

/// The programs that the engine of a trace started; its own start is the first of all.
pub fn children(trace: &str) -> Vec<Child> {
    let calls = calls(trace);
    let started = |call: &&(String, String, String)| call.1.starts_with("execve(") && call.2 == "0";
    let mut programs = calls.iter().filter(started);
    let first = programs.next().map(|(pid, ..)| pid.clone()).expect("the engine was started");
    let (mut engine, mut parent) = (HashSet::from([first]), HashMap::new());
    for (pid, head, result) in calls.iter().filter(|c| !c.1.starts_with("execve(")) {
        if head.contains("CLONE_THREAD") && engine.contains(pid) {
            engine.insert(result.clone());
        }
        parent.insert(result.clone(), pid.clone());
    }
    // What a child turns itself into is its own affair.
    let mut seen = HashSet::new();
    programs
        .filter(|(pid, ..)| parent.get(pid).is_some_and(|p| engine.contains(p)) && seen.insert(pid.clone()))
        .map(|(_, head, _)| child(head))
        .collect()
}

/// Every call: its process, its name with its arguments, and its result.
fn calls(trace: &str) -> Vec<(String, String, String)> {
    let (mut begun, mut calls) = (HashMap::new(), Vec::new());
    for line in trace.lines() {
        let Some((pid, call)) = line.split_once(char::is_whitespace) else { continue };
        // A call that others interrupt is written in two parts.
        let call = match call.trim_start().strip_prefix("<... ") {
            Some(rest) => begun.remove(pid).unwrap_or_default() + rest.split_once('>').map_or("", |(_, r)| r),
            None => call.trim_start().to_string(),
        };
        if let Some(first) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(pid.to_string(), first.to_string());
        } else if let Some((head, result)) = call.rsplit_once(" = ") {
            let result = result.split_whitespace().next().unwrap_or_default();
            calls.push((pid.to_string(), head.to_string(), result.to_string()));
        }
    }
    calls
}

fn child(call: &str) -> Child {
    let mut lists = call.split('[').skip(1).map(|list| list.split(']').next().unwrap_or_default());
    let texts = |list: Option<&str>| list.unwrap_or_default().split(", ").map(text).collect::<Vec<_>>();
    Child { argv: texts(lists.next()), env: texts(lists.next()) }
}

/// `"\x62\x61"` as text.
fn text(hex: &str) -> String {
    let codes = hex.trim_matches('"').split("\\x").skip(1);
    let bytes = codes.filter_map(|code| u8::from_str_radix(code, 16).ok()).collect::<Vec<_>>();
    String::from_utf8_lossy(&bytes).into_owned()
}
