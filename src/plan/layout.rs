//! The nodes of a plan while it is laid out: one a step, two a group, playbook or loop. It joins nothing by edges.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::compile::CompileError;
use super::complete::complete;
use super::deadline::PlanDeadline;
use super::node::{Body, Closing, Frame, Node, NodeIx};
use super::uses::Uses;
use crate::base::StepId;
use crate::lang::{Loaded, part_key};
use crate::model::{Action, Needs, OnError, Part, Step, StepBody, Templated, Tree};
use crate::template::Ready;

/// A plan that is being laid out.
#[derive(Default)]
pub(super) struct Layout {
    pub nodes: Vec<Node>,
    pub frames: Vec<Frame>,
    /// For each node, the node of the same list before it, if any.
    pub previous: Vec<Option<NodeIx>>,
    /// For each node, every node of the same list before it.
    pub siblings: Vec<Vec<NodeIx>>,
    /// For the first step of a `rescue` or `always`, all that has to be over before it.
    pub over: HashMap<NodeIx, Vec<NodeIx>>,
    /// In how many loops the steps stand that are laid out now.
    loops: u32,
    /// The list that is laid out now.
    pub(super) part: Part,
    pub(super) closing: Closing,
    /// The handler that is laid out now.
    pub(super) handler: Option<String>,
    /// By when what has to be over.
    pub(super) deadlines: Vec<PlanDeadline>,
}

impl Layout {
    pub(super) fn frame(
        &mut self,
        loaded: &Loaded,
        caller: Option<(u32, NodeIx)>,
        prefix: Option<StepId>,
        given: IndexMap<String, Tree<Templated>>,
    ) -> u32 {
        let ix = self.frames.len() as u32;
        self.frames.push(Frame {
            playbook: loaded.playbook.name.clone(),
            caller,
            prefix,
            outer: None,
            base: ix,
            item: None,
            site: ix,
            base_dir: absolute(&loaded.base_dir),
            system: Arc::clone(&loaded.system),
            system_names: Ready::new(&serde_json::to_value(&*loaded.system).unwrap_or_default()),
            environment: loaded.environment.clone(),
            inputs: Arc::new(loaded.playbook.inputs.clone()),
            given: Arc::new(given),
            vars: Arc::new(loaded.playbook.vars.clone()),
            outputs: Arc::new(loaded.playbook.outputs.clone()),
            clock: loaded.playbook.clock.clone(),
            local: HashMap::new(),
        });
        ix
    }

    /// The frame of one iteration of a loop.
    fn frame_of_loop(&mut self, frame: u32, prefix: &StepId) -> u32 {
        let ix = self.frames.len() as u32;
        let inner = Frame {
            prefix: Some(prefix.clone()),
            outer: Some(frame),
            site: ix,
            local: HashMap::new(),
            ..self.frames[frame as usize].clone()
        };
        self.frames.push(inner);
        ix
    }

    /// The lists of a playbook or group: each begins when those before it are over.
    pub(super) fn lists(
        &mut self,
        loaded: &Loaded,
        lists: [(Part, impl IntoIterator<Item = impl Borrow<Step>>); 3],
        frame: u32,
        inside: Option<NodeIx>,
    ) -> Result<(), CompileError> {
        let (part, closing) = (self.part, self.closing);
        let mut over: Vec<NodeIx> = Vec::new();
        for (part, steps) in lists {
            self.part = part;
            self.closing = Closing {
                sure: closing.sure || part == Part::Always,
                lenient: closing.lenient || part != Part::Steps,
            };
            let mut above: Vec<NodeIx> = Vec::new();
            for step in steps {
                if part != Part::Steps && above.is_empty() {
                    self.over.insert(self.nodes.len() as NodeIx, over.clone());
                }
                let ix = self.step(loaded, step.borrow(), frame, inside, &above)?;
                above.push(ix);
            }
            match part {
                Part::Steps => over = above,
                _ => over.extend(above.last()),
            }
        }
        (self.part, self.closing) = (part, closing);
        Ok(())
    }

    /// Lays one step out and returns the node that stands for it as a whole.
    pub(super) fn step(
        &mut self,
        loaded: &Loaded,
        step: &Step,
        frame: u32,
        inside: Option<NodeIx>,
        above: &[NodeIx],
    ) -> Result<NodeIx, CompileError> {
        let id = match &self.frames[frame as usize].prefix {
            Some(prefix) => step.id.inside(prefix),
            None => step.id.clone(),
        };
        let shared = Arc::new(complete(step, loaded));
        let ix = if !holds_steps(step) {
            let ix = self.push(id, &shared, frame, inside, above);
            self.undo(loaded, step, ix);
            ix
        } else {
            let open = self.push(open_id(&id), &shared, frame, inside, above);
            let called = match step.for_each {
                None => self.held(loaded, step, &id, frame, open)?,
                Some(_) => self.pattern(loaded, step, &id, &shared, frame, open)?,
            };
            self.close(id, shared, frame, inside, open, called)
        };
        self.frames[frame as usize].local.insert(step.id.to_string(), ix);
        Ok(ix)
    }

    /// What a step holds; gives the frame of the playbook that it calls, if it does.
    fn held(
        &mut self,
        loaded: &Loaded,
        step: &Step,
        id: &StepId,
        frame: u32,
        open: NodeIx,
    ) -> Result<Option<u32>, CompileError> {
        let call = match &step.body {
            StepBody::Group(_) => {
                self.lists(loaded, step.lists(), frame, Some(open))?;
                return Ok(None);
            }
            StepBody::Act(action) => match &**action {
                Action::Playbook(call) => call,
                _ => return Ok(None),
            },
        };
        let part = loaded.parts.get(&part_key(call)).ok_or_else(|| {
            CompileError(crate::t!("no playbook {}", "プレイブック {} がありません", call.run))
        })?;
        let called = self.frame(part, Some((frame, open)), Some(id.clone()), call.inputs.clone());
        self.lists(part, part.playbook.lists(), called, Some(open))?;
        self.handlers(part, &part.playbook.handlers, called, Some(open))?;
        self.deadlines(part, called, Some((open, id)));
        Ok(Some(called))
    }

    /// One iteration of a step that holds steps and loops: the pattern that is laid out for every item.
    fn pattern(
        &mut self,
        loaded: &Loaded,
        step: &Step,
        id: &StepId,
        shared: &Arc<Step>,
        frame: u32,
        open: NodeIx,
    ) -> Result<Option<u32>, CompileError> {
        let id = id.any_item();
        let inner = self.frame_of_loop(frame, &id);
        let once = Arc::new(iteration(shared));
        self.loops += 1;
        let list = std::mem::take(&mut self.part);
        let first = self.push(open_id(&id), &once, inner, Some(open), &[]);
        let called = self.held(loaded, step, &id, inner, first)?;
        let last = self.close(id, once, inner, Some(open), first, called);
        self.loops -= 1;
        self.part = list;
        // What ends the loop is asked when an iteration has ended.
        self.nodes[last as usize].uses = Arc::new(self.uses_of(shared, frame));
        Ok(None)
    }

    fn push(
        &mut self,
        id: StepId,
        step: &Arc<Step>,
        frame: u32,
        inside: Option<NodeIx>,
        above: &[NodeIx],
    ) -> NodeIx {
        let title = step.title.as_ref().map_or_else(|| step.id.to_string(), |t| t.show());
        let uses = Arc::new(self.uses_of(step, frame));
        let node = self.node(id, Arc::clone(step), frame, inside);
        self.nodes.push(Node { title, uses, ..node });
        self.previous.push(above.last().copied());
        self.siblings.push(if step.needs == Needs::Above { above.to_vec() } else { Vec::new() });
        self.nodes.len() as NodeIx - 1
    }

    /// The node that takes a step back, where it can be taken back.
    fn undo(&mut self, loaded: &Loaded, step: &Step, ix: NodeIx) {
        let Some(undoing) = step.undoing() else { return };
        let of = &self.nodes[ix as usize];
        let id = StepId::new(format!("{}/undo", of.id));
        let title = crate::t!("undo of {}", "取り消し: {}", of.title);
        let (frame, inside) = (of.frame, of.inside);
        let undo = self.push(id, &Arc::new(complete(&undoing, loaded)), frame, inside, &[]);
        let node = &mut self.nodes[undo as usize];
        node.title = title;
        node.undoes = Some(ix);
        node.closing.sure = true;
        self.nodes[ix as usize].undo = Some(undo);
    }

    fn close(
        &mut self,
        id: StepId,
        shared: Arc<Step>,
        frame: u32,
        inside: Option<NodeIx>,
        open: NodeIx,
        called: Option<u32>,
    ) -> NodeIx {
        let close = self.nodes.len() as NodeIx;
        self.nodes[open as usize].body = Body::Open { close, frame: called };
        let title = self.nodes[open as usize].title.clone();
        let body = Body::Close { open, frame: called };
        let node = self.node(id, shared, frame, inside);
        self.nodes.push(Node { title, body, ..node });
        self.previous.push(None);
        self.siblings.push(Vec::new());
        close
    }

    /// A node at this place of the playbook, without a title and without the names that it uses.
    fn node(&self, id: StepId, step: Arc<Step>, frame: u32, inside: Option<NodeIx>) -> Node {
        Node {
            id,
            title: String::new(),
            frame,
            inside,
            body: Body::Act,
            step,
            uses: Arc::default(),
            pattern: self.loops,
            used: false,
            part: self.part,
            handler: self.handler.clone(),
            closing: self.closing,
            undo: None,
            undoes: None,
            left_out: false,
        }
    }

    /// The names a step uses, those of its variables included.
    fn uses_of(&self, step: &Step, frame: u32) -> Uses {
        Uses::of_step(step).with_vars(&self.frames[frame as usize].vars)
    }
}

/// The node that an id of a playbook stands for in a frame: in an iteration also a step outside its loop.
pub(super) fn named(frames: &[Frame], frame: u32, id: &str) -> Option<NodeIx> {
    let frame = &frames[frame as usize];
    let own = frame.local.get(id).copied();
    own.or_else(|| named(frames, frame.outer?, id))
}

fn holds_steps(step: &Step) -> bool {
    match &step.body {
        StepBody::Group(_) => true,
        StepBody::Act(action) => matches!(**action, Action::Playbook(_)),
    }
}

/// The step that one iteration of a loop is: all that is said of the loop as a whole is said there.
fn iteration(step: &Step) -> Step {
    Step {
        needs: Needs::Steps(Vec::new()),
        after: Vec::new(),
        when: Vec::new(),
        for_each: None,
        confirm: None,
        on_error: OnError::default(),
        ..step.clone()
    }
}

/// The id of the beginning of a step: never one that a person can write.
fn open_id(id: &StepId) -> StepId {
    StepId::new(format!("{id}/"))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}
