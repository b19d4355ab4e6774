//! `toban cancel`: from another terminal what Ctrl-C does in the run's own.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::ArgMatches;

use super::error::{Code, Error, say};
use super::globals::{Globals, operator};
use super::runs::word;
use super::saved::refused;
use crate::base::RunId;
use crate::event::{Event, Kind};
use crate::journal::{
    CancelRequest, JournalError, Liveness, RunFolder, length, liveness, read, summary, written_since,
};
use crate::process::{holder_of, terminate_holder};
use crate::report::safe_text;

/// So long an engine may take to answer: it does so between two facts.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(50);

/// Asks the engine of a run to end it.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    let id = state.find(matches.get_one::<String>("run").map_or("", String::as_str))?;
    let folder = state.run(&id);
    let at_once = matches.get_flag("now");
    let before = alive(&id, &folder)?;
    let engine = Engine::of(&folder, &before);
    let since = before.iter().rev().take_while(|event| !matches!(event.kind, Kind::Resumed { .. }));
    let stopping = since.into_iter().any(|event| matches!(event.kind, Kind::Stopping { .. }));
    if stopping && engine.has_begun && !at_once {
        say(&crate::t!(
            "the run {id} is being stopped already; `toban cancel {id} --now` kills what still runs\n",
            "実行 {id} はすでに中止処理中です。`toban cancel {id} --now` で即時に終了させます\n"
        ));
    } else {
        let request = CancelRequest {
            by: operator(matches.get_one::<String>("operator").map(String::as_str)),
            at_once,
            reason: matches.get_one::<String>("reason").cloned(),
        };
        request.leave(&folder).map_err(|e| not_allowed(e, &id))?;
        let length = length(&folder)?;
        signal(&id, &folder, &engine)?;
        heard(&id, &folder, length)?;
        say(&match engine.has_begun {
            true => crate::t!("the run {id} is being stopped\n", "実行 {id} を中止しています\n"),
            false => crate::t!(
                "the run {id} is not gone on with; it stays as it was\n",
                "実行 {id} の再開を取りやめます。実行は元の状態のままです\n"
            ),
        });
    }
    if matches.get_flag("wait") {
        while liveness(&folder)? == Liveness::Running {
            std::thread::sleep(LOOK);
        }
        let summary = summary(&folder)?;
        say(&format!("{id}  {}\n", word(&summary)));
    }
    Ok(ExitCode::SUCCESS)
}

/// The facts of a run that is alive; words for one that is not.
fn alive(id: &RunId, folder: &RunFolder) -> Result<Vec<Event>, Error> {
    match liveness(folder)? {
        Liveness::Running => Ok(read(folder)?),
        Liveness::Finished => {
            let how = word(&summary(folder)?);
            Err(refused(crate::t!("the run {id} is over: {how}", "実行 {id} は終わっています: {how}")))
        }
        Liveness::Dead => Err(dead(id)),
    }
}

fn dead(id: &RunId) -> Error {
    refused(crate::t!(
        "the run {id} has no living engine: there is nothing to stop",
        "実行 {id} のエンジンは停止しています。中止するものはありません"
    ))
    .help(crate::t!(
        "`toban status {id}` shows how far it came, `toban resume {id}` goes on with it",
        "`toban status {id}` で状態を確認し、`toban resume {id}` で再開できます"
    ))
}

/// The engine that holds the journal of a run.
struct Engine {
    pid: Option<u32>,
    /// Whether it said so in the journal. One that is about to go on with a run does not until it has the locks, and
    /// knows what becomes of every step that was under way.
    has_begun: bool,
}

impl Engine {
    fn of(folder: &RunFolder, facts: &[Event]) -> Engine {
        let told = facts.iter().rev().find_map(|event| match &event.kind {
            Kind::RunStarted { pid, .. } | Kind::Resumed { pid, .. } => Some(*pid),
            _ => None,
        });
        let seen = holder_of(&folder.journal());
        Engine { pid: seen.or(told), has_begun: seen.is_none() || seen == told }
    }
}

/// Sends the signal to an engine.
fn signal(id: &RunId, folder: &RunFolder, engine: &Engine) -> Result<(), Error> {
    let pid = engine.pid;
    let sent = pid.map_or(Ok(false), |pid| terminate_holder(pid, &folder.journal()));
    match sent {
        Ok(true) => Ok(()),
        Ok(false) => {
            // It has ended meanwhile, or counts processes apart.
            CancelRequest::take(folder);
            alive(id, folder)?;
            let pid = pid.unwrap_or_default();
            Err(refused(crate::t!(
                "the engine of the run {id} is not the process {pid} of this machine that it was; it was sent nothing",
                "実行 {id} のエンジンは、記録にあるこのマシンのプロセス {pid} ではありません。何も送信していません"
            ))
            .help(crate::t!(
                "cancel it where it was started, or try again in a moment",
                "実行を開始した環境で中止するか、少し待って再試行してください"
            )))
        }
        Err(e) => {
            CancelRequest::take(folder);
            Err(refused(crate::t!(
                "the run {id} cannot be cancelled by this user: {e}",
                "このユーザーは実行 {id} を中止できません: {e}"
            ))
            .help(whose()))
        }
    }
}

/// Waits until the engine has written down who asked.
fn heard(id: &RunId, folder: &RunFolder, before: u64) -> Result<(), Error> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if is_heard(folder, before)? {
            return Ok(());
        }
        if liveness(folder)? != Liveness::Running {
            // It may have answered with its last word.
            if !is_heard(folder, before)? {
                alive(id, folder)?;
            }
            continue;
        }
        std::thread::sleep(LOOK);
    }
    Err(Error::Plain {
        code: Code::Failed,
        message: crate::t!(
            "the engine of the run {id} was told, but has not answered yet",
            "実行 {id} のエンジンに伝えましたが、まだ応答がありません"
        ),
        help: Some(crate::t!(
            "it may be stopped (SIGSTOP) or its disk slow; the word stands, and is heard when it goes on",
            "エンジンが一時停止（SIGSTOP）しているか、ディスクが遅い可能性があります。再開すれば中止されます"
        )),
    })
}

fn is_heard(folder: &RunFolder, before: u64) -> Result<bool, Error> {
    let since = written_since(folder, before)?;
    Ok(since.iter().any(|event| matches!(event.kind, Kind::CancelAsked { .. })))
}

fn not_allowed(e: JournalError, id: &RunId) -> Error {
    let denied = matches!(&e, JournalError::Unwritable { error, .. } if error.kind() == std::io::ErrorKind::PermissionDenied);
    if !denied {
        return e.into();
    }
    refused(
        safe_text(&crate::t!(
            "the run {id} cannot be cancelled by this user: {e}",
            "このユーザーは実行 {id} を中止できません: {e}"
        ))
        .into_owned(),
    )
    .help(whose())
}

fn whose() -> String {
    crate::t!("only the run's own user and root may", "中止できるのは、実行したユーザーと root だけです")
}
