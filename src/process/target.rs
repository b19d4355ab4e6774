//! A file that appears whole or not at all: written under a hidden name beside its target, renamed at the very end.
//! It does not know who decides that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::model::Compression;

/// A file in the making. Dropped before [`FileTarget::commit`], it leaves nothing behind.
pub struct FileTarget {
    path: PathBuf,
    hidden: PathBuf,
    packer: Option<Packer>,
}

/// The file cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TargetError {
    /// What happened and what to do, with the path.
    pub message: String,
}

enum Packer {
    Plain(File),
    Gzip(Box<flate2::write::GzEncoder<File>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, File>>),
}

impl FileTarget {
    /// Begins a file at `path`, packed on the way; `mode` are its permissions.
    ///
    /// # Errors
    /// When the folder is missing or may not be written.
    pub fn create(path: &Path, compress: Option<Compression>, mode: u32) -> Result<FileTarget, TargetError> {
        let fail = |e: io::Error| TargetError::new(path, &e);
        // A rename would put a file in the place of /dev/null.
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            let path = path.display();
            let message = crate::t!(
                "`{path}` is a folder or a device; name a file",
                "`{path}` はフォルダーかデバイスです。ファイルを指定してください"
            );
            return Err(TargetError { message });
        }
        let hidden = hidden_name(path).ok_or_else(|| fail(io::Error::from_raw_os_error(libc::EINVAL)))?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden).map_err(fail)?;
        // From here on the guard removes the hidden file.
        let mut target = FileTarget { path: path.to_path_buf(), hidden, packer: None };
        file.set_permissions(fs::Permissions::from_mode(mode & 0o7777)).map_err(fail)?;
        target.packer = Some(match compress {
            None => Packer::Plain(file),
            Some(Compression::Gzip) => {
                Packer::Gzip(Box::new(flate2::write::GzEncoder::new(file, flate2::Compression::default())))
            }
            Some(Compression::Zstd) => {
                Packer::Zstd(Box::new(zstd::stream::write::Encoder::new(file, 0).map_err(fail)?))
            }
        });
        Ok(target)
    }

    /// The file's final place.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes more.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), TargetError> {
        let written = match &mut self.packer {
            Some(Packer::Plain(file)) => file.write_all(bytes),
            Some(Packer::Gzip(packer)) => packer.write_all(bytes),
            Some(Packer::Zstd(packer)) => packer.write_all(bytes),
            None => Ok(()),
        };
        written.map_err(|e| TargetError::new(&self.path, &e))
    }

    /// Ends the writing: everything is on disk, still under the hidden name. Gives the file's size in bytes.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn finish(&mut self) -> Result<u64, TargetError> {
        let fail = |e: io::Error| TargetError::new(&self.path, &e);
        let file = match self.packer.take() {
            Some(Packer::Plain(file)) => file,
            Some(Packer::Gzip(packer)) => packer.finish().map_err(fail)?,
            Some(Packer::Zstd(packer)) => packer.finish().map_err(fail)?,
            None => return fs::metadata(&self.hidden).map(|m| m.len()).map_err(fail),
        };
        file.sync_all().map_err(fail)?;
        file.metadata().map(|m| m.len()).map_err(fail)
    }

    /// The file appears at its place, replacing what was there.
    ///
    /// # Errors
    /// When it could not be written to its end, or not be renamed.
    pub fn commit(mut self) -> Result<(), TargetError> {
        self.finish()?;
        let fail = |e: io::Error| TargetError::new(&self.path, &e);
        fs::rename(&self.hidden, &self.path).map_err(fail)?;
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|f| f.sync_all()).map_err(fail)
    }
}

impl FileTarget {
    /// Leaves the file under its hidden name to somebody else; gives that name and the final place.
    pub fn leave(mut self) -> (PathBuf, PathBuf) {
        (std::mem::take(&mut self.hidden), std::mem::take(&mut self.path))
    }
}

impl Drop for FileTarget {
    fn drop(&mut self) {
        // After a rename there is nothing under the hidden name any more; one that was left has no name here.
        drop(fs::remove_file(&self.hidden));
    }
}

impl std::fmt::Debug for FileTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileTarget({})", self.path.display())
    }
}

impl TargetError {
    fn new(path: &Path, e: &io::Error) -> TargetError {
        let path = path.display();
        let message = match e.raw_os_error() {
            Some(libc::ENOSPC | libc::EDQUOT) => crate::t!(
                "cannot write `{path}`: the disk is full; free space or choose another place (nothing half-written is left)",
                "`{path}` に書けません: ディスクに空きがありません。空きを作るか別の場所を選んでください（書きかけは残りません）"
            ),
            Some(libc::ENOENT) => crate::t!(
                "cannot write `{path}`: its folder does not exist; create it first",
                "`{path}` に書けません: フォルダーがありません。先に作成してください"
            ),
            _ => crate::t!("cannot write `{path}`: {e}", "`{path}` に書けません: {e}"),
        };
        TargetError { message }
    }
}

/// `.name.toban-<pid>-<n>` in the same folder, so that the rename stays within one file system.
fn hidden_name(path: &Path) -> Option<PathBuf> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name()?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".toban-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    Some(path.with_file_name(hidden))
}
