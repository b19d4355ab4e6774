//! The compose program: which one is there, and running it in a process group of its own. It does not know the verbs.

use std::ffi::OsString;
use std::sync::Mutex;
use std::time::Duration;

use super::capture::Capture;
use super::project::Project;
use super::{exec, marker, reap, refusal};
use crate::action::{Context, shell};
use crate::event::{Failure, Stream};
use crate::process::{self, Ended, Sink, SpawnError, Spec, Stop, StopReason};

/// How long compose may take to say its version or a project's name.
const GREETING: Duration = Duration::from_secs(20);
/// How much of such an answer is read.
const ANSWER: usize = 1 << 20;

/// The program that was found, and the PATH on which it was.
static FOUND: Mutex<Option<(Option<OsString>, Cli)>> = Mutex::new(None);

/// A compose program.
#[derive(Clone, Debug, PartialEq)]
pub struct Cli {
    /// The program and the arguments before compose's own.
    words: Vec<String>,
    /// Whether it is version 1, of 2021 and before.
    pub old: bool,
}

/// How compose ended.
pub enum End {
    /// By itself.
    Own(Ended),
    /// It had to.
    Broken(Failure),
}

impl Cli {
    /// The compose program of this machine; looked for once, then remembered for as long as PATH stays.
    ///
    /// # Errors
    /// There is none.
    pub async fn find() -> Result<Cli, Failure> {
        let path = std::env::var_os("PATH");
        if let Some((_, cli)) = FOUND.lock().ok().and_then(|f| f.clone()).filter(|(then, _)| *then == path) {
            return Ok(cli);
        }
        for words in [vec!["docker", "compose"], vec!["docker-compose"]] {
            if let Some(version) = version(&words).await {
                let words = words.into_iter().map(str::to_string).collect();
                let cli = Cli { words, old: version.trim_start_matches('v').starts_with("1.") };
                if let Ok(mut found) = FOUND.lock() {
                    *found = Some((path, cli.clone()));
                }
                return Ok(cli);
            }
        }
        Err(refusal::unavailable(crate::t!(
            "neither `docker compose` nor `docker-compose` is here: install the compose plugin of Docker \
             (docker-compose-plugin), or docker-compose",
            "`docker compose` も `docker-compose` もありません。Docker の compose プラグイン（docker-compose-plugin）か \
             docker-compose を入れてください"
        )))
    }

    /// The name that compose gives a project, where that is made of variables.
    pub async fn project_name(project: &Project, cx: &Context<'_>) -> Option<String> {
        let cli = Cli::find().await.ok()?;
        let spec = cli.spec(project, &["config".into(), "--format".into(), "json".into()], cx);
        let config: serde_json::Value = serde_json::from_str(&answer(spec).await?).ok()?;
        config.get("name")?.as_str().map(str::to_string)
    }

    /// Runs compose, and waits for its end. When it is time to stop, `ending` is done before and after compose is ended.
    ///
    /// # Errors
    /// It could not be started.
    pub async fn run(
        &self,
        project: &Project,
        arguments: &[String],
        capture: &mut Capture<'_>,
        cx: &Context<'_>,
        ending: impl AsyncFn(StopReason),
    ) -> Result<End, Failure> {
        let spec = Spec { input: shell::input(cx), ..self.spec(project, arguments, cx) };
        let mut sink = |stream: Stream, bytes: &[u8]| match stream {
            Stream::Out => capture.out(bytes).map_err(|failure| failure.to_string()),
            _ => {
                capture.err(bytes);
                Ok(())
            }
        };
        let started = |pid, start| (cx.child)(pid, start);
        let exit = process::run_then(spec, started, &mut sink, cx.stop.clone(), &ending).await;
        let exit = exit.map_err(|e| not_started(project, &e))?;
        let (reason, failure) = match (exit.broken, exit.stopped) {
            (Some(message), _) => (StopReason::Cancelled, Failure::Rejected { message }),
            (None, Some(reason)) => (reason, exec::stopped(reason, cx)),
            (None, None) => return Ok(End::Own(exit.ended)),
        };
        // It may have been about to start something when that was first looked for.
        ending(reason).await;
        Ok(End::Broken(failure))
    }

    fn spec(&self, project: &Project, arguments: &[String], cx: &Context<'_>) -> Spec {
        let words = self.words[1..].iter().cloned().chain(project.arguments());
        let mark = (marker::NAME.to_string(), marker::value(cx));
        let spec = Spec::new(&self.words[0], words.chain(arguments.iter().cloned()).collect(), mark);
        Spec { env: marker::environment(cx), cwd: Some(project.dir.clone()), grace: reap::GRACE, ..spec }
    }
}

fn not_started(project: &Project, error: &SpawnError) -> Failure {
    let dir = project.dir.display();
    if !project.dir.is_dir() {
        return refusal::unavailable(crate::t!(
            "the folder of the compose project is not there: {dir}",
            "compose プロジェクトのフォルダーがありません: {dir}"
        ));
    }
    refusal::unavailable(error.to_string())
}

async fn version(words: &[&str]) -> Option<String> {
    let arguments = words[1..].iter().chain(&["version", "--short"]).map(ToString::to_string).collect();
    let mark = (marker::NAME.to_string(), format!("version of {};", std::process::id()));
    let text = answer(Spec::new(words[0], arguments, mark)).await?;
    // Without its plugin `docker compose` prints a usage text, in some versions with exit code 0.
    text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()).then_some(text)
}

/// What a short question is answered with; none where it fails.
async fn answer(spec: Spec) -> Option<String> {
    let mut kept = process::Capture::new(ANSWER);
    let sink: &mut Sink<'_> = &mut |stream, bytes| {
        kept.take(stream, bytes);
        Ok(())
    };
    let asked = process::run(spec, |_, _| (), sink, Stop::never());
    let exit = tokio::time::timeout(GREETING, asked).await.ok()?.ok()?;
    (exit.ended == Ended::Code(0)).then(|| kept.out_text())
}
