//! The lines of a terminal screen from the board, each within the width. It writes nothing.

use std::time::Instant;

use indexmap::IndexMap;

use super::area::Row;
use super::board::{Board, Running};
use super::note::with_attempts;
use super::section::Section;
use super::width::{fit, pad, pad_left, width};
use super::{Look, counts_text, format_seconds, outcome_word, safe_line};
use crate::base::{StepId, counted};
use crate::event::{Outcome, Unit};
use crate::t;

/// The most running units that are shown.
const SHOWN: usize = 8;
/// The columns of a length of time.
const TIME: usize = 6;

/// The widths of the columns, for one run on one screen.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub look: Look,
    /// Columns of the screen that are used.
    pub columns: usize,
    id: usize,
}

impl Layout {
    /// A layout for a screen of so many columns. The last one stays free: some terminals break a full line.
    pub fn new(board: &Board, look: Look, columns: usize) -> Layout {
        let columns = columns.saturating_sub(1);
        Layout { look, columns, id: board.widest.clamp(4, 24).min(columns / 3) }
    }

    /// What stands at the top of a run.
    pub fn head(&self, board: &Board) -> Vec<String> {
        let h = &board.heading;
        let title = fit(&safe_line(&h.title), self.columns.saturating_sub(width(&h.playbook) + 2));
        let mut lines = vec![format!("{}  {title}", self.look.bold(&h.playbook)), self.whereabouts(board)];
        if !h.chosen.is_all() {
            lines.push(self.look.loud(&fit(&safe_line(&h.chosen_text()), self.columns)));
        }
        lines
    }

    fn whereabouts(&self, board: &Board) -> String {
        let h = &board.heading;
        let dot = format!(" {} ", self.look.dot());
        let mut parts = Vec::new();
        parts.extend(h.environment.iter().map(|e| safe_line(e).into_owned()));
        parts.extend(
            h.target.iter().filter(|t| h.environment.as_ref() != Some(t)).map(|t| safe_line(t).into_owned()),
        );
        if h.protected {
            parts.push(t!("protected", "保護対象"));
        }
        let n = h.steps.len();
        let steps = counted(n, "step");
        parts.push(t!("{steps}", "{n} ステップ"));
        parts.push(h.run.to_string());
        let text = fit(&parts.join(&dot), self.columns);
        if h.protected { self.look.loud(&text) } else { self.look.dim(&text) }
    }

    /// The heading of a part of the run.
    pub fn section(&self, section: &Section) -> String {
        self.look.bold(&fit(&safe_line(&section.heading()), self.columns))
    }

    /// The one line of a step that is over.
    pub fn over(&self, board: &Board, place: usize) -> String {
        let (info, step) = (&board.heading.steps[place], &board.steps[place]);
        let outcome = step.outcome.unwrap_or(Outcome::Unknown);
        let reason = match step.tally() {
            Some(tally) => counts_text(&tally, self.look.dot()),
            None if step.reason.is_empty() && outcome != Outcome::Ok => outcome_word(outcome),
            None => safe_line(&step.reason).into_owned(),
        };
        let time = if did_run(outcome) { format_seconds(step.seconds) } else { String::new() };
        let text = self.title_and_reason(board.title(&info.id), &reason, outcome);
        let id = pad(info.id.as_str(), self.id);
        format!("{} {id}  {}  {text}", self.look.mark(outcome), self.look.dim(&pad_left(&time, TIME)))
            .trim_end()
            .to_string()
    }

    /// The reason is what counts: a long title gives way to it.
    fn title_and_reason(&self, title: &str, reason: &str, outcome: Outcome) -> String {
        let room = self.room(2);
        let between = if title.is_empty() || reason.is_empty() { "" } else { ": " };
        let kept = width(reason).min(room / 2) + width(between);
        let title = fit(&safe_line(title), room.saturating_sub(kept));
        let reason = fit(reason, room.saturating_sub(width(&title) + width(between)));
        format!("{title}{between}{}", self.look.tinted(outcome, &reason))
    }

    fn room(&self, before: usize) -> usize {
        self.columns.saturating_sub(before + self.id + 2 + TIME + 2)
    }

    /// The rows of what is under way, the items of a loop under their step, and the count below them.
    pub fn rows(&self, board: &Board, screen_rows: usize) -> Vec<Row> {
        let most = SHOWN.min(screen_rows.saturating_sub(3)).max(1);
        let mut rows = Vec::new();
        let mut shown = 0;
        for (step, units) in by_step(board) {
            let loops = units.iter().any(|(unit, _)| unit.item.is_some());
            if rows.len() + usize::from(loops) >= most && shown > 0 {
                break;
            }
            rows.extend(loops.then(|| self.loop_head(board, step)));
            for (unit, running) in units.into_iter().take(most.saturating_sub(rows.len()).max(1)) {
                rows.push(self.running(board, unit, running));
                shown += 1;
            }
        }
        let more = board.running.len() - shown;
        if more > 0 {
            let text = t!("… and {more} more", "… ほか {more} 件");
            rows.push(Row { spins: false, text: self.look.dim(&format!("  {text}")) });
        }
        rows.push(Row { spins: false, text: self.count(board) });
        rows
    }

    fn loop_head(&self, board: &Board, step: &StepId) -> Row {
        let items = board.step(step).and_then(|(_, state)| state.items.as_deref()).unwrap_or_default();
        let over = items.iter().flatten().count();
        let counts = pad_left(&format!("{over}/{}", items.len()), TIME);
        let text = format!("{}  {counts}  {}", pad(step.as_str(), self.id), self.title_of(board, step));
        Row { spins: true, text: text.trim_end().to_string() }
    }

    fn running(&self, board: &Board, unit: &Unit, running: &Running) -> Row {
        let time = pad_left(&format_seconds(running.since.elapsed().as_secs_f64()), TIME);
        let name = match unit.item {
            Some(item) => pad(&format!("  [{item}]"), self.id),
            None => pad(unit.step.as_str(), self.id),
        };
        let line = safe_line(&running.line);
        let said = match line.trim() {
            "" if running.attempt > 1 => self.look.dim(&with_attempts(String::new(), running.attempt)),
            "" if unit.item.is_none() => self.title_of(board, &unit.step),
            line => self.look.dim(&fit(line, self.room(2))),
        };
        Row { spins: true, text: format!("{name}  {time}  {said}").trim_end().to_string() }
    }

    fn title_of(&self, board: &Board, step: &StepId) -> String {
        fit(&safe_line(board.title(step)), self.room(2))
    }

    /// `12/40 · 3 running · 1 failed`
    fn count(&self, board: &Board) -> String {
        let (over, all) = (board.over(), board.steps.len());
        let running = board.running.len();
        let mut parts = vec![format!("{over}/{all}")];
        if running > 0 {
            parts.push(t!("{running} running", "実行中 {running}"));
        }
        for (n, outcome) in [
            (board.counts.failed, Outcome::Failed),
            (board.counts.refused, Outcome::Refused),
            (board.counts.blocked, Outcome::Blocked),
            (board.counts.warned, Outcome::Warned),
        ] {
            if n > 0 {
                let word = outcome_word(outcome);
                parts.push(self.look.tinted(outcome, &t!("{n} {word}", "{word} {n}")));
            }
        }
        parts.push(self.look.dim(&elapsed(board.since)));
        parts.join(&format!(" {} ", self.look.dot()))
    }
}

/// What is under way, in the order of its start, but the items of a loop together.
fn by_step(board: &Board) -> IndexMap<&StepId, Vec<(&Unit, &Running)>> {
    let mut groups: IndexMap<&StepId, Vec<(&Unit, &Running)>> = IndexMap::new();
    for (unit, running) in &board.running {
        groups.entry(&unit.step).or_default().push((unit, running));
    }
    groups
}

fn elapsed(since: Instant) -> String {
    format_seconds(since.elapsed().as_secs_f64())
}

/// Whether an outcome comes with a time worth showing.
pub fn did_run(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Skipped | Outcome::Blocked | Outcome::Refused)
}
