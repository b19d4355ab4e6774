//! Runs a script or a program on a host that ssh reaches, as `shell` does on this machine. It decides neither whether
//! nor what its exit code means to the step.

use serde_json::json;

use super::far_file::FarFile;
use super::host::There;
use super::shell::{self, octal};
use super::{Context, Performed, Report};
use crate::event::{Failure, Stream};
use crate::model::{Rendered, Shell, Stdin};
use crate::process::Capture;
use crate::ssh::{Command, Feed, OutFile};

/// Runs the step's command there, with all that surrounds the step.
///
/// # Errors
/// As [`shell::perform`], and when the host is not reached.
pub async fn perform(action: &Shell<Rendered>, there: &There<'_>, cx: &Context<'_>) -> Performed {
    let mut command = with_surroundings(shell::command(action), there, cx)?;
    command.feed = feed(cx);
    command.out = out_file(cx)?;
    run(command, there, cx).await
}

/// Whether a script exits with 0 there.
///
/// # Errors
/// When it could not be started, or was stopped.
pub async fn succeeds(script: &str, there: &There<'_>, cx: &Context<'_>) -> Result<bool, Failure> {
    let command = with_surroundings(shell::under_bash(script), there, cx)?;
    match run(command, there, cx).await?.failure {
        None => Ok(true),
        Some(Failure::Exit { .. }) => Ok(false),
        Some(other) => Err(other),
    }
}

/// Whether a path is there.
///
/// # Errors
/// When that cannot be found out.
pub async fn exists(path: &str, there: &There<'_>, cx: &Context<'_>) -> Result<bool, Failure> {
    let words = ["test", "-e", path].map(String::from).to_vec();
    let command = Command { cwd: None, ..with_surroundings(words, there, cx)? };
    Ok(run(command, there, cx).await?.failure.is_none())
}

/// Runs a command with the log, the stop and the outputs of a shell step.
///
/// # Errors
/// As [`shell::perform_spec`].
pub async fn run(command: Command, there: &There<'_>, cx: &Context<'_>) -> Performed {
    let connection = cx.connect(there).await?;
    if let Some(reason) = cx.stop.reason() {
        return Ok(Report { failure: Some(cx.stopped(reason)), ..Report::default() });
    }
    let mut capture = Capture::new(cx.max_output);
    let mut sink = |stream: Stream, bytes: &[u8]| {
        (cx.log)(stream, bytes);
        capture.take(stream, bytes);
        Ok(())
    };
    let started = |pid, start| (cx.child)(pid, start);
    let ran = connection.run(&command, started, &mut sink, cx.stop.clone()).await;
    let answer = ran.map_err(|message| Failure::Unavailable { message })?;
    let mut report = shell::report(answer.exit, &capture, cx);
    if let Some(out) = command.out {
        let file = FarFile {
            host: there.name.to_string(),
            address: there.address.clone(),
            user: command.user,
            target: out.target,
            hidden: out.hidden,
        };
        // A code that is not 0 may still mean done; after anything else there is nothing to keep.
        match (&report.failure, answer.size) {
            (None | Some(Failure::Exit { .. }), Some(size)) => {
                report.gives.insert("size".into(), json!(size));
                report.gives.insert("file".into(), file.target.as_str().into());
                report.pending.add_far(file);
            }
            _ => file.discard(&cx.site.hosts).await,
        }
    }
    Ok(report)
}

/// The user that the step's commands run as there.
pub fn user(there: &There<'_>, cx: &Context<'_>) -> Option<String> {
    let root = || there.become_root.map(|_| "root".to_string());
    cx.around.run_as.as_ref().map(|user| user.0.clone()).or_else(root)
}

fn with_surroundings(words: Vec<String>, there: &There<'_>, cx: &Context<'_>) -> Result<Command, Failure> {
    if words.first().is_none_or(String::is_empty) {
        return Err(shell::no_program());
    }
    let mut command = Command::new(words, shell::marker(cx));
    command.env = cx.around.env.iter().map(|(k, v)| (k.clone(), v.expose().to_string())).collect();
    command.env.push(cx.site.marker.clone());
    command.cwd = cx.around.cwd.as_ref().map(|cwd| cwd.0.clone());
    command.user = user(there, cx);
    Ok(command)
}

/// What the step gives its program to read; a file is one of that host.
pub fn feed(cx: &Context<'_>) -> Feed {
    match &cx.around.stdin {
        Some(Stdin { text: Some(text), .. }) => Feed::Text(text.expose().to_string()),
        Some(Stdin { file: Some(file), decompress, .. }) => Feed::File(file.0.clone(), *decompress),
        _ => Feed::Nothing,
    }
}

fn out_file(cx: &Context<'_>) -> Result<Option<OutFile>, Failure> {
    let Some(file) = &cx.around.stdout else { return Ok(None) };
    let mode = format!("{:o}", octal(file)?);
    let target = file.file.0.clone();
    let (folder, name) = match target.rsplit_once('/') {
        Some((folder, name)) => (format!("{folder}/"), name),
        None => (String::new(), target.as_str()),
    };
    let hidden = format!("{folder}.{name}.{}", cx.site.marker.1);
    let hidden = format!("{hidden}-{}-{}", cx.unit.to_string().replace('/', "-"), cx.attempt);
    Ok(Some(OutFile { target, hidden, compress: file.compress, mode }))
}
