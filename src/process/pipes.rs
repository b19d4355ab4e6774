//! Our ends of a child's pipes: what is ready, and reading and feeding without a wait. It does not know how long the
//! child lives.

use std::cell::RefCell;
use std::io;
use std::os::fd::AsRawFd;

use tokio::net::unix::pipe::Receiver;

use super::Sink;
use super::feed::Feed;
use crate::event::Stream;

/// What is read at once; shared by all children of a thread, since it is only used between two waits.
const BUFFER: usize = 256 * 1024;
/// What a pipe holds unless it is told otherwise: a read that finds so much has met a loud child.
const FULL: usize = 64 * 1024;

thread_local! {
    static SHARED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Our ends of a child's pipes; none where one is closed.
///
/// They are the runtime's own types because those leave the event queue before they are closed: the child may for a
/// moment hold a copy, and an event of the old pipe would then hit whoever has its number next.
pub(super) struct Pipes {
    pub out: Option<Receiver>,
    pub err: Option<Receiver>,
    pub feed: Option<Feed>,
}

/// What has happened at a pipe.
pub(super) enum Ready {
    Output(Stream),
    Fed(Result<bool, String>),
}

/// A way to read from a pipe without a wait.
type Reader = fn(&Receiver, &mut [u8]) -> io::Result<usize>;

impl Pipes {
    /// Waits for the next thing at the pipes; for ever when all are closed.
    pub async fn ready(&mut self) -> Ready {
        let Pipes { out, err, feed } = self;
        tokio::select! {
            () = readable(out.as_ref()) => Ready::Output(Stream::Out),
            () = readable(err.as_ref()) => Ready::Output(Stream::Err),
            fed = fed(feed.as_mut()) => Ready::Fed(fed),
        }
    }

    /// Deals with what has happened.
    pub fn take(&mut self, ready: Ready, output: &mut Sink<'_>) -> Result<(), String> {
        match ready {
            Ready::Output(stream) => self.read(stream, Receiver::try_read, output).map(drop),
            Ready::Fed(done) => {
                if done? {
                    self.feed = None;
                }
                Ok(())
            }
        }
    }

    /// Reads what the pipes hold now. Asking the kernel directly saves a turn of the event loop for each pipe.
    pub fn read_at_once(&mut self, output: &mut Sink<'_>) -> Result<(), String> {
        for stream in [Stream::Out, Stream::Err] {
            // No pipe holds more; a process that was left behind could go on for ever.
            let mut rounds = 16;
            while rounds > 0 && self.read(stream, read_now, output)? {
                rounds -= 1;
            }
        }
        Ok(())
    }

    /// Whether both outputs have ended.
    pub fn have_ended(&self) -> bool {
        self.out.is_none() && self.err.is_none()
    }

    /// Reads once from a stream, without a wait; closes it at its end. True when there may be more.
    fn read(&mut self, stream: Stream, read: Reader, output: &mut Sink<'_>) -> Result<bool, String> {
        let pipe = if stream == Stream::Out { &mut self.out } else { &mut self.err };
        let Some(receiver) = pipe.as_ref() else { return Ok(false) };
        let more = SHARED.with_borrow_mut(|buffer| {
            buffer.resize(BUFFER, 0);
            match read(receiver, buffer) {
                Ok(n) if n > 0 => {
                    if n == FULL {
                        widen(receiver);
                    }
                    output(stream, &buffer[..n]).map(|()| Some(true))
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(Some(false)),
                _ => Ok(None),
            }
        })?;
        if more.is_none() {
            *pipe = None;
        }
        Ok(more.unwrap_or_default())
    }
}

async fn readable(pipe: Option<&Receiver>) {
    match pipe {
        Some(pipe) if pipe.readable().await.is_ok() => {}
        _ => std::future::pending().await,
    }
}

async fn fed(feed: Option<&mut Feed>) -> Result<bool, String> {
    match feed {
        Some(feed) => feed.step().await,
        None => std::future::pending().await,
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
