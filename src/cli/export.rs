//! `toban export`: a run as one file that can be handed over, and is proven before it appears.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Code, Error, say, say_on_stderr};
use super::globals::Globals;
use super::verify::fault_line;
use crate::base::counted;
use crate::journal::{Evidence, JournalError, Liveness, RunFolder, Verdict, export, liveness, verify};
use crate::report::safe_text;

/// Packs a run, reads it back, and only then puts it where it belongs.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let state = globals.state();
    let id = state.find(matches.get_one::<String>("run").map_or("last", String::as_str))?;
    let folder = state.run(&id);
    if liveness(&folder)? == Liveness::Running {
        let message = crate::t!("{id} is still running", "{id} はまだ実行中です");
        let help = crate::t!("wait for its end", "終わるまで待ってください");
        return Err(Error::Plain { code: Code::Refused, message, help: Some(help) });
    }
    let target = matches.get_one::<PathBuf>("output").map(|p| globals.cwd.join(p)).unwrap_or_default();
    let force = matches.get_flag("force");
    if target.exists() && !force {
        return Err(there_already(&target));
    }
    let hidden = hidden(&target);
    let done = pack(&folder, &hidden, &target, force);
    if done.is_err() {
        drop(fs::remove_file(&hidden));
    }
    let verdict = done?;
    say(&safe_text(&told(&target, &verdict)));
    if verdict.is_whole() {
        return Ok(ExitCode::SUCCESS);
    }
    let faults: Vec<String> =
        verdict.faults.iter().take(20).map(|f| format!("  {}\n", fault_line(f))).collect();
    let faults = faults.concat();
    say_on_stderr(&safe_text(&crate::t!(
        "the run is NOT WHOLE, and was packed as it is:\n{faults}",
        "この実行の記録には改ざんまたは破損があります（そのまま書き出しました）:\n{faults}"
    )));
    Ok(ExitCode::from(Code::Failed as u8))
}

/// Beside the target, so that it can be renamed.
pub(super) fn hidden(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn pack(folder: &RunFolder, hidden: &Path, target: &Path, force: bool) -> Result<Verdict, Error> {
    let fail = |e: io::Error| unwritable(target, e);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(hidden).map_err(fail)?;
    export(folder, &mut file, target)?;
    file.sync_all().map_err(fail)?;
    let verdict = verify(&Evidence::of_export(hidden)?, None);
    match force {
        true => fs::rename(hidden, target).map_err(fail)?,
        false => appear(hidden, target)?,
    }
    if let Some(parent) = target.parent() {
        File::open(parent).and_then(|p| p.sync_all()).map_err(fail)?;
    }
    Ok(verdict)
}

/// Puts a file at its place, where nothing may be.
fn appear(hidden: &Path, target: &Path) -> Result<(), Error> {
    match fs::hard_link(hidden, target) {
        Ok(()) => drop(fs::remove_file(hidden)),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(there_already(target)),
        // Some file systems know no links.
        Err(_) => fs::rename(hidden, target).map_err(|e| unwritable(target, e))?,
    }
    Ok(())
}

fn there_already(target: &Path) -> Error {
    let target = target.display();
    Error::usage(crate::t!("`{target}` is there already", "`{target}` はすでにあります")).help(crate::t!(
        "name another file, or replace it with --force",
        "別の名前にするか、--force で置き換えてください"
    ))
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    JournalError::UnwritableExport { path: path.to_path_buf(), error }.into()
}

fn told(target: &Path, verdict: &Verdict) -> String {
    let size = fs::metadata(target).map_or(0, |m| m.len());
    let (target, facts, logs) = (target.display(), verdict.facts, verdict.logs.0);
    let head = &verdict.last.hash;
    let n = counted(logs, "log");
    crate::t!(
        "{target}: {size} bytes, with {facts} facts and {n}\nhead: {head}\nprove it with: toban verify {target} --head {head}\n",
        "{target}: {size} バイト、記録 {facts} 件、ログ {logs} 件\n終端ハッシュ: {head}\n確認: toban verify {target} --head {head}\n"
    )
}
