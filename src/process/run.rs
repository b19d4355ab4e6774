//! A child's whole life: started, fed, read from, waited for, and ended with all it started when that is wanted.
//! It does not know what its output means.

use std::cell::RefCell;
use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use tokio::net::unix::pipe::Receiver;
use tokio::time::Instant;

use super::child::{self, Child, Pipes};
use super::tree::Tree;
use super::{Exit, Sink, SpawnError, Spec, Stop, StopReason};
use crate::event::Stream;

/// What is read at once; shared by all children of a thread, since it is only used between two waits.
const BUFFER: usize = 256 * 1024;
/// What a pipe holds unless it is told otherwise: a read that finds so much has met a loud child.
const FULL: usize = 64 * 1024;
/// How long an output that others hold open may be silent after the child's end.
const QUIET: Duration = Duration::from_millis(200);
/// How long such an output is read at all.
const LINGER: Duration = Duration::from_secs(1);
/// How often it is looked whether all of a tree have gone.
const LOOK: Duration = Duration::from_millis(20);
/// After so long, what does not die of KILL is hung in the kernel.
const HUNG: Duration = Duration::from_secs(5);

thread_local! {
    static SHARED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Starts a child and stays with it to its end. `started` is told its pid and its start in clock ticks since boot.
///
/// Dropping the future kills the child's process group.
///
/// # Errors
/// When it could not be started. How it ended is no error.
pub async fn run(
    mut spec: Spec,
    started: impl FnOnce(u32, u64),
    output: &mut Sink<'_>,
    mut stop: Stop,
) -> Result<Exit, SpawnError> {
    let (child, pipes) = child::start(&mut spec)?;
    started(child.pid, super::start_ticks(child.pid).unwrap_or_default());
    let mut life = Life { child, pipes, output };
    let (mut stopped, mut broken) = (None, None);
    let mut left_running = false;
    match life.until_end(&mut stop).await {
        Turn::Ended => match life.drain().await {
            Ok(open) => left_running = open,
            Err(message) => broken = Some(message),
        },
        Turn::Stop(reason) => stopped = Some(reason),
        Turn::Broken(message) => broken = Some(message),
    }
    if stopped.is_some() || broken.is_some() {
        let first = stopped.unwrap_or(StopReason::Cancelled);
        left_running = life.end_all(first, &spec, &mut stop).await;
    }
    let ended = life.child.reap().map_err(|e| SpawnError::around(&spec.program, &e))?;
    Ok(Exit { ended, stopped, broken, left_running })
}

/// A child that runs, and where its output goes.
struct Life<'a, 'b> {
    child: Child,
    pipes: Pipes,
    output: &'a mut Sink<'b>,
}

/// Why the plain waiting is over.
enum Turn {
    Ended,
    Stop(StopReason),
    Broken(String),
}

/// A way to read from a pipe without a wait.
type Reader = fn(&Receiver, &mut [u8]) -> io::Result<usize>;

/// What can happen next.
enum News {
    Output(Stream),
    Fed(Result<bool, String>),
    Ended,
    Stop(StopReason),
    Time,
}

impl Life<'_, '_> {
    async fn until_end(&mut self, stop: &mut Stop) -> Turn {
        loop {
            let news = tokio::select! {
                news = next(&mut self.pipes) => news,
                () = self.child.exited() => News::Ended,
                reason = stop.stopped() => News::Stop(reason),
            };
            match news {
                // What has ended by itself was not stopped, whichever was noticed first.
                News::Stop(reason) if !self.child.has_exited() => return Turn::Stop(reason),
                News::Stop(_) | News::Ended => return Turn::Ended,
                other => {
                    if let Err(message) = self.take(other) {
                        return Turn::Broken(message);
                    }
                }
            }
        }
    }

    /// Deals with news from the pipes.
    fn take(&mut self, news: News) -> Result<(), String> {
        match news {
            News::Output(stream) => self.read(stream, Receiver::try_read).map(drop),
            News::Fed(done) => {
                if done? {
                    self.pipes.feed = None;
                }
                Ok(())
            }
            News::Ended | News::Stop(_) | News::Time => Ok(()),
        }
    }

    /// Reads once from a stream, without a wait; closes it at its end. True when there may be more.
    fn read(&mut self, stream: Stream, read: Reader) -> Result<bool, String> {
        let pipe = if stream == Stream::Out { &mut self.pipes.out } else { &mut self.pipes.err };
        let Some(receiver) = pipe.as_ref() else { return Ok(false) };
        let open = SHARED.with_borrow_mut(|buffer| {
            buffer.resize(BUFFER, 0);
            match read(receiver, buffer) {
                Ok(n) if n > 0 => {
                    if n == FULL {
                        widen(receiver);
                    }
                    (self.output)(stream, &buffer[..n]).map(|()| Some(true))
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(Some(false)),
                _ => Ok(None),
            }
        })?;
        if open.is_none() {
            *pipe = None;
        }
        Ok(open.unwrap_or_default())
    }

    /// The child has ended: reads what is left. True when somebody still holds its output open.
    async fn drain(&mut self) -> Result<bool, String> {
        self.pipes.feed = None;
        self.read_at_once()?;
        let limit = Instant::now() + LINGER;
        let mut quiet = Instant::now() + QUIET;
        while self.pipes.out.is_some() || self.pipes.err.is_some() {
            let news = tokio::select! {
                news = next(&mut self.pipes) => news,
                () = tokio::time::sleep_until(quiet.min(limit)) => News::Time,
            };
            if matches!(news, News::Time) {
                return Ok(true);
            }
            self.take(news)?;
            quiet = Instant::now() + QUIET;
        }
        Ok(false)
    }

    /// Reads what the pipes hold now. Asking the kernel directly saves a turn of the event loop for each pipe.
    fn read_at_once(&mut self) -> Result<(), String> {
        for stream in [Stream::Out, Stream::Err] {
            // No pipe holds more; a process that was left behind could go on for ever.
            let mut rounds = 16;
            while rounds > 0 && self.read(stream, read_now)? {
                rounds -= 1;
            }
        }
        Ok(())
    }

    /// Ends the child and all it started: gently, then firmly, or at once. True when some would not die.
    async fn end_all(&mut self, first: StopReason, spec: &Spec, stop: &mut Stop) -> bool {
        let mut tree = Tree::new(self.child.pid, &spec.marker);
        let mut gone = false;
        if first != StopReason::Killed {
            tree.terminate();
            gone = self.wait_for(&mut tree, spec.grace, Some(stop)).await;
        }
        let hung = Instant::now() + HUNG;
        while !gone && Instant::now() < hung {
            // Again and again: while one is killed, another may be started.
            tree.kill();
            gone = self.wait_for(&mut tree, LOOK * 2, None).await;
        }
        // Their last words are kept as far as they can be; why they had to go is known already.
        let open = self.drain().await.unwrap_or_default();
        !gone || open
    }

    /// Waits until all of a tree have gone, still reading their output. False when time is up or it must go faster.
    async fn wait_for(&mut self, tree: &mut Tree<'_>, time: Duration, mut stop: Option<&mut Stop>) -> bool {
        let end = Instant::now() + time;
        let mut look = Instant::now() + LOOK / 4;
        loop {
            let news = tokio::select! {
                news = next(&mut self.pipes) => news,
                () = tokio::time::sleep_until(look.min(end)) => News::Time,
                () = killed(&mut stop) => News::Stop(StopReason::Killed),
            };
            match news {
                News::Stop(_) => return false,
                News::Time if self.child.has_exited() && tree.members().is_empty() => return true,
                News::Time if Instant::now() >= end => return false,
                News::Time => look = Instant::now() + LOOK,
                // The sink may have failed before; what a dying child says is then lost, nothing else.
                other => drop(self.take(other)),
            }
        }
    }
}

async fn killed(stop: &mut Option<&mut Stop>) {
    match stop {
        Some(stop) => stop.killed().await,
        None => std::future::pending().await,
    }
}

/// Waits for the next thing at the pipes; for ever when all are closed.
async fn next(pipes: &mut Pipes) -> News {
    let Pipes { out, err, feed } = pipes;
    tokio::select! {
        () = readable(out.as_ref()) => News::Output(Stream::Out),
        () = readable(err.as_ref()) => News::Output(Stream::Err),
        fed = async {
            match feed {
                Some(feed) => feed.step().await,
                None => std::future::pending().await,
            }
        } => News::Fed(fed),
    }
}

async fn readable(pipe: Option<&Receiver>) {
    match pipe {
        Some(pipe) if pipe.readable().await.is_ok() => {}
        _ => std::future::pending().await,
    }
}

/// Fewer and larger reads for a child that has much to say. Where the system refuses, all works as before.
fn widen(pipe: &Receiver) {
    // SAFETY: the descriptor is open; the call takes numbers only.
    unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, BUFFER as libc::c_int) };
}

fn read_now(pipe: &Receiver, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the descriptor is open and the buffer is ours for its whole length.
    let n = unsafe { libc::read(pipe.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(n).map_err(|_| io::Error::last_os_error())
}
