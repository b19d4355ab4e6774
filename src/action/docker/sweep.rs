//! The host's view of processes in containers: who carries a mark, and signals to them. It works only as root and on
//! the engine's own machine; elsewhere it finds nothing to know.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use memchr::memmem;

use super::engine::Engine;

/// Whether the environment of process `pid` holds `mark`.
pub fn carries(pid: u32, mark: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|e| memmem::find(&e, mark.as_bytes()).is_some())
}

/// When process `pid` started, in clock ticks since boot.
pub fn start_of(pid: u32) -> Option<u64> {
    stat(pid)?.get(19)?.parse().ok()
}

/// Sends a signal (`TERM`, `KILL`, or `0` for none) to all in the container that carry the mark and to what they
/// started; gives how many there are, or none where that can't be known from here.
pub async fn container(engine: &Engine, name: &str, mark: &str, signal: &str) -> Option<usize> {
    if !engine.local {
        return None;
    }
    let state = engine.docker.inspect_container(name, None).await.ok()?.state?;
    let first = u32::try_from(state.pid?).ok().filter(|pid| *pid > 0)?;
    let inside = space(first)?;
    let all: Vec<u32> = pids().into_iter().filter(|pid| space(*pid).as_ref() == Some(&inside)).collect();
    let found = family(&all, mark);
    for pid in &found {
        send(*pid, signal);
    }
    Some(found.len())
}

/// Those that carry the mark, and all that descends from them.
fn family(all: &[u32], mark: &str) -> HashSet<u32> {
    let mut found: HashSet<u32> =
        all.iter().copied().filter(|pid| alive(*pid) && carries(*pid, mark)).collect();
    loop {
        let before = found.len();
        let more: Vec<u32> = all
            .iter()
            .copied()
            .filter(|pid| alive(*pid) && parent(*pid).is_some_and(|p| found.contains(&p)))
            .collect();
        found.extend(more);
        if found.len() == before {
            return found;
        }
    }
}

fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect()
}

/// The space of process numbers that a process lives in.
fn space(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/pid")).ok()
}

/// The fields of `/proc/PID/stat` after the name, the first being the state.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_string).collect())
}

fn alive(pid: u32) -> bool {
    stat(pid).is_some_and(|fields| fields.first().is_some_and(|state| state != "Z"))
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

fn send(pid: u32, signal: &str) {
    let number = match signal {
        "TERM" => libc::SIGTERM,
        "KILL" => libc::SIGKILL,
        _ => return,
    };
    let Ok(pid) = i32::try_from(pid) else { return };
    // SAFETY: kill takes two numbers and touches no memory of this process.
    unsafe { libc::kill(pid, number) };
}
