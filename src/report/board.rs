//! The state of a run as a screen remembers it. It draws nothing; `fold` is how events change it.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use indexmap::{IndexMap, IndexSet};

use super::section::{Section, Sections, UNDO};
use super::{Heading, StepInfo};
use crate::base::StepId;
use crate::event::{Counts, Outcome, RunOutcome, Unit};
use crate::model::{Effect, Part};
use crate::t;

/// The longest piece of an output line that is kept, in bytes: more than any screen shows.
const LINE: usize = 2 * 1024;

/// What is known of a run so far.
pub struct Board {
    pub heading: Heading,
    pub steps: Vec<StepState>,
    pub running: IndexMap<Unit, Running>,
    pub asking: IndexSet<Unit>,
    pub counts: Counts,
    pub ended: Option<(RunOutcome, f64)>,
    /// When the first event came in, for the elapsed time on the screen.
    pub since: Instant,
    /// The columns of the longest id.
    pub widest: usize,
    /// Groups and playbooks that did not begin: what they hold did not either, and is not told one by one.
    pub unbegun: HashSet<StepId>,
    index: HashMap<StepId, usize>,
    pub sections: Sections,
    /// The section of the step that was told last.
    shown: Option<Section>,
}

/// What is known of a step.
#[derive(Clone, Debug, Default)]
pub struct StepState {
    /// None while it is not over.
    pub outcome: Option<Outcome>,
    pub seconds: f64,
    /// Why it ended so, in one line; may be empty.
    pub reason: String,
    /// For a loop: how each item ended.
    pub items: Option<Vec<Option<Outcome>>>,
    /// What the summary has to repeat.
    pub troubles: Vec<Trouble>,
    /// What a person answered, and who.
    pub answer: Option<(String, String)>,
    /// The flag that would have answered.
    pub flag: Option<String>,
}

/// A unit that needs somebody's eyes.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub unit: Unit,
    /// The attempt whose log tells more; 0 where there was none.
    pub attempt: u32,
    pub outcome: Outcome,
    pub reason: String,
}

/// A unit under way.
#[derive(Clone, Debug)]
pub struct Running {
    pub attempt: u32,
    pub since: Instant,
    /// The last line of its output, as it came.
    pub line: String,
}

/// What an event means for a screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nothing is over.
    None,
    /// An item of a loop is over; a retry may still take it back.
    Item,
    /// The step at this place is over.
    Step(usize),
}

impl Board {
    /// A board on which nothing has happened.
    pub fn new(heading: Heading) -> Board {
        let index = heading.steps.iter().enumerate().map(|(i, s)| (s.id.clone(), i)).collect();
        let widest = heading.steps.iter().map(|s| s.id.as_str().len()).max().unwrap_or(0);
        Board {
            steps: vec![StepState::default(); heading.steps.len()],
            sections: Sections::of(&heading.steps),
            shown: None,
            heading,
            running: IndexMap::new(),
            asking: IndexSet::new(),
            counts: Counts::default(),
            ended: None,
            since: Instant::now(),
            widest,
            unbegun: HashSet::new(),
            index,
        }
    }

    /// How many steps are over.
    pub fn over(&self) -> usize {
        self.counts.total() as usize
    }

    /// Takes an output line in.
    pub fn line(&mut self, unit: &Unit, line: &str) {
        if let Some(running) = self.running.get_mut(unit) {
            running.line.clear();
            running.line.push_str(&line[..line.floor_char_boundary(LINE)]);
        }
    }

    /// What the plan says of a step, and what is known of it.
    pub fn step(&self, step: &StepId) -> Option<(&StepInfo, &StepState)> {
        let place = *self.index.get(step)?;
        Some((&self.heading.steps[place], &self.steps[place]))
    }

    /// The title of a step, empty where it is only the id again.
    pub fn title(&self, step: &StepId) -> &str {
        let title = self.step(step).map_or("", |(info, _)| info.title.as_str());
        if title == step.as_str() { "" } else { title }
    }

    /// The place of a step; one that the plan did not name is put behind the others.
    pub fn place(&mut self, step: &StepId) -> usize {
        if let Some(place) = self.index.get(step) {
            return *place;
        }
        let (id, effect, part) = (step.clone(), Effect::Change, Part::Steps);
        let (kind, title) = match step.undone().and_then(|of| self.step(&of).map(|(info, _)| info)) {
            Some(of) => (UNDO, t!("undo of {}", "取り消し: {}", of.title)),
            None => ("", step.to_string()),
        };
        self.add(StepInfo { id, title, effect, kind, inside: None, part })
    }

    /// Puts a step behind the others.
    pub fn add(&mut self, info: StepInfo) -> usize {
        let place = self.steps.len();
        self.index.insert(info.id.clone(), place);
        self.widest = self.widest.max(info.id.as_str().len());
        self.steps.push(StepState::default());
        self.sections.add(&info);
        self.heading.steps.push(info);
        place
    }

    /// The section of the step at a place.
    pub fn section(&self, place: usize) -> Option<Section> {
        self.sections.section(&self.heading.steps[place])
    }

    /// The section that begins with the step at a place, where it is another than that of the step before.
    pub fn enter(&mut self, place: usize) -> Option<Section> {
        let section = self.section(place);
        let is_new = section != self.shown;
        self.shown.clone_from(&section);
        section.filter(|_| is_new)
    }
}

impl StepState {
    /// For a loop: how many items ended how.
    pub fn tally(&self) -> Option<Counts> {
        let items = self.items.as_ref()?;
        let mut counts = Counts::default();
        items.iter().flatten().for_each(|outcome| counts.add(*outcome));
        Some(counts)
    }
}
