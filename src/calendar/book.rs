//! What a scheduler has decided so far, refolded from the facts that it wrote. It decides nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::RunId;

/// One decision, or what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// A schedule is looked after: times after `from` are decided about.
    Known {
        /// Since when.
        from: Timestamp,
    },
    /// A time is run. Written before its run is started; whatever dies in between, this id becomes one run.
    Started {
        /// The time.
        planned: Timestamp,
        /// The run's id.
        run: RunId,
    },
    /// A time waits for the run before it.
    Waits {
        /// The time.
        planned: Timestamp,
    },
    /// Times are left out.
    Left {
        /// The first of them.
        first: Timestamp,
        /// The last of them.
        last: Timestamp,
        /// How many.
        count: u64,
        /// Why.
        why: Why,
    },
    /// A run has ended.
    Ended {
        /// The run.
        run: RunId,
        /// How: the result of the run, `dead`, or `not_begun` with an exit code.
        result: String,
    },
}

/// Why a time is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nobody was there when it came, and `missed: skip`.
    Missed,
    /// Nobody was there when it came, and a later one is run in its stead.
    MadeUp,
    /// The run before it goes on, and `overlap: skip`.
    Overlap,
    /// The run before it goes on, and another time waits for that already.
    Queued,
}

/// A fact of one schedule, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// When it was decided.
    pub at: Timestamp,
    /// The schedule.
    pub schedule: String,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

/// How one schedule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Every time up to this one is decided about.
    pub handled: Timestamp,
    /// A time that waits for the run before it.
    pub waiting: Option<Timestamp>,
    /// The run that was started last and has not ended, as far as is written.
    pub running: Option<Running>,
}

/// A run that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The time that it is run for.
    pub planned: Timestamp,
    /// Its id.
    pub run: RunId,
}

/// How all schedules stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    lines: BTreeMap<String, Line>,
}

impl Book {
    /// How a schedule stands; none where nothing was decided about it.
    pub fn line(&self, schedule: &str) -> Option<&Line> {
        self.lines.get(schedule)
    }

    /// All schedules that something was decided about.
    pub fn lines(&self) -> impl Iterator<Item = (&String, &Line)> {
        self.lines.iter()
    }

    /// Takes a fact in.
    pub fn fold(&mut self, entered: &Entered) {
        if let Fact::Known { from } = entered.fact {
            let line = Line { handled: from, waiting: None, running: None };
            self.lines.insert(entered.schedule.clone(), line);
        } else if let Some(line) = self.lines.get_mut(&entered.schedule) {
            line.fold(&entered.fact);
        }
    }

    /// The fewest facts that lead to the same book, so that its file need not grow for ever. Schedules that `keep` does
    /// not want are forgotten unless a run of theirs goes on.
    pub fn gist(&self, at: Timestamp, keep: impl Fn(&str) -> bool) -> Vec<Entered> {
        let kept = self.lines.iter().filter(|(name, line)| keep(name) || line.running.is_some());
        kept.flat_map(|(name, line)| {
            let fact = |fact| Entered { at, schedule: name.clone(), fact };
            let running =
                line.running.clone().map(|r| fact(Fact::Started { planned: r.planned, run: r.run }));
            let waiting = line.waiting.map(|planned| fact(Fact::Waits { planned }));
            [Some(fact(Fact::Known { from: line.handled })), running, waiting].into_iter().flatten()
        })
        .collect()
    }
}

impl Line {
    fn fold(&mut self, fact: &Fact) {
        match fact {
            Fact::Known { from } => self.handled = *from,
            Fact::Started { planned, run } => {
                self.handled = self.handled.max(*planned);
                self.waiting = self.waiting.filter(|waiting| waiting != planned);
                self.running = Some(Running { planned: *planned, run: run.clone() });
            }
            Fact::Waits { planned } => {
                self.handled = self.handled.max(*planned);
                self.waiting = Some(*planned);
            }
            Fact::Left { first, last, .. } => {
                self.handled = self.handled.max(*last);
                let left = |at: &Timestamp| first <= at && at <= last;
                self.waiting = self.waiting.filter(|at| !left(at));
                self.running = self.running.take().filter(|running| !left(&running.planned));
            }
            Fact::Ended { run, .. } => {
                self.running = self.running.take().filter(|running| running.run != *run);
            }
        }
    }
}
