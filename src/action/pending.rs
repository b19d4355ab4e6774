//! Files that were written for a step and wait for the verdict on it. It does not know how that is found.

use std::cell::RefCell;
use std::rc::Rc;

use crate::event::Failure;
use crate::process::FileTarget;

/// Files under hidden names beside their targets. Those that are not committed are removed.
#[derive(Clone, Debug, Default)]
pub struct Pending(Rc<RefCell<Vec<FileTarget>>>);

impl Pending {
    /// Adds a file that is written to its end.
    pub fn add(&self, file: FileTarget) {
        self.0.borrow_mut().push(file);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The step has failed: the files are removed.
    pub fn discard(&self) {
        self.0.take();
    }

    /// The step has succeeded: the files appear at their places.
    ///
    /// # Errors
    /// When one cannot: the step has failed after all, and the remaining files are removed.
    pub fn commit(&self) -> Result<(), Failure> {
        for file in self.0.take() {
            file.commit().map_err(|e| Failure::Unavailable { message: e.message })?;
        }
        Ok(())
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Pending) -> bool {
        let paths = |p: &Pending| p.0.borrow().iter().map(|f| f.path().to_path_buf()).collect::<Vec<_>>();
        paths(self) == paths(other)
    }
}
