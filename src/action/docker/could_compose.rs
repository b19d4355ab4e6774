//! Whether a verb of compose could start: compose is there, its project is whole, the services exist, the container is
//! up. It changes nothing.

use serde_json::Value;

use super::compose::no_such_service;
use super::compose_command::Services;
use super::compose_inside::running;
use super::compose_read::configuration;
use super::could::absent;
use super::engine;
use super::project::Project;
use crate::action::Context;
use crate::action::could::{Could, Looked, is_unknown};
use crate::model::{Around, Compose, ComposePs, ComposeServices, ComposeVerb, NameList, Rendered, Slot};

/// Asks the verb of a compose step.
pub async fn could_start(what: &Compose<Rendered>, cx: &Context<'_>) -> Looked {
    let project = Project::of(what, cx);
    let dir = project.dir.display().to_string();
    if is_unknown(&dir) || project.named.as_deref().is_some_and(is_unknown) {
        return Err(Could::unknown(&dir));
    }
    // A file that only a run will have written can be asked for nothing yet.
    let mut files = project.files.iter().map(|file| file.display().to_string());
    if let Some(file) = files.find(|file| is_unknown(file)) {
        return Err(Could::unknown(&file));
    }
    let verbs = what.verbs();
    let Some(verb) = verbs.first() else { return Err(Could::unclear("")) };
    let engine = engine::connect(cx).await?;
    let there = services(&project, cx).await?;
    for service in meant(verb)? {
        if !there.contains(&service) {
            let near: Vec<&str> = there.iter().map(String::as_str).collect();
            return Err(no_such_service(&service, &near).into());
        }
    }
    if let ComposeVerb::Exec(exec) = verb {
        let service = exec.service.0.as_str();
        running(&engine, &project, service, cx).await.map_err(|f| absent(f, service))?;
        return Ok(Could::yes(crate::t!(
            "the service `{service}` is up",
            "サービス `{service}` は起動中です"
        )));
    }
    let count = there.len();
    Ok(Could::yes(crate::t!(
        "the project is whole ({count} services)",
        "プロジェクトは正常です（サービス {count} 個）"
    )))
}

/// The services of the project, as compose itself reads it. What the step reads and where its output goes is not this
/// question's.
async fn services(project: &Project, cx: &Context<'_>) -> Result<Vec<String>, Could> {
    let around = Around { stdin: None, stdout: None, ..cx.around.clone() };
    let cx = &Context {
        unit: cx.unit,
        attempt: cx.attempt,
        around: &around,
        site: cx.site,
        log: cx.log,
        child: cx.child,
        stop: cx.stop.clone(),
        max_output: usize::MAX,
        held: cx.held,
    };
    let report = configuration(project, &ComposePs { services: Vec::new(), all: None }, cx).await?;
    if let Some(failure) = report.failure {
        let said = report.gives.get("stderr").and_then(Value::as_str).unwrap_or_default();
        let last = said.lines().last().unwrap_or_default();
        return Err(Could::no(format!("{failure}: {last}")));
    }
    let all = report.gives.get("json").and_then(|j| j.get("services")).and_then(Value::as_object);
    Ok(all.map(|services| services.keys().cloned().collect()).unwrap_or_default())
}

fn meant(verb: &ComposeVerb<'_, Rendered>) -> Result<Vec<String>, Could> {
    let of = |what: &ComposeServices<Rendered>| listed(&what.services);
    match verb {
        ComposeVerb::Up(what) => listed(&what.services),
        ComposeVerb::Stop(what) | ComposeVerb::Start(what) | ComposeVerb::Restart(what) => of(what),
        ComposeVerb::Pull(what) | ComposeVerb::Build(what) => of(what),
        ComposeVerb::Exec(what) => known(vec![what.service.0.clone()]),
        ComposeVerb::Run(what) => known(vec![what.service.0.clone()]),
        ComposeVerb::Ps(what) | ComposeVerb::Config(what) => listed(&what.services),
        ComposeVerb::Logs(what) => listed(&what.services),
        ComposeVerb::Down(_) => Ok(Vec::new()),
    }
}

fn listed(lists: &[Slot<Rendered, NameList>]) -> Result<Vec<String>, Could> {
    known(Services::of(lists)?.names().to_vec())
}

fn known(names: Vec<String>) -> Result<Vec<String>, Could> {
    match names.iter().find(|name| is_unknown(name)) {
        Some(name) => Err(Could::unknown(name)),
        None => Ok(names),
    }
}
