//! Ends an attempt's processes inside a container. The engine can't: so a second command looks for the attempt's mark
//! there, or, where the container has no shell, the host's processes are looked through.

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, StartExecResults};
use futures_util::StreamExt;
use tokio::time::{Instant, sleep};

use super::engine::Engine;
use super::sweep;
use crate::process::{Stop, StopReason};

/// From TERM to KILL.
pub const GRACE: Duration = Duration::from_secs(5);
/// How long KILL may take to have its effect.
const DEATH: Duration = Duration::from_secs(10);

/// What is to be ended.
pub struct Quarry<'a> {
    /// Where it runs.
    pub engine: &'a Engine,
    /// In which container.
    pub container: &'a str,
    /// The command's id, where it is known.
    pub exec: Option<&'a str>,
    /// What stands in the environment of each of its processes.
    pub mark: String,
}

/// Looks for processes with the mark, for what they started and for what shares their session; sends them a signal and
/// prints their numbers. Only a shell's own commands: a container may have nothing else.
const SCRIPT: &str = r#"
exec 2>/dev/null
mark=$1 signal=$2 all= found=' ' sessions=' '
marked() {
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"$mark"*) return 0;; esac
  done <"/proc/$1/environ"
  return 1
}
note() {
  [ "$2" = Z ] && return
  all="$all $1:$3:$5"
  if marked "$1"; then found="$found$1 "; sessions="$sessions$5 "; fi
}
for dir in /proc/[0-9]*; do
  pid=${dir#/proc/}
  [ "$pid" = $$ ] && continue
  IFS= read -r stat <"$dir/stat" || continue
  note "$pid" ${stat##*) }
done
more=1
while [ $more = 1 ]; do
  more=0
  for one in $all; do
    pid=${one%%:*} rest=${one#*:}
    parent=${rest%%:*} session=${rest#*:}
    case $found in *" $pid "*) continue;; esac
    case $found in *" $parent "*) ;; *)
      [ "$session" -gt 1 ] || continue
      case $sessions in *" $session "*) ;; *) continue;; esac;;
    esac
    found="$found$pid " more=1
  done
done
for pid in $found; do
  echo "$pid"
  [ "$signal" = 0 ] || kill -"$signal" "$pid"
done
echo done
"#;

/// Ends everything of the quarry: TERM, a grace, KILL; at once when killed.
///
/// # Errors
/// Says what could not be ended, and where.
pub async fn end(quarry: &Quarry<'_>, reason: StopReason, mut stop: Stop) -> Result<(), String> {
    if reason != StopReason::Killed {
        signal(quarry, "TERM").await;
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            tokio::select! {
                () = stop.killed() => break,
                () = sleep(Duration::from_millis(100)) => {}
            }
            let found = signal(quarry, "0").await;
            match state(quarry, found).await {
                State::Over => return Ok(()),
                State::Silent => return Err(silent(quarry)),
                State::Alive => {}
            }
        }
    }
    let until = Instant::now() + DEATH;
    let mut left = None;
    while Instant::now() < until {
        left = signal(quarry, "KILL").await;
        match state(quarry, left).await {
            State::Over => return Ok(()),
            State::Silent => return Err(silent(quarry)),
            State::Alive => {}
        }
        sleep(Duration::from_millis(100)).await;
    }
    Err(left_over(quarry, left))
}

/// Sends a signal to all that is there; says how many that were, none if it can't be known. Another user's environment
/// can't be read without privileges: an engine that may give none is asked last, as it could miss some.
async fn signal(quarry: &Quarry<'_>, signal: &str) -> Option<usize> {
    if let Some(found) = inside(quarry, signal, true).await {
        return Some(found);
    }
    match sweep::container(quarry.engine, quarry.container, &quarry.mark, signal).await {
        Some(found) => Some(found),
        None => inside(quarry, signal, false).await,
    }
}

/// What is known of the quarry.
enum State {
    /// Something is left, or the command is still about to start.
    Alive,
    /// Nothing is left.
    Over,
    /// The engine does not answer.
    Silent,
}

async fn state(quarry: &Quarry<'_>, found: Option<usize>) -> State {
    let running = match quarry.exec {
        None => false,
        Some(id) => match quarry.engine.docker.inspect_exec(id).await {
            Ok(now) => now.running == Some(true) || now.exit_code.is_none(),
            Err(Error::DockerResponseServerError { .. }) => false,
            Err(_) => return State::Silent,
        },
    };
    match found {
        Some(0) if !running => State::Over,
        Some(_) => State::Alive,
        None => container(quarry, running).await,
    }
}

/// Nobody can look inside: a container that does not run holds nothing that does.
async fn container(quarry: &Quarry<'_>, running: bool) -> State {
    match quarry.engine.docker.inspect_container(quarry.container, None).await {
        Ok(now) if running || now.state.as_ref().and_then(|s| s.running).unwrap_or(false) => State::Alive,
        Ok(_) | Err(Error::DockerResponseServerError { .. }) => State::Over,
        Err(_) => State::Silent,
    }
}

/// Runs the script in the container, as root; none where that has no shell or does not run.
async fn inside(quarry: &Quarry<'_>, signal: &str, privileged: bool) -> Option<usize> {
    let docker = &quarry.engine.docker;
    let options = CreateExecOptions {
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        privileged: Some(privileged),
        user: Some("0"),
        cmd: Some(vec!["sh", "-c", SCRIPT, "sh", &quarry.mark, signal]),
        ..Default::default()
    };
    let id = docker.create_exec(quarry.container, options).await.ok()?.id;
    let StartExecResults::Attached { mut output, .. } = docker.start_exec(&id, None).await.ok()? else {
        return None;
    };
    let mut said = Vec::new();
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(Duration::from_secs(10), output.next()).await {
        if let LogOutput::StdOut { message } = frame {
            said.extend_from_slice(&message);
        }
    }
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    (lines.last() == Some(&"done")).then(|| lines.len() - 1)
}

fn silent(quarry: &Quarry<'_>) -> String {
    let container = quarry.container;
    crate::t!(
        "the engine does not answer, so what was started in the container `{container}` may still run",
        "エンジンが応答しないため、コンテナ `{container}` 内で開始したものがまだ動いている可能性があります"
    )
}

fn left_over(quarry: &Quarry<'_>, left: Option<usize>) -> String {
    let container = quarry.container;
    match left {
        Some(count) => crate::t!(
            "{count} processes in the container `{container}` could not be ended; `docker restart {container}` ends them",
            "コンテナ `{container}` 内の {count} 個のプロセスを終了できません。`docker restart {container}` で終了できます"
        ),
        None => crate::t!(
            "the container `{container}` has no shell to look for what was started in it; \
             look with `docker top {container}`",
            "コンテナ `{container}` にシェルが無いため、残ったプロセスを調べられません。`docker top {container}` で確認してください"
        ),
    }
}
