//! Processes by name, from `/proc`. It signals none.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::perform::unavailable;
use crate::event::{Failure, Gives};

/// The kernel keeps so much of a name.
const COMM: usize = 15;

/// Counts the processes of a name; those that are dead and only not yet reaped are none.
pub fn named(name: String) -> impl FnOnce() -> Result<Gives, Failure> + Send {
    move || {
        let list = fs::read_dir("/proc")
            .map_err(|e| unavailable(crate::t!("cannot read /proc: {e}", "/proc を読めません: {e}")))?;
        let pids = list.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        let mut found: Vec<Process> = pids.filter_map(|pid| read(pid, &name)).collect();
        found.sort_by_key(|p| p.pid);
        let list = |f: fn(&Process) -> Value| -> Value { found.iter().map(f).collect::<Vec<_>>().into() };
        let cpu: f64 = found.iter().map(|p| p.cpu_seconds).sum();
        let mut gives = Gives::new();
        gives.insert("count".into(), found.len().into());
        gives.insert("pids".into(), list(|p| p.pid.into()));
        gives.insert("memory".into(), found.iter().map(|p| p.memory).sum::<u64>().into());
        gives.insert("cpu_seconds".into(), ((cpu * 100.0).round() / 100.0).into());
        gives.insert("commands".into(), list(|p| p.command.clone().into()));
        Ok(gives)
    }
}

struct Process {
    pid: u32,
    memory: u64,
    cpu_seconds: f64,
    command: String,
}

/// A process, if it has the name and lives; one that ends meanwhile is none.
fn read(pid: u32, name: &str) -> Option<Process> {
    let folder = Path::new("/proc").join(pid.to_string());
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let (comm, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let command = fs::read(folder.join("cmdline")).ok()?;
    let words: Vec<String> = command
        .split(|b| *b == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let exe = fs::read_link(folder.join("exe")).ok();
    let is_named = is_comm(comm, name, words.first())
        || words.first().is_some_and(|w| last_part(w) == name)
        || exe.is_some_and(|exe| exe.file_name().is_some_and(|f| f.to_string_lossy() == name));
    if !is_named || matches!(fields.first(), Some(&("Z" | "X"))) {
        return None;
    }
    let number = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or_default();
    Some(Process {
        pid,
        memory: number(21) * page(),
        cpu_seconds: (number(11) + number(12)) as f64 / ticks(),
        command: if words.is_empty() { format!("[{comm}]") } else { words.join(" ") },
    })
}

/// A longer name is cut by the kernel, so that the program's own words have to agree.
fn is_comm(comm: &str, name: &str, first: Option<&String>) -> bool {
    comm == name || (name.len() > COMM && name.starts_with(comm) && first.is_some_and(|w| w.contains(name)))
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn page() -> u64 {
    // SAFETY: sysconf only gives a number.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

fn ticks() -> f64 {
    // SAFETY: sysconf only gives a number.
    (unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).max(1) as f64
}
