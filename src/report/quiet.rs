//! A run as its failures and its result, nothing else: for jobs whose output is mailed.

use super::board::Board;
use super::sink::Sink;
use super::summary;
use super::{Heading, Look, alone, note, safe_line};
use crate::event::{Event, Kind, Live, Outcome, Reporter, RunOutcome};

/// Lines of logs are cut here.
const COLUMNS: usize = 200;

/// Failures and the result.
pub struct Quiet {
    board: Board,
    look: Look,
    out: Sink,
    err: Sink,
}

impl Quiet {
    /// Failures go to `err`, the result to `out`.
    pub fn new(heading: Heading, look: Look, out: Sink, err: Sink) -> Quiet {
        let look = Look { colour: false, ..look };
        Quiet { board: Board::new(heading), look, out, err }
    }

    fn end(&mut self, outcome: RunOutcome) {
        for step in &mut self.board.steps {
            step.troubles.retain(|trouble| trouble.outcome != Outcome::Warned);
        }
        let troubles = summary::troubles(&self.board, self.look, COLUMNS);
        troubles.iter().skip(1).for_each(|line| self.err.line(line));
        let result = summary::result(&self.board, self.look);
        let lines = if outcome == RunOutcome::Ok { 1 } else { result.len() };
        result.iter().take(lines).for_each(|line| self.out.line(line));
    }
}

impl Reporter for Quiet {
    fn event(&mut self, event: &Event) {
        self.board.take(event);
        match &event.kind {
            Kind::Breached { deadline, .. } => self.err.line(&safe_line(&note::breached(deadline))),
            Kind::Notified { about, told, .. } => {
                let failed: Vec<_> = told.iter().filter(|told| told.failure.is_some()).cloned().collect();
                note::told(*about, &failed).iter().for_each(|line| self.err.line(&safe_line(line)));
            }
            Kind::RunEnded { outcome, .. } => self.end(*outcome),
            Kind::LockRefused { .. } => {
                let told = alone::told(&event.kind, &self.board.heading.zone);
                told.iter().for_each(|(word, what)| self.err.line(&format!("{word}  {what}")));
            }
            _ => {}
        }
    }

    fn past(&mut self, event: &Event) {
        self.board.take(event);
    }

    fn live(&mut self, _: &Live) {}
}
