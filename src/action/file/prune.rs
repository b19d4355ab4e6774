//! Old files go, the newest proven ones stay. The choice is a pure function; only the end of this file removes.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use glob::Pattern;
use indexmap::IndexMap;
use serde_json::Value;

use super::desk::Desk;
use super::listing::{Found, MATCHING, newest_first, no_glob, none_found};
use super::read::age;
use super::verify::{self, Verdict};
use super::whole::sync_folder;
use super::words::{cannot_read, cannot_remove, refused};
use crate::action::{Performed, Report};
use crate::base::Duration;
use crate::event::Failure;
use crate::model::{FilePrune, Rendered};

/// Removes what is old enough, and gives `removed`, `kept` and `files`.
pub fn prune(it: &FilePrune<Rendered>, desk: &Desk) -> Performed {
    let companions: Vec<&str> = it.with.iter().map(|c| c.as_str()).collect();
    check_companions(&companions)?;
    let files = candidates(&it.glob, &companions, desk)?;
    let keep = it.keep_at_least.as_ref().map_or(1, |k| **k as usize);
    let mut failed: IndexMap<String, usize> = IndexMap::new();
    let choice = choose(&files, *it.older_than, keep, |found| {
        let verdict = verify::verify(&found.path, &it.verified_by, desk)?;
        if let Verdict::Not { verifier, because } = verdict {
            desk.note(format!("{}: {verifier}: {because}", found.path.display()));
            *failed.entry(verifier).or_default() += 1;
            return Ok(false);
        }
        Ok(true)
    })?;
    if choice.proven == 0 && keep > 0 && !files.is_empty() {
        // Nothing is proven to be left: old files may be all there is.
        let why = none_found(&it.glob, files.len(), &failed);
        return Err(refused(crate::t!("nothing was removed: {why}", "何も削除していません: {why}")));
    }
    let mut report = remove_all(&files, &choice, &companions, desk);
    let proven = choice.proven;
    if proven < keep && files.len() >= keep {
        report.warnings.push(crate::t!(
            "only {proven} of the {keep} files to keep are proven whole",
            "残すべき {keep} 個のうち、健全と確認できたのは {proven} 個だけです"
        ));
    }
    Ok(report)
}

/// Which files go.
pub struct Choice {
    /// For each file, in the order given.
    pub goes: Vec<bool>,
    /// How many files that stay were proven whole, up to the number asked for.
    pub proven: usize,
}

/// Chooses among files, newest first: so many of the newest proven ones stay whatever their age; of the others go
/// those that are older than `older_than`. Proves no more files than it has to.
pub fn choose<E>(
    files: &[Found],
    older_than: Duration,
    keep: usize,
    mut proven: impl FnMut(&Found) -> Result<bool, E>,
) -> Result<Choice, E> {
    let mut choice = Choice { goes: Vec::with_capacity(files.len()), proven: 0 };
    for found in files {
        let stays = choice.proven < keep && proven(found)?;
        choice.proven += usize::from(stays);
        let old = found.age > older_than.std();
        choice.goes.push(!stays && old);
    }
    Ok(choice)
}

fn check_companions(endings: &[&str]) -> Result<(), Failure> {
    match endings.iter().find(|e| e.is_empty() || e.contains('/')) {
        None => Ok(()),
        Some(ending) => Err(refused(crate::t!(
            "`{ending}` is no ending of a companion; write for example \".manifest.json\"",
            "`{ending}` は付属ファイルの末尾として使えません。例: \".manifest.json\""
        ))),
    }
}

/// The regular files of one folder that match, without companions of others, newest first.
fn candidates(glob: &str, companions: &[&str], desk: &Desk) -> Result<Vec<Found>, Failure> {
    let (folder, name) = one_folder(glob, desk)?;
    let pattern = Pattern::new(&name).map_err(|e| refused(no_glob(glob, &e)))?;
    let now = SystemTime::now();
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|e| cannot_read(&folder, &e))? {
        desk.check()?;
        let entry = entry.map_err(|e| cannot_read(&folder, &e))?;
        let path = entry.path();
        let facts = match entry.metadata() {
            Ok(facts) if pattern.matches_with(&entry.file_name().to_string_lossy(), MATCHING) => facts,
            _ => continue,
        };
        if facts.is_dir() {
            return Err(refused(matches_folder(glob, &path)));
        }
        if facts.is_file() {
            let modified = facts.modified().map_err(|e| cannot_read(&path, &e))?;
            files.push(Found { path, size: facts.len(), modified, age: age(modified, now) });
        }
    }
    let names: HashSet<PathBuf> = files.iter().map(|f| f.path.clone()).collect();
    files.retain(|f| !companions.iter().any(|ending| accompanies(&f.path, ending, &names)));
    newest_first(&mut files);
    Ok(files)
}

fn accompanies(path: &Path, ending: &str, names: &HashSet<PathBuf>) -> bool {
    path.to_str().and_then(|p| p.strip_suffix(ending)).is_some_and(|of| names.contains(Path::new(of)))
}

/// A glob's folder and the pattern of its names.
fn one_folder(glob: &str, desk: &Desk) -> Result<(PathBuf, String), Failure> {
    let (folder, name) = glob.rsplit_once('/').unwrap_or(("", glob));
    let folder = if glob.starts_with('/') && folder.is_empty() { "/" } else { folder };
    if folder.contains(['*', '?', '[']) || name.is_empty() || name == ".." || name.contains("**") {
        return Err(refused(crate::t!(
            "prune works in one folder: `{glob}` has a wildcard before its last `/`, or no name behind it",
            "prune が扱うのは 1 つのフォルダーだけです: `{glob}` は最後の `/` より前にワイルドカードがあるか、その後ろに名前がありません"
        )));
    }
    Ok((desk.path(folder), name.to_string()))
}

fn matches_folder(glob: &str, path: &Path) -> String {
    let path = path.display();
    crate::t!(
        "nothing was removed: {glob} also matches the folder {path}; write a glob that matches only files",
        "何も削除していません: {glob} はフォルダー {path} にも一致します。ファイルだけに一致する glob を書いてください"
    )
}

fn remove_all(files: &[Found], choice: &Choice, companions: &[&str], desk: &Desk) -> Report {
    let mut report = Report::default();
    let (mut removed, mut left) = (Vec::new(), Vec::new());
    for (found, goes) in files.iter().zip(&choice.goes) {
        if !goes || report.failure.is_some() {
            left.push(found);
            continue;
        }
        match desk.check().and_then(|()| remove_one(&found.path, companions)) {
            Ok(()) => {
                desk.note(crate::t!("removed {}", "削除 {}", found.path.display()));
                removed.push(found);
            }
            Err(failure) => {
                report.failure = Some(failure);
                left.push(found);
            }
        }
    }
    if let Some(last) = removed.last()
        && let Err(e) = sync_folder(&last.path)
    {
        report.failure.get_or_insert(cannot_remove(&last.path, &e));
    }
    let paths =
        |of: &[&Found]| -> Vec<Value> { of.iter().map(|f| f.path.to_string_lossy().into()).collect() };
    report.unchanged = removed.is_empty() && report.failure.is_none();
    report.gives.insert("removed".into(), paths(&removed).into());
    report.gives.insert("kept".into(), paths(&left).into());
    report.gives.insert("files".into(), left.iter().map(|f| f.value()).collect::<Vec<_>>().into());
    report.gives.insert("freed".into(), removed.iter().map(|f| f.size).sum::<u64>().into());
    report
}

/// Companions go first: what is left half way is a file that is old and unproven, and goes the next time.
fn remove_one(path: &Path, companions: &[&str]) -> Result<(), Failure> {
    for ending in companions {
        let mut companion = path.as_os_str().to_owned();
        companion.push(ending);
        gone(Path::new(&companion))?;
    }
    gone(path)
}

fn gone(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(cannot_remove(path, &e)),
        _ => Ok(()),
    }
}
