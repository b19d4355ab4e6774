//! Packs a run into one file: `tar` in `zstd`, always in the same order. It proves nothing and chooses no place.
//!
//! `<run>/plan.json`, `<run>/journal.jsonl`, `<run>/head` (the end of the journal, from outside the folder), other files
//! of the folder, `<run>/logs/…`, and last `<run>/manifest.json` with the size and the hash of each. The scratch folder
//! is no part of it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tar::{Builder, Header};

use super::evidence::{head, names};
use super::log::sealed;
use super::{JournalError, RunFolder, summary};
use crate::event::LogSeal;

/// What stands in `manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The version of this form.
    pub format: u32,
    /// The run.
    pub run: String,
    /// The engine that packed it.
    pub engine: String,
    /// Every other file.
    pub files: Vec<Packed>,
}

/// A file of an export.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Packed {
    /// Its name in the run's folder.
    pub name: String,
    /// Its size and hash.
    #[serde(flatten)]
    pub seal: LogSeal,
}

/// Packs a run into `to`, which is or becomes the file `target`.
///
/// # Errors
/// When the run cannot be read, or `to` cannot be written.
pub fn export(folder: &RunFolder, to: impl Write, target: &Path) -> Result<(), JournalError> {
    let gist = summary(folder)?;
    let unwritable = JournalError::unwritable_export(target);
    let mut encoder = zstd::stream::write::Encoder::new(to, 3).map_err(&unwritable)?;
    // A damaged file is then noticed wherever the damage is.
    encoder.include_checksum(true).map_err(&unwritable)?;
    let mut pack = Pack {
        target,
        tar: Builder::new(encoder),
        root: gist.run.to_string(),
        time: u64::try_from(gist.ended.unwrap_or(gist.started).as_second()).unwrap_or(0),
        files: Vec::new(),
    };
    for name in ["plan.json", "journal.jsonl"] {
        pack.file(name, &folder.path().join(name))?;
    }
    if let Some((head, path)) = head(folder)? {
        pack.seen("head", head.text().len() as u64, head.text().as_bytes(), &path)?;
    }
    let own = ["plan.json", "journal.jsonl", "head", "manifest.json"];
    for name in names(folder.path())?.iter().filter(|name| !own.contains(&name.as_str())) {
        pack.file(name, &folder.path().join(name))?;
    }
    for name in names(&folder.logs())? {
        pack.file(&format!("logs/{name}"), &folder.logs().join(&name))?;
    }
    pack.finish().map_err(unwritable)
}

struct Pack<'t, W: Write> {
    target: &'t Path,
    tar: Builder<W>,
    root: String,
    time: u64,
    files: Vec<Packed>,
}

impl<W: Write> Pack<'_, zstd::stream::write::Encoder<'static, W>> {
    fn finish(mut self) -> io::Result<()> {
        let files = std::mem::take(&mut self.files);
        let engine = env!("CARGO_PKG_VERSION").to_string();
        let manifest = Manifest { format: 1, run: self.root.clone(), engine, files };
        let text = serde_json::to_vec_pretty(&manifest)?;
        self.put("manifest.json", text.len() as u64, text.as_slice())?;
        self.tar.into_inner()?.finish()?.flush()
    }

    /// A file of the folder; what is no file is left out.
    fn file(&mut self, name: &str, path: &Path) -> Result<(), JournalError> {
        let fail = JournalError::unreadable(path);
        if !fs::symlink_metadata(path).map_err(&fail)?.is_file() {
            return Ok(());
        }
        let file = File::open(path).map_err(&fail)?;
        let size = file.metadata().map_err(&fail)?.len();
        self.seen(name, size, file.take(size), path)
    }

    /// What goes wrong is told of the side on which it does: what is read at `path`, or what is written.
    fn seen(&mut self, name: &str, size: u64, from: impl Read, path: &Path) -> Result<(), JournalError> {
        let mut hashed = Hashed { from, hash: blake3::Hasher::new(), failed: false };
        if let Err(error) = self.put(name, size, &mut hashed) {
            return Err(match hashed.failed {
                true => JournalError::unreadable(path)(error),
                false => JournalError::unwritable_export(self.target)(error),
            });
        }
        if hashed.hash.count() != size {
            let changed = crate::t!("it was changed meanwhile", "読み込み中に変更されました");
            return Err(JournalError::unreadable(path)(io::Error::other(changed)));
        }
        self.files.push(Packed { name: name.to_string(), seal: sealed(&hashed.hash) });
        Ok(())
    }

    fn put(&mut self, name: &str, size: u64, from: impl Read) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.time);
        let path = format!("{}/{name}", self.root);
        self.tar.append_data(&mut header, path, from)
    }
}

/// Hashes what is read through it.
struct Hashed<R> {
    from: R,
    hash: blake3::Hasher,
    /// Reading failed, whatever becomes of the error.
    failed: bool,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer).inspect_err(|_| self.failed = true)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}
