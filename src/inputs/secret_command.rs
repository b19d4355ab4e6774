//! A secret that a command prints. What it printed is never repeated: it may be the secret.

use std::path::Path;

use super::secrets::{SecretError, one_line_end_off};
use crate::event::Stream;
use crate::process::{self, Ended, Spec, Stop, StopReason};

/// More than this is no secret: a command that prints without end is ended.
const MOST: usize = 1 << 20;

/// Runs the command; the word to stop ends it with all it started.
pub(super) async fn from_command(
    key: &str,
    command: &[String],
    folder: &Path,
    marker: (String, String),
    stop: Stop,
) -> Result<String, SecretError> {
    let Some((program, args)) = command.split_first() else {
        return Err(SecretError(crate::t!("{key}: the command is empty", "{key}: コマンドが空です")));
    };
    let cwd = Some(folder.to_path_buf());
    let spec = Spec { cwd, ..Spec::new(program, args.to_vec(), marker) };
    let mut printed = Vec::new();
    let mut output = |stream: Stream, bytes: &[u8]| {
        if stream == Stream::Out && printed.len() + bytes.len() > MOST {
            return Err(crate::t!("it printed more than 1 MiB", "出力が 1 MiB を超えました"));
        }
        if stream == Stream::Out {
            printed.extend_from_slice(bytes);
        }
        Ok(())
    };
    let ended = process::run(spec, |_, _| {}, &mut output, stop).await;
    let exit = ended.map_err(|e| {
        SecretError(crate::t!("{key}: cannot run {program}: {e}", "{key}: {program} を実行できません: {e}"))
    })?;
    if let Some(reason) = exit.stopped {
        return Err(stopped(key, reason));
    }
    if let Some(message) = exit.broken {
        return Err(SecretError(format!("{key}: {program}: {message}")));
    }
    match exit.ended {
        Ended::Code(0) => String::from_utf8(printed).map(one_line_end_off).map_err(|_| {
            SecretError(crate::t!(
                "{key}: {program} did not print UTF-8",
                "{key}: {program} の出力が UTF-8 ではありません"
            ))
        }),
        Ended::Code(code) => Err(SecretError(crate::t!(
            "{key}: {program} ended with exit code {code}; what it printed is not shown, run it by hand to see it",
            "{key}: {program} が終了コード {code} で失敗しました。出力は表示しないので、手で実行して確かめてください"
        ))),
        Ended::Signal(number) => Err(SecretError(crate::t!(
            "{key}: {program} was ended by signal {number}",
            "{key}: {program} がシグナル {number} で終了しました"
        ))),
    }
}

/// What is told of a look-up that was ended.
pub(super) fn stopped(key: &str, reason: StopReason) -> SecretError {
    SecretError(match reason {
        StopReason::TimedOut => crate::t!(
            "{key} was not there within the step's timeout",
            "{key} をステップの timeout 以内に取得できませんでした"
        ),
        StopReason::Cancelled | StopReason::Killed => {
            crate::t!(
                "{key} was not waited for: the run was ended",
                "実行の中止により {key} を取得しませんでした"
            )
        }
    })
}
