//! Whether a program could be started: it is on the path, the user is there, the script parses. It starts nothing but
//! the shell's own check of a script, which runs none of it.

use crate::event::Stream;
use crate::model::{Rendered, Shell};
use crate::process::{self, Ended, Spec};

use super::context::Context;
use super::could::{Could, Looked, is_unknown};

/// Asks a program or a script.
pub(super) async fn could_start(action: &Shell<Rendered>, cx: &Context<'_>) -> Looked {
    let words = action.argv.as_ref().map(|argv| argv.words());
    let shell = action.with.as_ref().and_then(|with| with.first().cloned()).unwrap_or_else(|| "bash".into());
    let program = words.and_then(|w| w.first().cloned()).unwrap_or(shell);
    if is_unknown(&program) {
        return Err(Could::unknown(&program));
    }
    let found = find(&program, cx)?;
    if let Some(user) = &cx.around.run_as {
        user_is_there(user)?;
    }
    if let Some(script) = &action.run {
        if action.with.is_none() {
            parses(script, cx).await?;
        }
        first_command(script, cx)?;
    }
    Ok(Could::yes(crate::t!("{found} is there", "{found} があります")))
}

/// The absolute path of a program, as the step would find it.
fn find(program: &str, cx: &Context<'_>) -> Result<String, Could> {
    let own = cx.around.env.get("PATH").map(|path| path.expose().to_string());
    let path = own.or_else(|| std::env::var("PATH").ok());
    let cwd = cx.around.cwd.as_ref().map_or_else(|| cx.site.base_dir.clone(), |cwd| cx.path(cwd));
    process::find_program(program, path.as_deref(), &cwd)
        .map(|found| found.display().to_string())
        .map_err(|e| Could::no(e.to_string()).wanting(program))
}

fn user_is_there(user: &str) -> Result<(), Could> {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    if is_unknown(user) || users.lines().any(|line| line.split(':').next() == Some(user)) {
        return Ok(());
    }
    Err(Could::unclear(crate::t!(
        "there is no user `{user}` in /etc/passwd",
        "/etc/passwd にユーザー `{user}` がありません"
    )))
}

/// `bash -n` reads a script and runs none of it.
async fn parses(script: &str, cx: &Context<'_>) -> Result<(), Could> {
    if is_unknown(script) {
        return Ok(());
    }
    let args = ["-n", "-c", script].map(str::to_string).to_vec();
    let marker = (cx.site.marker.0.clone(), format!("{}/{}", cx.site.marker.1, cx.unit));
    // `-n` starts nothing; it is held all the same where the kernel can, since bash reads files of its own.
    let spec = Spec { held: process::can_hold(), ..Spec::new("bash", args, marker) };
    let mut said = Vec::new();
    let mut sink = |_: Stream, bytes: &[u8]| {
        said.extend_from_slice(bytes);
        Ok(())
    };
    let exit = process::run(spec, |_, _| (), &mut sink, cx.stop.clone()).await;
    match exit {
        Ok(exit) if exit.ended == Ended::Code(0) => Ok(()),
        Ok(exit) if exit.ended == Ended::Code(2) => {
            let said = String::from_utf8_lossy(&said);
            Err(Could::no(said.lines().next().unwrap_or_default().to_string()))
        }
        Ok(_) => Ok(()),
        Err(e) => Err(Could::no(e.to_string())),
    }
}

/// A script that begins with a plain command needs that program; what comes after may depend on anything.
fn first_command(script: &str, cx: &Context<'_>) -> Result<(), Could> {
    let line =
        script.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#')).unwrap_or_default();
    let word = line.split_whitespace().next().unwrap_or_default().trim_end_matches(';');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+');
    if word.is_empty() || !word.chars().all(plain) || WORDS.contains(&word) || line.contains("()") {
        return Ok(());
    }
    find(word, cx).map(drop)
}

/// Words that bash itself knows.
const WORDS: &[&str] = &[
    ".",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "echo",
    "elif",
    "else",
    "enable",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "in",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "then",
    "time",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "while",
];
