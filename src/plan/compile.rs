//! Lays a playbook and all it calls out as one graph of nodes. It trusts that the playbook was checked.

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::allowed::Allowed;
use super::alone;
use super::chosen::Chosen;
use super::layout::Layout;
use super::node::{NodeIx, Plan};
use super::uses::mark_used;
use crate::base::local_zone;
use crate::graph::Graph;
use crate::lang::Loaded;
use crate::model::{Notifications, Part};

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
    let (locks, windows) = (alone::locks(loaded), alone::windows(loaded)?);
    let playbook = &mut loaded.playbook;
    let lists = [
        (Part::Steps, std::mem::take(&mut playbook.steps)),
        (Part::Rescue, std::mem::take(&mut playbook.rescue)),
        (Part::Always, std::mem::take(&mut playbook.always)),
    ];
    let handlers = std::mem::take(&mut playbook.handlers);
    layout.deadlines(loaded, frame, None);
    layout.lists(loaded, lists, frame, None)?;
    layout.handlers(loaded, &handlers, frame, None)?;
    let allowed = Allowed::of(loaded);
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
        deadlines: layout.deadlines,
        notifications: Notifications::of(
            loaded.playbook.notifications.as_ref(),
            loaded.system.notifications.as_ref(),
        ),
        locks,
        windows,
        runs_at_once: alone::runs_at_once(loaded),
        schedule: loaded.playbook.schedule.clone(),
        sources: loaded.sources.iter().map(|s| (s.path.clone(), sha256_hex(s.text.as_bytes()))).collect(),
        chosen: Chosen::default(),
        allowed,
    })
}

pub(super) fn zone_of(loaded: &Loaded) -> Result<jiff::tz::TimeZone, CompileError> {
    zone_named(loaded.system.timezone.as_deref())
}

/// The zone of this name; the machine's where none is named.
pub(super) fn zone_named(name: Option<&str>) -> Result<jiff::tz::TimeZone, CompileError> {
    match name {
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
