//! A child and all it started, wherever they went: its process group, its descendants, and whoever carries its
//! marker. It does not know why they have to go.

use std::collections::HashMap;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::procfs::{self, Seen};

/// A child and all it started. The child must not have been reaped, so that its pid is still its own.
pub(super) struct Tree<'a> {
    leader: u32,
    /// When it started: nothing older belongs to it, and need not be asked for its environment.
    since: u64,
    marker: &'a (String, String),
    /// All that ever belonged to it, with their starts: who loses its parent stays known.
    known: HashMap<u32, u64>,
}

impl<'a> Tree<'a> {
    pub fn new(leader: u32, marker: &'a (String, String)) -> Tree<'a> {
        let since = procfs::start_ticks(leader).unwrap_or_default();
        Tree { leader, since, marker, known: HashMap::new() }
    }

    /// Those that still run, the child included.
    pub fn members(&mut self) -> Vec<Seen> {
        let everyone = procfs::everyone();
        let mut found: HashMap<u32, u64> = HashMap::new();
        for p in &everyone {
            let ours =
                p.pid == self.leader || p.group == self.leader || self.known.get(&p.pid) == Some(&p.start);
            if ours || (p.start >= self.since && procfs::has_mark(p.pid, self.marker)) {
                found.insert(p.pid, p.start);
            }
        }
        loop {
            let before = found.len();
            for p in &everyone {
                if found.contains_key(&p.parent) {
                    found.insert(p.pid, p.start);
                }
            }
            if found.len() == before {
                break;
            }
        }
        self.known = found;
        everyone.into_iter().filter(|p| !p.zombie && self.known.contains_key(&p.pid)).collect()
    }

    /// Asks all of them to end. A stopped process is woken up so that it can hear it.
    pub fn terminate(&mut self) {
        let members = self.members();
        self.signal(&members, libc::SIGTERM);
        self.signal(&members, libc::SIGCONT);
    }

    /// Ends all of them.
    pub fn kill(&mut self) {
        let members = self.members();
        self.signal(&members, libc::SIGKILL);
    }

    fn signal(&self, members: &[Seen], signal: i32) {
        signal_group(self.leader, signal);
        for p in members.iter().filter(|p| p.group != self.leader) {
            signal_one(p, signal);
        }
    }
}

/// Signals a whole process group at once.
pub(super) fn signal_group(group: u32, signal: i32) {
    // SAFETY: kill takes two numbers and touches no memory of ours.
    unsafe { libc::kill(-(group as libc::pid_t), signal) };
}

/// Signals one process, and never another one that has come to its pid in the meantime.
fn signal_one(process: &Seen, signal: i32) {
    let Ok(fd) = pidfd(process.pid) else { return };
    if procfs::start_ticks(process.pid) != Some(process.start) {
        return;
    }
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open, and a null info is allowed.
    unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd.as_raw_fd(), signal, no_info, 0) };
}

/// A descriptor that becomes readable when the process ends.
pub(super) fn pidfd(pid: u32) -> std::io::Result<OwnedFd> {
    // SAFETY: pidfd_open takes two numbers; what it gives is a new descriptor that is ours.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0) };
    if fd < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: as above.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}
