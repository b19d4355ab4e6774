//! The parts of a plan. It knows how they hang together, not how they came about or what becomes of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::{Allowed, Chosen, LastTold, PlanDeadline, PlanWindow, Uses};
use crate::base::StepId;
use crate::graph::{Graph, Why};
use crate::model::{
    ChecklistItem, Effect, InputDecl, Lock, Notifications, Part, RunsAtOnce, Schedule, Slot, Step, System,
    Templated, Tree, UndoWhen,
};
use crate::template::Ready;

/// [`Node::pattern`] of a pattern that has been used.
pub const LAID_OUT: u32 = u32::MAX;

/// The place of a node in [`Plan::nodes`].
pub type NodeIx = u32;

/// A playbook made ready to be shown or run. Steps that hold steps and loop stand in it once, as a pattern, until
/// [`Plan::expand`] lays them out for their items.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The name it was asked for by.
    pub playbook: String,
    /// Its title.
    pub title: String,
    /// The environment, where the system has any.
    pub environment: Option<String>,
    /// The zone of stamps and shown times.
    pub zone: TimeZone,
    /// Every node, in the order of the files.
    pub nodes: Vec<Node>,
    /// The scopes of names: the playbook itself first, then each playbook it calls.
    pub frames: Vec<Frame>,
    /// What waits for what.
    pub graph: Graph,
    /// The nodes in an order in which they could run one by one; ties in the order of the files.
    pub order: Vec<NodeIx>,
    /// Every id with its node.
    pub ids: HashMap<StepId, NodeIx>,
    /// Boxes to tick.
    pub checklist: Vec<ChecklistItem>,
    /// By when what has to be over: of the run first, then of the playbooks it calls.
    pub deadlines: Vec<PlanDeadline>,
    /// Who is told of its runs, where anybody is.
    pub notifications: Option<Notifications>,
    /// What it holds while it runs, with what the playbooks it calls hold.
    pub locks: Vec<Lock>,
    /// The windows in which it may begin: it has to lie in all of them.
    pub windows: Vec<PlanWindow>,
    /// What happens when it is run while a run of it goes on.
    pub runs_at_once: RunsAtOnce,
    /// When it runs by itself.
    pub schedule: Vec<Schedule>,
    /// Every file it was made from: as the user knows it, and the SHA-256 of its text.
    pub sources: Vec<(String, String)>,
    /// The steps that the operator chose.
    pub chosen: Chosen,
    /// Rules of `check` that its files as a whole allow: where, which rule, why.
    pub allowed: Vec<Allowed>,
}

/// One thing that is decided about in a run: a step, or the beginning of a step that holds steps.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its id in this plan.
    pub id: StepId,
    /// What people read.
    pub title: String,
    /// The frame whose names its templates see.
    pub frame: u32,
    /// The beginning of the step that holds it, if one does.
    pub inside: Option<NodeIx>,
    /// What it is.
    pub body: Body,
    /// The step of the file.
    pub step: Arc<Step>,
    /// The names its templates use.
    pub uses: Arc<Uses>,
    /// In how many loops that are not laid out yet it stands: a node of a pattern is never run itself.
    /// [`LAID_OUT`] once the loop is.
    pub pattern: u32,
    /// Whether some template names what it gives.
    pub used: bool,
    /// The handler whose step it is.
    pub handler: Option<String>,
    /// The list of what holds it that it stands in.
    pub part: Part,
    /// What it is in the end of a run.
    pub closing: Closing,
    /// The node that takes it back.
    pub undo: Option<NodeIx>,
    /// The node that it takes back; none for every other.
    pub undoes: Option<NodeIx>,
    /// The operator chose other steps: it is not begun.
    pub left_out: bool,
}

/// How a node stands to what ends a run or group, at whatever depth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closing {
    /// It stands in an `always`, or is an undo: it is done after a stop, too.
    pub sure: bool,
    /// It stands in a `rescue` or an `always`: what a step that did not run would have given is null in it.
    pub lenient: bool,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// It does something.
    Act,
    /// The beginning of a group or of another playbook; not a step of its own for people.
    Open {
        /// The node that is the step as a whole.
        close: NodeIx,
        /// The frame of the playbook it begins; none for a group.
        frame: Option<u32>,
    },
    /// The end of a group or another playbook: the step as a whole.
    Close {
        /// Its beginning.
        open: NodeIx,
        /// The frame of the playbook it ends; none for a group.
        frame: Option<u32>,
    },
}

/// The scope of names of one playbook in a plan, or of one iteration of a loop in it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The playbook's name.
    pub playbook: String,
    /// The frame it was called from, with the node that calls it.
    pub caller: Option<(u32, NodeIx)>,
    /// What comes before its step ids; none for the first.
    pub prefix: Option<StepId>,
    /// The frame whose names it sees too, where it is that of an iteration.
    pub outer: Option<u32>,
    /// The frame of the whole playbook, whose inputs it has: itself where it is no iteration.
    pub base: u32,
    /// The item of the iteration.
    pub item: Option<(u32, Value)>,
    /// The frame it is like in all that does not come from a run, its place in the plan as it was compiled.
    pub site: u32,
    /// Its folder.
    pub base_dir: PathBuf,
    /// The facts of its system.
    pub system: Arc<System>,
    /// Those facts as templates see them.
    pub system_names: Ready,
    /// Its environment.
    pub environment: Option<String>,
    /// Its inputs as declared.
    pub inputs: Arc<IndexMap<String, InputDecl>>,
    /// Its inputs as the caller gives them.
    pub given: Arc<IndexMap<String, Tree<Templated>>>,
    /// The author's own names.
    pub vars: Arc<IndexMap<String, Tree<Templated>>>,
    /// What it gives to its caller.
    pub outputs: Arc<IndexMap<String, Tree<Templated>>>,
    /// The moment from which its deadlines count; none for its beginning.
    pub clock: Option<Slot<Templated>>,
    /// The steps that its names, variables included, stand for: id in the playbook to node.
    pub local: HashMap<String, NodeIx>,
}

/// What is known of a run before its first step.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// Its id.
    pub id: String,
    /// Its beginning.
    pub started: Timestamp,
    /// The moment from which its deadlines count.
    pub clock: Timestamp,
    /// Who runs it.
    pub operator: String,
    /// The state folder.
    pub state: String,
    /// Its own folder.
    pub dir: String,
    /// Its scratch folder.
    pub scratch_dir: String,
    /// The outcome of the run before it, where there was one.
    pub previous: Option<String>,
    /// What its steps that tell only what is new were last heard to say.
    pub last_told: LastTold,
    /// Who approved its plan before it began.
    pub approved_by: Vec<String>,
    /// The values of the first frame's inputs, secrets left out.
    pub inputs: Map<String, Value>,
    /// The names of its inputs that are secrets.
    pub secret_inputs: Vec<String>,
    /// The run as templates see it, as long as they do not ask what was found.
    pub names: OnceLock<Ready>,
}

impl Plan {
    /// The node of an id.
    pub fn node(&self, id: &StepId) -> Option<NodeIx> {
        self.ids.get(id).copied()
    }

    /// The node at a place.
    pub fn at(&self, ix: NodeIx) -> &Node {
        &self.nodes[ix as usize]
    }

    /// The node that an id of the playbook stands for in a frame.
    pub fn named(&self, frame: u32, id: &str) -> Option<NodeIx> {
        super::layout::named(&self.frames, frame, id)
    }

    /// The node with which a step begins: itself, or the beginning of a step that holds steps.
    pub fn beginning(&self, ix: NodeIx) -> NodeIx {
        match self.at(ix).body {
            Body::Close { open, .. } => open,
            Body::Act | Body::Open { .. } => ix,
        }
    }

    /// What comes directly before a node, and why. A pattern comes before what stands in it, and before nothing else.
    pub fn needs(&self, ix: NodeIx) -> impl Iterator<Item = (NodeIx, Why)> + '_ {
        let depth = self.at(ix).pattern;
        self.graph.needs(ix).filter(move |(need, _)| self.at(*need).pattern <= depth)
    }

    /// The steps that people see, in the order of the plan: everything but beginnings, and no pattern.
    pub fn steps(&self) -> impl Iterator<Item = &Node> {
        self.order.iter().map(|ix| self.at(*ix)).filter(|n| n.pattern == 0 && n.is_shown())
    }

    /// The patterns of the steps that are made when a loop is laid out, in the order of the plan.
    pub fn patterns(&self) -> impl Iterator<Item = &Node> {
        self.order.iter().map(|ix| self.at(*ix)).filter(|n| n.is_pattern() && n.is_shown())
    }

    /// How many steps people see, patterns left out.
    pub fn step_count(&self) -> u32 {
        self.nodes.iter().filter(|n| n.pattern == 0 && n.is_shown()).count() as u32
    }

    /// The loop that a node is one iteration of, as its beginning, where it is one.
    pub fn loop_of(&self, ix: NodeIx) -> Option<NodeIx> {
        let open = self.at(ix).inside?;
        self.at(open).step.for_each.as_ref().map(|_| open)
    }

    /// Whether a node stands in the step with this beginning, at whatever depth; all stand in the run itself.
    pub fn is_within(&self, ix: NodeIx, open: Option<NodeIx>) -> bool {
        open.is_none()
            || std::iter::successors(self.at(ix).inside, |open| self.at(*open).inside)
                .any(|o| Some(o) == open)
    }

    /// Whether a node is taken back at the end, even if all went well.
    pub fn is_undone_always(&self, ix: NodeIx) -> bool {
        self.at(ix).step.undo.as_ref().is_some_and(|undo| undo.when == UndoWhen::Always)
    }

    /// Whether one of its steps tells people only what is new.
    pub fn tells_changes(&self) -> bool {
        self.nodes.iter().any(Node::tells_changes)
    }

    /// How many steps that act have each effect: read, change, destroy. Those of a loop that is not laid out count once.
    pub fn effects(&self) -> (usize, usize, usize) {
        let count = |effect| self.nodes.iter().filter(|n| n.acts() && n.step.effect == effect).count();
        (count(Effect::Read), count(Effect::Change), count(Effect::Destroy))
    }
}

impl Node {
    /// Whether it stands for steps that are made when a loop is laid out.
    pub fn is_pattern(&self) -> bool {
        self.pattern > 0 && self.pattern != LAID_OUT
    }

    fn acts(&self) -> bool {
        self.body == Body::Act && self.pattern != LAID_OUT && self.undoes.is_none() && !self.left_out
    }

    /// Whether people see it as a step: everything but beginnings, and what takes a step back.
    pub fn is_shown(&self) -> bool {
        !matches!(self.body, Body::Open { .. }) && self.undoes.is_none()
    }

    /// The frame of the playbook that it begins or ends.
    pub fn called(&self) -> Option<u32> {
        match self.body {
            Body::Act => None,
            Body::Open { frame, .. } | Body::Close { frame, .. } => frame,
        }
    }

    /// Whether a person is asked before it, or it is itself a question.
    pub fn asks(&self) -> bool {
        self.body == Body::Act
            && self.undoes.is_none()
            && (self.step.confirm.is_some() || self.step.effect == Effect::Destroy || self.is_question())
    }

    /// Whether it tells people something only where that is new.
    pub fn tells_changes(&self) -> bool {
        use crate::model::{Action, StepBody};
        let StepBody::Act(action) = &self.step.body else { return false };
        matches!(&**action, Action::Notify(notify) if notify.when_changed == Some(true))
    }

    /// Whether it is itself a question to a person.
    pub fn is_question(&self) -> bool {
        use crate::model::{Action, StepBody};
        match &self.step.body {
            StepBody::Act(action) => matches!(**action, Action::Manual(_) | Action::Decide(_)),
            StepBody::Group(_) => false,
        }
    }

    /// The key of its action, or what kind of group it is.
    pub fn kind(&self) -> &'static str {
        match &self.step.body {
            crate::model::StepBody::Act(action) => action.key(),
            crate::model::StepBody::Group(_) => "steps",
        }
    }
}
