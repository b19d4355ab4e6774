//! Asks the `verify` of a unit that was under way when the engine died. It reads, and decides nothing.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::action::{Context, perform};
use crate::base::{Confidential, MASK};
use crate::event::{Failure, Stream};
use crate::journal::LogSetup;
use crate::model::{Action, StepBody};
use crate::plan::{Missing, Prepared, Secrets};
use crate::process::{Stop, Stopper};
use crate::state::UnitRef;
use crate::state::resume::Verified;

use super::hush::Hush;
use super::session::Session;
use super::unit::{MAX_OUTPUT, limited};

/// What the `verify` of a unit says, and why where it cannot tell. Its output goes to the log of the attempt that it
/// is about.
pub async fn verify(
    session: &Session,
    unit: UnitRef,
    stopper: &Stopper,
    stop: Stop,
) -> (Verified, Option<Failure>) {
    let prepared = match prepare(session, unit, &stop).await {
        Ok(Some(prepared)) => prepared,
        Ok(None) => return (Verified::CannotTell, None),
        Err(failure) => return (Verified::CannotTell, Some(failure)),
    };
    match said(session, unit, &prepared, stopper, stop).await {
        Ok(true) => (Verified::Done, None),
        Ok(false) => (Verified::NotDone, None),
        Err(failure) => (Verified::CannotTell, Some(failure)),
    }
}

async fn prepare(session: &Session, unit: UnitRef, stop: &Stop) -> Result<Option<Prepared>, Failure> {
    let machine = &session.machine;
    let renderer = machine.renderer();
    let mut secrets = Secrets::default();
    for name in renderer.secret_names(unit.node) {
        let found = session.vault.look_up(&name, stop.clone()).await;
        found.map_err(|e| Failure::Unavailable { message: e.to_string() })?;
        if let Some(secret) = session.vault.get(&name) {
            secrets.insert(name, Confidential::new(secret.expose().to_string(), MASK.to_string()));
        }
    }
    renderer.prepare_verify(unit.node, machine.item(unit), machine, &secrets)
}

/// Whether it says that the unit was done.
async fn said(
    session: &Session,
    unit: UnitRef,
    prepared: &Prepared,
    stopper: &Stopper,
    stop: Stop,
) -> Result<bool, Failure> {
    let machine = &session.machine;
    let name = machine.name(unit);
    let attempt = machine.attempts(unit);
    let setup = LogSetup {
        masker: Hush::default().masker(&session.vault).clone(),
        zone: session.zone.clone(),
        clock: Arc::clone(&session.clock),
        sensitive: prepared.around.sensitive == Some(true),
    };
    let log = RefCell::new(session.journal.log(&name, attempt, setup));
    log.borrow_mut().write(Stream::Note, format!("verify: {}\n", prepared.preview).as_bytes());
    let plan = machine.plan();
    let site = plan.frames[plan.at(unit.node).frame as usize].site as usize;
    let cx = Context {
        unit: &name,
        attempt,
        around: &prepared.around,
        site: &Rc::clone(&session.sites[site]),
        log: &|stream, bytes| log.borrow_mut().write(stream, bytes),
        child: &|_, _| {},
        stop,
        max_output: MAX_OUTPUT,
        held: false,
    };
    let limit = prepared.around.timeout.as_ref().map(|t| t.0.std());
    let work = perform(machine.verification(unit), &prepared.action, &cx, true, &|_| Ok(true));
    let performed = limited(work, limit, stopper).await;
    drop(log.into_inner().finish());
    let report = performed?;
    let code = report.gives.get("exit_code").and_then(serde_json::Value::as_i64);
    let failure = report.failure.or(match code {
        None | Some(0) => None,
        Some(code) => Some(Failure::Exit { code: code as i32 }),
    });
    match failure {
        None => conditions_hold(session, unit),
        Some(Failure::Exit { code }) if is_a_no(code) => Ok(false),
        Some(Failure::Expectation { .. }) => Ok(false),
        Some(other) => Err(other),
    }
}

/// Whether an exit code is an answer: from 126 on a shell says that there was nobody to give one.
fn is_a_no(code: i32) -> bool {
    (1..126).contains(&code)
}

/// The conditions of a `verify` that asserts.
fn conditions_hold(session: &Session, unit: UnitRef) -> Result<bool, Failure> {
    let machine = &session.machine;
    let step = &machine.plan().at(unit.node).step;
    let (Some(verify), StepBody::Act(_)) = (&step.verify, &step.body) else { return Ok(true) };
    let Action::Assert(assert) = &**verify else { return Ok(true) };
    let renderer = machine.renderer();
    let failure = |e: crate::template::TemplateError| Failure::Template { message: e.message };
    let scope = renderer.scope(unit.node, machine.item(unit), machine, Missing::Null, &Secrets::default());
    for condition in &assert.0 {
        if renderer.unmet(condition, &scope).map_err(failure)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}
