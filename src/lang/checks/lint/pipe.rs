//! Pipes and dumps that end in a file which is then there half-written when they fail. It opens no file.

use super::call::reach;
use crate::lang::shell_words::{Command, Word};

/// The word of the file that the command at `i` leaves half-written when it fails.
pub fn left_half<'a>(commands: &'a [Command], i: usize, script: &str) -> Option<&'a Word> {
    let command = &commands[i];
    let word = match &command.into {
        Some(word) if command.piped || dumps(command) => word,
        Some(_) => return None,
        None => teed(commands, i)?,
    };
    (!is_passing(&word.text, script) && !is_moved(&commands[i + 1..], &word.text)).then_some(word)
}

/// Whether a command writes a dump of a database.
fn dumps(command: &Command) -> bool {
    let Some(call) = reach(command, false).call else { return false };
    match call.name {
        "pg_dump" | "pg_dumpall" | "mysqldump" | "mariadb-dump" | "mongodump" => true,
        "manage.py" => call.has(&["dumpdata"]),
        name => name.starts_with("python") && call.has(&["dumpdata"]),
    }
}

/// The file of `… | tee FILE` behind a dump.
fn teed(commands: &[Command], i: usize) -> Option<&Word> {
    let command = &commands[i];
    if !command.piped || !commands[..i].iter().rev().take_while(|c| c.pipes).any(dumps) {
        return None;
    }
    let call = reach(command, false).call.filter(|c| c.name == "tee" && !c.flag('a', "--append", ""))?;
    let at = call.args.iter().find(|w| !w.text.starts_with('-'))?.at.clone();
    command.words.iter().find(|w| w.at == at)
}

/// Devices, and files that do not outlive the run.
fn is_passing(file: &str, script: &str) -> bool {
    let name = file.trim_start_matches(['$', '{']).trim_end_matches('}');
    let made = file.starts_with('$') && script.contains(&format!("{name}=$(mktemp"));
    file.is_empty() || file.starts_with("/dev/") || file.contains("run.scratch_dir") || made
}

/// Whether the file is renamed to its true name later on.
fn is_moved(later: &[Command], file: &str) -> bool {
    later.iter().any(|command| {
        let call = reach(command, false).call;
        call.is_some_and(|c| c.name == "mv" && c.args.iter().any(|w| w.text == file))
    })
}
