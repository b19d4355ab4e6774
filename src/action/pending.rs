//! Files that were written for a step and wait for the verdict on it. It does not know how that is found.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::far_file::FarFile;
use crate::event::Failure;
use crate::process::FileTarget;
use crate::ssh::Hosts;

/// Files under hidden names beside their targets. Those that are not committed are removed.
#[derive(Clone, Default)]
pub struct Pending {
    here: Arc<Mutex<Vec<FileTarget>>>,
    there: Arc<Mutex<Vec<FarFile>>>,
}

fn held<T>(files: &Mutex<T>) -> MutexGuard<'_, T> {
    files.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pending {
    fn here(&self) -> MutexGuard<'_, Vec<FileTarget>> {
        held(&self.here)
    }

    fn there(&self) -> MutexGuard<'_, Vec<FarFile>> {
        held(&self.there)
    }

    /// Adds a file that is written to its end.
    pub fn add(&self, file: FileTarget) {
        self.here().push(file);
    }

    /// Adds a file of another host.
    pub fn add_far(&self, file: FarFile) {
        self.there().push(file);
    }

    /// Leaves the files of this machine under their hidden names, for somebody else to settle: those, and their places.
    pub fn leave(&self) -> Vec<(PathBuf, PathBuf)> {
        std::mem::take(&mut *self.here()).into_iter().map(FileTarget::leave).collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.here().is_empty() && !self.is_elsewhere()
    }

    /// Whether some are on another host, so that settling them takes a while.
    pub fn is_elsewhere(&self) -> bool {
        !self.there().is_empty()
    }

    /// The step has failed: the files of this machine are removed, those of other hosts are forgotten.
    pub fn discard(&self) {
        self.here().clear();
        self.there().clear();
    }

    /// The step has succeeded: the files of this machine appear at their places.
    ///
    /// # Errors
    /// When one cannot: the step has failed after all, and the remaining files are removed.
    pub fn commit(&self) -> Result<(), Failure> {
        let files = std::mem::take(&mut *self.here());
        for file in files {
            file.commit().map_err(|e| Failure::Unavailable { message: e.message })?;
        }
        Ok(())
    }

    /// Files of other hosts appear at their places, or are removed.
    ///
    /// # Errors
    /// As [`Pending::commit`].
    pub async fn settle_elsewhere(&self, keep: bool, hosts: &Hosts) -> Result<(), Failure> {
        let mut result = Ok(());
        let files = std::mem::take(&mut *self.there());
        for file in files {
            match (keep, &result) {
                (true, Ok(())) => result = file.commit(hosts).await,
                _ => file.discard(hosts).await,
            }
        }
        result
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Pending) -> bool {
        let paths = |p: &Pending| {
            let here = p.here().iter().map(|f| f.path().to_path_buf()).collect::<Vec<_>>();
            (here, p.there().iter().map(|f| f.target.clone()).collect::<Vec<_>>())
        };
        paths(self) == paths(other)
    }
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let there: Vec<String> = self.there().iter().map(|x| format!("{}:{}", x.host, x.target)).collect();
        f.debug_struct("Pending").field("here", &*self.here()).field("there", &there).finish()
    }
}
