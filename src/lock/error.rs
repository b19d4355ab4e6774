//! What can be wrong with the lock folder, with the way out.

use std::io;
use std::path::{Path, PathBuf};

/// The lock folder or a file in it cannot be used.
#[derive(Debug)]
pub enum LockError {
    /// The system says no.
    Unusable { path: PathBuf, error: io::Error },
    /// It is not what the engine makes there: a link, a device, a file with a second name.
    Strange { path: PathBuf },
}

impl LockError {
    pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> LockError + '_ {
        move |error| LockError::Unusable { path: path.to_path_buf(), error }
    }
}

impl std::fmt::Display for LockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&match self {
            LockError::Unusable { path, error } => {
                let path = path.display();
                crate::t!(
                    "cannot use the lock `{path}`: {error}; name a folder that all who share the locks may write with TOBAN_LOCK_DIR",
                    "ロック `{path}` を使えません: {error}。ロックを共有する全員が書き込めるフォルダを TOBAN_LOCK_DIR で指定してください"
                )
            }
            LockError::Strange { path } => {
                let path = path.display();
                crate::t!(
                    "cannot use the lock `{path}`: it is a link, or no plain file or folder; somebody else put it there, remove it",
                    "ロック `{path}` を使えません: リンクか、通常のファイル・フォルダではありません。誰かが置いたものなので削除してください"
                )
            }
        })
    }
}

impl std::error::Error for LockError {}
