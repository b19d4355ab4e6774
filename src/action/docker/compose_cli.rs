//! The compose program: which one is there, and running it in a process group of its own. It does not know the verbs.

use std::ffi::OsString;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::task::{Context as Poller, Poll};
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use futures_util::StreamExt;
use tokio::io::AsyncWrite;
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::io::ReaderStream;

use super::capture::Capture;
use super::feed::Feed;
use super::project::Project;
use super::pump::{self, Ends, Flow};
use super::{exec, marker, reap, refusal, sweep};
use crate::action::Context;
use crate::event::Failure;
use crate::process::StopReason;

/// How long compose may take to say its version.
const GREETING: Duration = Duration::from_secs(20);
/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

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
pub enum Ended {
    /// By itself.
    Status(ExitStatus),
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
        let mut command = cli.command(project, &["config".into(), "--format".into(), "json".into()], cx);
        let output =
            tokio::time::timeout(GREETING, command.stdin(Stdio::null()).output()).await.ok()?.ok()?;
        let config: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
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
        feed: Option<Feed>,
        capture: &mut Capture<'_>,
        cx: &Context<'_>,
        ending: impl AsyncFn(StopReason),
    ) -> Result<Ended, Failure> {
        let mut command = self.command(project, arguments, cx);
        command.stdin(if feed.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|e| self.not_started(project, &e))?;
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = child.id() {
            (cx.child)(id, sweep::start_of(id).unwrap_or(0));
        }
        let mut ends = ends_of(&mut child);
        let mut stop = cx.stop.clone();
        let gone = async {
            // Not known is not gone: then the output's end decides.
            if child.wait().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let (reason, failure) = match pump::pump(&mut ends, feed, capture, &mut stop, gone).await {
            Flow::Ended => tokio::select! {
                status = child.wait() => return status.map(Ended::Status).map_err(|e| self.not_started(project, &e)),
                reason = stop.stopped() => (reason, exec::stopped(reason, cx)),
            },
            Flow::Stopped(reason) => (reason, exec::stopped(reason, cx)),
            Flow::Broken(failure) => (StopReason::Cancelled, failure),
        };
        let halt = async {
            ending(reason).await;
            end_group(&mut child, group, reason, cx).await;
            // It may have been about to start something when it was first looked for.
            ending(reason).await;
        };
        pump::drain(&mut ends, capture, halt).await;
        Ok(Ended::Broken(failure))
    }

    fn command(&self, project: &Project, arguments: &[String], cx: &Context<'_>) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).args(project.arguments()).args(arguments);
        command.current_dir(&project.dir).envs(marker::environment(cx));
        command
    }

    fn not_started(&self, project: &Project, error: &std::io::Error) -> Failure {
        let (program, dir) = (self.words.join(" "), project.dir.display());
        if !project.dir.is_dir() {
            return refusal::unavailable(crate::t!(
                "the folder of the compose project is not there: {dir}",
                "compose プロジェクトのフォルダーがありません: {dir}"
            ));
        }
        refusal::unavailable(crate::t!(
            "{program} did not start: {error}",
            "{program} を起動できません: {error}"
        ))
    }
}

async fn version(words: &[&str]) -> Option<String> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(["version", "--short"]).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(GREETING, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    // Without its plugin `docker compose` prints a usage text, in some versions with exit code 0.
    let number = text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    (output.status.success() && number).then_some(text)
}

async fn end_group(child: &mut Child, group: Option<i32>, reason: StopReason, cx: &Context<'_>) {
    let Some(group) = group else { return };
    let mut stop = cx.stop.clone();
    if reason != StopReason::Killed {
        signal_group(group, libc::SIGTERM);
        tokio::select! {
            _ = child.wait() => {}
            () = stop.killed() => {}
            () = tokio::time::sleep(reap::GRACE) => {}
        }
    }
    // Also when compose itself has ended: something it started may live on.
    signal_group(group, libc::SIGKILL);
    let _ = child.wait().await;
}

fn signal_group(group: i32, signal: i32) {
    // SAFETY: kill takes two numbers and touches no memory of this process.
    unsafe { libc::kill(-group, signal) };
}

fn ends_of(child: &mut Child) -> Ends {
    let failed = |err| Error::IOError { err };
    let out = child.stdout.take().map(|o| ReaderStream::with_capacity(o, CHUNK));
    let err = child.stderr.take().map(|e| ReaderStream::with_capacity(e, CHUNK));
    let out = futures_util::stream::iter(out).flatten();
    let err = futures_util::stream::iter(err).flatten();
    let out = out.map(move |b| b.map(|message| LogOutput::StdOut { message }).map_err(failed));
    let err = err.map(move |b| b.map(|message| LogOutput::StdErr { message }).map_err(failed));
    let output = Box::pin(futures_util::stream::select(out, err));
    Ends { output, input: Box::pin(Closing(child.stdin.take())) }
}

/// A child's standard input that is closed by a shutdown; otherwise only its drop closes it.
struct Closing(Option<ChildStdin>);

impl AsyncWrite for Closing {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.0.as_mut() {
            Some(pipe) => Pin::new(pipe).poll_write(cx, bytes),
            None => Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into())),
        }
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<std::io::Result<()>> {
        self.0.as_mut().map_or(Poll::Ready(Ok(())), |pipe| Pin::new(pipe).poll_flush(cx))
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Poller<'_>) -> Poll<std::io::Result<()>> {
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}
