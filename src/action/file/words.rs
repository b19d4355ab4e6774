//! What goes wrong with files, in a person's words. It touches none.

use std::io::{Error, ErrorKind};
use std::path::Path;

use crate::event::Failure;

/// The other side's no: what is asked for is not done.
pub fn refused(message: String) -> Failure {
    Failure::Rejected { message }
}

/// A file cannot be read.
pub fn cannot_read(path: &Path, error: &Error) -> Failure {
    let (path, why) = (path.display(), why(error));
    Failure::Unavailable {
        message: crate::t!("cannot read {path}: {why}", "{path} を読めません: {why}")
    }
}

/// A file cannot be written.
pub fn cannot_write(path: &Path, error: &Error) -> Failure {
    let (path, why) = (path.display(), why(error));
    Failure::Unavailable {
        message: crate::t!("cannot write {path}: {why}", "{path} に書き込めません: {why}"),
    }
}

/// A file cannot be removed.
pub fn cannot_remove(path: &Path, error: &Error) -> Failure {
    let (path, why) = (path.display(), why(error));
    Failure::Unavailable {
        message: crate::t!("cannot remove {path}: {why}", "{path} を削除できません: {why}"),
    }
}

/// An error of the operating system without its number.
pub fn why(error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => crate::t!("it is not there", "存在しません"),
        ErrorKind::PermissionDenied => crate::t!("permission denied", "権限がありません"),
        ErrorKind::StorageFull => crate::t!("no space left on the disk", "ディスクの空きがありません"),
        ErrorKind::QuotaExceeded => {
            crate::t!("the disk quota is used up", "ディスクの割り当てを使い切りました")
        }
        ErrorKind::ReadOnlyFilesystem => {
            crate::t!("the file system is read-only", "ファイルシステムが読み取り専用です")
        }
        ErrorKind::IsADirectory => crate::t!("it is a folder", "フォルダーです"),
        ErrorKind::NotADirectory => {
            crate::t!("a part of the path is no folder", "パスの途中がフォルダーではありません")
        }
        ErrorKind::UnexpectedEof => crate::t!("it ends too early", "途中で終わっています"),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_string()
        }
    }
}
