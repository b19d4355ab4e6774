//! Starts and reaps children with nothing around it. It knows no steps.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

unsafe extern "C" {
    static environ: *const *mut libc::c_char;
}

/// A program to be started many times.
pub struct Program {
    words: Vec<CString>,
}

impl Program {
    pub fn new(words: &[&str]) -> Result<Program, String> {
        let words = words.iter().map(|w| CString::new(*w)).collect::<Result<_, _>>();
        Ok(Program { words: words.map_err(|e| e.to_string())? })
    }

    /// Starts it; `out` and `err` become its outputs, which it inherits otherwise.
    pub fn start(&self, out: Option<RawFd>, err: Option<RawFd>) -> io::Result<libc::pid_t> {
        let mut argv: Vec<*mut libc::c_char> = self.words.iter().map(|w| w.as_ptr().cast_mut()).collect();
        argv.push(ptr::null_mut());
        let mut pid = 0;
        // SAFETY: the words and the environment outlive the call, and the actions are destroyed once.
        unsafe {
            let mut actions: libc::posix_spawn_file_actions_t = std::mem::zeroed();
            libc::posix_spawn_file_actions_init(&mut actions);
            for (fd, target) in [(out, 1), (err, 2)] {
                if let Some(fd) = fd {
                    libc::posix_spawn_file_actions_adddup2(&mut actions, fd, target);
                }
            }
            let failed =
                libc::posix_spawn(&mut pid, argv[0], &actions, ptr::null(), argv.as_ptr(), environ.cast());
            libc::posix_spawn_file_actions_destroy(&mut actions);
            if failed == 0 { Ok(pid) } else { Err(io::Error::from_raw_os_error(failed)) }
        }
    }
}

/// Waits for a child, any when `pid` is -1; gives its pid and whether it ended well.
pub fn wait(pid: libc::pid_t) -> io::Result<(libc::pid_t, bool)> {
    let mut status = 0;
    // SAFETY: status is ours to be written to.
    let ended = unsafe { libc::waitpid(pid, &mut status, 0) };
    if ended < 0 { Err(io::Error::last_os_error()) } else { Ok((ended, status == 0)) }
}

/// What a child has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    pub well: bool,
    pub seconds: f64,
    pub peak_mib: f64,
}

/// Waits for a child and says what it and its own children used.
pub fn wait_and_count(pid: libc::pid_t) -> io::Result<Used> {
    let mut status = 0;
    // SAFETY: a zeroed rusage is a valid one, and both are ours to be written to.
    let (ended, used) = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        (libc::wait4(pid, &mut status, 0, &mut used), used)
    };
    if ended < 0 {
        return Err(io::Error::last_os_error());
    }
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    Ok(Used {
        well: status == 0,
        seconds: seconds(used.ru_utime) + seconds(used.ru_stime),
        peak_mib: used.ru_maxrss as f64 / 1024.0,
    })
}

/// A pipe that no child inherits; its reading end does not wait when asked so.
pub fn pipe(waits: bool) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: two descriptors are written, and are ours from then on.
    unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) != 0 {
            return Err(io::Error::last_os_error());
        }
        if !waits {
            libc::fcntl(ends[0], libc::F_SETFL, libc::O_NONBLOCK);
        }
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

/// Tells of pipes that can be read.
pub struct Epoll(OwnedFd);

impl Epoll {
    pub fn new() -> io::Result<Epoll> {
        // SAFETY: a new descriptor that is ours.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        Ok(Epoll(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub fn add(&self, fd: &OwnedFd, key: u64) -> io::Result<()> {
        self.change(libc::EPOLL_CTL_ADD, fd, key)
    }

    /// Has to come before the pipe is closed: a child that has not reached its exec may still hold a copy, which
    /// would keep the registration alive.
    pub fn remove(&self, fd: &OwnedFd) -> io::Result<()> {
        self.change(libc::EPOLL_CTL_DEL, fd, 0)
    }

    fn change(&self, what: i32, fd: &OwnedFd, key: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: key };
        // SAFETY: both descriptors are open, and the event is read only during the call.
        let failed = unsafe { libc::epoll_ctl(self.0.as_raw_fd(), what, fd.as_raw_fd(), &mut event) };
        if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Waits, and puts the keys of what can be read into `keys`.
    pub fn wait(&self, keys: &mut Vec<u64>) -> io::Result<()> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 64];
        // SAFETY: at most 64 events are written.
        let count = unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), 64, -1) };
        keys.clear();
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        keys.extend(events[..count].iter().map(|event| event.u64));
        Ok(())
    }
}
