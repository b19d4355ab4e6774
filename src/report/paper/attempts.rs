//! The attempts and answers of each step from the facts of a run, with their times.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::document::{AnswerEntry, AttemptEntry, Log};
use crate::base::StepId;
use crate::event::{Event, Kind, Outcome, Question, Reply, Unit};
use crate::report::{alone, cell, note};

/// What was tried and said in each step.
#[derive(Default)]
pub struct Traces {
    steps: HashMap<StepId, (Vec<AttemptEntry>, Vec<AnswerEntry>)>,
    asked: HashMap<Unit, (Timestamp, String)>,
    /// What made the run stop.
    pub stopped_by: Option<String>,
    /// What kept it from beginning, where it began outside a window, and who cancelled it.
    pub notes: Vec<String>,
}

impl Traces {
    /// From all facts; the logs are looked for in a folder.
    pub fn of(events: &[Event], log_dir: &Path, near: Option<&Path>, zone: &TimeZone) -> Traces {
        let mut traces = Traces::default();
        for event in events {
            traces.take(event, log_dir, near, zone);
        }
        traces
    }

    /// What is known of a step.
    pub fn take_step(&mut self, step: &StepId) -> (Vec<AttemptEntry>, Vec<AnswerEntry>) {
        self.steps.remove(step).unwrap_or_default()
    }

    fn take(&mut self, event: &Event, log_dir: &Path, near: Option<&Path>, zone: &TimeZone) {
        match &event.kind {
            Kind::AttemptStarted { unit, attempt, .. } => {
                let begun = AttemptEntry {
                    item: unit.item,
                    attempt: *attempt,
                    started: event.at,
                    ended: None,
                    outcome: None,
                    reason: String::new(),
                    log: log(&log_dir.join(unit.log_name(*attempt)), near),
                };
                self.steps.entry(unit.step.clone()).or_default().0.push(begun);
            }
            Kind::AttemptEnded { unit, attempt, outcome, failure, warnings, .. } => {
                let reason = note::in_full(failure.as_ref(), warnings);
                self.ended(unit, *attempt, event.at, *outcome, reason);
            }
            Kind::Asked { unit, question } => {
                self.asked.insert(unit.clone(), (event.at, asked(question)));
            }
            Kind::Answered { unit, reply, by } => self.answered(unit, event.at, reply, by),
            Kind::Stopping { by, .. } => self.stopped_by = Some(by.clone()),
            kind => self.notes.extend(alone::told(kind, zone).map(|(word, what)| format!("{word}  {what}"))),
        }
    }

    fn ended(&mut self, unit: &Unit, attempt: u32, at: Timestamp, outcome: Outcome, reason: String) {
        let attempts = self.steps.get_mut(&unit.step).map(|(attempts, _)| attempts);
        let is_it = |a: &&mut AttemptEntry| a.item == unit.item && a.attempt == attempt;
        if let Some(entry) = attempts.and_then(|all| all.iter_mut().rev().find(is_it)) {
            entry.ended = Some(at);
            entry.outcome = Some(outcome);
            entry.reason = reason;
        }
    }

    fn answered(&mut self, unit: &Unit, at: Timestamp, reply: &Reply, by: &str) {
        let (asked, question) =
            self.asked.remove(unit).map(|(at, text)| (Some(at), text)).unwrap_or_default();
        let answer = AnswerEntry {
            item: unit.item,
            question,
            asked,
            at,
            reply: reply.clone(),
            said: said(reply),
            by: by.to_string(),
        };
        self.steps.entry(unit.step.clone()).or_default().1.push(answer);
    }
}

fn asked(question: &Question) -> String {
    match question {
        Question::Confirm { text, .. } | Question::Decide { text, .. } => text.clone(),
        Question::Manual { instruction, .. } => instruction.clone(),
    }
}

/// The answer with what was brought back.
fn said(reply: &Reply) -> String {
    let mut text = note::reply(reply);
    if let Reply::Manual { evidence, .. } = reply {
        evidence.iter().for_each(|(name, value)| text.push_str(&format!("; {name} = {}", cell(value))));
    }
    text
}

/// A log that is there.
pub fn log(path: &Path, near: Option<&Path>) -> Option<Log> {
    path.exists().then(|| Log { path: path.to_path_buf(), link: link(path, near) })
}

/// How a page in a folder links to a file: below that folder by its way there, elsewhere as a file of this machine.
fn link(path: &Path, near: Option<&Path>) -> String {
    match near.and_then(|near| path.strip_prefix(near).ok()) {
        Some(below) => percent(&below.to_string_lossy()),
        None => format!("file://{}", percent(&path.to_string_lossy())),
    }
}

fn percent(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                text.push(byte as char)
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_short_beside_the_logs_and_whole_elsewhere() {
        let path = Path::new("/var/lib/toban/runs/a b/logs/検証.1.log");
        assert_eq!(link(path, Some(Path::new("/var/lib/toban/runs/a b"))), "logs/%E6%A4%9C%E8%A8%BC.1.log");
        let whole = "file:///var/lib/toban/runs/a%20b/logs/%E6%A4%9C%E8%A8%BC.1.log";
        assert_eq!(
            (link(path, None), link(path, Some(Path::new("/tmp")))),
            (whole.to_string(), whole.to_string())
        );
    }
}
