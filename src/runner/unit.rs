//! One attempt at one unit, from its permit to its report.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::action::{Context, Pending, Report, Site, perform};
use crate::base::Masker;
use crate::event::{Event, Failure, Kind, Live, LogSeal, Stream, Unit};
use crate::journal::StepLog;
use crate::plan::{Prepared, Results};
use crate::process::{Stop, StopReason, Stopper};
use crate::state::{Input, Permit, UnitRef};

use super::driver::{Done, News};
use super::prepare::{Judge, withheld};

/// A deadline that is noticed so late was slept through, and by so much it is put off then.
const LATE: Duration = Duration::from_millis(250);
/// How often an attempt tells the screen of its output.
const NEWS_EVERY: Duration = Duration::from_millis(60);
/// How much of an output later steps can use, unless the step says otherwise.
pub(super) const MAX_OUTPUT: usize = 1 << 20;

/// What an attempt is made of.
pub(super) struct Attempt {
    pub unit: UnitRef,
    pub permit: Permit,
    pub prepared: Prepared,
    pub read_only: bool,
    pub site: Rc<Site>,
    pub log: StepLog,
    pub masker: Masker,
    pub stopper: Stopper,
    pub stop: Stop,
    pub holds: Judge,
    pub news: UnboundedSender<News>,
}

/// Performs the attempt and reports it. The driver may be gone by then; nobody is left to tell in that case.
pub(super) async fn run(attempt: Attempt) {
    let Attempt { unit, permit, prepared, read_only, site, log, masker, stopper, stop, holds, news } =
        attempt;
    let name = permit.unit().clone();
    let number = permit.attempt();
    let sink = Sink {
        log: RefCell::new(log),
        stopper: stopper.clone(),
        name: &name,
        news: &news,
        told: RefCell::new(None),
    };
    let around = &prepared.around;
    let cx = Context {
        unit: &name,
        attempt: number,
        around,
        site: &site,
        log: &|stream, bytes| sink.write(stream, bytes),
        child: &|pid, start| {
            sink.begin();
            drop(news.send(News::Input(Input::Child { unit, pid, start })));
        },
        stop,
        max_output: around.max_output.map_or(MAX_OUTPUT, |size| size.0 as usize),
        held: false,
    };
    let limit = around.timeout.as_ref().map(|t| t.0.std());
    let work = perform(permit, &prepared.action, &cx, read_only, &*holds);
    let performed = limited(work, limit, &stopper).await;
    let (mut results, pending) = results(performed);
    let log = sink.finish();
    let cut = log.is_err() && results.failure == Some(Failure::Cancelled);
    if let (Err(message), false) = (&log, cut) {
        results.warnings.push(crate::t!("its log is not whole: {message}", "ログが不完全です: {message}"));
    }
    let withheld = withheld(&masker, &results.gives, around.sensitive == Some(true));
    drop(news.send(News::Done(Done { unit, results, withheld, pending, log, cut })));
}

/// Awaits the work; once its time is up it is told to stop, and awaited all the same.
pub(super) async fn limited<T>(
    work: impl Future<Output = T>,
    limit: Option<Duration>,
    stopper: &Stopper,
) -> T {
    let Some(limit) = limit else { return work.await };
    let mut work = std::pin::pin!(work);
    let deadline = tokio::time::Instant::now() + limit;
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = tokio::time::sleep_until(deadline) => {}
    }
    // Was the engine itself stopped meanwhile, what has come to its end in that time is seen first.
    if deadline.elapsed() > LATE
        && let Ok(done) = tokio::time::timeout(LATE, &mut work).await
    {
        return done;
    }
    stopper.stop(StopReason::TimedOut);
    work.await
}

fn results(performed: Result<Report, Failure>) -> (Results, Pending) {
    match performed {
        Ok(Report { gives, unchanged, warnings, failure, pending }) => {
            (Results { gives, unchanged, warnings, failure }, pending)
        }
        Err(failure) => (Results { failure: Some(failure), ..Results::default() }, Pending::default()),
    }
}

/// Puts what a log was into the fact that its attempt is over: who judges the attempt does not know files.
pub(super) fn seal_log(facts: &mut [Event], seal: Option<&LogSeal>) {
    let over = facts.iter_mut().find_map(|event| match &mut event.kind {
        Kind::AttemptEnded { log, .. } => Some(log),
        _ => None,
    });
    if let Some(log) = over {
        *log = seal.cloned();
    }
}

/// Where an attempt's output goes: its log, and now and then the screen.
struct Sink<'a> {
    log: RefCell<StepLog>,
    stopper: Stopper,
    name: &'a Unit,
    news: &'a UnboundedSender<News>,
    told: RefCell<Option<Instant>>,
}

impl Sink<'_> {
    /// Opens the log while the program is getting going.
    fn begin(&self) {
        let mut log = self.log.borrow_mut();
        log.begin();
        if log.has_failed() {
            self.stopper.stop(StopReason::Cancelled);
        }
    }

    fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut log = self.log.borrow_mut();
        log.write(stream, bytes);
        if log.has_failed() {
            // Without its log the attempt would leave no record of what it does from here on.
            self.stopper.stop(StopReason::Cancelled);
            return;
        }
        let mut told = self.told.borrow_mut();
        // What the engine itself says is rare, and may be all that a person sees for long.
        if (stream == Stream::Note || told.is_none_or(|at| at.elapsed() >= NEWS_EVERY))
            && let Some(line) = log.last_line()
        {
            *told = Some(Instant::now());
            drop(self.news.send(News::Live(Live::Line { unit: self.name.clone(), line })));
        }
    }

    /// Closes the log; says so when it could not be written whole.
    fn finish(self) -> Result<LogSeal, String> {
        self.log.into_inner().finish().map_err(|e| e.to_string())
    }
}
