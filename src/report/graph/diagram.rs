//! What a graph of a plan shows: its steps, what holds them, and what follows what. It draws nothing.

use std::collections::HashMap;

use crate::drawing::{Link, Shape};
use crate::graph::Why;
use crate::model::Effect;
use crate::plan::{Outline, OutlineStep};
use crate::report::{effect_word, safe_line};
use crate::t;

/// A plan as a graph.
#[derive(Clone, Debug)]
pub struct Diagram {
    /// The plan's title.
    pub title: String,
    /// Its steps, each before all it holds.
    pub parts: Vec<Part>,
    /// What follows what.
    pub edges: Vec<Edge>,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its id.
    pub id: String,
    /// Its id within what holds it.
    pub name: String,
    /// Its title; none where it is the id.
    pub title: Option<String>,
    /// The kind of its action.
    pub kind: String,
    /// What it does, or the worst of what it holds.
    pub effect: Effect,
    /// Words for what is special: a condition, a loop, a question.
    pub marks: Vec<String>,
    /// Whether a person is asked.
    pub asks: bool,
    /// What holds it.
    pub inside: Option<usize>,
    /// Whether it holds steps.
    pub holds: bool,
}

/// One step after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The first.
    pub from: usize,
    /// The one that waits.
    pub to: usize,
    /// Why.
    pub why: Why,
}

impl Diagram {
    /// The graph of a plan. Steps that a group holds stand together, in the order of the plan.
    pub fn of(outline: &Outline) -> Diagram {
        let by_id: HashMap<&str, usize> =
            outline.steps.iter().enumerate().map(|(at, s)| (s.id.as_str(), at)).collect();
        let holder = |at: usize| outline.steps[at].inside.as_deref().and_then(|id| by_id.get(id)).copied();
        let mut parts: Vec<Part> = outline.steps.iter().map(part).collect();
        for at in (0..parts.len()).rev() {
            // A step stands behind what holds it, so that each effect reaches all that hold it.
            if let Some(outer) = holder(at).filter(|outer| *outer < at) {
                parts[at].inside = Some(outer);
                let prefix = format!("{}/", parts[outer].id);
                let name = parts[at].id.strip_prefix(&prefix).map(str::to_string);
                parts[at].name = name.unwrap_or_else(|| parts[at].id.clone());
                let inner = parts[at].effect;
                let so_far = if parts[outer].holds { parts[outer].effect } else { Effect::Read };
                parts[outer].holds = true;
                parts[outer].effect = worse(so_far, inner);
            }
        }
        let edges = outline.steps.iter().enumerate().flat_map(|(to, step)| {
            let needs = step.needs.iter().filter_map(|n| Some((*by_id.get(n.step.as_str())?, n.why)));
            needs.map(move |(from, why)| Edge { from, to, why })
        });
        let mut diagram =
            Diagram { title: safe_line(&outline.title).into_owned(), edges: edges.collect(), parts };
        let held = |e: &Edge| !diagram.holds(e.from, e.to) && !diagram.holds(e.to, e.from);
        diagram.edges = diagram.edges.iter().copied().filter(held).collect();
        diagram
    }

    /// Whether a step holds another, or is it.
    pub fn holds(&self, outer: usize, inner: usize) -> bool {
        std::iter::successors(Some(inner), |at| self.parts[*at].inside).any(|at| at == outer)
    }

    /// The steps directly inside another, or outermost.
    pub fn held_by(&self, holder: Option<usize>) -> impl Iterator<Item = usize> {
        (0..self.parts.len()).filter(move |at| self.parts[*at].inside == holder)
    }

    /// The boxes and lines to be laid out, with the size of each box.
    pub fn sheet(&self, size: impl Fn(&Part) -> (i32, i32)) -> (Vec<Shape>, Vec<Link>) {
        let shape = |part: &Part| {
            let (width, height) = size(part);
            Shape { inside: part.inside, width, height }
        };
        let link = |e: &Edge| Link { from: e.from, to: e.to, kind: e.why as u8 };
        (self.parts.iter().map(shape).collect(), self.edges.iter().map(link).collect())
    }
}

impl Part {
    /// Its effect, kind and marks in one line.
    pub fn remark(&self) -> String {
        let mut words = vec![effect_word(self.effect), kind_word(&self.kind)];
        words.extend(self.marks.iter().cloned());
        words.join(" · ")
    }
}

/// The kind of an action in a word; a group has one for people.
fn kind_word(kind: &str) -> String {
    match kind {
        "steps" => t!("group", "グループ"),
        kind => kind.to_string(),
    }
}

fn part(step: &OutlineStep) -> Part {
    let mut marks = Vec::new();
    if !step.when.is_empty() {
        marks.push(t!("if", "条件あり"));
    }
    if let Some(items) = &step.items {
        marks.push(match items.count {
            Some(count) => t!("× {count}", "× {count}"),
            None => t!("each", "繰返し"),
        });
    }
    if step.asks.is_some() {
        marks.push(t!("asks", "確認"));
    }
    let id = safe_line(&step.id).into_owned();
    Part {
        name: id.clone(),
        id,
        title: own_title(step).map(|title| safe_line(title).into_owned()),
        kind: step.kind.clone(),
        effect: step.effect,
        marks,
        asks: step.asks.is_some(),
        inside: None,
        holds: false,
    }
}

/// The title of a step that has one beside its id.
pub(crate) fn own_title(step: &OutlineStep) -> Option<&str> {
    let last = step.id.rsplit('/').next().unwrap_or_default();
    Some(step.title.as_str()).filter(|title| *title != step.id && *title != last && !title.trim().is_empty())
}

fn worse(a: Effect, b: Effect) -> Effect {
    let weight = |e| match e {
        Effect::Read => 0,
        Effect::Change => 1,
        Effect::Destroy => 2,
    };
    if weight(a) >= weight(b) { a } else { b }
}

/// Why a step follows another, for people.
pub fn why_word(why: Why) -> String {
    match why {
        Why::Written => t!("written", "needs 指定"),
        Why::Reference => t!("uses its result", "結果を参照"),
        Why::Sequence => t!("next in order", "記載順"),
        Why::After => t!("after its end", "終了後"),
    }
}

/// Every reason, in the order of a legend.
pub(super) const REASONS: [Why; 4] = [Why::Sequence, Why::Written, Why::Reference, Why::After];

/// The name of a reason in style sheets and files.
pub(super) fn why_name(why: Why) -> &'static str {
    match why {
        Why::Written => "written",
        Why::Reference => "reference",
        Why::Sequence => "sequence",
        Why::After => "after",
    }
}

/// The name of an effect in style sheets and files.
pub(crate) fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Change => "change",
        Effect::Destroy => "destroy",
    }
}
