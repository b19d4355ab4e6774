//! One lock: taken, told of, given back, looked at.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::{LockDir, LockError, kernel};
use crate::event::Holder;

/// More than this is no holder.
const LONGEST: usize = 8 * 1024;

/// A lock that is held until this is dropped, or the process ends.
#[derive(Debug)]
pub struct Held {
    file: File,
    /// Who held it last and did not give it back: its engine died.
    pub died: Option<Holder>,
    /// Whether it says who holds it now. Until then what it says of the last holder stays for the next one.
    told: bool,
}

/// How a lock stands.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Nobody holds it.
    Free,
    /// Somebody does; who, unless that is being written in this moment.
    Busy(Option<Holder>),
}

impl Held {
    /// Takes a lock, or says who has it.
    ///
    /// # Errors
    /// When its file cannot be used.
    pub fn take(folder: &LockDir, name: &str) -> Result<Result<Held, Option<Holder>>, LockError> {
        let path = folder.path().join(name);
        loop {
            let file = folder.open(name)?;
            if !kernel::hold(&file).map_err(LockError::at(&path))? {
                return Ok(Err(holder(&file)));
            }
            // Somebody may have removed the file in between; a lock on it would keep nobody out.
            if folder.is_named(&file, name) {
                let died = holder(&file);
                return Ok(Ok(Held { file, died, told: false }));
            }
        }
    }

    /// How a lock stands, without making or taking anything.
    pub fn look(folder: &LockDir, name: &str) -> State {
        match folder.look(name) {
            Some(file) if kernel::is_held(&file).unwrap_or(false) => State::Busy(holder(&file)),
            _ => State::Free,
        }
    }

    /// Writes down who holds it, for those who wait. A full disk keeps nobody from holding it.
    pub fn tell(&mut self, holder: &Holder) {
        self.told = true;
        let text = serde_json::to_string(holder).unwrap_or_default();
        self.clear();
        drop(self.file.write_all_at(format!("{text}\n").as_bytes(), 0));
    }

    fn clear(&self) {
        drop(self.file.set_len(0));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.told {
            self.clear();
        }
    }
}

/// What the file says; none where that is no holder.
fn holder(file: &File) -> Option<Holder> {
    let mut bytes = vec![0; LONGEST];
    let n = file.read_at(&mut bytes, 0).ok()?;
    serde_json::from_slice(&bytes[..n]).ok()
}
