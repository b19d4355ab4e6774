//! The verbs of compose. What only reads (`ps`, `logs`) is asked of the engine by the labels that every compose sets,
//! so that it is the same for both versions; the rest is compose's own work.

use bollard::query_parameters::RemoveContainerOptionsBuilder;
use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use serde_json::Value;

use super::capture::Capture;
use super::compose_cli::{Cli, Ended};
use super::compose_command::{self as command, Services, Told};
use super::engine::{self, Engine};
use super::feed::Feed;
use super::logs::{self, Part};
use super::project::Project;
use super::reap::{self, Quarry};
use super::{exec, gives, lists, marker, refusal};
use crate::action::{Context, Performed, Report};
use crate::diag::did_you_mean;
use crate::event::Failure;
use crate::model::{
    Compose, ComposeExec, ComposeLogs, ComposePs, ComposeRun, ComposeServices, ComposeUp, ComposeVerb,
    Rendered,
};
use crate::process::StopReason;

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const ONE_OFF: &str = "com.docker.compose.oneoff";

/// Performs the verb of a compose step.
///
/// # Errors
/// Neither compose nor, where it is asked, the engine is there; the project or a service is not there.
pub async fn perform(what: &Compose<Rendered>, cx: &Context<'_>) -> Performed {
    let project = Project::of(what, cx);
    let verbs = what.verbs();
    let [verb] = verbs.as_slice() else {
        return Err(refusal::rejected(crate::t!(
            "a compose step needs exactly one verb, such as `up` or `exec`",
            "compose ステップには `up` や `exec` などの動詞がちょうど 1 つ必要です"
        )));
    };
    match verb {
        ComposeVerb::Up(up) => bring_up(&project, up, cx).await,
        ComposeVerb::Down(down) => tell(&project, command::down(down), cx).await,
        ComposeVerb::Stop(services) => plain(&project, "stop", services, cx).await,
        ComposeVerb::Start(services) => plain(&project, "start", services, cx).await,
        ComposeVerb::Restart(services) => plain(&project, "restart", services, cx).await,
        ComposeVerb::Pull(services) => plain(&project, "pull", services, cx).await,
        ComposeVerb::Build(services) => plain(&project, "build", services, cx).await,
        ComposeVerb::Exec(exec) => execute(&project, exec, cx).await,
        ComposeVerb::Run(run) => run_once(&project, run, cx).await,
        ComposeVerb::Ps(ps) => list(&project, ps, cx).await,
        ComposeVerb::Logs(logs) => read_logs(&project, logs, cx).await,
        ComposeVerb::Config(config) => configuration(&project, config, cx).await,
    }
}

async fn plain(
    project: &Project,
    verb: &str,
    what: &ComposeServices<Rendered>,
    cx: &Context<'_>,
) -> Performed {
    tell(project, command::plain(verb, what)?, cx).await
}

/// Tells compose, where there is anything to do.
async fn tell(project: &Project, told: Told, cx: &Context<'_>) -> Performed {
    if told.services.is_none() {
        let mut report = gives::text(cx, String::new(), Value::Null);
        report.unchanged = true;
        return Ok(report);
    }
    let (capture, feed) = (Capture::new(cx)?, Feed::open(cx)?);
    let cli = Cli::find().await?;
    carry_out(&cli, project, &told, feed, capture, cx, async |_| {}).await
}

async fn carry_out(
    cli: &Cli,
    project: &Project,
    told: &Told,
    feed: Option<Feed>,
    mut capture: Capture<'_>,
    cx: &Context<'_>,
    ending: impl AsyncFnOnce(StopReason),
) -> Performed {
    let status = match cli.run(project, &told.arguments, feed, &mut capture, cx, ending).await? {
        Ended::Broken(failure) => return Ok(capture.broken(failure)),
        Ended::Status(status) => status,
    };
    if let Some(number) = status.signal() {
        return Ok(capture.broken(Failure::Signal { number }));
    }
    let code = status.code().unwrap_or(1);
    let reason = (code != 0).then(|| why(&capture.said(), project)).flatten();
    let mut report = capture.ended(code);
    if let Some(reason) = reason {
        report.failure = Some(reason);
    }
    Ok(report)
}

/// Compose's own last words, where they mean something that a person can mend.
fn why(said: &str, project: &Project) -> Option<Failure> {
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    let dir = project.dir.display();
    if let Some((_, service)) =
        last.split_once("no such service: ").or_else(|| last.split_once("No such service: "))
    {
        return Some(no_such_service(service.trim(), &[]));
    }
    if last.contains("no configuration file provided")
        || last.contains("Can't find a suitable configuration file")
    {
        return Some(refusal::rejected(crate::t!(
            "there is no compose file in {dir}; set `project_dir` or `files`",
            "{dir} に compose ファイルがありません。`project_dir` か `files` を指定してください"
        )));
    }
    let engine = [
        "Cannot connect to the Docker daemon",
        "permission denied while trying to connect",
        "Couldn't connect to Docker",
    ];
    engine.iter().any(|word| last.contains(word)).then(|| {
        refusal::unavailable(crate::t!(
            "compose can't reach the Docker engine: {last}",
            "compose が Docker エンジンに接続できません: {last}"
        ))
    })
}

fn no_such_service(service: &str, there: &[&str]) -> Failure {
    let hint = did_you_mean(service, there.iter().copied());
    let hint = hint
        .map(|near| crate::t!("; did you mean `{near}`?", "。`{near}` のことですか？"))
        .unwrap_or_default();
    refusal::rejected(crate::t!(
        "the compose project has no service `{service}`{hint}",
        "compose プロジェクトにサービス `{service}` はありません{hint}"
    ))
}

async fn bring_up(project: &Project, what: &ComposeUp<Rendered>, cx: &Context<'_>) -> Performed {
    let old = Cli::find().await?.old;
    let told = command::up(what, old)?;
    let services = told.services.clone();
    let report = tell(project, told, cx).await?;
    let waits =
        old && what.wait.as_ref().is_some_and(|w| w.0) && report.failure.is_none() && !report.unchanged;
    if waits {
        return Ok(Report { failure: settle(project, &services, cx).await?, ..report });
    }
    Ok(report)
}

/// Waits until the services run and are healthy, for a compose that can't.
async fn settle(
    project: &Project,
    services: &Services,
    cx: &Context<'_>,
) -> Result<Option<Failure>, Failure> {
    let engine = engine::connect().await?;
    let name = project.name(cx).await;
    let mut stop = cx.stop.clone();
    loop {
        let found = of_project(&engine, &name, services, true).await?;
        let text = |c: &ContainerSummary| c.status.clone().unwrap_or_default();
        if let Some(dead) = found.iter().find(|c| c.state == Some(ContainerSummaryStateEnum::EXITED)) {
            let (name, status) = (lists::name_of(dead), text(dead));
            return Ok(Some(refusal::rejected(crate::t!(
                "`{name}` did not stay up: {status}",
                "`{name}` が起動し続けませんでした: {status}"
            ))));
        }
        let ready = |c: &ContainerSummary| {
            c.state == Some(ContainerSummaryStateEnum::RUNNING)
                && !text(c).ends_with("starting)")
                && !text(c).ends_with("(unhealthy)")
        };
        if found.iter().all(ready) {
            return Ok(None);
        }
        tokio::select! {
            () = tokio::time::sleep(std::time::Duration::from_millis(500)) => {}
            reason = stop.stopped() => return Ok(Some(exec::stopped(reason, cx))),
        }
    }
}

async fn execute(project: &Project, what: &ComposeExec<Rendered>, cx: &Context<'_>) -> Performed {
    let variables: Vec<String> = marker::environment(cx).into_iter().map(|(name, _)| name).collect();
    let told = command::exec(what, &variables)?;
    let (capture, feed) = (Capture::new(cx)?, Feed::open(cx)?);
    let cli = Cli::find().await?;
    // Compose may know a way to the engine that is not known here; then it has the last word.
    let place = match engine::connect().await {
        Ok(engine) => Some((running(&engine, project, &what.service.0, cx).await?, engine)),
        Err(_) => None,
    };
    let ending = async |reason| {
        let Some((container, engine)) = &place else { return };
        let quarry = Quarry { engine, container, exec: None, mark: marker::entry(cx) };
        if let Err(left) = reap::end(&quarry, reason, cx.stop.clone()).await {
            cx.note(&left);
        }
    };
    carry_out(&cli, project, &told, feed, capture, cx, ending).await
}

/// The container that compose executes in: the service's first that runs.
async fn running(
    engine: &Engine,
    project: &Project,
    service: &str,
    cx: &Context<'_>,
) -> Result<String, Failure> {
    let name = project.name(cx).await;
    let found = of_project(engine, &name, &Services::All, true).await?;
    let label = |c: &ContainerSummary, key: &str| c.labels.as_ref().and_then(|l| l.get(key)).cloned();
    let mut of_service: Vec<_> =
        found.iter().filter(|c| label(c, SERVICE).as_deref() == Some(service)).collect();
    of_service.sort_by_key(|c| {
        label(c, "com.docker.compose.container-number")
            .and_then(|n| n.parse::<u32>().ok())
            .unwrap_or(u32::MAX)
    });
    let up = of_service.iter().find(|c| c.state == Some(ContainerSummaryStateEnum::RUNNING));
    if let Some(container) = up {
        return Ok(lists::name_of(container));
    }
    let there: Vec<String> = found.iter().filter_map(|c| label(c, SERVICE)).collect();
    let near = did_you_mean(service, there.iter().map(String::as_str).filter(|s| *s != service));
    let hint = near
        .map(|near| crate::t!(" (did you mean `{near}`?)", "（`{near}` のことですか？）"))
        .unwrap_or_default();
    Err(refusal::rejected(crate::t!(
        "the service `{service}` of the compose project `{name}` is not running{hint}; \
         start it with `docker compose up -d {service}`",
        "compose プロジェクト `{name}` のサービス `{service}` は動いていません{hint}。\
         `docker compose up -d {service}` で起動してください"
    )))
}

/// The project's containers of these services, without those of `run`.
async fn of_project(
    engine: &Engine,
    project: &str,
    services: &Services,
    all: bool,
) -> Result<Vec<ContainerSummary>, Failure> {
    let labels = vec![format!("{PROJECT}={project}"), format!("{ONE_OFF}=False")];
    let mut found = lists::find(engine, &HashMap::from([("label".to_string(), labels)]), all).await?;
    if let Services::Only(names) = services {
        let of = |c: &ContainerSummary| c.labels.as_ref().and_then(|l| l.get(SERVICE)).cloned();
        found.retain(|c| of(c).is_some_and(|service| names.contains(&service)));
    }
    Ok(found)
}

async fn run_once(project: &Project, what: &ComposeRun<Rendered>, cx: &Context<'_>) -> Performed {
    let variables: Vec<String> = marker::environment(cx).into_iter().map(|(name, _)| name).collect();
    let label = format!("{}={}", marker::LABEL, marker::value(cx));
    let told = command::run(what, &variables, label.clone())?;
    let (capture, feed) = (Capture::new(cx)?, Feed::open(cx)?);
    let cli = Cli::find().await?;
    let keep = what.rm.as_ref().is_some_and(|rm| !rm.0);
    let ending = async |reason| {
        if let Err(failure) = end_labelled(&label, keep, reason, cx).await {
            cx.note(&failure.to_string());
        }
    };
    carry_out(&cli, project, &told, feed, capture, cx, ending).await
}

/// Ends and removes the containers that an attempt made.
async fn end_labelled(label: &str, keep: bool, reason: StopReason, cx: &Context<'_>) -> Result<(), Failure> {
    let engine = engine::connect().await?;
    let filters = HashMap::from([("label".to_string(), vec![label.to_string()])]);
    for container in lists::find(&engine, &filters, true).await? {
        let name = lists::name_of(&container);
        super::run::end(&engine, &name, reason, cx).await.map_err(|e| refusal::of_call(&e, &name))?;
        if !keep {
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            // Compose may have removed it in the meantime.
            let _ = engine.docker.remove_container(&name, Some(options)).await;
        }
    }
    Ok(())
}

async fn list(project: &Project, what: &ComposePs<Rendered>, cx: &Context<'_>) -> Performed {
    let services = Services::of(&what.services)?;
    let engine = engine::connect().await?;
    let all = what.all.as_ref().is_some_and(|all| all.0);
    let found = of_project(&engine, &project.name(cx).await, &services, all).await?;
    Ok(lists::shown(&found, cx))
}

async fn read_logs(project: &Project, what: &ComposeLogs<Rendered>, cx: &Context<'_>) -> Performed {
    let services = Services::of(&what.services)?;
    let mut capture = Capture::new(cx)?;
    let engine = engine::connect().await?;
    let name = project.name(cx).await;
    let found = of_project(&engine, &name, &services, true).await?;
    if let (true, Services::Only(names)) = (found.is_empty(), &services)
        && !names.is_empty()
    {
        let all = of_project(&engine, &name, &Services::All, true).await?;
        let there: Vec<&str> =
            all.iter().filter_map(|c| c.labels.as_ref()?.get(SERVICE).map(String::as_str)).collect();
        return Err(no_such_service(&names.join(" "), &there));
    }
    let part = Part {
        tail: what.tail.as_ref().map(|n| n.0),
        since: what.since.as_ref().map(|d| d.0),
        timestamps: what.timestamps.as_ref().is_some_and(|t| t.0),
    };
    let mut stop = cx.stop.clone();
    for container in &found {
        let container = lists::name_of(container);
        let own = container.strip_prefix(&name).unwrap_or(&container).trim_start_matches(['-', '_']);
        let prefix = if found.len() > 1 { format!("{own} | ") } else { String::new() };
        tokio::select! {
            done = logs::copy(&engine, &container, &part, &prefix, &mut capture) => done?,
            reason = stop.stopped() => return Err(exec::stopped(reason, cx)),
        }
    }
    Ok(capture.ended(0))
}

/// Gives `json` too: compose prints YAML.
async fn configuration(project: &Project, what: &ComposePs<Rendered>, cx: &Context<'_>) -> Performed {
    let mut report = tell(project, command::config(what)?, cx).await?;
    if let Some(text) = report.gives.get("stdout").and_then(Value::as_str) {
        let parsed = serde_yaml::from_str::<Value>(text).unwrap_or(Value::Null);
        report.gives.insert("json".into(), parsed);
    }
    Ok(report)
}
