//! Waits for a time, or until a reading is as wished. It does not know what a condition says.

use std::time::{Duration, Instant};

use serde_json::json;

use super::context::{Context, Performed, Report};
use super::dispatch::{Holds, read};
use crate::event::Failure;
use crate::model::{Action, Rendered, Wait};

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
    let mut why;
    loop {
        match read(reading, cx).await {
            Err(failure @ (Failure::Cancelled | Failure::TimedOut { .. })) => return Err(failure),
            // A reading that fails is a reading: the thing waited for may not be up yet.
            Err(failure) => why = failure.to_string(),
            Ok(report) => match holds(&report.gives) {
                Ok(true) => return Ok(Report { gives: waited(began, report), ..Report::default() }),
                Ok(false) => why = crate::t!("not yet as wished", "まだ条件を満たしません"),
                Err(message) => why = message,
            },
        }
        if began.elapsed() + every > limit {
            let limit = crate::base::Duration::from_millis(limit.as_millis() as u64);
            let message =
                crate::t!("not so within {limit}: {why}", "{limit} 以内に条件を満たしませんでした: {why}");
            return Err(Failure::Expectation { message });
        }
        cx.note(&why);
        sleep(every, cx).await?;
    }
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
