//! Where the news of a run come from: signals, what was started, the passing of time. It knows none of their meaning.

use std::future::pending;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::driver::News;
use super::signal::Signals;
use crate::event::Live;

/// How often a live screen is told that time passes.
const TICK: std::time::Duration = std::time::Duration::from_millis(100);

/// Where news come from.
pub(super) struct World {
    inbox: UnboundedReceiver<News>,
    signals: Signals,
    ticks: Interval,
}

impl World {
    /// What is sent to the inbox, and signals.
    pub fn new(inbox: UnboundedReceiver<News>, signals: Signals) -> World {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        World { inbox, signals, ticks }
    }

    /// The next news, and all that came with it: what comes together is written together.
    pub async fn next(&mut self, wake: Option<Instant>, late: Option<Instant>, ticking: bool) -> Vec<News> {
        let first = tokio::select! {
            biased;
            signal = self.signals.next() => News::Signal(signal),
            news = self.inbox.recv() => news.unwrap_or(News::Wake),
            () = until(wake) => News::Wake,
            () = until(late) => News::Late,
            _ = self.ticks.tick(), if ticking => News::Live(Live::Tick),
        };
        let mut batch = vec![first];
        while let Ok(more) = self.inbox.try_recv() {
            batch.push(more);
        }
        batch
    }
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}
