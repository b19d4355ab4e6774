//! The word to stop, from whoever says it to whatever is running.

use tokio::sync::watch;

/// Why something has to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Its own time is up.
    TimedOut,
    /// The run was cancelled: end gently, then firmly.
    Cancelled,
    /// The run was cancelled twice: end at once.
    Killed,
}

/// The end that says stop.
#[derive(Clone, Debug)]
pub struct Stopper(watch::Sender<Option<StopReason>>);

/// The end that listens.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Option<StopReason>>);

impl Stopper {
    /// A pair of ends.
    pub fn new() -> (Stopper, Stop) {
        let (tx, rx) = watch::channel(None);
        (Stopper(tx), Stop(rx))
    }

    /// Says stop; a first reason is only replaced by [`StopReason::Killed`].
    pub fn stop(&self, reason: StopReason) {
        self.0.send_if_modified(|now| {
            let new = now.is_none() || (reason == StopReason::Killed && *now != Some(reason));
            if new {
                *now = Some(reason);
            }
            new
        });
    }
}

impl Stop {
    /// Never stops.
    pub fn never() -> Stop {
        let (tx, rx) = watch::channel(None);
        std::mem::forget(tx);
        Stop(rx)
    }

    /// Why to stop, if at all.
    pub fn reason(&self) -> Option<StopReason> {
        *self.0.borrow()
    }

    /// Resolves when it is time to stop.
    pub async fn stopped(&mut self) -> StopReason {
        loop {
            if let Some(reason) = *self.0.borrow_and_update() {
                return reason;
            }
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Resolves when it is to end at once.
    pub async fn killed(&mut self) {
        while self.stopped().await != StopReason::Killed {
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
