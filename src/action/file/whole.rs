//! A file that appears whole or not at all: written beside its target, on disk before it is renamed.

use std::fs::{self, File, FileTimes, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest, Sha256};

use super::desk::{Halt, not_regular};
use super::words::{cannot_write, refused};
use crate::event::Failure;

/// A file on its way.
pub struct Whole {
    target: PathBuf,
    part: PathBuf,
    file: File,
    mode: Option<u32>,
    like: Option<Metadata>,
    halted: Halt,
    hash: Sha256,
    size: u64,
    done: bool,
}

/// What was written.
pub struct Written {
    /// Its bytes.
    pub size: u64,
    /// Its SHA-256 in hex.
    pub sha256: String,
}

impl Whole {
    /// Begins a file beside its target. Without a mode it gets the permissions of the file it replaces, else those
    /// that new files get here.
    pub fn begin(target: &Path, mode: Option<u32>, halted: Halt) -> Result<Whole, Failure> {
        let target = real_target(target)?;
        let part = beside(&target);
        let private = if mode.is_some() || target.exists() { 0o600 } else { 0o666 };
        let file = OpenOptions::new().write(true).create_new(true).mode(private).open(&part);
        let file =
            file.map_err(|e| folder_missing(&target, &e).unwrap_or_else(|| cannot_write(&target, &e)))?;
        Ok(Whole { target, part, file, mode, like: None, halted, hash: Sha256::new(), size: 0, done: false })
    }

    /// It gets the owner and the times of another file.
    pub fn like(&mut self, facts: Metadata) {
        self.like = Some(facts);
    }

    /// The file takes its name. Nothing of it is seen before this.
    pub fn finish(mut self) -> Result<Written, Failure> {
        if self.halted.is_set() {
            return Err(Failure::Cancelled);
        }
        self.settle().map_err(|e| cannot_write(&self.target, &e))?;
        self.done = true;
        Ok(Written { size: self.size, sha256: hex(self.hash.clone()) })
    }

    /// A failure of writing it.
    pub fn failure(&self, error: &io::Error) -> Failure {
        cannot_write(&self.target, error)
    }

    fn settle(&mut self) -> io::Result<()> {
        if let Ok(before) = fs::metadata(&self.target) {
            self.file.set_permissions(Permissions::from_mode(self.mode.unwrap_or(before.mode() & 0o7777)))?;
            keep_owner(&self.file, before.uid(), before.gid())?;
        } else if let Some(mode) = self.mode {
            self.file.set_permissions(Permissions::from_mode(mode))?;
        }
        if let Some(facts) = &self.like {
            keep_owner(&self.file, facts.uid(), facts.gid())?;
            set_times(&self.file, facts)?;
        }
        self.file.sync_all()?;
        fs::rename(&self.part, &self.target)?;
        sync_folder(&self.target)
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.halted.is_set() {
            return Err(io::Error::other(crate::t!("stopped", "中止されました")));
        }
        let n = self.file.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.size += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !self.done {
            // There is no one left to tell; the name says what it is.
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// A SHA-256 as people write it.
pub fn hex(hash: Sha256) -> String {
    format!("{:x}", hash.finalize())
}

/// A name in the same folder that no glob of a person's matches.
pub fn beside(target: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (pid, n) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    target.with_file_name(format!(".toban-{pid}-{n}.part"))
}

/// A rename or a removal is on disk once its folder is.
pub fn sync_folder(of: &Path) -> io::Result<()> {
    match of.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Permissions from octal text such as `0644`.
pub fn mode(text: &str) -> Result<u32, Failure> {
    let digits = text.trim().trim_start_matches("0o");
    u32::from_str_radix(digits, 8).ok().filter(|m| *m <= 0o7777 && !digits.starts_with('+')).ok_or_else(
        || {
            refused(crate::t!(
                "`{text}` is no mode; write it in octal and in quotes, for example \"0644\"",
                "`{text}` はモードではありません。\"0644\" のように 8 進数を引用符で囲んで書いてください"
            ))
        },
    )
}

/// Gives a file to an owner, where this user may; another user's file is not given away silently.
pub fn keep_owner(file: &File, uid: u32, gid: u32) -> io::Result<()> {
    let now = file.metadata()?;
    if (now.uid(), now.gid()) == (uid, gid) {
        return Ok(());
    }
    match std::os::unix::fs::fchown(file, Some(uid), Some(gid)) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// Gives a file or folder the times of another.
pub fn set_times(file: &File, facts: &Metadata) -> io::Result<()> {
    file.set_times(FileTimes::new().set_modified(facts.modified()?).set_accessed(facts.accessed()?))
}

/// Where a link leads, so that the link stays and its file is replaced.
fn real_target(target: &Path) -> Result<PathBuf, Failure> {
    let Ok(facts) = fs::symlink_metadata(target) else { return Ok(target.to_path_buf()) };
    let real = if facts.is_symlink() {
        fs::canonicalize(target).map_err(|e| cannot_write(target, &e))?
    } else {
        target.to_path_buf()
    };
    let facts = fs::metadata(&real).map_err(|e| cannot_write(&real, &e))?;
    if facts.is_file() { Ok(real) } else { Err(refused(not_regular(&real, &facts))) }
}

fn folder_missing(target: &Path, error: &io::Error) -> Option<Failure> {
    let folder = target.parent().filter(|f| error.kind() == io::ErrorKind::NotFound && !f.exists())?;
    let (target, folder) = (target.display(), folder.display());
    let message = crate::t!(
        "cannot write {target}: the folder {folder} is not there; make it first",
        "{target} に書き込めません: フォルダー {folder} がありません。先に作成してください"
    );
    Some(Failure::Unavailable { message })
}
