//! The files that steps read as part of what they do, and their digests. It does not read what they say.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{Known, System};

/// A file as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digested {
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// What changes when it is written or replaced: device, inode, size, and when it was changed in nanoseconds.
    stamp: (u64, u64, u64, i64, i64),
}

/// A file as a plan knows it: as it is found where it is that still, else never as it is found.
pub(super) fn planned(path: &Path, sha256: &str) -> Digested {
    let found = digest_of(path).ok().filter(|found| found.sha256 == sha256);
    found.unwrap_or_else(|| Digested { sha256: sha256.to_string(), stamp: Default::default() })
}

/// The digest of a regular file.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn digest_of(path: &Path) -> io::Result<Digested> {
    // A pipe would be waited for.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other(crate::t!("it is no regular file", "通常のファイルではありません")));
    }
    let mut file = File::open(path)?;
    let stamp = stamp(&file.metadata()?);
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash)?;
    let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok(Digested { sha256, stamp })
}

/// The digest of a file that was digested before; one that was not touched is not read again.
pub(super) fn again(path: &Path, then: &Digested) -> io::Result<Digested> {
    match stamp(&std::fs::metadata(path)?) == then.stamp {
        true => Ok(then.clone()),
        false => digest_of(path),
    }
}

fn stamp(facts: &std::fs::Metadata) -> (u64, u64, u64, i64, i64) {
    (facts.dev(), facts.ino(), facts.len(), facts.ctime(), facts.ctime_nsec())
}

/// The files that belong to what a step does, as far as their paths are known: SQL, standard input, certificates,
/// compose files.
pub(super) fn read_by(does: &IndexMap<String, Known<Value>>, base: &Path, system: &System) -> Vec<PathBuf> {
    const KEYS: [&str; 5] = ["sql.file", "wait.sql.file", "stdin.file", "http.ca", "wait.http.ca"];
    let known = |key: &str| match does.get(key) {
        Some(Known::Yes(Value::String(path))) => Some(base.join(path)),
        _ => None,
    };
    let mut paths: Vec<PathBuf> = KEYS.into_iter().filter_map(known).collect();
    let asks = |kind: &str| does.keys().any(|key| key.starts_with(kind));
    if asks("http.") || asks("wait.http.") {
        paths.extend(system.http.ca.as_ref().map(|ca| base.join(ca)));
    }
    if asks("docker.compose.") {
        paths.extend(compose_files(does, base, system));
    }
    paths
}

/// The files of a compose project: the step's own, else the system's; none where its folder or one of them is unknown.
fn compose_files(does: &IndexMap<String, Known<Value>>, base: &Path, system: &System) -> Vec<PathBuf> {
    let dir = match does.get("docker.compose.project_dir") {
        Some(Known::Yes(Value::String(dir))) => base.join(dir),
        Some(_) => return Vec::new(),
        None => system.compose.project_dir.as_ref().map_or_else(|| base.to_path_buf(), |dir| base.join(dir)),
    };
    let own: Vec<&Known<Value>> =
        does.iter().filter(|(key, _)| key.starts_with("docker.compose.files.")).map(|(_, v)| v).collect();
    let files: Vec<String> = match own.is_empty() {
        true => system.compose.files.clone(),
        false => own
            .into_iter()
            .filter_map(|value| match value {
                Known::Yes(Value::String(file)) => Some(file.clone()),
                _ => None,
            })
            .collect(),
    };
    let place =
        |file: String| Some(dir.join(&file)).filter(|f| f.exists()).unwrap_or_else(|| base.join(file));
    files.into_iter().map(place).collect()
}
