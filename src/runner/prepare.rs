//! Renders a unit with its secrets, and makes its job. It starts nothing.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use crate::base::{Confidential, MASK, Masker};
use crate::event::{Failure, Gives};
use crate::model::{Action, Condition, Effect, Staged};
use crate::plan::saved::Unlike;
use crate::plan::{Missing, Prepared, Renderer, Secrets};
use crate::state::{Machine, UnitRef};
use crate::template::{Render, Scope};

use super::session::Session;

/// A unit that can be performed as soon as there is a permit.
pub(super) struct Job {
    pub prepared: Prepared,
    /// What a `wait` needs to judge its readings.
    pub watch: Option<Watch>,
    pub read_only: bool,
}

/// The conditions of a `wait`, and the names they see.
pub(super) struct Watch {
    pub conditions: Vec<Condition>,
    pub scope: Scope,
}

/// Why a unit cannot be performed yet, or not at all.
pub(super) enum NotYet {
    /// These secrets have to be looked up first.
    Secrets(Vec<String>),
    Failed(Failure),
}

impl From<Failure> for NotYet {
    fn from(failure: Failure) -> NotYet {
        NotYet::Failed(failure)
    }
}

/// Renders a unit. It waits for nothing.
pub(super) fn job(session: &Session, unit: UnitRef) -> Result<Job, NotYet> {
    let machine = &session.machine;
    let renderer = machine.renderer();
    let secrets = secrets(session, &renderer, unit)?;
    let item = machine.item(unit);
    let prepared = renderer.prepare(unit.node, item, machine, &secrets)?;
    as_planned(session, unit, &prepared)?;
    if let Some(name) = inner_secret(machine, unit, &prepared)
        && session.vault.get(&name).is_none()
    {
        return Err(NotYet::Secrets(vec![name]));
    }
    let watch = match &prepared.action {
        Action::Wait(wait) if !wait.until.is_empty() => Some(Watch {
            conditions: wait.until.clone(),
            scope: renderer.scope(unit.node, item, machine, Missing::Null, &secrets),
        }),
        _ => None,
    };
    let read_only = machine.plan().at(unit.node).step.effect == Effect::Read;
    Ok(Job { prepared, watch, read_only })
}

/// A saved plan is done as it was planned, or not at all.
fn as_planned(session: &Session, unit: UnitRef, prepared: &Prepared) -> Result<(), Failure> {
    let Some(foreseen) = &session.foreseen else { return Ok(()) };
    let id = &session.machine.plan().at(unit.node).id;
    match foreseen.unlike(id.as_str(), unit.item, &prepared.action, &prepared.around) {
        None => Ok(()),
        Some(Unlike { field, planned, now }) => {
            let message = crate::t!(
                "the saved plan says otherwise: {field}: {planned} → {now}",
                "保存した計画と異なります: {field}: {planned} → {now}"
            );
            Err(Failure::Unplanned { message })
        }
    }
}

fn secrets(session: &Session, renderer: &Renderer<'_>, unit: UnitRef) -> Result<Secrets, NotYet> {
    let names = renderer.secret_names(unit.node);
    let missing: Vec<String> = names.iter().filter(|n| session.vault.get(n).is_none()).cloned().collect();
    if !missing.is_empty() {
        return Err(NotYet::Secrets(missing));
    }
    let found = |name: String| {
        let secret = session.vault.get(&name)?;
        Some((name, Confidential::new(secret.expose().to_string(), MASK.to_string())))
    };
    Ok(names.into_iter().filter_map(found).collect())
}

/// How long the unit may take, as far as that is known before its secrets are.
pub(super) fn limit(session: &Session, unit: UnitRef) -> Option<Duration> {
    let machine = &session.machine;
    let timeout = machine.plan().at(unit.node).step.around.timeout.as_ref()?;
    let (renderer, item) = (machine.renderer(), machine.item(unit));
    let scope = renderer.scope(unit.node, item, machine, renderer.missing(unit.node), &Secrets::default());
    let rendered = timeout.stage(&mut Render::new(&session.engine, &scope)).ok()?;
    Some(rendered.0.std())
}

/// The password of a connection or of the mail server is used inside the action; it must be masked from the log's
/// first byte.
fn inner_secret(machine: &Machine, unit: UnitRef, prepared: &Prepared) -> Option<String> {
    let frame = &machine.plan().frames[machine.plan().at(unit.node).frame as usize];
    let sql = match &prepared.action {
        Action::Sql(sql) => sql,
        Action::Wait(wait) => wait.sql.as_ref()?,
        action if action.sends_mail() => {
            return Some(format!("secrets.{}", frame.system.mail.as_ref()?.password.as_ref()?));
        }
        _ => return None,
    };
    let mut name = sql.connection.0.expose().to_string();
    for _ in 0..=frame.system.connections.len() {
        let connection = frame.system.connections.get(&name)?;
        if let Some(secret) = &connection.password {
            return Some(format!("secrets.{secret}"));
        }
        name.clone_from(connection.like.as_ref()?);
    }
    None
}

/// The keys of results that must not be written: those that hold a secret, and all output of a sensitive step.
pub(super) fn withheld(masker: &Masker, gives: &Gives, sensitive: bool) -> Vec<String> {
    let says_something = |value: &Value| !matches!(value, Value::Null | Value::Bool(_) | Value::Number(_));
    let holds = |value: &Value| !masker.is_empty() && masker.mask(&value.to_string()).1;
    let hidden = |value: &Value| (sensitive && says_something(value)) || holds(value);
    gives.iter().filter(|(_, value)| hidden(value)).map(|(key, _)| key.clone()).collect()
}

/// Says whether a reading is as wished.
pub(super) type Judge = Box<dyn Fn(&Gives) -> Result<bool, String>>;

/// What a unit's task needs to judge readings by itself.
pub(super) fn judge_readings(session: &Session, watch: Option<Watch>) -> Judge {
    let Some(Watch { conditions, scope }) = watch else { return Box::new(|_| Ok(true)) };
    let plan = std::sync::Arc::clone(session.machine.plan());
    let engine = std::sync::Arc::clone(&session.engine);
    let run = Rc::clone(&session.run);
    Box::new(move |gives| {
        let renderer = Renderer { plan: &plan, run: &run, engine: &engine };
        renderer.all_hold(&conditions, &scope, gives).map_err(|e| e.message)
    })
}
