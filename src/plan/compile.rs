//! Lays a playbook and all it calls out as one graph of nodes. It trusts that the playbook was checked.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::node::{Body, Frame, Node, NodeIx, Plan};
use super::uses::Uses;
use crate::base::{StepId, local_zone};
use crate::graph::Graph;
use crate::lang::{Loaded, part_key};
use crate::model::{Action, Needs, OnError, Step, StepBody, System, Template, Templated, Tree};
use crate::template::Ready;

/// What cannot be laid out although it was checked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CompileError(pub String);

/// The plan of a playbook. The steps go over into it, with the playbooks they call: ten thousand of them need not be
/// kept twice.
///
/// # Errors
/// When steps wait for each other across playbooks, or a zone is unknown.
pub fn compile(loaded: &mut Loaded) -> Result<Plan, CompileError> {
    let mut layout = Layout::default();
    let frame = layout.frame(loaded, None, None, IndexMap::new());
    let steps = std::mem::take(&mut loaded.playbook.steps);
    layout.steps(loaded, steps, frame, None)?;
    loaded.parts.clear();
    let edges = layout.edges();
    let graph = Graph::build(layout.nodes.len(), edges);
    let order = graph.order().map_err(|cycle| {
        let path: Vec<String> = cycle.path.iter().map(|n| layout.nodes[*n as usize].id.to_string()).collect();
        CompileError(crate::t!(
            "steps wait for each other: {}",
            "ステップが互いを待っています: {}",
            path.join(" → ")
        ))
    })?;
    mark_used(&mut layout.nodes, &layout.frames);
    let ids = layout.nodes.iter().enumerate().map(|(i, n)| (n.id.clone(), i as NodeIx)).collect();
    Ok(Plan {
        playbook: loaded.playbook.name.clone(),
        title: loaded.playbook.title.clone(),
        environment: loaded.environment.clone(),
        zone: zone_of(loaded)?,
        nodes: layout.nodes,
        frames: layout.frames,
        graph,
        order,
        ids,
        checklist: loaded.playbook.checklist.clone(),
        locks: loaded.playbook.locks.clone(),
        schedule: loaded.playbook.schedule.clone(),
        sources: loaded.sources.iter().map(|s| (s.path.clone(), sha256_hex(s.text.as_bytes()))).collect(),
    })
}

fn zone_of(loaded: &Loaded) -> Result<jiff::tz::TimeZone, CompileError> {
    match &loaded.system.timezone {
        None => Ok(local_zone()),
        Some(name) => jiff::tz::TimeZone::get(name).map_err(|e| {
            CompileError(crate::t!("unknown time zone {name}: {e}", "不明なタイムゾーン {name}: {e}"))
        }),
    }
}

/// SHA-256 in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// A plan that is being laid out.
#[derive(Default)]
pub(super) struct Layout {
    pub nodes: Vec<Node>,
    pub frames: Vec<Frame>,
    /// For each node, the node of the same list before it, if any.
    pub previous: Vec<Option<NodeIx>>,
    /// For each node, every node of the same list before it.
    pub siblings: Vec<Vec<NodeIx>>,
    /// In how many loops the steps stand that are laid out now.
    loops: u32,
}

impl Layout {
    fn frame(
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

    fn steps(
        &mut self,
        loaded: &Loaded,
        steps: impl IntoIterator<Item = impl Borrow<Step>>,
        frame: u32,
        inside: Option<NodeIx>,
    ) -> Result<(), CompileError> {
        let mut above: Vec<NodeIx> = Vec::new();
        for step in steps {
            let ix = self.step(loaded, step.borrow(), frame, inside, &above)?;
            above.push(ix);
        }
        Ok(())
    }

    /// Lays one step out and returns the node that stands for it as a whole.
    fn step(
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
            self.push(id, &shared, frame, inside, above)
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
            StepBody::Group(children) => {
                self.steps(loaded, children, frame, Some(open))?;
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
        self.steps(part, &part.playbook.steps, called, Some(open))?;
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
        let first = self.push(open_id(&id), &once, inner, Some(open), &[]);
        let called = self.held(loaded, step, &id, inner, first)?;
        let last = self.close(id, once, inner, Some(open), first, called);
        self.loops -= 1;
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
        let uses = self.uses_of(step, frame);
        self.nodes.push(Node {
            title: step.title.as_ref().map_or_else(|| step.id.to_string(), |t| t.show()),
            id,
            frame,
            inside,
            body: Body::Act,
            step: Arc::clone(step),
            uses: Arc::new(uses),
            pattern: self.loops,
            used: false,
        });
        self.previous.push(above.last().copied());
        self.siblings.push(if step.needs == Needs::Above { above.to_vec() } else { Vec::new() });
        self.nodes.len() as NodeIx - 1
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
        let (uses, pattern) = (Arc::default(), self.loops);
        self.nodes.push(Node { id, title, frame, inside, body, step: shared, uses, pattern, used: false });
        self.previous.push(None);
        self.siblings.push(Vec::new());
        close
    }

    /// The names a step uses, those of its variables included.
    fn uses_of(&self, step: &Step, frame: u32) -> Uses {
        let mut uses = Uses::of_step(step);
        let vars = &self.frames[frame as usize].vars;
        let mut seen = 0;
        while seen < uses.vars.len() {
            if let Some(tree) = vars.get(&uses.vars[seen]) {
                uses.merge(&Uses::of_tree(tree));
            }
            seen += 1;
        }
        uses
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

/// Marks the nodes whose results some template names: of the others, only a little is kept.
fn mark_used(nodes: &mut [Node], frames: &[Frame]) {
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

/// The id of the beginning of a step: never one that a person can write.
fn open_id(id: &StepId) -> StepId {
    StepId::new(format!("{id}/"))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The step with the playbook's defaults, and without the steps it holds: those are nodes of their own.
fn complete(step: &Step, loaded: &Loaded) -> Step {
    let mut own = step.clone();
    let defaults = &loaded.playbook.defaults;
    let around = &mut own.around;
    around.host = around.host.take().or_else(|| defaults.host.clone());
    around.run_as = around.run_as.take().or_else(|| defaults.run_as.clone());
    around.cwd = around.cwd.take().or_else(|| defaults.cwd.clone());
    around.timeout = around.timeout.take().or_else(|| defaults.timeout.clone());
    for (name, value) in &defaults.env {
        around.env.entry(name.clone()).or_insert_with(|| value.clone());
    }
    match &mut own.body {
        StepBody::Group(children) => children.clear(),
        StepBody::Act(action) => match resolve(action, &loaded.system) {
            Action::Shell(shell) if shell.run.is_some() && shell.with.is_none() => {
                shell.with.clone_from(&loaded.playbook.default_shell);
            }
            action => give_headers(action, &loaded.system),
        },
    }
    own
}

/// A step that names an action of the system has that action, so that all that looks at a step sees what it does.
fn resolve<'a>(action: &'a mut Action<Templated>, system: &System) -> &'a mut Action<Templated> {
    if let Action::Named(named) = &*action
        && let Template::Literal(name) = &named.name.0
        && let Some(meant) = system.actions.get(name)
    {
        *action = meant.clone();
    }
    action
}

/// The system's header fields belong to each of its requests; the request's own win.
pub(super) fn give_headers(action: &mut Action<Templated>, system: &System) {
    let http = match action {
        Action::Http(http) => http,
        Action::Wait(wait) => match &mut wait.http {
            Some(http) => http,
            None => return,
        },
        _ => return,
    };
    for (name, value) in &system.http.headers {
        if !http.headers.keys().any(|own| own.eq_ignore_ascii_case(name)) {
            http.headers.insert(name.clone(), value.clone());
        }
    }
}
