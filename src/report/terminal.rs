//! A run on a terminal: what is over scrolls up, what is under way stands below, a question gets the screen for
//! itself. Drawn at most fifteen times a second, however fast things happen.

use std::time::{Duration, Instant};

use super::area::Area;
use super::board::{Board, Change};
use super::canvas::{Canvas, SizeOf};
use super::layout::{Layout, did_run};
use super::sink::Sink;
use super::summary::summary;
use super::{Heading, Look, alone, note, safe_line};
use crate::event::{Event, Kind, Live, Reporter};

/// The least time between two drawings.
const PAUSE: Duration = Duration::from_millis(66);

/// A live screen.
pub struct Terminal {
    board: Board,
    look: Look,
    canvas: Canvas,
    area: Area,
    out: Sink,
    /// Lines that are over and not yet on the screen.
    waiting: Vec<u8>,
    drawn: Option<Instant>,
    /// A question has the screen.
    paused: bool,
}

impl Terminal {
    /// A screen of that size, written to `out`.
    pub fn new(heading: Heading, look: Look, out: Sink, size: SizeOf) -> Terminal {
        let canvas = Canvas::new(size);
        Terminal {
            board: Board::new(heading),
            look,
            area: Area::new(canvas.clone(), look),
            canvas,
            out,
            waiting: Vec::new(),
            drawn: None,
            paused: false,
        }
    }

    fn layout(&self) -> Layout {
        Layout::new(&self.board, self.look, self.canvas.size().1)
    }

    fn scroll(&mut self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            self.waiting.extend_from_slice(line.as_bytes());
            self.waiting.extend_from_slice(b"\r\n");
        }
    }

    fn refresh(&mut self) {
        let fresh = self.drawn.is_some_and(|at| at.elapsed() < PAUSE);
        if !self.paused && !fresh {
            self.draw();
        }
    }

    fn draw(&mut self) {
        let rows = match self.board.ended {
            None => self.layout().rows(&self.board, self.canvas.size().0),
            Some(_) => Vec::new(),
        };
        let bytes = self.area.draw(&std::mem::take(&mut self.waiting), rows);
        self.out.bytes(&bytes);
        self.drawn = Some(Instant::now());
    }

    fn give_way(&mut self) {
        if !self.paused {
            let bytes = self.area.draw(&std::mem::take(&mut self.waiting), Vec::new());
            self.out.bytes(&bytes);
            self.paused = true;
        }
    }

    fn show(&mut self, event: &Event, change: Change) {
        match (&event.kind, change) {
            (Kind::RunStarted { .. } | Kind::Resumed { .. }, _) => {
                self.scroll(self.layout().head(&self.board))
            }
            (Kind::RunEnded { .. }, _) => self.scroll(summary(&self.board, self.look, self.layout().columns)),
            (_, Change::Step(place)) => self.step_over(place),
            (Kind::Breached { deadline, .. }, _) => {
                let line = safe_line(&note::breached(deadline)).into_owned();
                let mark = self.look.mark(crate::event::Outcome::Warned);
                self.scroll([format!("  {mark} {}", self.look.tinted(crate::event::Outcome::Warned, &line))]);
            }
            (Kind::Notified { about, told, .. }, _) => {
                let lines = note::told(*about, told);
                let dim = |line: &String| self.look.dim(&format!("  {}", safe_line(line)));
                let lines: Vec<_> = lines.iter().map(dim).collect();
                self.scroll(lines);
            }
            (kind, _) => {
                let told = alone::told(kind, &self.board.heading.zone);
                self.scroll(told.map(|(word, what)| format!("{word}  {}", safe_line(&what))));
            }
        }
    }
}

impl Terminal {
    fn step_over(&mut self, place: usize) {
        let ran = self.board.steps[place].outcome.is_some_and(did_run);
        let entered = if ran { self.board.enter(place) } else { None };
        let line = self.layout().over(&self.board, place);
        let heading = entered.map(|section| self.layout().section(&section));
        self.scroll(heading.into_iter().chain([line]));
    }
}

impl Reporter for Terminal {
    fn event(&mut self, event: &Event) {
        let change = self.board.take(event);
        self.show(event, change);
        match (&event.kind, self.board.asking.is_empty()) {
            (Kind::Asked { .. }, _) => self.give_way(),
            (_, false) => {}
            (Kind::RunEnded { .. }, true) => {
                self.paused = false;
                self.draw();
            }
            (_, true) => {
                self.paused = false;
                self.refresh();
            }
        }
    }

    fn past(&mut self, event: &Event) {
        self.board.take(event);
    }

    fn live(&mut self, live: &Live) {
        if let Live::Line { unit, line } = live {
            self.board.line(unit, line);
        }
        self.refresh();
    }

    fn wants_ticks(&self) -> bool {
        true
    }

    fn pause(&mut self) {
        self.give_way();
    }
}

impl Drop for Terminal {
    /// A run that was given up leaves no half-drawn rows behind.
    fn drop(&mut self) {
        let bytes = self.area.draw(&std::mem::take(&mut self.waiting), Vec::new());
        self.out.bytes(&bytes);
    }
}
