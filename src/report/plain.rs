//! A run as lines of text: one a fact, with its time in the zone of the system, without escape codes.

use jiff::Timestamp;

use super::board::{Board, Change};
use super::layout::did_run;
use super::sink::Sink;
use super::width::pad;
use super::{Heading, Look, alone, counts_text, format_seconds, note, outcome_word, safe_line, summary};
use crate::base::{StepId, counted};
use crate::event::{Event, Kind, Live, Outcome, Question, Reporter, Unit};
use crate::t;

/// The columns of the word for what happened.
const WORD: usize = 13;
/// Lines of logs are cut here: a file has no width, but a reader has.
const COLUMNS: usize = 200;

/// Facts as lines.
pub struct Plain {
    board: Board,
    look: Look,
    out: Sink,
    /// A second, and its text: many lines share it.
    second: i64,
    time: String,
}

impl Plain {
    /// Writes to `out`.
    pub fn new(heading: Heading, look: Look, out: Sink) -> Plain {
        Plain {
            board: Board::new(heading),
            look: Look { colour: false, ..look },
            out,
            second: i64::MIN,
            time: String::new(),
        }
    }

    fn fact(&mut self, at: Timestamp, word: &str, what: &str) {
        if self.second != at.as_second() {
            let zoned = at.to_zoned(self.board.heading.zone.clone());
            self.time = zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
            self.second = at.as_second();
        }
        let line = format!("{}  {}  {}", self.time, pad(word, WORD), safe_line(what));
        self.out.line(line.trim_end());
    }

    fn say(&mut self, event: &Event, change: Change) {
        let at = event.at;
        match (&event.kind, change) {
            (Kind::RunStarted { .. }, _) => self.started(at),
            (Kind::RunEnded { .. }, _) => self.ended(at),
            (_, Change::Step(place)) => self.step_over(at, place),
            (Kind::AttemptEnded { unit, outcome, seconds, .. }, Change::Item) => {
                self.unit_over(at, unit, *outcome, Some(*seconds))
            }
            (Kind::NotStarted { unit, outcome, .. }, Change::Item) => {
                self.unit_over(at, unit, *outcome, None)
            }
            (Kind::AttemptStarted { unit, attempt, .. }, _) => self.attempt(at, unit, *attempt),
            (Kind::Expanded { step, items, .. }, _) => self.expanded(at, step, items.len()),
            (Kind::RetryPlanned { unit, not_before, .. }, _) => self.retry(at, unit, *not_before),
            (Kind::Asked { unit, question }, _) => self.asked(at, unit, question),
            (Kind::Answered { unit, reply, by }, _) => {
                let said = note::reply(reply);
                self.fact(at, &t!("answer", "回答"), &format!("{unit}  {said}  ({by})"));
            }
            (Kind::Resumed { .. }, _) => self.started(at),
            (Kind::FoundUnknown { unit, .. }, _) => {
                self.fact(at, &outcome_word(Outcome::Unknown), &unit.to_string());
            }
            (Kind::Resolved { unit, how, by, reason, .. }, _) => {
                let reason = reason.as_deref().unwrap_or_default();
                let what = format!("{unit}  {}  ({by})  {reason}", note::resolution(*how));
                self.fact(at, &t!("decided", "判断"), what.trim_end());
            }
            (Kind::Stopping { by, at_once }, _) => {
                let at_once = if *at_once { t!("  (at once)", "（即時）") } else { String::new() };
                self.fact(at, &t!("stopping", "中止処理"), &format!("{by}{at_once}"));
            }
            (Kind::Breached { deadline, .. }, _) => {
                self.fact(at, &t!("deadline", "期限"), &note::breached(deadline))
            }
            (Kind::Notified { about, told, .. }, _) => {
                note::told(*about, told).iter().for_each(|line| self.fact(at, &t!("notice", "通知"), line));
            }
            (Kind::Closing, _) => {
                self.fact(at, &t!("closing", "後始末"), &t!("undo and always steps", "取り消しと後始末"));
            }
            (kind, _) => {
                if let Some((word, what)) = alone::told(kind, &self.board.heading.zone) {
                    self.fact(at, &word, &what);
                }
            }
        }
    }

    fn started(&mut self, at: Timestamp) {
        let h = &self.board.heading;
        let mut what = format!("{}  {}  {}", h.run, h.playbook, h.title);
        if let Some(environment) = &h.environment {
            let protected = if h.protected { t!(", protected", "、保護対象") } else { String::new() };
            what.push_str(&format!("  ({environment}{protected})"));
        }
        what.push_str(&format!("  {}", h.operator));
        let chosen = (!h.chosen.is_all()).then(|| h.chosen_text());
        self.fact(at, &t!("run", "開始"), &what);
        if let Some(chosen) = chosen {
            self.fact(at, &t!("chosen", "選択"), &chosen);
        }
    }

    /// The heading of a part of the run that begins with a step.
    fn enter(&mut self, at: Timestamp, place: usize) {
        if let Some(section) = self.board.enter(place) {
            self.fact(at, &section.word(), &section.meaning());
        }
    }

    fn ended(&mut self, at: Timestamp) {
        let lines = summary::summary(&self.board, self.look, COLUMNS);
        for line in lines.iter().filter(|line| !line.is_empty()) {
            self.fact(at, &t!("result", "結果"), line);
        }
    }

    fn attempt(&mut self, at: Timestamp, unit: &Unit, attempt: u32) {
        let place = self.board.place(&unit.step);
        self.enter(at, place);
        let title = self.board.title(&unit.step);
        let again = note::with_attempts(String::new(), attempt);
        let again = if again.is_empty() { again } else { format!("  ({again})") };
        let what = format!("{unit}  {title}{again}");
        self.fact(at, &t!("start", "実行"), what.trim_end());
    }

    fn step_over(&mut self, at: Timestamp, place: usize) {
        let step = &self.board.steps[place];
        let outcome = step.outcome.unwrap_or(Outcome::Unknown);
        let reason = match step.tally() {
            Some(tally) => counts_text(&tally, self.look.dot()),
            None => step.reason.clone(),
        };
        let seconds = did_run(outcome).then_some(step.seconds);
        let id = self.board.heading.steps[place].id.to_string();
        self.over(at, &id, outcome, seconds, &reason);
    }

    fn unit_over(&mut self, at: Timestamp, unit: &Unit, outcome: Outcome, seconds: Option<f64>) {
        let place = self.board.place(&unit.step);
        let trouble = self.board.steps[place].troubles.iter().find(|trouble| trouble.unit == *unit);
        let reason = trouble.map(|trouble| trouble.reason.clone()).unwrap_or_default();
        self.over(at, &unit.to_string(), outcome, seconds, &reason);
    }

    fn over(&mut self, at: Timestamp, name: &str, outcome: Outcome, seconds: Option<f64>, reason: &str) {
        let time = seconds.map(|s| format!("  {}", format_seconds(s))).unwrap_or_default();
        let what = format!("{name}{time}  {reason}");
        self.fact(at, &outcome_word(outcome), &what);
    }

    fn expanded(&mut self, at: Timestamp, step: &StepId, items: usize) {
        let n = counted(items, "item");
        let what = t!("{step}  {n}", "{step}  {items} 件");
        self.fact(at, &t!("items", "対象"), &what);
    }

    fn retry(&mut self, at: Timestamp, unit: &Unit, not_before: Timestamp) {
        let time = not_before.to_zoned(self.board.heading.zone.clone()).strftime("%H:%M:%S").to_string();
        let reason = self.board.step(&unit.step).map_or("", |(_, state)| state.reason.as_str());
        let what = t!("{unit}  at {time}  {reason}", "{unit}  {time} に再実行  {reason}");
        self.fact(at, &t!("retry", "再試行"), &what);
    }

    fn asked(&mut self, at: Timestamp, unit: &Unit, question: &Question) {
        let text = match question {
            Question::Confirm { text, .. } | Question::Decide { text, .. } => text,
            Question::Manual { instruction, .. } => instruction,
        };
        self.fact(at, &t!("question", "質問"), &format!("{unit}  {text}"));
    }
}

impl Reporter for Plain {
    fn event(&mut self, event: &Event) {
        let change = self.board.take(event);
        self.say(event, change);
    }

    fn past(&mut self, event: &Event) {
        self.board.take(event);
    }

    fn live(&mut self, _: &Live) {}
}
