//! Runs a script or a program. It decides neither whether nor what its exit code means to the step.

use super::host::Place;
use super::{Context, Performed, Report, far_shell, out_file, outputs};
use crate::event::{Failure, Stream};
use crate::model::{Become, Rendered, Shell, Stdin, StdoutFile};
use crate::process::{self, Capture, Ended, Exit, FileTarget, Input, Spec, StopReason};

const BASH: [&str; 3] = ["bash", "-euo", "pipefail"];

/// Runs a script under `bash -euo pipefail`, or a program without a shell, with all that surrounds the step.
///
/// A file that standard output goes to is handed on in [`Report::pending`], to be committed once the step has
/// succeeded.
///
/// # Errors
/// When the program could not be started, or its file not be made. A code other than 0, a signal and a stop are a
/// failure within the report, with what the program gave until then.
pub async fn perform(action: &Shell<Rendered>, cx: &Context<'_>) -> Performed {
    let become_root = match cx.place()? {
        Place::Here { become_root } => become_root,
        Place::There(there) => return Box::pin(far_shell::perform(action, &there, cx)).await,
    };
    let mut spec = with_surroundings(command(action), become_root, cx)?;
    spec.input = input(cx);
    let target = out_file::begin(cx)?;
    perform_spec(spec, target, cx).await
}

/// Whether a script, run like a step's own, exits with 0: for `unless` and the like.
///
/// # Errors
/// When it could not be started, or was stopped.
pub async fn succeeds(script: &str, cx: &Context<'_>) -> Result<bool, Failure> {
    let become_root = match cx.place()? {
        Place::Here { become_root } => become_root,
        Place::There(there) => return Box::pin(far_shell::succeeds(script, &there, cx)).await,
    };
    let spec = with_surroundings(under_bash(script), become_root, cx)?;
    match perform_spec(spec, None, cx).await?.failure {
        None => Ok(true),
        Some(Failure::Exit { .. }) => Ok(false),
        Some(other) => Err(other),
    }
}

/// Runs a program that another action has put together, with the log, the stop and the outputs of a shell step.
///
/// # Errors
/// As [`perform`].
pub async fn perform_spec(spec: Spec, mut target: Option<FileTarget>, cx: &Context<'_>) -> Performed {
    if let Some(reason) = cx.stop.reason() {
        return Ok(Report { failure: Some(stopped(reason, cx)), ..Report::default() });
    }
    let mut capture = Capture::new(cx.max_output);
    let mut sink = |stream: Stream, bytes: &[u8]| {
        if let (Stream::Out, Some(target)) = (stream, &mut target) {
            return target.write(bytes).map_err(|e| e.message);
        }
        (cx.log)(stream, bytes);
        capture.take(stream, bytes);
        Ok(())
    };
    let exit = process::run(spec, |pid, start| (cx.child)(pid, start), &mut sink, cx.stop.clone())
        .await
        .map_err(|e| Failure::Unavailable { message: e.to_string() })?;
    let mut report = report(exit, &capture, cx);
    if let Some(target) = target {
        out_file::keep(target, &mut report)?;
    }
    Ok(report)
}

/// What a program that has ended gives, and what it failed of.
pub fn report(exit: Exit, capture: &Capture, cx: &Context<'_>) -> Report {
    note(&exit, capture, cx);
    let code = match exit.ended {
        Ended::Code(code) => Some(code),
        Ended::Signal(_) => None,
    };
    Report { gives: outputs(capture, code), failure: failure(exit, cx), ..Report::default() }
}

fn failure(exit: Exit, cx: &Context<'_>) -> Option<Failure> {
    if let Some(message) = exit.broken {
        return Some(Failure::Unavailable { message });
    }
    match (exit.stopped, exit.ended) {
        (Some(reason), _) => Some(stopped(reason, cx)),
        (None, Ended::Code(0)) => None,
        (None, Ended::Code(code)) => Some(Failure::Exit { code }),
        (None, Ended::Signal(number)) => Some(Failure::Signal { number }),
    }
}

fn stopped(reason: StopReason, cx: &Context<'_>) -> Failure {
    match reason {
        StopReason::TimedOut => {
            Failure::TimedOut { after_ms: cx.around.timeout.as_ref().map_or(0, |t| t.as_millis()) }
        }
        StopReason::Cancelled | StopReason::Killed => Failure::Cancelled,
    }
}

fn note(exit: &Exit, capture: &Capture, cx: &Context<'_>) {
    if exit.left_running {
        cx.note(&crate::t!(
            "a process it started in the background is still running; its output is no longer read",
            "バックグラウンドで起動されたプロセスが動き続けています。その出力はもう読みません"
        ));
    }
    if capture.truncated {
        let limit = crate::base::Size(cx.max_output as u64);
        cx.note(&crate::t!(
            "later steps can use the first {limit} of this output; `max_output` sets the limit",
            "後のステップが使えるのは、この出力の先頭 {limit} までです（`max_output` で変えられます）"
        ));
    }
}

/// A program, its arguments, and nothing around it yet.
pub fn command(action: &Shell<Rendered>) -> Vec<String> {
    match (&action.argv, &action.run) {
        (Some(argv), _) => argv.words(),
        (None, Some(script)) => {
            let bash = BASH.map(String::from);
            under(action.with.as_deref().unwrap_or(&bash), script)
        }
        (None, None) => Vec::new(),
    }
}

/// A script under the usual shell.
pub fn under_bash(script: &str) -> Vec<String> {
    under(&BASH.map(String::from), script)
}

fn under(shell: &[String], script: &str) -> Vec<String> {
    // A script that begins with a dash would be taken for an option.
    let script = if script.starts_with('-') { format!(" {script}") } else { script.to_string() };
    shell.iter().cloned().chain(["-c".to_string(), script]).collect()
}

/// What a step without a program fails of.
pub fn no_program() -> Failure {
    let message = crate::t!("there is no program to run", "実行するプログラムがありません");
    Failure::Unavailable { message }
}

/// The mark of an attempt's processes. It ends in `;` so that attempt 1 is not found in attempt 11 where that is looked
/// for in a whole environment.
pub fn marker(cx: &Context<'_>) -> (String, String) {
    ("TOBAN_STEP".to_string(), format!("{}/{}.{};", cx.site.marker.1, cx.unit, cx.attempt))
}

fn with_surroundings(
    words: Vec<String>,
    become_root: Option<Become>,
    cx: &Context<'_>,
) -> Result<Spec, Failure> {
    let mut words = words.into_iter();
    let Some(program) = words.next().filter(|p| !p.is_empty()) else { return Err(no_program()) };
    let mut spec = Spec::new(program, words.collect(), marker(cx));
    spec.env = cx.around.env.iter().map(|(k, v)| (k.clone(), v.expose().to_string())).collect();
    spec.env.push(cx.site.marker.clone());
    spec.held = cx.held;
    spec.cwd = Some(cx.around.cwd.as_ref().map_or_else(|| cx.site.base_dir.clone(), |cwd| cx.path(cwd)));
    match (&cx.around.run_as, become_root) {
        (Some(user), _) => Ok(as_user(user, spec)),
        (None, Some(Become::Sudo)) => Ok(as_user("root", spec)),
        (None, None) => Ok(spec),
    }
}

/// The same command as another user: root changes its user, everyone else needs sudo without a password.
fn as_user(user: &str, spec: Spec) -> Spec {
    // SAFETY: geteuid cannot fail and touches no memory.
    let me = unsafe { libc::geteuid() };
    if user_name(me).as_deref() == Some(user) {
        return spec;
    }
    let names: Vec<&str> = spec.env.iter().chain([&spec.marker]).map(|(name, _)| name.as_str()).collect();
    let before = match me {
        0 => vec!["-u".into(), user.into(), "--".into()],
        _ => vec![
            "-n".into(),
            "-u".into(),
            user.into(),
            format!("--preserve-env={}", names.join(",")),
            "--".into(),
        ],
    };
    let args = before.into_iter().chain([spec.program]).chain(spec.args).collect();
    Spec { program: if me == 0 { "runuser" } else { "sudo" }.to_string(), args, ..spec }
}

/// The permissions of a step's output file.
///
/// # Errors
/// When they are not octal.
pub fn octal(file: &StdoutFile<Rendered>) -> Result<u32, Failure> {
    let written = file.mode.as_ref().map_or("0600", |m| m.as_str());
    u32::from_str_radix(written, 8).map_err(|_| Failure::Unavailable {
        message: crate::t!(
            "`{written}` are no permissions; write them octal and in quotes, such as \"0600\"",
            "`{written}` は許可属性ではありません。\"0600\" のように 8 進数を引用符で囲んで書いてください"
        ),
    })
}

fn user_name(id: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().map(|l| l.split(':').collect::<Vec<_>>()).find_map(|fields| {
        let fits = fields.get(2).and_then(|n| n.parse::<u32>().ok()) == Some(id);
        fits.then(|| fields[0].to_string())
    })
}

/// What the step gives its program to read.
pub fn input(cx: &Context<'_>) -> Input {
    match &cx.around.stdin {
        None => Input::Null,
        Some(Stdin { text: Some(text), .. }) => Input::Bytes(text.expose().as_bytes().to_vec()),
        Some(Stdin { file: Some(file), decompress, .. }) => {
            Input::File { path: cx.path(file), decompress: *decompress }
        }
        Some(_) => Input::Null,
    }
}
