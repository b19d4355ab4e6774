//! A lock of the kernel on a file. It knows nothing of what the file is.
//!
//! It is an "open file description" lock: it goes with the descriptor, so that it ends with the engine however that
//! ends, is not inherited by children, and can be asked about without being taken.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Takes the lock for as long as the file is open. False when another holds it.
///
/// # Errors
/// When the system says no.
pub fn hold(file: &File) -> io::Result<bool> {
    let mut lock = whole(libc::F_WRLCK);
    // SAFETY: the descriptor is open, and the kernel only reads the struct.
    let done = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &mut lock) };
    match done {
        0 => Ok(true),
        _ => match io::Error::last_os_error() {
            e if matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
            e => Err(e),
        },
    }
}

/// Whether some other descriptor holds the lock.
///
/// # Errors
/// When the system says no.
pub fn is_held(file: &File) -> io::Result<bool> {
    let mut lock = whole(libc::F_RDLCK);
    // SAFETY: the descriptor is open, and the struct is ours to be filled in.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &mut lock) } {
        0 => Ok(i32::from(lock.l_type) != libc::F_UNLCK),
        _ => Err(io::Error::last_os_error()),
    }
}

fn whole(kind: i32) -> libc::flock {
    libc::flock { l_type: kind as i16, l_whence: libc::SEEK_SET as i16, l_start: 0, l_len: 0, l_pid: 0 }
}
