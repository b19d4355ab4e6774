//! Work on files, done on a thread of its own and ended by the run's stop. It does not know how any of it is done.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::desk::{Desk, Halt};
use super::{archive, copy, extract, listing, prune, read, remove, write};
use crate::action::{Context, Performed};
use crate::event::Failure;
use crate::model::{FileAction, Rendered};
use crate::process::Stop;

/// How long work that was told to stop may take to tidy up before it is left to itself.
const TIDYING: Duration = Duration::from_secs(10);

const LAST_MOMENT: Duration = Duration::from_millis(500);

/// Does one piece of work on files of this host.
///
/// # Errors
/// When it is not done; a file is then as it was before.
pub async fn perform(action: &FileAction<Rendered>, cx: &Context<'_>) -> Performed {
    let (notes, heard) = unbounded_channel();
    let halted = Halt::default();
    let _ends_with_us = HaltOnDrop(halted.clone());
    let desk = Desk {
        base_dir: cx.site.base_dir.clone(),
        max_output: cx.max_output,
        marker: cx.site.marker.clone(),
        notes,
        halted: halted.clone(),
    };
    let action = action.clone();
    let mut job = Job { work: tokio::task::spawn_blocking(move || work(&action, &desk)), heard };

    let mut stop = cx.stop.clone();
    let reason = tokio::select! {
        performed = job.end(cx) => return performed,
        reason = stop.stopped() => reason,
    };
    halted.set();
    let performed = tokio::select! {
        performed = tokio::time::timeout(TIDYING, job.end(cx)) => performed,
        () = killed(&mut stop) => return Err(cx.stopped(reason)),
    };
    match performed {
        Ok(Ok(mut report)) => {
            report.failure =
                report.failure.map(|f| if f == Failure::Cancelled { cx.stopped(reason) } else { f });
            Ok(report)
        }
        _ => Err(cx.stopped(reason)),
    }
}

/// Resolves a moment after the second word to stop: enough to remove a half-written file.
async fn killed(stop: &mut Stop) {
    stop.killed().await;
    tokio::time::sleep(LAST_MOMENT).await;
}

fn work(action: &FileAction<Rendered>, desk: &Desk) -> Performed {
    match action {
        FileAction::Write(it) => write::write(it, desk),
        FileAction::Append(it) => write::append(it, desk),
        FileAction::Copy(it) => copy::copy(it, desk),
        FileAction::Archive(it) => archive::archive(it, desk),
        FileAction::Extract(it) => extract::extract(it, desk),
        FileAction::Checksum(it) => read::checksum(it, desk),
        FileAction::Read(it) => read::read(it, desk),
        FileAction::Stat(it) => read::stat(it, desk),
        FileAction::Remove(it) => remove::remove(it, desk),
        FileAction::List(it) => listing::list(it, desk),
        FileAction::Latest(it) => listing::latest(it, desk),
        FileAction::Prune(it) => prune::prune(it, desk),
    }
}

/// Work on its own thread, and what it says meanwhile.
struct Job {
    work: JoinHandle<Performed>,
    heard: UnboundedReceiver<String>,
}

impl Job {
    /// Passes its notes on until it has ended.
    async fn end(&mut self, cx: &Context<'_>) -> Performed {
        // The other end is dropped when the work is over, so that no note is lost.
        while let Some(line) = self.heard.recv().await {
            cx.note(&line);
        }
        (&mut self.work).await.unwrap_or_else(|e| {
            let message = e.to_string();
            Err(Failure::Rejected {
                message: crate::t!("the work broke off: {message}", "処理が中断しました: {message}"),
            })
        })
    }
}

struct HaltOnDrop(Halt);

impl Drop for HaltOnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}
