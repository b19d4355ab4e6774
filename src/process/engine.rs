//! A signal to another engine, and to no other process that may have its number by now.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::procfs::everyone;

/// Sends TERM to a process if it has a file open: the one whose lock it holds. False where it is not that process.
///
/// The process is held by a descriptor before it is looked at, so that it cannot become another one in between.
///
/// # Errors
/// When the system does not let us.
pub fn terminate_holder(pid: u32, file: &Path) -> io::Result<bool> {
    let process = match open(pid) {
        Err(e) if e.raw_os_error() == Some(libc::ESRCH) => return Ok(false),
        other => other?,
    };
    if !has_open(pid, file)? {
        return Ok(false);
    }
    // SAFETY: the descriptor is that of a process; no further information goes with the signal.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            process.as_raw_fd(),
            libc::SIGTERM,
            std::ptr::null::<u8>(),
            0,
        )
    };
    match (sent, io::Error::last_os_error()) {
        (0, _) => Ok(true),
        (_, e) if e.raw_os_error() == Some(libc::ESRCH) => Ok(false),
        (_, e) => Err(e),
    }
}

fn open(pid: u32) -> io::Result<OwnedFd> {
    // SAFETY: pidfd_open takes two numbers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// The process that holds a lock of the kernel on a file; none where nobody does, or it is not to be seen from here.
pub fn holder_of(file: &Path) -> Option<u32> {
    let wanted = File::open(file).and_then(|file| file.metadata()).ok()?;
    everyone().into_iter().map(|process| process.pid).find(|pid| {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        open.filter(|entry| is_file(&entry.path(), &wanted)).any(|entry| {
            let name = entry.file_name();
            let told = fs::read_to_string(format!("/proc/{pid}/fdinfo/{}", name.to_string_lossy()));
            told.is_ok_and(|text| text.lines().any(|line| line.starts_with("lock:")))
        })
    })
}

fn is_file(path: &Path, wanted: &Metadata) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.dev() == wanted.dev() && meta.ino() == wanted.ino())
}

fn has_open(pid: u32, file: &Path) -> io::Result<bool> {
    let wanted = File::open(file)?.metadata()?;
    let open = match fs::read_dir(format!("/proc/{pid}/fd")) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    Ok(open.flatten().any(|entry| is_file(&entry.path(), &wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_does_not_have_the_file_open_gets_no_signal() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut other = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        assert!(!terminate_holder(other.id(), file.path()).expect("it is ours"));
        assert!(other.try_wait().expect("it is ours").is_none(), "it still runs");
        let own = File::open(file.path()).expect("a file");
        let mut holder = std::process::Command::new("sleep").arg("60").stdin(own).spawn().expect("sleep");
        assert!(terminate_holder(holder.id(), file.path()).expect("it is ours"));
        assert!(!holder.wait().expect("it ended").success());
        assert!(!terminate_holder(holder.id(), file.path()).expect("it is gone"));
        other.kill().expect("it is ours");
        other.wait().expect("it ended");
    }
}
