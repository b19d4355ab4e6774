//! A file that appears whole or not at all. It does not know what is written into it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::model::Compression;

/// A file that is being written beside its target; it is gone when dropped, unless it was put in place.
pub struct FileTarget {
    target: PathBuf,
    beside: PathBuf,
    sink: Option<Sink>,
    mode: u32,
}

enum Sink {
    Plain(BufWriter<File>),
    Gzip(flate2::write::GzEncoder<BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
}

impl FileTarget {
    /// Begins a file beside `target`, with the permissions `mode`.
    ///
    /// # Errors
    /// The folder is not there or can't be written.
    pub fn create(target: &Path, compress: Option<Compression>, mode: u32) -> io::Result<FileTarget> {
        let name = target.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
        let beside = (0..u32::MAX).map(|n| {
            target.with_file_name(format!(".{}.{}-{n}.part", name.to_string_lossy(), std::process::id()))
        });
        for beside in beside {
            match OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside) {
                Ok(file) => {
                    let sink = Some(Sink::new(BufWriter::with_capacity(1 << 16, file), compress)?);
                    return Ok(FileTarget { target: target.to_path_buf(), beside, sink, mode });
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// They can't be written: the disk is full.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.sink.as_mut() {
            Some(Sink::Plain(w)) => w.write_all(bytes),
            Some(Sink::Gzip(w)) => w.write_all(bytes),
            Some(Sink::Zstd(w)) => w.write_all(bytes),
            None => Ok(()),
        }
    }

    /// Puts the whole file in its place, and gives its size in bytes.
    ///
    /// # Errors
    /// It can't be finished or renamed; then nothing is in its place.
    pub fn commit(mut self) -> io::Result<u64> {
        let file = match self.sink.take() {
            Some(Sink::Plain(w)) => w.into_inner().map_err(|e| e.into_error())?,
            Some(Sink::Gzip(w)) => w.finish()?.into_inner().map_err(|e| e.into_error())?,
            Some(Sink::Zstd(w)) => w.finish()?.into_inner().map_err(|e| e.into_error())?,
            None => return Ok(0),
        };
        file.set_permissions(Permissions::from_mode(self.mode))?;
        file.sync_all()?;
        fs::rename(&self.beside, &self.target)?;
        Ok(file.metadata()?.len())
    }
}

impl Sink {
    fn new(file: BufWriter<File>, compress: Option<Compression>) -> io::Result<Sink> {
        Ok(match compress {
            None => Sink::Plain(file),
            Some(Compression::Gzip) => {
                Sink::Gzip(flate2::write::GzEncoder::new(file, flate2::Compression::default()))
            }
            Some(Compression::Zstd) => Sink::Zstd(zstd::stream::write::Encoder::new(file, 0)?),
        })
    }
}

impl Drop for FileTarget {
    fn drop(&mut self) {
        // After a commit there is nothing of that name.
        let _ = fs::remove_file(&self.beside);
    }
}
