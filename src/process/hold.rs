//! Holds a program to reading, by the kernel: Landlock keeps it from every file but `/dev/null`, a list of allowed
//! system calls from sockets, signals, clocks and all else that acts. Both are inherited by whatever it starts, and
//! neither can be taken off. It does not know what is held, or why.
//!
//! Landlock: <https://docs.kernel.org/userspace-api/landlock.html>.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;

use super::syscalls;

/// The first argument of this program when it is to hold another to reading: `hold-to-reading PROGRAM NAME ARGS…`.
pub const HOLDER: &str = "hold-to-reading";

/// The exit code of a holder that could not hold; nothing has run then.
pub const NOT_HELD: i32 = 125;

/// The first Landlock in which truncating is a right of its own: without it `open` could empty a file.
const LEAST: i64 = 3;
/// The first Landlock that keeps signals from processes outside.
const SIGNALS: i64 = 6;

const WRITE_FILE: u64 = 1 << 1;
const TRUNCATE: u64 = 1 << 14;
/// From removing and making to linking and truncating: bits 4 to 14, and writing.
const CHANGES: u64 = WRITE_FILE | 0x7ff0;
const IOCTL_DEV: u64 = 1 << 15;
/// Binding and connecting by TCP.
const NET: u64 = 0b11;
/// Abstract sockets and signals.
const SCOPES: u64 = 0b11;

#[repr(C)]
struct Ruleset {
    fs: u64,
    net: u64,
    scoped: u64,
}

#[repr(C, packed)]
struct Beneath {
    allowed: u64,
    parent: i32,
}

/// The version of the kernel's Landlock; none where there is none, or it is switched off.
pub fn landlock() -> Option<u32> {
    // SAFETY: with this flag the call takes no memory and only gives a number.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0usize, 0usize, 1u32) };
    u32::try_from(version).ok().filter(|v| *v > 0)
}

/// Whether this kernel can hold a program to reading.
pub fn can_hold() -> bool {
    syscalls::KNOWN && landlock().is_some_and(|version| i64::from(version) >= LEAST)
}

/// Becomes the program that the arguments name, held to reading. Comes back only when that fails.
pub fn hold(arguments: &[OsString]) -> io::Error {
    let [program, name, rest @ ..] = arguments else {
        return io::Error::from_raw_os_error(libc::EINVAL);
    };
    if let Err(e) = hold_this_process() {
        return e;
    }
    std::process::Command::new(program).arg0(name).args(rest).exec()
}

fn hold_this_process() -> io::Result<()> {
    let version = landlock().map_or(0, i64::from);
    if version < LEAST {
        return Err(io::Error::from_raw_os_error(libc::ENOSYS));
    }
    // SAFETY: numbers only; without this a user who is not root may not go on.
    checked(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1u64, 0u64, 0u64, 0u64) }.into())?;
    keep_from_files(version)?;
    syscalls::allow_only_reading(version >= SIGNALS)
}

fn keep_from_files(version: i64) -> io::Result<()> {
    let (mut ruleset, size) = (
        Ruleset { fs: CHANGES, net: 0, scoped: 0 },
        match version {
            ..4 => 8usize,
            4..SIGNALS => 16,
            _ => 24,
        },
    );
    if version >= 4 {
        ruleset.net = NET;
    }
    if version >= 5 {
        ruleset.fs |= IOCTL_DEV;
    }
    if version >= SIGNALS {
        ruleset.scoped = SCOPES;
    }
    // SAFETY: the struct is as long as is said, or longer.
    let fd = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, &raw const ruleset, size, 0u32) };
    // SAFETY: a descriptor that was just made and is nobody else's.
    let rules = unsafe { OwnedFd::from_raw_fd(checked(fd)? as i32) };
    let null = std::fs::File::open("/dev/null")?;
    let beneath = Beneath { allowed: WRITE_FILE | TRUNCATE, parent: null.as_raw_fd() };
    // SAFETY: both descriptors are open, and 1 says that the struct is one of paths.
    checked(unsafe {
        libc::syscall(libc::SYS_landlock_add_rule, rules.as_raw_fd(), 1u32, &raw const beneath, 0u32)
    })?;
    // SAFETY: numbers only.
    checked(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0u32) })?;
    Ok(())
}

pub(super) fn checked(result: i64) -> io::Result<i64> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
