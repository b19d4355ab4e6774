//! `toban approve` and `toban reject`: what a person says of a saved plan, written beside it.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Error, say};
use super::globals::{Globals, operator, user_name};
use super::saved::{self, file, host, refused};
use crate::base::{Clock, SystemClock};
use crate::plan::saved::{Approval, Saved, Verdict, chain, head};
use crate::report::safe_text;

/// More of what people said is not read, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Writes one more line behind what was said of a plan.
pub fn run(globals: &Globals, matches: &ArgMatches, verdict: Verdict) -> Result<ExitCode, Error> {
    let name = matches.get_one::<String>("plan").map(String::as_str).unwrap_or_default();
    let Some(path) = file(globals, name) else {
        return Err(Error::usage(crate::t!(
            "`{name}` is no saved plan",
            "`{name}` は保存された計画ではありません"
        ))
        .help(crate::t!(
            "`toban plan PLAYBOOK -o FILE` saves one",
            "`toban plan プレイブック -o ファイル` で保存できます"
        )));
    };
    let plan = saved::read(&path)?;
    saved::not_expired(&plan)?;
    let mut said = Approval {
        verdict,
        by: operator(matches.get_one::<String>("operator").map(String::as_str)),
        user: user_name().unwrap_or_default(),
        host: host(),
        at: SystemClock.now(),
        reason: matches.get_one::<String>("reason").cloned(),
        plan: plan.digest.clone(),
        prev: String::new(),
    };
    append(&beside(&path), &plan, &mut said)?;
    let (by, id) = (&said.by, &plan.id);
    say(&format!(
        "{}\n",
        safe_text(&crate::t!("{verdict} by {by}: plan {id}", "{verdict}（{by}）: 計画 {id}"))
    ));
    Ok(ExitCode::SUCCESS)
}

/// Everything that was said of a plan; nothing where nobody said anything.
pub fn said(plan_file: &Path, plan: &Saved) -> Result<Vec<Approval>, Error> {
    let path = beside(plan_file);
    match std::fs::File::open(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(unreadable(&path, &e)),
        Ok(mut file) => words(&mut file, &path, plan).map(|(all, _)| all),
    }
}

/// Where what people say of a plan stands.
fn beside(plan_file: &Path) -> PathBuf {
    let mut name = OsString::from(plan_file);
    name.push(".approvals");
    PathBuf::from(name)
}

fn words(file: &mut std::fs::File, path: &Path, plan: &Saved) -> Result<(Vec<Approval>, String), Error> {
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(|e| unreadable(path, &e))?;
    let shown = path.display();
    if !text.is_empty() && !text.ends_with('\n') {
        let last = text.lines().count();
        return Err(refused(crate::t!(
            "{shown}:{last}: the line is cut off; remove it, and have it said again",
            "{shown}:{last}: 行が途中で切れています。その行を削除して、もう一度承認・却下してください"
        )));
    }
    let all = chain(&text, plan).map_err(|e| refused(format!("{shown}:{e}")))?;
    Ok((all, text))
}

fn unreadable(path: &Path, e: &std::io::Error) -> Error {
    let shown = path.display();
    refused(crate::t!("cannot read `{shown}`: {e}", "`{shown}` を読めません: {e}"))
}

/// Appends under a lock: two people may speak at once.
fn append(path: &Path, plan: &Saved, said: &mut Approval) -> Result<(), Error> {
    let shown = path.display();
    let fail = |e: std::io::Error| {
        Error::usage(crate::t!("cannot write `{shown}`: {e}", "`{shown}` に書けません: {e}"))
    };
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(fail)?;
    file.lock().map_err(fail)?;
    let (_, text) = words(&mut file, path, plan)?;
    said.prev = head(&text, plan);
    let mut line = serde_json::to_vec(&said).map_err(|e| fail(e.into()))?;
    line.push(b'\n');
    file.write_all(&line).and_then(|()| file.sync_all()).map_err(fail)
}
