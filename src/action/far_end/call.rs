//! The near end: sends one action to the copy of this program on a host, and makes its answer a report. It decides
//! nothing about the action.

use std::cell::RefCell;

use super::message::{Answer, Ask, Done, Frames, Kind, Request};
use crate::action::could::is_unknown;
use crate::action::far_file::FarFile;
use crate::action::host::{Place, There};
use crate::action::{Context, Could, Performed, Report, far_shell, shell, sql};
use crate::base::Confidential;
use crate::event::{Failure, Stream};
use crate::model::{Action, Around, Docker, Rendered, Slot, Sql};
use crate::process::{Capture, Exit};
use crate::ssh::{Command, Connection, FAR_END, Feed};

/// How much of what it says besides is kept.
const SAID: usize = 4096;

/// The host on which an action is done by this program there; none where it is done from here.
///
/// # Errors
/// When there is no such host, or nothing says how it is reached.
pub fn place<'a>(action: &Action<Rendered>, cx: &'a Context<'_>) -> Result<Option<There<'a>>, Failure> {
    let around = cx.around;
    let files = around.stdout.is_some() || around.stdin.as_ref().is_some_and(|s| s.file.is_some());
    let there = match action {
        Action::File(_) | Action::SecretGenerate(_) | Action::Probe(_) | Action::Http(_) => true,
        // A socket that ssh forwards is opened by the user who logs in, whoever is become there.
        Action::Docker(docker) => {
            files
                || matches!(**docker, Docker::Compose(_))
                || cx.place()?.there().is_some_and(|t| t.becomes(cx))
        }
        // The shell's own way needs no program there, but nothing on it holds to reading.
        Action::Shell(_) => cx.held,
        Action::Sql(sql) => return sql::lite(sql, cx).map(|found| found.and_then(|(_, there)| there)),
        _ => false,
    };
    match there {
        true => cx.place().map(Place::there),
        false => Ok(None),
    }
}

/// The same for the question whether it could start, which is more than starting it.
///
/// # Errors
/// As [`place`].
pub fn place_to_look<'a>(
    action: &Action<Rendered>,
    cx: &'a Context<'_>,
) -> Result<Option<There<'a>>, Failure> {
    match action {
        Action::Shell(_) => cx.place().map(Place::there),
        // Which database it is only a run knows.
        Action::Sql(sql) if is_unknown(sql.connection.expose()) => Ok(None),
        other => place(other, cx),
    }
}

/// Performs an action there.
///
/// # Errors
/// As the action, and when the host is not reached or cannot run this program.
pub async fn perform(
    action: &Action<Rendered>,
    there: &There<'_>,
    cx: &Context<'_>,
    read_only: bool,
) -> Performed {
    let request = Request::new(Ask::Perform, to_send(action, cx).await?, read_only, cx);
    let (answer, exit) = call(request, there, cx).await?;
    let done = match (answer, exit.stopped) {
        (Some(Answer::Done(done)), None) => done,
        (Some(Answer::Done(done)), Some(reason)) => Done { failure: Some(cx.stopped(reason)), ..done },
        (_, Some(reason)) => return Err(cx.stopped(reason)),
        (Some(Answer::Failed(failure)), None) => return Err(own_end(failure)),
        (Some(Answer::Could { .. }) | None, None) => return Err(no_answer(there)),
    };
    report(done, there, cx).await
}

/// One reading inside a `wait`, there: that there is something to do is known already.
///
/// # Errors
/// As [`perform`].
pub async fn read(action: &Action<Rendered>, there: &There<'_>, cx: &Context<'_>) -> Performed {
    let around = Around { creates: None, unless: None, ..cx.around.clone() };
    let inner = Context { around: &around, stop: cx.stop.clone(), ..*cx };
    perform(action, there, &inner, true).await
}

/// Asks an action there whether it could start.
pub async fn could(action: &Action<Rendered>, there: &There<'_>, cx: &Context<'_>) -> Could {
    let asked = async {
        let request = Request::new(Ask::Could, to_send(action, cx).await?, true, cx);
        match call(request, there, cx).await? {
            (Some(Answer::Could { verdict, words, wants }), _) => Ok(Could { verdict, words, wants }),
            (Some(Answer::Failed(failure)), _) => Err(failure),
            _ => Err(no_answer(there)),
        }
    };
    asked.await.unwrap_or_else(Could::from)
}

/// Connects to the host of the step and puts this program there, where it takes that to look at the action.
///
/// # Errors
/// As [`perform`].
pub async fn ready(action: &Action<Rendered>, cx: &Context<'_>) -> Result<(), Failure> {
    let looks = place_to_look(action, cx)?;
    let Some(there) = looks.clone().or(cx.place()?.there()) else { return Ok(()) };
    let connection = cx.connect(&there).await?;
    match looks {
        Some(there) => program(&connection, &there, cx).await.map(drop),
        None => Ok(()),
    }
}

async fn program(
    connection: &Connection,
    there: &There<'_>,
    cx: &Context<'_>,
) -> Result<std::sync::Arc<str>, Failure> {
    let user = far_shell::user(there, cx);
    let told = |line: &str| cx.note(line);
    let found = connection.program(user.as_deref(), &told, cx.stop.clone()).await;
    found.map_err(|why| match (why, cx.stop.reason()) {
        (Some(message), _) => Failure::Unavailable { message },
        (None, reason) => reason.map_or(Failure::Cancelled, |reason| cx.stopped(reason)),
    })
}

/// The action with what is only known here: the files of a playbook are read here, and what names a fact of the system
/// is replaced by it.
async fn to_send(action: &Action<Rendered>, cx: &Context<'_>) -> Result<Action<Rendered>, Failure> {
    let Action::Sql(sql) = action else { return Ok(action.clone()) };
    let (text, script) = sql::text(sql, cx).await?;
    let (query, script) = if script { (None, Some(Slot(text))) } else { (Some(Slot(text)), None) };
    let url =
        sql::lite(sql, cx)?.map_or_else(|| sql.connection.0.clone(), |(url, _)| Confidential::plain(url));
    Ok(Action::Sql(Sql { connection: Slot(url), query, script, file: None, ..sql.clone() }))
}

async fn call(
    mut request: Request,
    there: &There<'_>,
    cx: &Context<'_>,
) -> Result<(Option<Answer>, Exit), Failure> {
    if let Some(ca) = &request.system.http.ca {
        // The system's authorities are beside its file, not on the host.
        let shown = cx.path(ca);
        let text = tokio::fs::read_to_string(&shown).await;
        request.system.http.ca = Some(text.map_err(|e| Failure::Unavailable {
            message: crate::t!(
                "cannot read the certificates {}: {e}",
                "証明書 {} を読めません: {e}",
                shown.display()
            ),
        })?);
    }
    let connection = cx.connect(there).await?;
    let program = program(&connection, there, cx).await?;
    let mut command = Command::new(vec![program.to_string(), FAR_END.to_string()], shell::marker(cx));
    command.env = vec![cx.site.marker.clone()];
    command.user = far_shell::user(there, cx);
    command.feed = Feed::Text(request.text()?);
    let (mut frames, answer) = (Frames::default(), RefCell::new(None));
    let mut said = Capture::new(SAID);
    let sink: &mut crate::process::Sink<'_> = &mut |stream, bytes| match stream {
        Stream::Out => frames.take(bytes, |kind, payload| match kind {
            Kind::Log(stream) => (cx.log)(stream, payload),
            Kind::Answer => *answer.borrow_mut() = Some(serde_json::from_slice::<Answer>(payload)),
        }),
        other => {
            said.take(other, bytes);
            Ok(())
        }
    };
    let started = |pid, start| (cx.child)(pid, start);
    let ran = connection.run(&command, started, sink, cx.stop.clone()).await;
    let said = said.err_text();
    said.lines().for_each(|line| cx.note(line));
    let exit = ran.map_err(|message| Failure::Unavailable { message })?.exit;
    match &exit.broken {
        Some(why) => Err(Failure::Unavailable { message: format!("{}: {why}", there.name) }),
        None => {
            let answer = answer.into_inner().transpose().map_err(|e| Failure::Unavailable {
                message: crate::t!(
                    "{}: the answer of this program cannot be read: {e}",
                    "{}: プログラムの応答を読めません: {e}",
                    there.name
                ),
            })?;
            Ok((answer, exit))
        }
    }
}

async fn report(done: Done, there: &There<'_>, cx: &Context<'_>) -> Performed {
    let report = Report {
        gives: done.gives,
        unchanged: done.unchanged,
        warnings: done.warnings,
        failure: done.failure.map(own_end_unless(cx)),
        ..Report::default()
    };
    for (hidden, target) in done.files {
        let file = FarFile {
            host: there.name.to_string(),
            address: there.address.clone(),
            user: far_shell::user(there, cx),
            target,
            hidden,
        };
        match report.failure {
            None | Some(Failure::Exit { .. }) => report.pending.add_far(file),
            Some(_) => file.discard(&cx.site.hosts).await,
        }
    }
    Ok(report)
}

fn own_end_unless(cx: &Context<'_>) -> impl Fn(Failure) -> Failure {
    let stopped = cx.stop.reason().is_some();
    move |failure| if stopped { failure } else { own_end(failure) }
}

/// Nobody here has told it to stop: somebody there has.
fn own_end(failure: Failure) -> Failure {
    match failure {
        Failure::Cancelled => Failure::Signal { number: libc::SIGTERM },
        other => other,
    }
}

fn no_answer(there: &There<'_>) -> Failure {
    let name = there.name;
    Failure::Unavailable {
        message: crate::t!(
            "this program ended on the host `{name}` without an answer; the log has what it said",
            "ホスト `{name}` のプログラムが応答せずに終了しました。出力はログにあります"
        ),
    }
}
