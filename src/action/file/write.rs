//! Text into a file, whole or appended. It does not know where the text comes from.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::desk::Desk;
use super::whole::{Whole, hex, mode};
use super::words::{cannot_read, cannot_write};
use crate::action::{Performed, Report};
use crate::event::{Failure, Gives};
use crate::model::{FileWrite, Rendered};

/// Writes a file whole or not at all. The same content under the same permissions is left alone.
pub fn write(it: &FileWrite<Rendered>, desk: &Desk) -> Performed {
    let path = desk.path(&it.path);
    let content = it.content.as_bytes();
    let wanted = it.mode.as_ref().map(|m| mode(m)).transpose()?;
    if holds(&path, content, desk)? {
        let changed = set_mode(&path, wanted)?;
        return Ok(written(&path, content.len() as u64, hex(Sha256::new_with_prefix(content)), changed));
    }
    let mut whole = Whole::begin(&path, wanted, desk.halted.clone())?;
    whole.write_all(content).map_err(|e| whole.failure(&e))?;
    let done = whole.finish()?;
    Ok(written(&path, done.size, done.sha256, true))
}

/// Appends to a file; when that fails half way, the file is cut back to what it was.
pub fn append(it: &FileWrite<Rendered>, desk: &Desk) -> Performed {
    let path = desk.path(&it.path);
    let wanted = it.mode.as_ref().map(|m| mode(m)).transpose()?;
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(wanted.unwrap_or(0o666)).custom_flags(libc::O_NONBLOCK);
    let mut file = options.open(&path).map_err(|e| cannot_write(&path, &e))?;
    let facts = file.metadata().map_err(|e| cannot_write(&path, &e))?;
    if let Err(e) = append_to(&mut file, it.content.as_bytes(), facts.is_file()) {
        if facts.is_file() {
            file.set_len(facts.len()).map_err(|e| cannot_write(&path, &e))?;
        }
        return Err(cannot_write(&path, &e));
    }
    let size = file.metadata().map_err(|e| cannot_write(&path, &e))?.len();
    let changed = set_mode(&path, wanted)? || !it.content.is_empty();
    let mut gives = Gives::new();
    gives.insert("file".into(), path.to_string_lossy().into());
    gives.insert("size".into(), size.into());
    gives.insert("changed".into(), changed.into());
    Ok(Report { gives, unchanged: !changed, ..Report::default() })
}

fn append_to(file: &mut File, content: &[u8], sync: bool) -> std::io::Result<()> {
    file.write_all(content)?;
    if sync { file.sync_all() } else { Ok(()) }
}

/// Whether a regular file already holds exactly this.
fn holds(path: &Path, content: &[u8], desk: &Desk) -> Result<bool, Failure> {
    match fs::metadata(path) {
        Ok(facts) if facts.is_file() && facts.len() == content.len() as u64 => {}
        _ => return Ok(false),
    }
    let (file, _) = desk.open(path)?;
    let mut now = Vec::with_capacity(content.len());
    file.take(content.len() as u64 + 1).read_to_end(&mut now).map_err(|e| cannot_read(path, &e))?;
    Ok(now == content)
}

fn set_mode(path: &Path, wanted: Option<u32>) -> Result<bool, Failure> {
    let Some(wanted) = wanted else { return Ok(false) };
    let now = fs::metadata(path).map_err(|e| cannot_write(path, &e))?.permissions().mode() & 0o7777;
    if now == wanted {
        return Ok(false);
    }
    fs::set_permissions(path, Permissions::from_mode(wanted)).map_err(|e| cannot_write(path, &e))?;
    Ok(true)
}

/// What a written file gives.
pub fn written(path: &Path, size: u64, sha256: String, changed: bool) -> Report {
    let mut gives = Gives::new();
    gives.insert("file".into(), path.to_string_lossy().into());
    gives.insert("size".into(), size.into());
    gives.insert("sha256".into(), json!(sha256));
    gives.insert("changed".into(), changed.into());
    Report { gives, unchanged: !changed, ..Report::default() }
}
