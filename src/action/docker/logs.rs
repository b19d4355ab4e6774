//! A container's log, from the engine. It changes nothing.

use bollard::container::LogOutput;
use bollard::query_parameters::{LogsOptions, LogsOptionsBuilder};
use futures_util::StreamExt;

use super::capture::Capture;
use super::engine::{self, Engine};
use super::{exec, refusal};
use crate::action::{Context, Performed};
use crate::base::Duration;
use crate::event::Failure;
use crate::model::{DockerLogs, Rendered};

/// Which part of a log is wanted.
pub struct Part {
    /// So many lines from its end.
    pub tail: Option<u32>,
    /// Only lines not older than this.
    pub since: Option<Duration>,
    /// With the time of each line.
    pub timestamps: bool,
    /// Where what the container wrote to its error output goes.
    pub errors: Errors,
}

/// Where the error output of a container goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// Into `stderr`, as `docker logs` has it.
    Apart,
    /// Among the rest, as `docker compose logs` has it: a log that is saved or searched is then all of it.
    Among,
}

/// The log's lines as `stdout` and `stderr`.
///
/// # Errors
/// The engine does not answer, or the container is not there.
pub async fn perform(what: &DockerLogs<Rendered>, cx: &Context<'_>) -> Performed {
    let name = refusal::name_of_container(&what.container.0)?;
    let mut capture = Capture::new(cx)?;
    let engine = engine::connect(cx).await?;
    let part = Part {
        tail: what.tail.as_ref().map(|n| n.0),
        since: what.since.as_ref().map(|d| d.0),
        timestamps: false,
        errors: Errors::Apart,
    };
    let mut stop = cx.stop.clone();
    tokio::select! {
        done = copy(&engine, name, &part, "", &mut capture) => done?,
        reason = stop.stopped() => return Err(exec::stopped(reason, cx)),
    }
    Ok(capture.ended(0))
}

/// Copies the wanted part of a log, each line with `prefix` before it.
///
/// # Errors
/// The engine does not answer, the container is not there or keeps no log.
pub async fn copy(
    engine: &Engine,
    name: &str,
    part: &Part,
    prefix: &str,
    capture: &mut Capture<'_>,
) -> Result<(), Failure> {
    let mut frames = std::pin::pin!(engine.docker.logs(name, Some(options(part))));
    // Each of the two streams may be cut within a line.
    let mut fresh = [true, true];
    while let Some(frame) = frames.next().await {
        match frame.map_err(|e| refusal::of_call(&e, name))? {
            LogOutput::StdErr { message } => {
                let text = prefixed(&message, prefix, &mut fresh[1]);
                match part.errors {
                    Errors::Apart => capture.err(&text),
                    Errors::Among => capture.out(&text)?,
                }
            }
            LogOutput::StdIn { .. } => {}
            LogOutput::StdOut { message } | LogOutput::Console { message } => {
                capture.out(&prefixed(&message, prefix, &mut fresh[0]))?;
            }
        }
    }
    Ok(())
}

fn options(part: &Part) -> LogsOptions {
    let tail = part.tail.map_or_else(|| "all".to_string(), |n| n.to_string());
    let options =
        LogsOptionsBuilder::default().stdout(true).stderr(true).tail(&tail).timestamps(part.timestamps);
    let Some(since) = part.since else { return options.build() };
    let since = jiff::Timestamp::now().as_second().saturating_sub_unsigned(since.as_millis() / 1000);
    options.since(i32::try_from(since.max(0)).unwrap_or(i32::MAX)).build()
}

fn prefixed<'m>(bytes: &'m [u8], prefix: &str, fresh: &mut bool) -> std::borrow::Cow<'m, [u8]> {
    if prefix.is_empty() {
        return bytes.into();
    }
    let mut text = Vec::with_capacity(bytes.len() + prefix.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if *fresh {
            text.extend_from_slice(prefix.as_bytes());
        }
        text.extend_from_slice(line);
        *fresh = line.ends_with(b"\n");
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::prefixed;

    #[test]
    fn a_prefix_stands_once_before_each_line_also_when_lines_are_cut() {
        let mut fresh = true;
        let mut text = prefixed(b"one\ntw", "a | ", &mut fresh).into_owned();
        text.extend_from_slice(&prefixed(b"o\nthree\n", "a | ", &mut fresh));
        assert_eq!(text, b"a | one\na | two\na | three\n");
    }
}
