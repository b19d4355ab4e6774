//! Files by their name, newest first, and the newest that is whole. It removes nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use glob::{MatchOptions, Pattern};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::desk::Desk;
use super::read::{age, moment, sum};
use super::verify::{self, Verdict};
use super::words::{cannot_read, refused};
use crate::action::{Performed, Report};
use crate::event::{Failure, Gives};
use crate::model::{FileLatest, Rendered};

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub path: PathBuf,
    /// Its bytes.
    pub size: u64,
    /// Its last change.
    pub modified: SystemTime,
    /// The time since then.
    pub age: Duration,
}

impl Found {
    /// What a list of files holds of it.
    pub fn value(&self) -> Value {
        json!({ "path": self.path.to_string_lossy(), "size": self.size, "age": self.age.as_secs(),
                "modified": moment(self.modified) })
    }
}

/// As a shell matches: `*` stays in its folder and leaves hidden files out.
pub const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Sorts the newest first; of files of one moment the last by name.
pub fn newest_first(files: &mut [Found]) {
    files.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| b.path.cmp(&a.path)));
}

/// Gives `files`, newest first; with verifiers only those that pass.
pub fn list(it: &FileLatest<Rendered>, desk: &Desk) -> Performed {
    let mut files = Vec::new();
    for found in find(&it.glob, desk)? {
        if verify::verify(&found.path, &it.verified_by, desk)? == Verdict::Whole {
            files.push(found.value());
        }
    }
    let mut gives = Gives::new();
    gives.insert("files".into(), files.into());
    Ok(Report { gives, ..Report::default() })
}

/// The newest file that passes every verifier.
pub fn latest(it: &FileLatest<Rendered>, desk: &Desk) -> Performed {
    let files = find(&it.glob, desk)?;
    let mut failed: IndexMap<String, usize> = IndexMap::new();
    for found in &files {
        match verify::verify(&found.path, &it.verified_by, desk)? {
            Verdict::Whole => return of_latest(found, desk),
            Verdict::Not { verifier, .. } => *failed.entry(verifier).or_default() += 1,
        }
    }
    Err(Failure::Unavailable { message: none_found(&it.glob, files.len(), &failed) })
}

fn of_latest(found: &Found, desk: &Desk) -> Performed {
    let (size, sha256) = sum(&found.path, desk)?;
    let mut gives = Gives::new();
    gives.insert("file".into(), found.path.to_string_lossy().into());
    gives.insert("size".into(), size.into());
    gives.insert("sha256".into(), sha256.into());
    gives.insert("age".into(), found.age.as_secs().into());
    gives.insert("modified".into(), moment(found.modified).into());
    Ok(Report { gives, ..Report::default() })
}

/// Says how many files failed which proof.
pub fn none_found(glob: &str, total: usize, failed: &IndexMap<String, usize>) -> String {
    if total == 0 {
        return crate::t!("no file matches {glob}", "{glob} に一致するファイルがありません");
    }
    let by: Vec<String> = failed.iter().map(|(verifier, n)| format!("{verifier}: {n}")).collect();
    let by = by.join(", ");
    crate::t!(
        "none of the {total} files that match {glob} is whole; failed {by}",
        "{glob} に一致する {total} 個のファイルに健全なものがありません（不合格 {by}）"
    )
}

fn find(glob: &str, desk: &Desk) -> Result<Vec<Found>, Failure> {
    let base = Pattern::escape(&desk.base_dir.to_string_lossy());
    let full = if Path::new(glob).is_absolute() { glob.to_string() } else { format!("{base}/{glob}") };
    let paths = glob::glob_with(&full, MATCHING).map_err(|e| refused(no_glob(glob, &e)))?;
    let now = SystemTime::now();
    let mut files = Vec::new();
    for path in paths {
        desk.check()?;
        let path = path.map_err(|e| cannot_read(e.path(), e.error()))?;
        // A file that went away since its folder was read is no file any more.
        if let Ok(facts) = fs::metadata(&path)
            && facts.is_file()
        {
            let modified = facts.modified().map_err(|e| cannot_read(&path, &e))?;
            files.push(Found { path, size: facts.len(), modified, age: age(modified, now) });
        }
    }
    newest_first(&mut files);
    Ok(files)
}

/// What is wrong with a glob.
pub fn no_glob(glob: &str, error: &glob::PatternError) -> String {
    let why = error.msg;
    crate::t!("`{glob}` is not a glob: {why}", "`{glob}` は glob として読めません: {why}")
}
