//! A proof by a command of the author's: it reads the file and exits with 0. It ends with the work.

use std::io::{ErrorKind, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::words::why;
use crate::event::Failure;

/// So much of what a command says goes into the log.
const SAID: u64 = 16 * 1024;
const GRACE: Duration = Duration::from_secs(2);

/// Runs the command under bash with the file as `$FILE`.
///
/// # Errors
/// When it could not be run, which says nothing of the file.
pub fn run(path: &Path, script: &str, desk: &Desk) -> Result<Result<(), String>, Failure> {
    let mut child = spawn(path, script, desk)?;
    let output = child.stderr.take();
    let listener = std::thread::spawn(move || listen(output));
    let ended = wait(&mut child, desk);
    // What it left behind in its group would hold its output open.
    signal(&child, libc::SIGKILL);
    let said = listener.join().unwrap_or_default();
    for line in said.lines() {
        desk.note(line.to_string());
    }
    let status = ended?;
    match status.code() {
        Some(0) => Ok(Ok(())),
        Some(code @ (126 | 127)) => Err(unavailable(&crate::t!(
            "the verifier's command was not found or cannot be run (exit code {code}): {said}",
            "検証コマンドが見つからないか実行できません（終了コード {code}）: {said}"
        ))),
        Some(code) => Ok(Err(crate::t!("exit code {code}", "終了コード {code}"))),
        None => {
            let number = status.signal().unwrap_or_default();
            Ok(Err(crate::t!("ended by signal {number}", "シグナル {number} で終了")))
        }
    }
}

fn spawn(path: &Path, script: &str, desk: &Desk) -> Result<Child, Failure> {
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .env("FILE", path)
        .env(&desk.marker.0, &desk.marker.1)
        .current_dir(&desk.base_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|e| match e.kind() {
            ErrorKind::NotFound => unavailable(&crate::t!(
                "bash is not installed, and a verifier needs it",
                "検証に必要な bash がインストールされていません"
            )),
            _ => unavailable(&why(&e)),
        })
}

fn wait(child: &mut Child, desk: &Desk) -> Result<ExitStatus, Failure> {
    let mut told: Option<Instant> = None;
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return desk.check().map(|()| status),
            Ok(None) => {}
            Err(e) => return Err(unavailable(&why(&e))),
        }
        if desk.halted.is_set() {
            let first = *told.get_or_insert_with(|| {
                signal(child, libc::SIGTERM);
                Instant::now()
            });
            if first.elapsed() > GRACE {
                signal(child, libc::SIGKILL);
            }
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn signal(child: &Child, number: i32) {
    if let Ok(group) = i32::try_from(child.id()) {
        // SAFETY: killpg takes two numbers and touches no memory of ours; a group that is gone is an error we ignore.
        unsafe { libc::killpg(group, number) };
    }
}

fn listen(output: Option<impl Read>) -> String {
    let Some(mut output) = output else { return String::new() };
    let mut bytes = Vec::new();
    // A command that breaks off has said what it has said.
    let _ = (&mut output).take(SAID).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut output, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).trim_end().to_string()
}

fn unavailable(message: &str) -> Failure {
    Failure::Unavailable { message: message.to_string() }
}
