//! The end of a journal as it is written down outside the run's folder. It reads no journal.

use std::fs;
use std::io;
use std::path::Path;

use super::chain::Hash;
use super::{JournalError, RunFolder};

/// The hash of a journal's last line and the number of its lines, when it was last synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The first 16 bytes of the SHA-256 of the last line, in hexadecimal.
    pub hash: String,
    /// How many lines there were.
    pub lines: usize,
}

impl Head {
    /// Of a last line.
    pub(super) fn new(hash: &Hash, lines: usize) -> Head {
        Head { hash: String::from_utf8_lossy(hash).into_owned(), lines }
    }

    /// From the text of a head file; none where it is no such text.
    pub fn parse(text: &str) -> Option<Head> {
        let mut words = text.split_whitespace();
        let (hash, lines) = (words.next()?, words.next()?.parse().ok()?);
        let is_hash = hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        (is_hash && words.next().is_none()).then(|| Head { hash: hash.to_ascii_lowercase(), lines })
    }

    /// The text of a head file. Always of the same length, so that a newer one covers the older.
    pub(super) fn text(&self) -> String {
        format!("{} {:>20}\n", self.hash, self.lines)
    }

    /// Whether a line with this hash is the last one.
    pub(super) fn is(&self, hash: &Hash) -> bool {
        self.hash.as_bytes() == hash
    }

    /// The head of a run, from outside its folder; none where its journal was never closed.
    ///
    /// # Errors
    /// When the file is there but cannot be read, or holds something else.
    pub(super) fn of(folder: &RunFolder) -> Result<Option<Head>, JournalError> {
        folder.head().map_or(Ok(None), |path| Head::at(&path))
    }

    /// The head in a file; none where there is no file, or one that a power cut left empty: that of a run under way is
    /// not synced.
    ///
    /// # Errors
    /// As [`Head::of`].
    pub(super) fn at(path: &Path) -> Result<Option<Head>, JournalError> {
        match fs::read_to_string(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(JournalError::unreadable(path)(e)),
            Ok(text) if text.trim_matches(['\0', '\n']).is_empty() => Ok(None),
            Ok(text) => Head::parse(&text).map(Some).ok_or_else(|| JournalError::BadLine {
                path: path.to_path_buf(),
                line: 1,
                reason: crate::t!("it is not a hash and a number of lines", "ハッシュと行数ではありません"),
            }),
        }
    }
}
