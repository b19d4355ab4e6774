//! Where a log is read from: a file, a container, the systemd journal. It counts nothing itself.

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::log_count::{Counter, Lines, Window};
use super::log_time::TimeFinder;
use super::perform::unavailable;
use crate::action::{Context, Performed, Report, docker, shell};
use crate::event::{Failure, Stream};
use crate::model::{LogProbe, LogSource, Rendered};
use crate::process::{self, Capture, Ended, Spec};

/// How much of what journalctl complains about is kept.
const SAID: usize = 4096;

/// Counts the lines of a log that match.
pub async fn probe(it: &LogProbe<Rendered>, cx: &Context<'_>) -> Performed {
    let now = Timestamp::now();
    let since = it.since.as_ref().map(|s| {
        let millis = i64::try_from(s.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(now.as_millisecond().saturating_sub(millis).max(0)).unwrap_or(now)
    });
    let source = source(it)?;
    let window = match (source, since) {
        (LogSource::File(_), Some(since)) => Some(window(it, cx, since, now)?),
        _ => None,
    };
    let mut counter = Counter::new(&it.pattern, window).map_err(rejected)?;
    match source {
        LogSource::File(path) => file(path, cx, &mut counter).await?,
        LogSource::Container(name) => container(name, since, &mut counter, cx).await?,
        LogSource::Journal(name) => journal(name, since, cx, &mut counter).await?,
    }
    if counter.is_undated() {
        return Err(rejected(undated(it)));
    }
    let mut report = Report::default();
    if counter.seen() == 0 && since.is_none() {
        report.warnings.push(crate::t!("the log is empty", "ログが空です"));
    }
    report.gives = counter.gives();
    Ok(report)
}

fn source(it: &LogProbe<Rendered>) -> Result<LogSource<'_>, Failure> {
    match (&it.file, &it.container, &it.journal) {
        (Some(file), None, None) => Ok(LogSource::File(file)),
        (None, Some(container), None) => Ok(LogSource::Container(container)),
        (None, None, Some(journal)) => Ok(LogSource::Journal(journal)),
        _ => Err(rejected(crate::t!(
            "a log probe has exactly one of file, container, journal",
            "log プローブには file、container、journal のどれか 1 つを書きます"
        ))),
    }
}

fn window(
    it: &LogProbe<Rendered>,
    cx: &Context<'_>,
    since: Timestamp,
    now: Timestamp,
) -> Result<Window, Failure> {
    let Some(format) = &it.time_format else {
        return Err(rejected(crate::t!(
            "`since` on a file needs `time_format`, for example \"%Y-%m-%d %H:%M:%S\"",
            "ファイルの `since` には `time_format` が必要です。例: \"%Y-%m-%d %H:%M:%S\""
        )));
    };
    let zone = match &cx.site.system.timezone {
        Some(name) => TimeZone::get(name).map_err(|e| rejected(e.to_string()))?,
        None => crate::base::local_zone(),
    };
    let finder = TimeFinder::new(format, zone, now).map_err(rejected)?;
    Ok(Window { since, finder, inside: false, dated: false })
}

async fn file(path: &str, cx: &Context<'_>, counter: &mut Counter) -> Result<(), Failure> {
    let path = cx.path(path);
    let shown = path.display();
    let failed =
        |e: std::io::Error| unavailable(crate::t!("cannot read {shown}: {e}", "{shown} を読めません: {e}"));
    let mut options = tokio::fs::OpenOptions::new();
    let file = options.read(true).custom_flags(libc::O_NONBLOCK).open(&path).await.map_err(failed)?;
    if !file.metadata().await.map_err(failed)?.is_file() {
        return Err(rejected(crate::t!(
            "{shown} is not a regular file",
            "{shown} は通常のファイルではありません"
        )));
    }
    stream(file, counter).await.map_err(failed)
}

async fn stream(mut from: impl AsyncRead + Unpin, counter: &mut Counter) -> std::io::Result<()> {
    let mut lines = Lines::default();
    let mut buffer = vec![0u8; 256 * 1024];
    loop {
        match from.read(&mut buffer).await? {
            0 => break,
            n => lines.push(&buffer[..n], counter),
        }
    }
    lines.finish(counter);
    Ok(())
}

async fn container(
    name: &str,
    since: Option<Timestamp>,
    counter: &mut Counter,
    cx: &Context<'_>,
) -> Result<(), Failure> {
    let failed = |e: bollard::errors::Error| {
        unavailable(crate::t!(
            "cannot read the log of the container {name}: {e}",
            "コンテナー {name} のログを読めません: {e}"
        ))
    };
    let docker = docker::connect(cx).await?.docker;
    let mut options = LogsOptionsBuilder::default().stdout(true).stderr(true);
    if let Some(since) = since {
        options = options.since(i32::try_from(since.as_second()).unwrap_or(i32::MAX));
    }
    let (mut out, mut err) = (Lines::default(), Lines::default());
    let mut log = docker.logs(name, Some(options.build()));
    while let Some(piece) = log.next().await {
        match piece.map_err(failed)? {
            LogOutput::StdErr { message } => err.push(&message, counter),
            LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
                out.push(&message, counter);
            }
        }
    }
    out.finish(counter);
    err.finish(counter);
    Ok(())
}

async fn journal(
    unit: &str,
    since: Option<Timestamp>,
    cx: &Context<'_>,
    counter: &mut Counter,
) -> Result<(), Failure> {
    let failed = |e: &dyn std::fmt::Display| {
        unavailable(crate::t!(
            "cannot read the journal of {unit} (journalctl): {e}",
            "{unit} のジャーナルを読めません（journalctl）: {e}"
        ))
    };
    let mut arguments: Vec<String> = vec![format!("--unit={unit}")];
    arguments.extend(["-o", "short-iso", "--no-pager", "-q"].map(String::from));
    arguments.extend(since.map(|since| format!("--since=@{}", since.as_second())));
    let spec =
        Spec { env: vec![cx.site.marker.clone()], ..Spec::new("journalctl", arguments, shell::marker(cx)) };
    let (mut lines, mut said) = (Lines::default(), Capture::new(SAID));
    let mut sink = |stream, bytes: &[u8]| {
        match stream {
            Stream::Out => lines.push(bytes, counter),
            _ => said.take(stream, bytes),
        }
        Ok(())
    };
    let started = |pid, start| (cx.child)(pid, start);
    let exit = process::run(spec, started, &mut sink, cx.stop.clone()).await.map_err(|e| failed(&e))?;
    lines.finish(counter);
    match exit.ended {
        Ended::Code(0) => Ok(()),
        _ => Err(exit.stopped.map_or_else(|| failed(&said.err_text()), |reason| cx.stopped(reason))),
    }
}

fn undated(it: &LogProbe<Rendered>) -> String {
    let format = it.time_format.as_deref().cloned().unwrap_or_default();
    crate::t!(
        "no line has a time written as `{format}`, so none can be said to be recent; correct `time_format`",
        "`{format}` の形の時刻を持つ行がなく、最近の行かどうか判断できません。`time_format` を直してください"
    )
}

fn rejected(message: String) -> Failure {
    Failure::Rejected { message }
}
