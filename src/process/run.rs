//! A child's whole life: started, fed, read from, waited for, and ended with all it started when that is wanted.
//! It does not know what its output means.

use std::time::Duration;

use tokio::time::Instant;

use super::child::{self, Child};
use super::pipes::{Pipes, Ready};
use super::tree::Tree;
use super::{Exit, Sink, SpawnError, Spec, Stop, StopReason};

/// How long an output that others hold open may be silent after the child's end.
const QUIET: Duration = Duration::from_millis(200);
/// How long such an output is read at all.
const LINGER: Duration = Duration::from_secs(1);
/// How often it is looked whether all of a tree have gone.
const LOOK: Duration = Duration::from_millis(20);
/// After so long, what does not die of KILL is hung in the kernel.
const HUNG: Duration = Duration::from_secs(5);

/// Starts a child and stays with it to its end. `started` is told its pid and its start in clock ticks since boot.
///
/// Dropping the future kills the child's process group.
///
/// # Errors
/// When it could not be started. How it ended is no error.
pub async fn run(
    spec: Spec,
    started: impl FnOnce(u32, u64),
    output: &mut Sink<'_>,
    stop: Stop,
) -> Result<Exit, SpawnError> {
    run_then(spec, started, output, stop, async |_| {}).await
}

/// The same for a child that has work done elsewhere: before it is ended itself, `elsewhere` ends that work. Until
/// then its input stays open, so that what works there does not take half of it for all.
///
/// # Errors
/// As [`run`].
pub async fn run_then(
    mut spec: Spec,
    started: impl FnOnce(u32, u64),
    output: &mut Sink<'_>,
    mut stop: Stop,
    elsewhere: impl AsyncFnOnce(StopReason),
) -> Result<Exit, SpawnError> {
    let (child, pipes) = child::start(&mut spec)?;
    tracing::debug!(pid = child.pid, program = spec.program, "child started");
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
        life.read_while(elsewhere(first)).await;
        left_running = life.end_all(first, &spec, &mut stop).await;
    }
    let ended = life.child.reap().map_err(|e| SpawnError::around(&spec.program, &e))?;
    tracing::debug!(program = spec.program, ?ended, ?stopped, left_running, "child ended");
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

/// What can happen next.
enum News {
    Pipe(Ready),
    Ended,
    Stop(StopReason),
    Time,
}

impl Life<'_, '_> {
    async fn until_end(&mut self, stop: &mut Stop) -> Turn {
        loop {
            let news = tokio::select! {
                ready = self.pipes.ready() => News::Pipe(ready),
                () = self.child.exited() => News::Ended,
                reason = stop.stopped() => News::Stop(reason),
            };
            match news {
                // What has ended by itself was not stopped, whichever was noticed first.
                News::Stop(reason) if !self.child.has_exited() => return Turn::Stop(reason),
                News::Stop(_) | News::Ended => return Turn::Ended,
                News::Pipe(ready) => {
                    if let Err(message) = self.take(ready) {
                        return Turn::Broken(message);
                    }
                }
                News::Time => {}
            }
        }
    }

    fn take(&mut self, ready: Ready) -> Result<(), String> {
        self.pipes.take(ready, self.output)
    }

    /// The child has ended: reads what is left. True when somebody still holds its output open.
    async fn drain(&mut self) -> Result<bool, String> {
        self.pipes.feed = None;
        self.pipes.read_at_once(self.output)?;
        let limit = Instant::now() + LINGER;
        let mut quiet = Instant::now() + QUIET;
        while !self.pipes.have_ended() {
            let news = tokio::select! {
                ready = self.pipes.ready() => News::Pipe(ready),
                () = tokio::time::sleep_until(quiet.min(limit)) => News::Time,
            };
            let News::Pipe(ready) = news else { return Ok(true) };
            self.take(ready)?;
            quiet = Instant::now() + QUIET;
        }
        Ok(false)
    }

    /// Reads on while something else is done.
    async fn read_while(&mut self, other: impl Future<Output = ()>) {
        let mut other = std::pin::pin!(other);
        loop {
            tokio::select! {
                biased;
                () = &mut other => return,
                // As for the dying below: a sink that has failed is no matter any more.
                ready = self.pipes.ready() => drop(self.take(ready)),
            }
        }
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
                ready = self.pipes.ready() => News::Pipe(ready),
                () = tokio::time::sleep_until(look.min(end)) => News::Time,
                () = killed(&mut stop) => News::Stop(StopReason::Killed),
            };
            match news {
                News::Stop(_) | News::Ended => return false,
                News::Time if self.child.has_exited() && tree.members().is_empty() => return true,
                News::Time if Instant::now() >= end => return false,
                News::Time => look = Instant::now() + LOOK,
                // The sink may have failed before; what a dying child says is then lost, nothing else.
                News::Pipe(ready) => drop(self.take(ready)),
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
