//! What a probe has found so far, as facts for the templates of what follows. It finds nothing itself.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::event::{Gives, Outcome, Verdict};
use crate::plan::{Facts, NodeIx, ProbeFinding};

/// What was found out about one step.
#[derive(Clone, Debug)]
pub(super) struct Looked {
    pub finding: ProbeFinding,
    /// What is not there, by name.
    pub wants: Vec<String>,
    /// How it ended, what it gave, and how long it took in seconds; none where it was not run.
    pub read: Option<(Outcome, Gives, f64)>,
}

impl Looked {
    pub fn new(verdict: Verdict, words: impl Into<String>) -> Looked {
        let finding = ProbeFinding { verdict, words: words.into(), ran: false, gives: None };
        Looked { finding, wants: Vec::new(), read: None }
    }
}

/// What a probe has found so far.
#[derive(Debug, Default)]
pub struct Found {
    pub(super) inputs: Map<String, Value>,
    pub(super) known: HashMap<NodeIx, (Outcome, Gives, f64)>,
    pub(super) looked: HashMap<NodeIx, Looked>,
    /// What these gave must not be shown.
    pub(super) sensitive: Vec<NodeIx>,
}

impl Found {
    /// What was found out about a step.
    pub fn finding(&self, ix: NodeIx) -> Option<&ProbeFinding> {
        self.looked.get(&ix).map(|l| &l.finding)
    }

    /// The facts as they may be shown: without what sensitive steps gave.
    pub fn shown(&self) -> Shown<'_> {
        Shown(self)
    }
}

impl Facts for Found {
    fn outcome(&self, node: NodeIx) -> Option<Outcome> {
        self.known.get(&node).map(|k| k.0)
    }
    fn gives(&self, node: NodeIx) -> Option<&Gives> {
        self.known.get(&node).map(|k| &k.1)
    }
    fn seconds(&self, node: NodeIx) -> f64 {
        self.known.get(&node).map_or(0.0, |k| k.2)
    }
    fn inputs(&self, frame: u32) -> Option<&Map<String, Value>> {
        (frame == 0).then_some(&self.inputs)
    }
    fn findings(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// What was found as it may be shown.
pub struct Shown<'a>(&'a Found);

impl Facts for Shown<'_> {
    fn outcome(&self, node: NodeIx) -> Option<Outcome> {
        self.0.outcome(node).filter(|_| !self.0.sensitive.contains(&node))
    }
    fn gives(&self, node: NodeIx) -> Option<&Gives> {
        self.0.gives(node).filter(|_| !self.0.sensitive.contains(&node))
    }
    fn seconds(&self, node: NodeIx) -> f64 {
        self.0.seconds(node)
    }
    fn inputs(&self, frame: u32) -> Option<&Map<String, Value>> {
        self.0.inputs(frame)
    }
    fn findings(&self) -> Vec<Value> {
        Vec::new()
    }
}
