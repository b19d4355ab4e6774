//! When each step ran, as bars on one scale, so that what ran side by side is seen. It draws nothing.

use jiff::Timestamp;

use super::document::{Report, StepEntry};
use crate::event::Outcome;

/// The most rows that are drawn.
pub const ROWS: usize = 400;

/// The bars of one step.
pub struct Row<'r> {
    /// The step.
    pub step: &'r StepEntry,
    /// Its bars, each in a lane.
    pub bars: Vec<Bar>,
    /// How many lanes there are: how many items ran side by side at most.
    pub lanes: usize,
}

/// A piece of time.
pub struct Bar {
    /// The lane, from 0.
    pub lane: usize,
    /// Its begin, as a part of the run.
    pub from: f64,
    /// Its end, as a part of the run.
    pub to: f64,
    /// Seconds from the begin of the run.
    pub begin: f64,
    /// Its length in seconds.
    pub seconds: f64,
    /// What it was.
    pub what: What,
}

/// What took the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// An attempt, and how it ended.
    Ran(Option<Outcome>),
    /// Somebody was asked.
    Asked,
}

/// The rows of a run, in plan order; steps that took no time have none.
pub fn rows(report: &Report) -> Vec<Row<'_>> {
    let start = report.started;
    let end = last_moment(report);
    let whole = seconds(start, end).max(0.001);
    let rows = report.steps.iter().map(|step| row(step, start, end, whole));
    rows.filter(|row| !row.bars.is_empty()).collect()
}

/// The length of the scale in seconds.
pub fn scale(report: &Report) -> f64 {
    seconds(report.started, last_moment(report)).max(0.001)
}

fn last_moment(report: &Report) -> Timestamp {
    let attempts = report.steps.iter().flat_map(|s| &s.attempts).map(|a| a.ended.unwrap_or(a.started));
    attempts.chain(report.ended).chain([report.started]).max().unwrap_or(report.started)
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

fn row(step: &StepEntry, start: Timestamp, end: Timestamp, whole: f64) -> Row<'_> {
    let ran = step.attempts.iter().map(|a| (a.started, a.ended.unwrap_or(end), What::Ran(a.outcome)));
    let asked = step.answers.iter().filter_map(|a| Some((a.asked?, a.at, What::Asked)));
    let mut pieces: Vec<_> = ran.chain(asked).collect();
    pieces.sort_by_key(|(from, to, _)| (*from, *to));
    let mut free: Vec<Timestamp> = Vec::new();
    let mut bars = Vec::new();
    for (from, to, what) in pieces {
        let lane = free.iter().position(|until| *until <= from).unwrap_or(free.len());
        match free.get_mut(lane) {
            Some(until) => *until = to,
            None => free.push(to),
        }
        let (begin, length) = (seconds(start, from), seconds(from, to));
        bars.push(Bar {
            lane,
            from: (begin / whole).min(1.0),
            to: ((begin + length) / whole).min(1.0),
            begin,
            seconds: length,
            what,
        });
    }
    Row { step, bars, lanes: free.len() }
}

/// The bars of a row as text of so many columns: `█` ran, `░` asked, `·` neither.
pub fn text_bar(row: &Row<'_>, columns: usize) -> String {
    let mut cells = vec!['·'; columns];
    let place = |part: f64| ((part * columns as f64) as usize).min(columns.saturating_sub(1));
    for bar in &row.bars {
        let (from, to) = (place(bar.from), place(bar.to - f64::EPSILON).max(place(bar.from)));
        let mark = if bar.what == What::Asked { '░' } else { '█' };
        cells[from..=to].iter_mut().filter(|cell| **cell != '█').for_each(|cell| *cell = mark);
    }
    cells.into_iter().collect()
}
