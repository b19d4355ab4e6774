//! Moves a running command's input and output until it ends or has to. It does not know how a command is ended.

use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWrite;

use super::capture::Capture;
use super::feed::Feed;
use super::refusal;
use crate::event::Failure;
use crate::process::{Stop, StopReason};

/// How long output is still taken after the command's own end, while something it left behind holds the stream open.
const LEFT_OPEN: Duration = Duration::from_millis(500);

/// A running command's ends.
pub struct Ends {
    /// What it writes.
    pub output: Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>,
    /// What it reads.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
}

/// Why the moving is over.
pub enum Flow {
    /// The command has ended.
    Ended,
    /// It is time to stop.
    Stopped(StopReason),
    /// Its input or output can't be moved on.
    Broken(Failure),
}

/// Moves until the output's end. `gone` resolves when the command has ended by itself.
pub async fn pump(
    ends: &mut Ends,
    feed: Option<Feed>,
    capture: &mut Capture<'_>,
    stop: &mut Stop,
    gone: impl Future<Output = ()>,
) -> Flow {
    let (output, input) = (&mut ends.output, &mut ends.input);
    let mut feeding = std::pin::pin!(async move {
        match feed {
            Some(feed) => feed.send(input).await,
            None => Ok(()),
        }
    });
    let mut gone = std::pin::pin!(gone);
    let (mut fed, mut ended) = (false, false);
    loop {
        tokio::select! {
            reason = stop.stopped() => return Flow::Stopped(reason),
            sent = &mut feeding, if !fed => match sent {
                Ok(()) => fed = true,
                Err(failure) => return Flow::Broken(failure),
            },
            frame = next(output, ended) => match take(frame, capture) {
                Ok(true) => {}
                Ok(false) => return Flow::Ended,
                Err(failure) => return Flow::Broken(failure),
            },
            () = &mut gone, if !ended => ended = true,
        }
    }
}

/// Takes what is still said while something else, the ending of the command, is waited for.
pub async fn drain<T>(ends: &mut Ends, capture: &mut Capture<'_>, until: impl Future<Output = T>) -> T {
    let mut until = std::pin::pin!(until);
    let mut open = true;
    let done = loop {
        tokio::select! {
            done = &mut until => break done,
            frame = ends.output.next(), if open => open = take(frame, capture).unwrap_or(false),
        }
    };
    while open && let Ok(frame) = tokio::time::timeout(Duration::from_millis(100), ends.output.next()).await {
        open = take(frame, capture).unwrap_or(false);
    }
    done
}

type Frame = Option<Result<LogOutput, Error>>;

async fn next(
    output: &mut Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>,
    ended: bool,
) -> Frame {
    if !ended {
        return output.next().await;
    }
    tokio::time::timeout(LEFT_OPEN, output.next()).await.unwrap_or(None)
}

/// Whether there may be more.
fn take(frame: Frame, capture: &mut Capture<'_>) -> Result<bool, Failure> {
    match frame {
        None => return Ok(false),
        Some(Err(e)) => return Err(refusal::of_engine(&e, &super::engine::host())),
        Some(Ok(LogOutput::StdErr { message })) => capture.err(&message),
        Some(Ok(LogOutput::StdOut { message } | LogOutput::Console { message })) => capture.out(&message)?,
        Some(Ok(LogOutput::StdIn { .. })) => {}
    }
    Ok(true)
}
