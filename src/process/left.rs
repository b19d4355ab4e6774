//! What an engine that died left running. It ends none of it.

use super::procfs::{command_line, everyone, find_marked, has_mark};

/// A process that was left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its pid.
    pub pid: u32,
    /// Its command line.
    pub command: String,
}

/// What still runs of an attempt's first process, by its pid and its start in clock ticks since boot: the process
/// itself, and whoever of its group carries the run's marker.
pub fn left_of(pid: u32, start: u64, marker: &(String, String)) -> Vec<Left> {
    let ours = |p: &super::procfs::Seen| {
        (p.pid == pid && p.start == start) || (p.group == pid && p.start >= start && has_mark(p.pid, marker))
    };
    everyone().into_iter().filter(|p| !p.zombie && ours(p)).map(|p| left(p.pid)).collect()
}

/// Whatever carries the run's marker and belongs to none of the processes that the journal knows: what was spawned in
/// the instant before its line.
pub fn left_unknown(known: &dyn Fn(u32) -> bool, marker: &(String, String)) -> Vec<Left> {
    let strays = everyone().into_iter().filter(|p| !p.zombie && !known(p.group) && !known(p.pid));
    strays.filter(|p| has_mark(p.pid, marker)).map(|p| left(p.pid)).collect()
}

/// Whatever carries a marker. A process in a container of this machine is none of its starter's group, and is seen by
/// whoever may look into it: root.
pub fn left_marked(marker: &(String, String)) -> Vec<Left> {
    find_marked(marker).into_iter().map(|(pid, command)| Left { pid, command }).collect()
}

fn left(pid: u32) -> Left {
    Left { pid, command: command_line(pid) }
}
