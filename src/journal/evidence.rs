//! What there is of a run to be proven, gathered from its folder: small files whole, logs by their size and hash. It
//! judges nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::head::Head;
use super::log::sealed;
use super::reader::bytes;
use super::verify::Fault;
use super::{JournalError, Liveness, RunFolder, liveness};
use crate::base::RunId;
use crate::event::LogSeal;

/// What there is of a run.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The run by the name of its folder, where that is an id.
    pub run: Option<RunId>,
    /// Where it is; shown before the names of files.
    pub place: PathBuf,
    /// `plan.json`.
    pub plan: Vec<u8>,
    /// `journal.jsonl`.
    pub journal: Vec<u8>,
    /// The end of the journal as it was written down, and where.
    pub head: Option<(Head, PathBuf)>,
    /// The logs by their file names.
    pub logs: BTreeMap<String, LogSeal>,
    /// Other files, by their names in the folder: nothing vouches for them.
    pub others: Vec<String>,
    /// Whether the run is being made.
    pub alive: bool,
    /// What was found wrong while it was gathered.
    pub found: Vec<Fault>,
}

impl Evidence {
    /// Everything in a run's folder, with the head that stands outside it, or else a `head` in it as exports have.
    ///
    /// # Errors
    /// When something of it cannot be read.
    pub fn of(folder: &RunFolder) -> Result<Evidence, JournalError> {
        let alive = liveness(folder)? == Liveness::Running;
        // The end comes first: a run that goes on meanwhile only grows beyond it.
        let head = head(folder)?;
        // The journal is read before the logs: those that it says are finished are then.
        let (plan, journal) = (bytes(&folder.plan())?, bytes(&folder.journal())?);
        let mut evidence = Evidence {
            run: folder.path().file_name().and_then(|n| n.to_str()).and_then(RunId::parse),
            place: folder.path().to_path_buf(),
            plan,
            journal,
            head,
            logs: BTreeMap::new(),
            others: Vec::new(),
            alive,
            found: Vec::new(),
        };
        for name in names(folder.path())? {
            match name.as_str() {
                "plan.json" | "journal.jsonl" | "logs" | "head" | "manifest.json" | "scratch" => {}
                _ => evidence.others.push(name),
            }
        }
        for name in names(&folder.logs())? {
            let path = folder.logs().join(&name);
            let seal = File::open(&path).and_then(digest).map_err(JournalError::unreadable(&path))?;
            evidence.logs.insert(name, seal);
        }
        Ok(evidence)
    }
}

/// The head of a run and where it stands: outside its folder, or in it as exports have it.
pub(super) fn head(folder: &RunFolder) -> Result<Option<(Head, PathBuf)>, JournalError> {
    let inside = folder.path().join("head");
    for path in folder.head().into_iter().chain([inside]) {
        if let Some(head) = Head::at(&path)? {
            return Ok(Some((head, path)));
        }
    }
    Ok(None)
}

/// The names in a folder in their order; none where there is no folder.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, JournalError> {
    let fail = JournalError::unreadable(folder);
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(&fail)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(&fail)?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// The size and the hash of what is read.
pub(super) fn digest(mut from: impl Read) -> io::Result<LogSeal> {
    let mut hash = blake3::Hasher::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(sealed(&hash)),
            Ok(read) => drop(hash.update(&buffer[..read])),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
