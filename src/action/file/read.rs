//! Reading of one file: its text, its checksum, its facts. It changes nothing.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::desk::Desk;
use super::whole::hex;
use super::words::cannot_read;
use crate::action::{Performed, Report};
use crate::event::{Failure, Gives};
use crate::model::{FilePath, Rendered};

/// Gives `sha256` and `size`; another sum than the expected one is a failure.
pub fn checksum(it: &FilePath<Rendered>, desk: &Desk) -> Performed {
    let path = desk.path(&it.path);
    let (size, sha256) = sum(&path, desk)?;
    let mut report = Report::default();
    if let Some(expected) = it.expected.as_ref().filter(|e| !e.trim().eq_ignore_ascii_case(&sha256)) {
        let (path, expected) = (path.display(), expected.trim());
        report.failure = Some(Failure::Rejected {
            message: crate::t!(
                "{path} has the SHA-256 {sha256}, not {expected}",
                "{path} の SHA-256 は {sha256} で、期待値 {expected} と異なります"
            ),
        });
    }
    report.gives.insert("file".into(), path.to_string_lossy().into());
    report.gives.insert("size".into(), size.into());
    report.gives.insert("sha256".into(), sha256.into());
    Ok(report)
}

/// The bytes and the SHA-256 of a file.
pub fn sum(path: &Path, desk: &Desk) -> Result<(u64, String), Failure> {
    let (mut file, _) = desk.open(path)?;
    let mut hash = Sha256::new();
    let size = std::io::copy(&mut file, &mut hash).map_err(|e| cannot_read(path, &e))?;
    Ok((size, hex(hash)))
}

/// Gives `text` up to the step's bound, `json` where it is JSON, `lines`, `size`.
pub fn read(it: &FilePath<Rendered>, desk: &Desk) -> Performed {
    let path = desk.path(&it.path);
    let (file, facts) = desk.open(&path)?;
    let mut bytes = Vec::new();
    let bound = desk.max_output;
    file.take(bound as u64 + 1).read_to_end(&mut bytes).map_err(|e| cannot_read(&path, &e))?;
    let cut = bytes.len() > bound;
    bytes.truncate(bound);
    let size = if cut { facts.len() } else { bytes.len() as u64 };
    let text = text(bytes, cut);
    let mut report = Report::default();
    if cut {
        report.warnings.push(crate::t!(
            "the file is longer than {bound} bytes; the rest is not given (`max_output` sets the bound)",
            "ファイルが {bound} バイトを超えるため、残りは渡されません（上限は `max_output` で変えられます）"
        ));
    }
    let json = if cut { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::Null) };
    let lines: Vec<Value> = text.lines().map(Value::from).collect();
    report.gives.insert("file".into(), path.to_string_lossy().into());
    report.gives.insert("size".into(), size.into());
    report.gives.insert("json".into(), json);
    report.gives.insert("lines".into(), lines.into());
    report.gives.insert("text".into(), text.into());
    Ok(report)
}

/// Text of bytes; a character that the bound cut in two is left out.
fn text(mut bytes: Vec<u8>, cut: bool) -> String {
    if let (true, Err(e)) = (cut, std::str::from_utf8(&bytes))
        && e.error_len().is_none()
    {
        bytes.truncate(e.valid_up_to());
    }
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// Gives `exists`, `size`, `age`, `mode`, `modified`, `kind`; of a link, the facts of what it leads to.
pub fn stat(it: &FilePath<Rendered>, desk: &Desk) -> Performed {
    let path = desk.path(&it.path);
    let is_link = fs::symlink_metadata(&path).is_ok_and(|f| f.is_symlink());
    let mut gives = Gives::new();
    gives.insert("file".into(), path.to_string_lossy().into());
    match fs::metadata(&path) {
        Ok(facts) => {
            let kind = if facts.is_file() {
                "file"
            } else if facts.is_dir() {
                "folder"
            } else {
                "other"
            };
            let modified = facts.modified().map_err(|e| cannot_read(&path, &e))?;
            gives.insert("exists".into(), true.into());
            gives.insert("kind".into(), kind.into());
            gives.insert("link".into(), is_link.into());
            gives.insert("size".into(), facts.len().into());
            gives.insert("age".into(), age(modified, SystemTime::now()).as_secs().into());
            gives.insert("mode".into(), format!("{:04o}", facts.permissions().mode() & 0o7777).into());
            gives.insert("modified".into(), moment(modified).into());
        }
        Err(e)
            if e.kind() == std::io::ErrorKind::NotFound || e.kind() == std::io::ErrorKind::NotADirectory =>
        {
            gives.insert("exists".into(), false.into());
            gives.insert("link".into(), is_link.into());
            for key in ["kind", "size", "age", "mode", "modified"] {
                gives.insert(key.into(), Value::Null);
            }
        }
        Err(e) => return Err(cannot_read(&path, &e)),
    }
    Ok(Report { gives, ..Report::default() })
}

/// The time since a moment; none for one that is still to come.
pub fn age(modified: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(modified).unwrap_or_default()
}

/// A moment as RFC 3339 text, to the second.
pub fn moment(at: SystemTime) -> String {
    let at = Timestamp::try_from(at).ok().and_then(|t| Timestamp::from_second(t.as_second()).ok());
    at.map(|t| t.to_string()).unwrap_or_default()
}
