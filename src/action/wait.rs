//! Waits for a time, or until a reading is as wished. It does not know what a condition says.

use std::time::{Duration, Instant};

use serde_json::json;

use super::context::{Context, Performed, Report};
use super::dispatch::{Holds, read};
use crate::event::Failure;
use crate::model::{Action, Rendered, Wait};
use crate::process::{StopReason, Stopper};

const EVERY: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(300);

/// Waits. Gives `waited` in seconds, and what the last reading gave.
///
/// # Errors
/// When the limit is reached, or a condition cannot be evaluated.
pub async fn perform(wait: &Wait<Rendered>, cx: &Context<'_>, holds: Holds<'_>) -> Performed {
    let began = Instant::now();
    match wait.action() {
        None => {
            let time = wait.r#for.as_ref().map_or(Duration::ZERO, |t| t.0.std());
            sleep(time, cx).await?;
            Ok(Report { gives: waited(began, Report::default()), ..Report::default() })
        }
        Some(reading) => until(wait, &reading, cx, holds, began).await,
    }
}

async fn until(
    wait: &Wait<Rendered>,
    reading: &Action<Rendered>,
    cx: &Context<'_>,
    holds: Holds<'_>,
    began: Instant,
) -> Performed {
    let every = wait.every.as_ref().map_or(EVERY, |t| t.0.std());
    let limit = wait.limit.as_ref().map_or(LIMIT, |t| t.0.std());
    let mut last = None;
    loop {
        let left = limit.saturating_sub(began.elapsed());
        let why = match one_reading(reading, cx, left).await {
            Some(Ok(report)) => match holds(&report.gives) {
                Ok(true) => {
                    return Ok(Report { gives: waited(began, report), failure: None, ..Report::default() });
                }
                Ok(false) => report.failure.map_or_else(not_yet, |failure| failure.to_string()),
                Err(message) => message,
            },
            // A reading that fails is a reading: the thing waited for may not be up yet.
            Some(Err(failure)) => failure.to_string(),
            // The last reading is cut short by the limit; what one before it said tells more.
            None => last.take().unwrap_or_else(no_end),
        };
        if let Some(reason) = cx.stop.reason() {
            return Err(cx.stopped(reason));
        }
        if began.elapsed() + every > limit {
            let limit = crate::base::Duration::from_millis(limit.as_millis() as u64);
            let message =
                crate::t!("not so within {limit}: {why}", "{limit} 以内に条件を満たしませんでした: {why}");
            return Err(Failure::Expectation { message });
        }
        cx.note(&why);
        last = Some(why);
        sleep(every, cx).await?;
    }
}

fn no_end() -> String {
    crate::t!("the reading did not end", "読み取りが終わりませんでした")
}

fn not_yet() -> String {
    crate::t!("not yet as wished", "まだ条件を満たしません")
}

/// One reading, ended when the time is up (then there is none) or the run is stopped.
async fn one_reading(reading: &Action<Rendered>, cx: &Context<'_>, left: Duration) -> Option<Performed> {
    let (stopper, stop) = Stopper::new();
    let mut outer = cx.stop.clone();
    let inner = Context { stop, ..*cx };
    let mut work = std::pin::pin!(read(reading, &inner));
    let mut late = false;
    let up = tokio::time::sleep(left);
    tokio::select! {
        done = &mut work => return Some(done),
        reason = outer.stopped() => stopper.stop(reason),
        () = up => {
            late = true;
            stopper.stop(StopReason::TimedOut);
        }
    }
    let done = tokio::select! {
        done = &mut work => done,
        () = outer.killed() => {
            stopper.stop(StopReason::Killed);
            work.await
        }
    };
    (!late).then_some(done)
}

async fn sleep(time: Duration, cx: &Context<'_>) -> Result<(), Failure> {
    let mut stop = cx.stop.clone();
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(()),
        reason = stop.stopped() => Err(cx.stopped(reason)),
    }
}

fn waited(began: Instant, report: Report) -> crate::event::Gives {
    let mut gives = report.gives;
    gives.insert("waited".into(), json!(began.elapsed().as_secs_f64()));
    gives
}
