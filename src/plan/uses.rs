//! The names that the templates of a step use, found without rendering them.

use std::convert::Infallible;

use indexmap::IndexMap;
use serde::Serialize;

use super::layout::named;
use super::node::{Frame, Node};
use crate::model::{
    Action, Condition, Field, Key, Place, Stage, Staged, Stager, Step, StepBody, Template, Templated, Tree,
};
use crate::template::{Form, Reference, references};

/// The names that the templates of a step use.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Uses {
    /// Paths below `steps`: the id first.
    pub steps: Vec<Vec<String>>,
    /// Those of them that have to be there: they stand in no `when`, and their template does not ask whether they are.
    pub certain: Vec<Vec<String>>,
    /// Whether a step is named by a computed id, so that any could be meant.
    pub any_step: bool,
    /// Names below `vars`.
    pub vars: Vec<String>,
    /// Names below `secrets`.
    pub secrets: Vec<String>,
    /// Names below `inputs`.
    pub inputs: Vec<String>,
    /// Whether there is any template or condition at all.
    pub any: bool,
    /// Whether the run before this one is named.
    pub previous: bool,
    /// Whether what was found so far is named, or may be.
    pub findings: bool,
}

impl Uses {
    /// The names used by all templates and conditions of a step.
    pub fn of_step(step: &Step) -> Uses {
        let mut uses = Uses::default();
        step.when.iter().for_each(|c| uses.add_condition(c));
        // What did not run is null in a condition.
        uses.certain.clear();
        if let Some(title) = &step.title {
            uses.add_slot(title);
        }
        step.expect.iter().for_each(|c| uses.add_condition(c));
        if let Some(each) = &step.for_each {
            uses.add_staged(&each.list);
            each.stop.iter().for_each(|c| uses.add_condition(c));
        }
        if let Some(confirm) = &step.confirm {
            uses.add_slot(&confirm.question);
            confirm.facts.values().for_each(|f| uses.add_slot(f));
            if let Some(typed) = &confirm.typed {
                uses.add_slot(typed);
            }
        }
        uses.add_staged(&step.around);
        if let StepBody::Act(action) = &step.body {
            uses.add_action(action);
        }
        if let Some(verify) = &step.verify {
            uses.add_action(verify);
        }
        uses
    }

    /// The names used by one value.
    pub fn of_tree(tree: &Tree<Templated>) -> Uses {
        let mut uses = Uses::default();
        uses.add_staged(tree);
        uses
    }

    /// Adds what the variables that are used are made of.
    pub fn with_vars(mut self, vars: &IndexMap<String, Tree<Templated>>) -> Uses {
        let mut seen = 0;
        while let Some(name) = self.vars.get(seen) {
            if let Some(tree) = vars.get(name) {
                self.merge(&Uses::of_tree(tree));
            }
            seen += 1;
        }
        self
    }

    fn add_action(&mut self, action: &Action<Templated>) {
        match action {
            Action::Assert(assert) => assert.0.iter().for_each(|c| self.add_condition(c)),
            Action::Wait(wait) => {
                wait.until.iter().for_each(|c| self.add_condition(c));
                self.add_staged(action);
            }
            Action::Decide(decide) => {
                self.add_staged(action);
                if let Some(from) = &decide.from {
                    self.add_source(&from.value, Form::Expression);
                    self.add_source(&from.label, Form::Expression);
                }
            }
            // What the action of a computed name says is known only once the name is.
            Action::Named(_) => {
                self.findings = true;
                self.add_staged(action);
            }
            _ => self.add_staged(action),
        }
    }

    fn add_condition(&mut self, condition: &Condition) {
        self.add_source(&condition.that, Form::Expression);
        if let Some(message) = &condition.message {
            self.add_slot(message);
        }
        if let Some(each) = &condition.each {
            self.add_staged(each);
        }
    }

    fn add_slot<T: Field, const P: u8>(&mut self, slot: &crate::model::Slot<Templated, T, P>) {
        self.add_staged(slot);
    }

    fn add_staged<X: Staged<Templated>>(&mut self, staged: &X) {
        let mut sources = Sources(Vec::new());
        match staged.stage::<Templated, _>(&mut sources) {
            Ok(_) => {}
            Err(never) => match never {},
        }
        for source in sources.0 {
            self.add_source(&source, Form::Text);
        }
    }

    fn add_source(&mut self, source: &str, form: Form) {
        self.any = true;
        // A template that does not parse was refused when the playbook was checked.
        for reference in references(source, form).unwrap_or_default() {
            self.add_reference(&reference);
        }
    }

    fn add_reference(&mut self, reference: &Reference) {
        let Some((root, rest)) = reference.path.split_first() else { return };
        let name = rest.first();
        match (root.as_str(), name) {
            ("steps", None) => self.any_step = true,
            ("steps", Some(_)) => {
                push_new(&mut self.steps, rest.to_vec());
                if !reference.guarded {
                    push_new(&mut self.certain, rest.to_vec());
                }
            }
            ("vars", Some(name)) => push_new(&mut self.vars, name.clone()),
            ("secrets", Some(name)) => push_new(&mut self.secrets, name.clone()),
            ("run", Some(name)) if name == "previous" => self.previous = true,
            ("run", Some(name)) if name == "findings" => self.findings = true,
            ("run", None) => (self.previous, self.findings) = (true, true),
            ("inputs", Some(name)) => push_new(&mut self.inputs, name.clone()),
            _ => {}
        }
    }

    /// These names and those of `other`.
    pub fn merge(&mut self, other: &Uses) {
        other.steps.iter().for_each(|s| push_new(&mut self.steps, s.clone()));
        other.certain.iter().for_each(|s| push_new(&mut self.certain, s.clone()));
        other.vars.iter().for_each(|s| push_new(&mut self.vars, s.clone()));
        other.secrets.iter().for_each(|s| push_new(&mut self.secrets, s.clone()));
        other.inputs.iter().for_each(|s| push_new(&mut self.inputs, s.clone()));
        self.any_step |= other.any_step;
        self.any |= other.any;
        self.previous |= other.previous;
        self.findings |= other.findings;
    }
}

/// Marks the nodes whose results some template names: of the others, only a little is kept.
pub(super) fn mark_used(nodes: &mut [Node], frames: &[Frame]) {
    let mut used = vec![false; nodes.len()];
    let mut mark = |frame: u32, uses: &Uses| {
        let ids = uses.steps.iter().filter_map(|path| path.first());
        ids.filter_map(|id| named(frames, frame, id)).for_each(|ix| used[ix as usize] = true);
        let mut any = uses.any_step.then_some(frame);
        while let Some(frame) = any {
            frames[frame as usize].local.values().for_each(|ix| used[*ix as usize] = true);
            any = frames[frame as usize].outer;
        }
    };
    nodes.iter().for_each(|node| mark(node.frame, &node.uses));
    for (ix, frame) in frames.iter().enumerate() {
        frame
            .outputs
            .values()
            .chain(frame.vars.values())
            .for_each(|tree| mark(ix as u32, &Uses::of_tree(tree)));
    }
    nodes.iter_mut().zip(used).for_each(|(node, used)| node.used = used);
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}

/// Collects the template sources of whatever is staged through it.
struct Sources(Vec<String>);

impl Stager<Templated, Templated> for Sources {
    type Error = Infallible;

    fn field<T: Field>(
        &mut self,
        _: Place,
        value: &<Templated as Stage>::Of<T>,
    ) -> Result<Template<T>, Infallible> {
        if let Template::Source(source) = value {
            self.0.push(source.clone());
        }
        Ok(value.clone())
    }

    fn enter(&mut self, _: Key<'_>) {}
    fn leave(&mut self) {}
}
