//! A step of a file as its node has it: with what the playbook and the system add to it.

use crate::lang::Loaded;
use crate::model::{Action, Step, StepBody, System, Template, Templated};

/// The step with the playbook's defaults, and without the steps it holds: those are nodes of their own.
pub(super) fn complete(step: &Step, loaded: &Loaded) -> Step {
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
    own.rescue.clear();
    own.always.clear();
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
