//! How a screen looks: with colours or without, with signs beyond ASCII or without. It knows no run.

use console::{Style, StyledObject};

use crate::event::{Outcome, RunOutcome};
use crate::model::Effect;

/// What the screen can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Colours are wanted.
    pub colour: bool,
    /// The locale is UTF-8.
    pub unicode: bool,
}

impl Look {
    /// The look for this process: colours as the caller decided, signs by the locale.
    pub fn of_locale(colour: bool) -> Look {
        let name = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|key| std::env::var(key).ok().filter(|value| !value.is_empty()))
            .unwrap_or_default()
            .to_ascii_lowercase();
        Look { colour, unicode: name.contains("utf-8") || name.contains("utf8") }
    }

    fn paint(self, style: Style, text: &str) -> StyledObject<&str> {
        style.force_styling(self.colour).apply_to(text)
    }

    /// The sign of an outcome.
    pub fn mark(self, outcome: Outcome) -> String {
        let sign = sign(outcome);
        self.paint(colour_of(outcome), if self.unicode { sign.0 } else { sign.1 }).to_string()
    }

    /// The sign of a run's outcome.
    pub fn run_mark(self, outcome: RunOutcome) -> String {
        self.mark(as_step(outcome))
    }

    /// Text in the colour of an outcome.
    pub fn tinted(self, outcome: Outcome, text: &str) -> String {
        self.paint(colour_of(outcome), text).to_string()
    }

    /// Text in the colour of a run's outcome, bold.
    pub fn run_tinted(self, outcome: RunOutcome, text: &str) -> String {
        self.paint(colour_of(as_step(outcome)).bold(), text).to_string()
    }

    /// Text that stands back.
    pub fn dim(self, text: &str) -> String {
        self.paint(Style::new().dim(), text).to_string()
    }

    /// Text that stands out.
    pub fn bold(self, text: &str) -> String {
        self.paint(Style::new().bold(), text).to_string()
    }

    /// Text that warns.
    pub fn loud(self, text: &str) -> String {
        self.paint(Style::new().bold().yellow(), text).to_string()
    }

    /// Text in the colour of what a step does to the world.
    pub fn effect(self, effect: Effect, text: &str) -> String {
        let style = match effect {
            Effect::Read => Style::new().cyan(),
            Effect::Change => Style::new().yellow(),
            Effect::Destroy => Style::new().red().bold(),
        };
        self.paint(style, text).to_string()
    }

    /// `·`, or `-` where the locale is not UTF-8.
    pub fn dot(self) -> &'static str {
        if self.unicode { "·" } else { "-" }
    }
}

fn sign(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Ok | Outcome::ByHand => ("✓", "+"),
        Outcome::Warned => ("!", "!"),
        Outcome::Failed | Outcome::Refused => ("✗", "x"),
        Outcome::Skipped | Outcome::Blocked => ("–", "-"),
        Outcome::Unchanged => ("·", "."),
        Outcome::Unknown => ("?", "?"),
    }
}

fn colour_of(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Ok | Outcome::ByHand => Style::new().green(),
        Outcome::Warned | Outcome::Blocked | Outcome::Unknown => Style::new().yellow(),
        Outcome::Failed | Outcome::Refused => Style::new().red(),
        Outcome::Skipped | Outcome::Unchanged => Style::new().dim(),
    }
}

fn as_step(outcome: RunOutcome) -> Outcome {
    match outcome {
        RunOutcome::Ok => Outcome::Ok,
        RunOutcome::Warned => Outcome::Warned,
        RunOutcome::Failed | RunOutcome::Cancelled => Outcome::Failed,
        RunOutcome::Refused => Outcome::Refused,
    }
}
