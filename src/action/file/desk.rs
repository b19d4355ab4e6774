//! What work on files may use away from the run's own thread: where paths begin, when to stop, where notes go.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc::UnboundedSender;

use super::words::{cannot_read, refused};
use crate::event::Failure;

/// The place of one piece of work.
#[derive(Clone)]
pub struct Desk {
    /// The folder that paths are relative to.
    pub base_dir: PathBuf,
    /// How many bytes of a text are given on.
    pub max_output: usize,
    /// What marks the processes of this run.
    pub marker: (String, String),
    pub(super) notes: UnboundedSender<String>,
    pub(super) halted: Halt,
}

/// Says whether work has to end.
#[derive(Clone, Default)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// Work has to end.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether work has to end.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Desk {
    /// A path of the playbook, absolute.
    pub fn path(&self, path: &str) -> PathBuf {
        self.base_dir.join(path)
    }

    /// A line for the attempt's log.
    pub fn note(&self, line: String) {
        // Nobody listens any more when the attempt is given up; then there is nothing to tell either.
        let _ = self.notes.send(line);
    }

    /// Goes on only while nobody said stop.
    pub fn check(&self) -> Result<(), Failure> {
        if self.halted.is_set() { Err(Failure::Cancelled) } else { Ok(()) }
    }

    /// Opens a regular file for reading; never waits, as opening a named pipe would.
    pub fn open(&self, path: &Path) -> Result<(Watched, Metadata), Failure> {
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
        let file = file.map_err(|e| cannot_read(path, &e))?;
        let facts = file.metadata().map_err(|e| cannot_read(path, &e))?;
        if !facts.is_file() {
            return Err(refused(not_regular(path, &facts)));
        }
        Ok((Watched { file, halted: self.halted.clone() }, facts))
    }
}

/// What a path is, where a regular file is needed.
pub fn not_regular(path: &Path, facts: &Metadata) -> String {
    let path = path.display();
    if facts.is_dir() {
        return crate::t!("{path} is a folder, not a file", "{path} はフォルダーで、ファイルではありません");
    }
    crate::t!(
        "{path} is a device, a pipe or a socket, not a regular file",
        "{path} はデバイス・パイプ・ソケットで、通常のファイルではありません"
    )
}

/// What is said where a folder is needed and something else is there.
pub fn not_folder(path: &Path) -> String {
    let path = path.display();
    crate::t!("{path} is there and is no folder", "{path} は既に存在し、フォルダーではありません")
}

/// A file that stops giving when the work has to end.
pub struct Watched {
    file: File,
    halted: Halt,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.halted.is_set() {
            return Err(io::Error::other(crate::t!("stopped", "中止されました")));
        }
        self.file.read(buffer)
    }
}
