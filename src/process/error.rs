//! Why a child could not be started, in words that help. It starts nothing.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A child could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// There is no such program.
    NotFound {
        /// As it was asked for.
        program: String,
        /// The folders that were searched; empty when the program was given as a path.
        path: String,
    },
    /// It is there but cannot be executed.
    NotExecutable {
        /// Its path.
        program: String,
        /// Why.
        reason: String,
    },
    /// The folder to run in is not there, or may not be entered.
    NoCwd {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// What it should read cannot be read.
    Input {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Anything else.
    Other {
        /// Its path.
        program: String,
        /// Why, and what to do.
        reason: String,
    },
}

impl SpawnError {
    /// What the system's refusal to start the program at `path` means.
    pub(super) fn from_start(path: &str, e: &io::Error) -> SpawnError {
        let program = path.to_string();
        match e.raw_os_error() {
            Some(libc::ENOENT) => SpawnError::NotExecutable {
                program,
                reason: crate::t!(
                    "the interpreter named in its first line is not installed",
                    "先頭行に書かれたインタープリターがありません"
                ),
            },
            Some(libc::ENOEXEC) => SpawnError::NotExecutable {
                program,
                reason: crate::t!(
                    "it is neither a program for this machine nor a script whose first line is `#!…`",
                    "この機械のプログラムでも、先頭行が `#!…` のスクリプトでもありません"
                ),
            },
            Some(libc::EACCES) => SpawnError::NotExecutable { program, reason: not_permitted() },
            Some(libc::E2BIG) => SpawnError::Other { program, reason: too_long() },
            Some(libc::EMFILE | libc::ENFILE) => SpawnError::Other { program, reason: too_many_files() },
            Some(libc::EAGAIN | libc::ENOMEM) => SpawnError::Other { program, reason: too_many_processes() },
            _ => SpawnError::Other { program, reason: e.to_string() },
        }
    }

    /// Something that is needed around the child could not be had.
    pub(super) fn around(program: &str, e: &io::Error) -> SpawnError {
        let reason = match e.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => too_many_files(),
            Some(libc::ENOSYS) => crate::t!("Linux 5.3 or later is needed", "Linux 5.3 以降が必要です"),
            _ => e.to_string(),
        };
        SpawnError::Other { program: program.to_string(), reason }
    }
}

pub(super) fn not_permitted() -> String {
    crate::t!(
        "the file may not be executed; `chmod +x` makes it executable",
        "実行が許可されていません。`chmod +x` で実行可能になります"
    )
}

fn too_long() -> String {
    crate::t!(
        "an argument is longer than the system allows (128 KiB), or all of them are; use `stdin` or a file",
        "引数が 1 つで、または全体でシステムの上限（128 KiB）を超えています。`stdin` かファイルで渡してください"
    )
}

fn too_many_files() -> String {
    crate::t!(
        "too many open files; run fewer steps side by side (`--jobs`) or raise `ulimit -n`",
        "開いているファイルが多すぎます。`--jobs` を減らすか `ulimit -n` を増やしてください"
    )
}

fn too_many_processes() -> String {
    crate::t!(
        "the system has no room for another process; run fewer steps side by side (`--jobs`)",
        "システムにプロセスを増やす余裕がありません。`--jobs` を減らしてください"
    )
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            SpawnError::NotFound { program, path } => missing(program, path),
            SpawnError::NotExecutable { program, reason } => {
                crate::t!("`{program}` cannot be started: {reason}", "`{program}` を起動できません: {reason}")
            }
            SpawnError::NoCwd { path, reason } => {
                let path = path.display();
                crate::t!(
                    "cannot run in the folder `{path}`: {reason}; create it or correct `cwd`",
                    "フォルダー `{path}` で実行できません: {reason}。作成するか `cwd` を直してください"
                )
            }
            SpawnError::Input { path, reason } => {
                let path = path.display();
                crate::t!(
                    "cannot read `{path}` for standard input: {reason}",
                    "標準入力の `{path}` を読めません: {reason}"
                )
            }
            SpawnError::Other { program, reason } => {
                crate::t!("cannot start `{program}`: {reason}", "`{program}` を起動できません: {reason}")
            }
        })
    }
}

fn missing(program: &str, path: &str) -> String {
    if path.is_empty() {
        return crate::t!(
            "there is no program `{program}`; check the path",
            "プログラム `{program}` がありません。パスを確かめてください"
        );
    }
    crate::t!(
        "the program `{program}` is not installed, or not in PATH ({path}); install it or write its full path",
        "プログラム `{program}` がインストールされていないか、PATH（{path}）にありません。\
         インストールするかフルパスで書いてください"
    )
}

impl std::error::Error for SpawnError {}
