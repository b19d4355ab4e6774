//! What the kernel tells of processes. It changes none of them.

use std::fs;
use std::io::Read;

/// A process as `/proc/<pid>/stat` shows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub pid: u32,
    pub parent: u32,
    pub group: u32,
    /// Clock ticks since boot.
    pub start: u64,
    /// It has ended and only waits to be noticed.
    pub zombie: bool,
}

/// The id of this boot of the machine: with a pid and a start time it names one process for ever.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|t| t.trim().to_string()).unwrap_or_default()
}

/// When a process started, in clock ticks since boot; none when there is no such process.
pub fn start_ticks(pid: u32) -> Option<u64> {
    look(pid).map(|p| p.start)
}

/// Whether the process that had this pid and this start still runs.
pub fn is_alive(pid: u32, start: u64) -> bool {
    look(pid).is_some_and(|p| p.start == start && !p.zombie)
}

/// The running processes that have this variable in their environment, and their command lines.
pub fn find_marked(marker: &(String, String)) -> Vec<(u32, String)> {
    everyone()
        .into_iter()
        .filter(|p| !p.zombie && has_mark(p.pid, marker))
        .map(|p| (p.pid, command_line(p.pid)))
        .collect()
}

/// All processes that can be seen, without this one.
pub(super) fn everyone() -> Vec<Seen> {
    let me = std::process::id();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|e| e.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != me)
        .filter_map(look)
        .collect()
}

/// Whether a process was started with this variable in its environment. Those of others cannot be read.
pub(super) fn has_mark(pid: u32, marker: &(String, String)) -> bool {
    let wanted = [marker.0.as_bytes(), b"=", marker.1.as_bytes()].concat();
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|env| env.split(|b| *b == 0).any(|v| v == wanted))
}

pub(super) fn look(pid: u32) -> Option<Seen> {
    // It is far shorter than this, and comes in one read.
    let mut stat = [0; 2048];
    let n = fs::File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut stat).ok()?;
    let stat = &stat[..n];
    // The name in parentheses may hold anything, also parentheses: what counts comes after the last one.
    let rest = &stat[memchr::memrchr(b')', stat)? + 1..];
    let mut fields = std::str::from_utf8(rest).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let start = fields.nth(16)?.parse().ok()?;
    Some(Seen { pid, parent, group, start, zombie: matches!(state, "Z" | "X" | "x") })
}

pub(super) fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).split('\0').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}
