//! The report of a run from its heading and its facts.

use jiff::Timestamp;

use super::attempts::Traces;
use super::boxes::checklist;
use super::deviations::{beside_steps, deviations};
use super::document::{Beside, Report, StepEntry};
use crate::event::{Counts, Event, Kind, Outcome};
use crate::report::Heading;
use crate::report::board::Board;
use crate::report::note;

impl Report {
    /// The report of a run. One that has not ended is told as far as it went; what was under way when its engine
    /// died is unknown.
    pub fn of(heading: &Heading, events: &[Event], beside: &Beside) -> Report {
        let board = folded(heading, events);
        let mut traces = Traces::of(events, &heading.log_dir, beside.near.as_deref(), &heading.zone);
        let is_dead = board.ended.is_none() && !beside.is_running;
        let steps = entries(&board, &mut traces, is_dead);
        let mut counts = Counts::default();
        steps.iter().filter_map(|step| step.outcome).for_each(|outcome| counts.add(outcome));
        let first = events.first().map_or(Timestamp::UNIX_EPOCH, |event| event.at);
        let last = events.last().map_or(first, |event| event.at);
        let ended = board.ended.is_some().then_some(last);
        let mut report = Report {
            format: 1,
            run: heading.run.clone(),
            playbook: heading.playbook.clone(),
            title: heading.title.clone(),
            environment: heading.environment.clone(),
            target: heading.target.clone().filter(|target| heading.environment.as_ref() != Some(target)),
            operator: heading.operator.clone(),
            engine: engine(events),
            started: first,
            ended,
            outcome: board.ended.map(|(outcome, _)| outcome),
            is_running: beside.is_running && board.ended.is_none(),
            seconds: board
                .ended
                .map_or_else(|| last.duration_since(first).as_secs_f64(), |(_, seconds)| seconds),
            counts,
            stopped_by: traces.stopped_by.take(),
            notes: std::mem::take(&mut traces.notes),
            plan: beside.saved.clone(),
            deviations: Vec::new(),
            checklist: None,
            steps,
            zone: heading.zone.clone(),
        };
        report.deviations = deviations(
            &report,
            &board,
            beside.near.as_deref(),
            events.iter().flat_map(beside_steps).collect(),
        );
        report.checklist = checklist(&report, &board.heading.checklist);
        report
    }
}

fn folded(heading: &Heading, events: &[Event]) -> Board {
    let loops = events.iter().filter_map(|event| match &event.kind {
        Kind::Expanded { step, items, .. } => Some((step, items)),
        _ => None,
    });
    let mut board = Board::new(heading.clone().laid_out(loops));
    for event in events {
        board.take(event);
    }
    board
}

fn engine(events: &[Event]) -> String {
    let engine = events.iter().find_map(|event| match &event.kind {
        Kind::RunStarted { engine, .. } => Some(engine.clone()),
        _ => None,
    });
    engine.unwrap_or_default()
}

fn entries(board: &Board, traces: &mut Traces, is_dead: bool) -> Vec<StepEntry> {
    let steps = board.heading.steps.iter().zip(&board.steps);
    let entry = |(info, state): (&crate::report::StepInfo, &crate::report::board::StepState)| {
        let (attempts, answers) = traces.take_step(&info.id);
        let was_under_way = is_dead && attempts.iter().any(|attempt| attempt.ended.is_none());
        let most = attempts.iter().filter(|a| a.item.is_none()).map(|a| a.attempt).max().unwrap_or(0);
        // A failure already says which attempt it was.
        let came_right = state.outcome.is_some_and(Outcome::lets_follow) && state.reason.is_empty();
        let reason = if came_right { note::with_attempts(String::new(), most) } else { state.reason.clone() };
        StepEntry {
            title: (info.title != info.id.as_str()).then(|| info.title.clone()),
            id: info.id.clone(),
            section: board.sections.section(info),
            kind: info.kind,
            effect: info.effect,
            outcome: state.outcome.or(was_under_way.then_some(Outcome::Unknown)),
            seconds: state.seconds,
            note: reason,
            items: state.tally(),
            attempts,
            answers,
        }
    };
    steps.map(entry).collect()
}
