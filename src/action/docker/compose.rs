//! The verbs of compose. What only reads (`ps`, `logs`) is asked of the engine by the labels that every compose sets,
//! so that it is the same for both versions; the rest is compose's own work.

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use serde_json::Value;

use super::capture::Capture;
use super::compose_cli::{Cli, End};
use super::compose_command::{self as command, Services, Told};
use super::compose_read::of_project;
use super::project::Project;
use super::{compose_inside, compose_read, engine, exec, gives, lists, refusal};
use crate::action::{Context, Performed, Report};
use crate::diag::did_you_mean;
use crate::event::Failure;
use crate::model::{Compose, ComposeServices, ComposeUp, ComposeVerb, Rendered};
use crate::process::{Ended, StopReason};

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
        ComposeVerb::Exec(exec) => compose_inside::execute(&project, exec, cx).await,
        ComposeVerb::Run(run) => compose_inside::run_once(&project, run, cx).await,
        ComposeVerb::Ps(ps) => compose_read::list(&project, ps, cx).await,
        ComposeVerb::Logs(logs) => compose_read::logs(&project, logs, cx).await,
        ComposeVerb::Config(config) => compose_read::configuration(&project, config, cx).await,
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
///
/// # Errors
/// Compose is not there or does not start.
pub async fn tell(project: &Project, told: Told, cx: &Context<'_>) -> Performed {
    if told.services.is_none() {
        let mut report = gives::text(cx, String::new(), Value::Null);
        report.unchanged = true;
        return Ok(report);
    }
    let (capture, cli) = (Capture::new(cx)?, Cli::find().await?);
    carry_out(&cli, project, &told, capture, cx, async |_| {}).await
}

/// Has compose do it, and makes a report of its end. `ending` ends what compose started and does not end itself.
///
/// # Errors
/// Compose does not start.
pub async fn carry_out(
    cli: &Cli,
    project: &Project,
    told: &Told,
    mut capture: Capture<'_>,
    cx: &Context<'_>,
    ending: impl AsyncFn(StopReason),
) -> Performed {
    let code = match cli.run(project, &told.arguments, &mut capture, cx, ending).await? {
        End::Own(Ended::Code(code)) => code,
        End::Own(Ended::Signal(number)) => return Ok(capture.broken(Failure::Signal { number })),
        End::Broken(failure) => return Ok(capture.broken(failure)),
    };
    // What a command in a container says is not compose's word.
    let own = !matches!(told.arguments.first().map(String::as_str), Some("exec" | "run"));
    let reason = (code != 0 && own).then(|| why(&capture.said(), project)).flatten();
    let mut report = capture.ended(code);
    if let Some(reason) = reason {
        report.failure = Some(reason);
    }
    Ok(report)
}

/// Compose's own last words, where they mean something that a person can mend.
pub fn why(said: &str, project: &Project) -> Option<Failure> {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // Version 1 says what to do in some lines after what is wrong.
    let last = &lines[lines.len().saturating_sub(8)..];
    let with = |words: &[&str]| last.iter().find(|line| words.iter().any(|word| line.contains(word)));
    if let Some((_, service)) =
        with(&["o such service: "]).and_then(|line| line.split_once("o such service: "))
    {
        return Some(no_such_service(service.trim(), &[]));
    }
    if with(&["no configuration file provided", "Can't find a suitable configuration file"]).is_some() {
        let dir = project.dir.display();
        return Some(refusal::rejected(crate::t!(
            "there is no compose file in {dir}; set `project_dir` or `files`",
            "{dir} に compose ファイルがありません。`project_dir` か `files` を指定してください"
        )));
    }
    let line = with(&[
        "annot connect to the Docker daemon",
        "permission denied while",
        "Couldn't connect to Docker",
    ])?;
    Some(refusal::unavailable(crate::t!(
        "compose can't reach the Docker engine: {line}",
        "compose が Docker エンジンに接続できません: {line}"
    )))
}

/// There is no such service; `there` are those that there are.
pub fn no_such_service(service: &str, there: &[&str]) -> Failure {
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
    let engine = engine::connect(cx).await?;
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
