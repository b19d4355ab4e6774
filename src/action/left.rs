//! What an attempt of an engine that died has left running on a host that ssh reaches. It ends none of it.

use super::docker::mark;
use super::host::There;
use super::{Context, far_end, far_shell, shell};
use crate::event::{Failure, Stream};
use crate::model::{Action, Rendered};
use crate::process::{Ended, Left, Sink};
use crate::ssh::Command;

/// Tells of every process whose environment holds one of two marks: its pid and its command line.
const SCRIPT: &str = r#"grep -lF -e "$1" -e "$2" /proc/[0-9]*/environ 2>/dev/null | while IFS= read -r it; do
  it=${it#/proc/}; it=${it%/environ}
  line=$(tr '\0\n' '  ' </proc/$it/cmdline 2>/dev/null) && printf '%s %s\n' "$it" "$line"
done; :"#;

/// What still runs of the attempt on its host; none where that is this machine. A process of a container of that host is
/// found by whoever may look into it: root.
///
/// # Errors
/// When the host cannot be asked.
pub async fn left_on_host(action: &Action<Rendered>, cx: &Context<'_>) -> Result<Vec<Left>, Failure> {
    let reading = match action {
        Action::Wait(wait) => wait.action(),
        _ => None,
    };
    let Some(there) = far_end::place_to_look(reading.as_ref().unwrap_or(action), cx)? else {
        return Ok(Vec::new());
    };
    let said = ask(&there, cx).await?;
    let line = |line: &str| {
        let (pid, command) = line.split_once(' ')?;
        let command = format!("{} @{}", command.trim(), there.name);
        Some(Left { pid: pid.parse().ok()?, command })
    };
    Ok(said.lines().filter_map(line).collect())
}

async fn ask(there: &There<'_>, cx: &Context<'_>) -> Result<String, Failure> {
    let connection = cx.connect(there).await?;
    let (name, value) = shell::marker(cx);
    let words = ["sh", "-c", SCRIPT, "sh", &format!("{name}={value}"), &mark(cx)].map(String::from);
    // It must not find itself.
    let looker = ("TOBAN_LOOK".to_string(), format!("{};", std::process::id()));
    let command = Command { user: far_shell::user(there, cx), ..Command::new(words.to_vec(), looker) };
    let mut said = Vec::new();
    let sink: &mut Sink<'_> = &mut |stream, bytes| {
        if stream == Stream::Out {
            said.extend_from_slice(bytes);
        }
        Ok(())
    };
    let unavailable = |message| Failure::Unavailable { message };
    let answer = connection.run(&command, |_, _| (), sink, cx.stop.clone()).await.map_err(unavailable)?;
    match answer.exit.ended {
        Ended::Code(0) if answer.exit.stopped.is_none() => Ok(String::from_utf8_lossy(&said).into_owned()),
        _ => Err(cx.stop.reason().map_or(Failure::Cancelled, |reason| cx.stopped(reason))),
    }
}
