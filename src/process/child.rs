//! Starts one child with its pipes. It does not know what becomes of it.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::sync::Once;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::Receiver;

use super::feed::{ChildEnd, Feed};
use super::hold::HOLDER;
use super::pipes::Pipes;
use super::program::find_program;
use super::{Ended, SpawnError, Spec, tree};

/// A child that was started and not yet reaped. Dropped while it runs, its process group is killed.
pub(super) struct Child {
    handle: duct::Handle,
    /// Its pid, which is also the number of its process group.
    pub pid: u32,
    exit: AsyncFd<OwnedFd>,
    reaped: bool,
}

/// Starts a child in a process group of its own.
pub(super) fn start(spec: &mut Spec) -> Result<(Child, Pipes), SpawnError> {
    notice_children();
    refuse_nul(spec)?;
    let here = folder(spec.cwd.as_deref())?;
    let program = find_program(&spec.program, path_of(spec).as_deref(), &here)?;
    let shown = program.display().to_string();
    let around = |e: io::Error| SpawnError::around(&shown, &e);

    let (stdin, feed) = Feed::open(std::mem::take(&mut spec.input), &shown)?;
    let (out, out_end) = os_pipe::pipe().map_err(around)?;
    let (err, err_end) = os_pipe::pipe().map_err(around)?;
    let out = Receiver::from_owned_fd(out.into()).map_err(around)?;
    let err = Receiver::from_owned_fd(err.into()).map_err(around)?;

    let name = spec.program.clone();
    // The absolute path and the lack of a pre-exec hook let the standard library use posix_spawn, which does not
    // copy the engine's memory map.
    let (program, args) = match spec.held {
        true => holder(&program, &name, &spec.args),
        false => (program, spec.args.iter().map(OsString::from).collect()),
    };
    // Set here and not by expressions of their own: each of those would be one more layer around the program. The
    // engine's own variables are there already, and the last one set wins.
    let env: Vec<(String, String)> = added(spec).cloned().collect();
    let mut expression =
        duct::cmd(program, args).stdout_file(out_end).stderr_file(err_end).unchecked().before_spawn(
            move |command| {
                command.process_group(0).arg0(&name);
                command.envs(env.iter().map(|(name, value)| (name, value)));
                Ok(())
            },
        );
    if let Some(cwd) = &spec.cwd {
        expression = expression.dir(cwd);
    }
    expression = match stdin {
        ChildEnd::Null => expression.stdin_null(),
        ChildEnd::Pipe(reader) => expression.stdin_file(reader),
        ChildEnd::File(file) => expression.stdin_file(file),
    };
    let started = expression.start();
    // The expression holds the writing ends: as long as it lives, no end of output would ever be seen.
    drop(expression);
    let child = Child::new(started.map_err(|e| SpawnError::from_start(&shown, &e))?).map_err(around)?;
    Ok((child, Pipes { out: Some(out), err: Some(err), feed }))
}

/// This program once more, which holds itself to reading and then becomes the other.
fn holder(program: &Path, name: &str, args: &[String]) -> (PathBuf, Vec<OsString>) {
    let before = [OsString::from(HOLDER), program.as_os_str().to_owned(), OsString::from(name)];
    (PathBuf::from("/proc/self/exe"), before.into_iter().chain(args.iter().map(OsString::from)).collect())
}

impl Child {
    fn new(handle: duct::Handle) -> io::Result<Child> {
        let pid = handle.pids().first().copied().unwrap_or_default();
        // SAFETY: an owned descriptor stays open, and the same, for as long as it is owned.
        let register = |fd| unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
        let exit = tree::pidfd(pid).and_then(|fd| Ok(register(fd)?));
        match exit {
            Ok(exit) => Ok(Child { handle, pid, exit, reaped: false }),
            Err(e) => {
                tree::signal_group(pid, libc::SIGKILL);
                Err(e)
            }
        }
    }

    /// Resolves when the child has ended; it is not reaped, so that its pid stays its own.
    pub async fn exited(&self) {
        // An error here means that the runtime is going down; the guard then cleans up.
        if self.exit.readable().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the child has ended.
    pub fn has_exited(&self) -> bool {
        let mut poll = libc::pollfd { fd: self.exit.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd, as said, and no wait.
        unsafe { libc::poll(&mut poll, 1, 0) == 1 }
    }

    /// Reaps a child that has ended. A child that cannot be killed is left to the system.
    pub fn reap(mut self) -> Result<Ended, io::Error> {
        self.reaped = true;
        let status = self.handle.try_wait()?.map(|output| output.status);
        Ok(match status.map(|s| (s.code(), s.signal())) {
            Some((Some(code), _)) => Ended::Code(code),
            Some((None, signal)) => Ended::Signal(signal.unwrap_or_default()),
            None => Ended::Signal(libc::SIGKILL),
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            tree::signal_group(self.pid, libc::SIGKILL);
        }
    }
}

/// An engine that was started with SIGCHLD ignored would never learn how its children ended.
fn notice_children() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: a zeroed sigaction is one to be filled in; only a disposition of "ignore" is changed.
        unsafe {
            let mut now: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(libc::SIGCHLD, std::ptr::null(), &mut now) == 0
                && now.sa_sigaction == libc::SIG_IGN
            {
                libc::signal(libc::SIGCHLD, libc::SIG_DFL);
            }
        }
    });
}

fn refuse_nul(spec: &Spec) -> Result<(), SpawnError> {
    let mut texts = spec.args.iter().chain([&spec.program]).chain(spec.env.iter().flat_map(|(k, v)| [k, v]));
    let bad_name = spec.env.iter().any(|(name, _)| name.is_empty() || name.contains('='));
    if texts.any(|t| t.contains('\0')) {
        let reason = crate::t!(
            "an argument or a variable holds a NUL character, which no program can be given",
            "引数か環境変数に NUL 文字があります（プログラムには渡せません）"
        );
        return Err(SpawnError::Other { program: spec.program.replace('\0', "␀"), reason });
    }
    if bad_name {
        let reason =
            crate::t!("the name of a variable is empty or holds `=`", "環境変数の名前が空か `=` を含みます");
        return Err(SpawnError::Other { program: spec.program.clone(), reason });
    }
    Ok(())
}

/// The variables added to the engine's own; a later one wins.
fn added(spec: &Spec) -> impl DoubleEndedIterator<Item = &(String, String)> {
    spec.env.iter().chain([&spec.marker])
}

/// The `PATH` of the child.
fn path_of(spec: &Spec) -> Option<String> {
    let own = added(spec).rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
    own.or_else(|| std::env::var("PATH").ok())
}

/// The absolute folder in which the child runs.
fn folder(cwd: Option<&Path>) -> Result<PathBuf, SpawnError> {
    let refuse = |path: &Path, reason: String| SpawnError::NoCwd { path: path.to_path_buf(), reason };
    let Some(path) = cwd else {
        return Ok(std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")));
    };
    // Looking at `.` within it needs the right to enter it.
    match path.metadata().and_then(|found| path.join(".").metadata().map(|_| found)) {
        Err(e) => Err(refuse(path, e.to_string())),
        Ok(found) if !found.is_dir() => {
            Err(refuse(path, crate::t!("it is not a folder", "フォルダーではありません")))
        }
        Ok(_) => std::path::absolute(path).map_err(|e| refuse(path, e.to_string())),
    }
}
