//! What can be wrong with the state folder and the journals in it, with the way out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The state folder or something in it cannot be used.
#[derive(Debug)]
pub enum JournalError {
    /// It cannot be written.
    Unwritable { path: PathBuf, error: io::Error },
    /// It cannot be read.
    Unreadable { path: PathBuf, error: io::Error },
    /// A line of a journal is not what the engine wrote.
    BadLine { path: PathBuf, line: usize, reason: String },
    /// Lines that were on disk are missing at the end of a journal.
    CutShort { path: PathBuf, lines: usize },
    /// There is no such run.
    NoRun { name: String, state: PathBuf },
    /// Several runs are called so.
    Ambiguous { name: String, runs: Vec<String> },
    /// The file that a run is packed into cannot be written.
    UnwritableExport { path: PathBuf, error: io::Error },
    /// A file is no export of a run, or a damaged one.
    NoExport { path: PathBuf, reason: String },
    /// Another process is writing this run.
    Busy { path: PathBuf },
}

impl JournalError {
    pub(super) fn unwritable(path: &Path) -> impl Fn(io::Error) -> JournalError + '_ {
        move |error| JournalError::Unwritable { path: path.to_path_buf(), error }
    }

    pub(super) fn unwritable_export(path: &Path) -> impl Fn(io::Error) -> JournalError + '_ {
        move |error| JournalError::UnwritableExport { path: path.to_path_buf(), error }
    }

    pub(super) fn unreadable(path: &Path) -> impl Fn(io::Error) -> JournalError + '_ {
        move |error| JournalError::Unreadable { path: path.to_path_buf(), error }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            JournalError::Unwritable { path, error } => unwritable(path, error),
            JournalError::Unreadable { path, error } => {
                let path = path.display();
                crate::t!("cannot read `{path}`: {error}", "`{path}` を読めません: {error}")
            }
            JournalError::UnwritableExport { path, error } => unwritable_export(path, error),
            JournalError::BadLine { path, line, reason } => {
                let path = path.display();
                crate::t!(
                    "{path}:{line}: this is not what the engine wrote: {reason}; the journal was changed or the disk is damaged",
                    "{path}:{line}: エンジンが書いた内容ではありません: {reason}。ジャーナルが変更されたか、ディスクが壊れています"
                )
            }
            JournalError::CutShort { path, lines } => {
                let path = path.display();
                crate::t!(
                    "`{path}`: lines are missing at the end ({lines} were on disk); it was cut or the disk is damaged",
                    "`{path}`: 末尾の行が失われています（{lines} 行が書き込み済みでした）。切り取られたか、ディスクが壊れています"
                )
            }
            JournalError::NoRun { name, state } => no_run(name, &state.display().to_string()),
            JournalError::Ambiguous { name, runs } => {
                let runs = runs.join(", ");
                crate::t!(
                    "`{name}` can be any of these runs: {runs}; write more of its id",
                    "`{name}` に当てはまる実行が複数あります: {runs}。ID をもう少し長く書いてください"
                )
            }
            JournalError::NoExport { path, reason } => {
                let path = path.display();
                crate::t!(
                    "`{path}` is no export of a run, or is damaged: {reason}",
                    "`{path}` は実行を書き出したファイルではないか、壊れています: {reason}"
                )
            }
            JournalError::Busy { path } => {
                let path = path.display();
                crate::t!(
                    "another process is writing this run (`{path}`); wait for it to end",
                    "別のプロセスがこの実行を記録中です（`{path}`）。終わるまで待ってください"
                )
            }
        })
    }
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EDQUOT) => crate::t!(
            "cannot write `{path}`: the disk is full; free space there, or choose another state folder with `--state-dir`",
            "`{path}` に書けません: ディスクに空きがありません。空きを作るか、`--state-dir` で別の場所を選んでください"
        ),
        Some(libc::EACCES | libc::EPERM | libc::EROFS) => crate::t!(
            "cannot write `{path}`: {error}; choose a state folder that you may write with `--state-dir` or TOBAN_STATE_DIR",
            "`{path}` に書けません: {error}。書き込める場所を `--state-dir` か TOBAN_STATE_DIR で選んでください"
        ),
        _ => crate::t!(
            "cannot write `{path}`: {error}; check the disk, or choose another state folder with `--state-dir`",
            "`{path}` に書けません: {error}。ディスクを確かめるか、`--state-dir` で別の場所を選んでください"
        ),
    }
}

fn unwritable_export(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EDQUOT) => crate::t!(
            "cannot write `{path}`: the disk is full; free space there, or name another place with `-o` (nothing half-written is left)",
            "`{path}` に書けません: ディスクに空きがありません。空きを作るか、`-o` で別の場所を指定してください（書きかけのファイルは残りません）"
        ),
        _ => crate::t!(
            "cannot write `{path}`: {error}; name another place with `-o`",
            "`{path}` に書けません: {error}。`-o` で別の場所を指定してください"
        ),
    }
}

fn no_run(name: &str, state: &str) -> String {
    if name == "last" {
        return crate::t!("there is no run yet in `{state}`", "`{state}` にはまだ実行がありません");
    }
    crate::t!(
        "there is no run `{name}` in `{state}`; `toban runs` lists them",
        "`{state}` に実行 `{name}` はありません。`toban runs` で一覧できます"
    )
}

impl std::error::Error for JournalError {}
