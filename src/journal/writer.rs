//! Writes a run's facts: one write for each batch, synced when asked. It does not know what the facts mean.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::chain::{self, Hash};
use super::head::Head;
use super::{JournalError, LogSetup, Recovered, RunFolder, StateDir, StepLog, recover};
use crate::base::RunId;
use crate::event::{Event, Record, RecordError, Unit};
use crate::lock;

/// The journal of a run that is being made. While it lives, the run is known to be running.
pub struct Journal {
    folder: RunFolder,
    path: PathBuf,
    file: File,
    /// Where the hash of what is on disk stands, outside the run's folder. That it is there is on disk from the start.
    head: Option<HeadFile>,
    /// The hash of the last line.
    prev: Hash,
    /// The length of what is known to be whole, in bytes and in lines.
    len: u64,
    lines: usize,
    /// Whether something has been appended since the last sync.
    dirty: bool,
    /// After a failure nothing is written any more: the disk and we no longer agree.
    failed: bool,
    buffer: Vec<u8>,
}

impl Journal {
    /// Makes a run's folder with its plan and its first fact. It appears all at once, and stays after a crash.
    ///
    /// # Errors
    /// When the state folder cannot be written; then nothing is left of the run.
    pub fn create(
        state: &StateDir,
        id: &RunId,
        plan_json: &[u8],
        first: &Event,
    ) -> Result<Journal, JournalError> {
        let runs = state.path().join("runs");
        private_folder(&runs)?;
        let folder = state.run(id);
        let head = claim(&folder)?;
        let hidden = runs.join(format!(".tmp-{id}"));
        // What a process left that died at this very place.
        drop(fs::remove_dir_all(&hidden));
        let made = fill(&hidden, plan_json, first, head).and_then(|mut journal| {
            publish(&hidden, folder.path(), &runs)?;
            tracing::debug!(folder = %folder.path().display(), "run folder made");
            journal.path = folder.journal();
            journal.folder = folder;
            Ok(journal)
        });
        if made.is_err() {
            drop(fs::remove_dir_all(&hidden));
        }
        made
    }

    /// Goes on with the journal of a run that has no living engine. A torn last line is cut off.
    ///
    /// # Errors
    /// When another process writes it, when it is not what was written, when the disk says no.
    pub fn reopen(folder: &RunFolder) -> Result<(Journal, Recovered), JournalError> {
        let path = folder.journal();
        let fail = JournalError::unwritable(&path);
        let file = OpenOptions::new().append(true).read(true).open(&path).map_err(&fail)?;
        if !lock::hold(&file).map_err(&fail)? {
            return Err(JournalError::Busy { path: path.clone() });
        }
        let recovered = recover(folder)?;
        file.set_len(recovered.whole).and_then(|()| file.sync_data()).map_err(&fail)?;
        let mut journal = Journal {
            folder: folder.clone(),
            path: path.clone(),
            file,
            head: None,
            prev: recovered.end,
            len: recovered.whole,
            lines: recovered.events.len(),
            dirty: false,
            failed: false,
            buffer: Vec::new(),
        };
        journal.open_head(folder)?;
        Ok((journal, recovered))
    }

    /// The hash of what is on disk is kept beside all runs from now on: whoever cuts the journal off before that is
    /// found out.
    fn open_head(&mut self, folder: &RunFolder) -> Result<(), JournalError> {
        self.head = head_file(folder)?;
        if let Some(head) = &self.head {
            sync_folder(head.folder())?;
        }
        self.tell_head()
    }

    /// Not synced: after a power cut it may be older than the journal, never newer.
    fn tell_head(&self) -> Result<(), JournalError> {
        let Some(HeadFile { file, path }) = &self.head else { return Ok(()) };
        let text = Head::new(&self.prev, self.lines).text();
        file.write_all_at(text.as_bytes(), 0).map_err(JournalError::unwritable(path))
    }

    /// The run's folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// A log for one attempt. The file is opened at the first byte, or at the end.
    pub fn log(&self, unit: &Unit, attempt: u32, setup: LogSetup) -> StepLog {
        StepLog::new(self.folder.logs().join(unit.log_name(attempt)), setup)
    }

    /// Ends the journal: everything is on disk, and the hash of its end stands outside the run's folder too.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.sync_file()?;
        let Some(HeadFile { file, path }) = &self.head else { return Ok(()) };
        file.sync_data().map_err(JournalError::unwritable(path))
    }

    fn append_lines(&mut self, events: &[Event]) -> Result<(), JournalError> {
        let fail = JournalError::unwritable(&self.path);
        if self.failed {
            return Err(fail(io::Error::other(crate::t!(
                "an earlier write failed",
                "前の書き込みが失敗しています"
            ))));
        }
        self.buffer.clear();
        let mut prev = self.prev;
        for event in events {
            let begin = self.buffer.len();
            serde_json::to_writer(&mut self.buffer, event).map_err(|e| fail(e.into()))?;
            chain::seal(&mut self.buffer, &prev);
            prev = chain::hash(&self.buffer[begin..]);
            self.buffer.push(b'\n');
        }
        if let Err(e) = self.file.write_all(&self.buffer) {
            self.failed = true;
            // A torn line is cut off at once where the disk lets us; else the reader drops it.
            drop(self.file.set_len(self.len));
            return Err(fail(e));
        }
        tracing::trace!(events = events.len(), bytes = self.buffer.len(), "journal appended");
        self.prev = prev;
        self.len += self.buffer.len() as u64;
        self.lines += events.len();
        self.dirty = true;
        Ok(())
    }

    fn sync_file(&mut self) -> Result<(), JournalError> {
        let fail = JournalError::unwritable(&self.path);
        if self.failed {
            return Err(fail(io::Error::other(crate::t!(
                "an earlier write failed",
                "前の書き込みが失敗しています"
            ))));
        }
        if self.dirty {
            // After a failed sync the kernel may forget what it could not write: it is not tried again.
            self.failed = true;
            self.file.sync_data().map_err(fail)?;
            self.dirty = false;
            self.tell_head()?;
            self.failed = false;
        }
        Ok(())
    }
}

impl Record for Journal {
    fn append(&mut self, events: &[Event]) -> Result<(), RecordError> {
        self.append_lines(events).map_err(|e| RecordError { message: e.to_string() })
    }

    fn sync(&mut self) -> Result<(), RecordError> {
        self.sync_file().map_err(|e| RecordError { message: e.to_string() })
    }
}

/// A hidden run folder with everything in it and on disk.
fn fill(
    hidden: &Path,
    plan_json: &[u8],
    first: &Event,
    head: Option<HeadFile>,
) -> Result<Journal, JournalError> {
    let folder = RunFolder::at(hidden);
    private_folder(hidden)?;
    private_folder(&folder.logs())?;
    let (plan_path, path) = (folder.plan(), folder.journal());
    let plan = written(&plan_path, plan_json)?;
    let fail = JournalError::unwritable(&path);
    let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path).map_err(&fail)?;
    if !lock::hold(&file).map_err(&fail)? {
        return Err(JournalError::Busy { path: path.clone() });
    }
    let mut journal = Journal {
        folder,
        path: path.clone(),
        file,
        head,
        prev: chain::hash(plan_json),
        len: 0,
        lines: 0,
        dirty: false,
        failed: false,
        buffer: Vec::new(),
    };
    journal.append_lines(std::slice::from_ref(first))?;
    let mut folders = vec![(opened(hidden)?, hidden)];
    if let Some(head) = &journal.head {
        folders.push((opened(head.folder())?, head.folder()));
    }
    let files = [(&plan, plan_path.as_path()), (&journal.file, path.as_path())];
    let folders = folders.iter().map(|(folder, path)| (folder, *path));
    sync_together(&files.into_iter().chain(folders).collect::<Vec<_>>())?;
    journal.dirty = false;
    journal.tell_head()?;
    Ok(journal)
}

/// Files and folders are brought to disk side by side: a file system that keeps a journal of its own then commits what
/// it knows of all of them once, and not one after the other.
fn sync_together(what: &[(&File, &Path)]) -> Result<(), JournalError> {
    let sync = |(file, path): (&File, &Path)| file.sync_all().map_err(JournalError::unwritable(path));
    std::thread::scope(|scope| {
        let side = what.iter().skip(1).map(|one| {
            let job = move || sync(*one);
            // Where there is no thread to be had, it is done here.
            (std::thread::Builder::new().spawn_scoped(scope, job).ok(), job)
        });
        let side: Vec<_> = side.collect();
        let mut all = what.first().map_or(Ok(()), |one| sync(*one));
        for (thread, job) in side {
            let synced = thread.map_or_else(job, |thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            all = all.and(synced);
        }
        all
    })
}

/// The file of a run's head outside its folder.
struct HeadFile {
    file: File,
    path: PathBuf,
}

impl HeadFile {
    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

/// Opens it, and makes it where it is not there.
fn head_file(folder: &RunFolder) -> Result<Option<HeadFile>, JournalError> {
    let Some(path) = folder.head() else { return Ok(None) };
    private_folder(path.parent().unwrap_or(Path::new("/")))?;
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = open.map_err(JournalError::unwritable(&path))?;
    Ok(Some(HeadFile { file, path }))
}

/// Whoever holds the head of a run that is not there makes it: of two processes that were given one id, one run comes.
fn claim(folder: &RunFolder) -> Result<Option<HeadFile>, JournalError> {
    let busy = || JournalError::Busy { path: folder.journal() };
    let Some(head) = head_file(folder)? else { return Ok(None) };
    let held = lock::hold(&head.file).map_err(JournalError::unwritable(&head.path))?;
    if held && !folder.path().exists() { Ok(Some(head)) } else { Err(busy()) }
}

/// Only its owner can look into a run: outputs of commands stand there.
pub(super) fn private_folder(path: &Path) -> Result<(), JournalError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(JournalError::unwritable(path))
}

/// A new file with this in it, which is not on disk yet.
fn written(path: &Path, bytes: &[u8]) -> Result<File, JournalError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(bytes).map(|()| file)
    };
    write().map_err(JournalError::unwritable(path))
}

fn opened(path: &Path) -> Result<File, JournalError> {
    File::open(path).map_err(JournalError::unwritable(path))
}

fn publish(hidden: &Path, path: &Path, folder: &Path) -> Result<(), JournalError> {
    fs::rename(hidden, path).map_err(JournalError::unwritable(path))?;
    sync_folder(folder)
}

pub(super) fn sync_folder(path: &Path) -> Result<(), JournalError> {
    opened(path)?.sync_all().map_err(JournalError::unwritable(path))
}
