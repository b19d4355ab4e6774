//! Lays a playbook and all it calls out as one graph of nodes. It trusts that the playbook was checked.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::node::{Body, Frame, Node, NodeIx, Plan};
use super::uses::Uses;
use crate::base::{StepId, local_zone};
use crate::graph::{Graph, Why};
use crate::lang::{Loaded, part_key};
use crate::model::{Action, Needs, Step, StepBody, System, Template, Templated, Tree};
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

#[derive(Default)]
struct Layout {
    nodes: Vec<Node>,
    frames: Vec<Frame>,
    /// For each node, the node of the same list before it, if any.
    previous: Vec<Option<NodeIx>>,
    /// For each node, every node of the same list before it.
    siblings: Vec<Vec<NodeIx>>,
}

impl Layout {
    fn frame(
        &mut self,
        loaded: &Loaded,
        caller: Option<(u32, NodeIx)>,
        prefix: Option<StepId>,
        given: IndexMap<String, Tree<Templated>>,
    ) -> u32 {
        self.frames.push(Frame {
            playbook: loaded.playbook.name.clone(),
            caller,
            prefix,
            base_dir: absolute(&loaded.base_dir),
            system: Arc::clone(&loaded.system),
            system_names: Ready::new(&serde_json::to_value(&*loaded.system).unwrap_or_default()),
            environment: loaded.environment.clone(),
            inputs: loaded.playbook.inputs.clone(),
            given,
            vars: loaded.playbook.vars.clone(),
            outputs: loaded.playbook.outputs.clone(),
            local: HashMap::new(),
        });
        self.frames.len() as u32 - 1
    }

    fn steps(
        &mut self,
        loaded: &Loaded,
        steps: Vec<Step>,
        frame: u32,
        inside: Option<NodeIx>,
    ) -> Result<(), CompileError> {
        let mut above: Vec<NodeIx> = Vec::new();
        for step in steps {
            let ix = self.step(loaded, step, frame, inside, &above)?;
            above.push(ix);
        }
        Ok(())
    }

    /// Lays one step out and returns the node that stands for it as a whole.
    fn step(
        &mut self,
        loaded: &Loaded,
        mut step: Step,
        frame: u32,
        inside: Option<NodeIx>,
        above: &[NodeIx],
    ) -> Result<NodeIx, CompileError> {
        let id = match &self.frames[frame as usize].prefix {
            Some(prefix) => step.id.inside(prefix),
            None => step.id.clone(),
        };
        let children = match &mut step.body {
            StepBody::Group(children) => std::mem::take(children),
            StepBody::Act(_) => Vec::new(),
        };
        let step = Arc::new(complete(step, loaded));
        match &step.body {
            StepBody::Act(action) => match &**action {
                Action::Playbook(call) => {
                    refuse_loop(&step)?;
                    let part = loaded.parts.get(&part_key(call)).ok_or_else(|| {
                        CompileError(crate::t!("no playbook {}", "プレイブック {} がありません", call.run))
                    })?;
                    let open = self.push(open_id(&id), &step, frame, inside, above);
                    let called = self.frame(part, Some((frame, open)), Some(id.clone()), call.inputs.clone());
                    // It may be called more than once.
                    self.steps(part, part.playbook.steps.clone(), called, Some(open))?;
                    Ok(self.close(id, step, frame, inside, open, Some(called)))
                }
                _ => {
                    let ix = self.push(id, &step, frame, inside, above);
                    self.name(frame, &step, ix);
                    Ok(ix)
                }
            },
            StepBody::Group(_) => {
                refuse_loop(&step)?;
                let open = self.push(open_id(&id), &step, frame, inside, above);
                self.steps(loaded, children, frame, Some(open))?;
                Ok(self.close(id, step, frame, inside, open, None))
            }
        }
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
            uses,
        });
        self.previous.push(above.last().copied());
        self.siblings.push(if step.needs == Needs::Above { above.to_vec() } else { Vec::new() });
        self.nodes.len() as NodeIx - 1
    }

    fn close(
        &mut self,
        id: StepId,
        step: Arc<Step>,
        frame: u32,
        inside: Option<NodeIx>,
        open: NodeIx,
        called: Option<u32>,
    ) -> NodeIx {
        let close = self.nodes.len() as NodeIx;
        self.nodes[open as usize].body = Body::Open { close, frame: called };
        let title = self.nodes[open as usize].title.clone();
        let body = Body::Close { open, frame: called };
        self.name(frame, &step, close);
        self.nodes.push(Node { id, title, frame, inside, body, step, uses: Uses::default() });
        self.previous.push(None);
        self.siblings.push(Vec::new());
        close
    }

    fn name(&mut self, frame: u32, step: &Step, ix: NodeIx) {
        self.frames[frame as usize].local.insert(step.id.to_string(), ix);
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

    fn edges(&self) -> Vec<(NodeIx, NodeIx, Why)> {
        let mut edges = Vec::with_capacity(self.nodes.len() * 2);
        for (i, node) in self.nodes.iter().enumerate() {
            let ix = i as NodeIx;
            match node.body {
                Body::Close { open, .. } => {
                    edges.push((open, ix, Why::Sequence));
                    let held =
                        self.nodes.iter().enumerate().skip(open as usize + 1).take(i - open as usize - 1);
                    edges.extend(
                        held.filter(|(_, n)| n.inside == Some(open) && !matches!(n.body, Body::Open { .. }))
                            .map(|(j, _)| (j as NodeIx, ix, Why::After)),
                    );
                }
                Body::Act | Body::Open { .. } => self.needs_of(ix, node, &mut edges),
            }
        }
        edges
    }

    fn needs_of(&self, ix: NodeIx, node: &Node, edges: &mut Vec<(NodeIx, NodeIx, Why)>) {
        if let Some(open) = node.inside {
            edges.push((open, ix, Why::Sequence));
        }
        let local = &self.frames[node.frame as usize].local;
        match &node.step.needs {
            Needs::Previous => edges.extend(self.previous[ix as usize].map(|p| (p, ix, Why::Sequence))),
            Needs::Above => edges.extend(self.siblings[ix as usize].iter().map(|p| (*p, ix, Why::Written))),
            Needs::Steps(ids) => {
                edges.extend(
                    ids.iter().filter_map(|id| local.get(id.as_str())).map(|p| (*p, ix, Why::Written)),
                );
            }
        }
        let after: Vec<NodeIx> =
            node.step.after.iter().filter_map(|id| local.get(id.as_str()).copied()).collect();
        edges.extend(after.iter().map(|p| (*p, ix, Why::After)));
        let mentioned = node.uses.steps.iter().filter_map(|path| path.first()).filter_map(|id| local.get(id));
        for p in mentioned.filter(|p| **p != ix && !after.contains(p) && !self.holds(**p, ix)) {
            edges.push((*p, ix, Why::Reference));
        }
    }

    /// Whether the step `outer` holds the node `inner`: a step may look at the group it stands in.
    fn holds(&self, outer: NodeIx, inner: NodeIx) -> bool {
        let mut at = self.nodes[inner as usize].inside;
        while let Some(open) = at {
            if matches!(self.nodes[open as usize].body, Body::Open { close, .. } if close == outer) {
                return true;
            }
            at = self.nodes[open as usize].inside;
        }
        false
    }
}

/// The id of the beginning of a step: never one that a person can write.
fn open_id(id: &StepId) -> StepId {
    StepId::new(format!("{id}/"))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The step with the playbook's defaults.
fn complete(mut own: Step, loaded: &Loaded) -> Step {
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
        StepBody::Group(_) => {}
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

fn refuse_loop(step: &Step) -> Result<(), CompileError> {
    match step.for_each {
        None => Ok(()),
        Some(_) => Err(CompileError(crate::t!(
            "step `{}`: for_each on a group or a playbook is not supported yet; loop over the single steps",
            "ステップ `{}`: グループやプレイブックの for_each はまだ使えません。個々のステップで繰り返してください",
            step.id
        ))),
    }
}
