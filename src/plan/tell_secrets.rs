//! Which secrets a step uses and where they come from. It resolves none of them.

use super::node::{Frame, NodeIx};
use super::renderer::Renderer;
use super::tell_system::connection;
use super::told::ToldSecret;
use crate::model::{Action, InputType, SecretDecl, SecretSource, StepBody};

/// The secrets of a step: those that its templates name, and the password of its connection or mail server.
pub(super) fn of_step(renderer: &Renderer<'_>, ix: NodeIx) -> Vec<ToldSecret> {
    let node = renderer.plan.at(ix);
    let frame = &renderer.plan.frames[node.frame as usize];
    let mut names = renderer.secret_names(ix);
    if let StepBody::Act(action) = &node.step.body
        && let Some(name) = connection_of(action)
        && let Some(password) = connection(&name, &frame.system).and_then(|c| c.password)
    {
        names.push(format!("secrets.{password}"));
    }
    if let StepBody::Act(action) = &node.step.body
        && action.sends_mail()
        && let Some(password) = frame.system.mail.as_ref().and_then(|mail| mail.password.as_ref())
    {
        names.push(format!("secrets.{password}"));
    }
    let told = |name: String| {
        let source = source_of(frame, &name)?;
        Some(ToldSecret { name, source })
    };
    names.into_iter().filter_map(told).collect()
}

/// The connection that an action names.
fn connection_of(action: &Action) -> Option<String> {
    match action {
        Action::Sql(sql) => Some(sql.connection.show()),
        Action::Wait(wait) => wait.sql.as_ref().map(|sql| sql.connection.show()),
        _ => None,
    }
}

/// Where a secret comes from, by `secrets.NAME` or `inputs.NAME`; none for what is no secret.
pub(super) fn source_of(frame: &Frame, name: &str) -> Option<String> {
    match name.split_once('.')? {
        ("secrets", name) => frame.system.secrets.get(name).map(declared),
        ("inputs", name) => {
            let decl = frame.inputs.get(name).filter(|d| d.kind == InputType::Secret)?;
            Some(decl.from.as_ref().map_or_else(|| "prompt".to_string(), source))
        }
        _ => None,
    }
}

pub(super) fn declared(decl: &SecretDecl) -> String {
    match (&decl.from, &decl.generate) {
        (Some(from), _) => source(from),
        (None, Some(_)) => "generated".to_string(),
        (None, None) => "prompt".to_string(),
    }
}

fn source(from: &SecretSource) -> String {
    match from {
        SecretSource::Text(text) => text.clone(),
        SecretSource::Command { command } => format!("command: {}", command.join(" ")),
    }
}
