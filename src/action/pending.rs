//! Files that were written for a step and wait for the verdict on it. It does not know how that is found.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::Failure;
use crate::process::FileTarget;

/// Files under hidden names beside their targets. Those that are not committed are removed.
#[derive(Clone, Debug, Default)]
pub struct Pending(Arc<Mutex<Vec<FileTarget>>>);

impl Pending {
    fn files(&self) -> MutexGuard<'_, Vec<FileTarget>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a file that is written to its end.
    pub fn add(&self, file: FileTarget) {
        self.files().push(file);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files().is_empty()
    }

    /// The step has failed: the files are removed.
    pub fn discard(&self) {
        self.files().clear();
    }

    /// The step has succeeded: the files appear at their places.
    ///
    /// # Errors
    /// When one cannot: the step has failed after all, and the remaining files are removed.
    pub fn commit(&self) -> Result<(), Failure> {
        let files = std::mem::take(&mut *self.files());
        for file in files {
            file.commit().map_err(|e| Failure::Unavailable { message: e.message })?;
        }
        Ok(())
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Pending) -> bool {
        let paths = |p: &Pending| p.files().iter().map(|f| f.path().to_path_buf()).collect::<Vec<_>>();
        paths(self) == paths(other)
    }
}
