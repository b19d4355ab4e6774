//! What the engine's errors mean, and what can be done about them. It makes no call.

use std::error::Error as _;
use std::io;

use bollard::errors::Error;

use crate::event::Failure;

/// What went wrong on the way to the engine at `host`, or in a call to it that names nothing.
pub fn of_engine(error: &Error, host: &str) -> Failure {
    if let Error::DockerResponseServerError { message, .. } = error {
        return rejected(words(message));
    }
    if let Error::SocketNotFoundError(path) = error {
        return absent(path);
    }
    match io_cause(error) {
        Some(cause) => of_socket(cause, host),
        None => unavailable(crate::t!(
            "the Docker engine at {host} did not answer: {error}",
            "{host} の Docker エンジンが応答しません: {error}"
        )),
    }
}

/// What went wrong with the engine's socket at `path`.
pub fn of_socket(cause: &io::Error, path: &str) -> Failure {
    match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => absent(path),
        io::ErrorKind::PermissionDenied => unavailable(crate::t!(
            "no permission to use the Docker engine at {path}: run as root, or as a user of the group `docker`",
            "{path} の Docker エンジンを使う権限がありません。root か `docker` グループのユーザーで実行してください"
        )),
        io::ErrorKind::ConnectionRefused => unavailable(crate::t!(
            "no Docker engine answers at {path}: start it (systemctl start docker), or set DOCKER_HOST",
            "{path} で Docker エンジンが応答しません。起動するか（systemctl start docker）、DOCKER_HOST を設定してください"
        )),
        _ => unavailable(crate::t!(
            "the connection to the Docker engine at {path} broke: {cause}",
            "{path} の Docker エンジンとの接続が切れました: {cause}"
        )),
    }
}

/// The engine is to be reached by a way that is not known here.
pub fn of_scheme(host: &str) -> Failure {
    unavailable(crate::t!(
        "DOCKER_HOST is {host}: only unix:// and tcp:// are understood; forward the engine's socket with ssh -L \
         and name that one",
        "DOCKER_HOST が {host} です。使えるのは unix:// と tcp:// だけです。ssh -L でソケットを転送して指定してください"
    ))
}

/// The engine is to be reached with TLS.
pub fn of_tls(host: &str) -> Failure {
    unavailable(crate::t!(
        "DOCKER_TLS_VERIFY is set for {host}, but engines behind TLS are not supported; forward the engine's \
         socket with ssh -L and set DOCKER_HOST to that one",
        "{host} に DOCKER_TLS_VERIFY が設定されていますが、TLS 経由のエンジンには対応していません。ssh -L でソケットを転送し、\
         DOCKER_HOST に指定してください"
    ))
}

/// What the engine said to a call about `name`, which is a container, an image, …
pub fn of_call(error: &Error, name: &str) -> Failure {
    match error {
        Error::DockerResponseServerError { status_code: 404, message }
            if message.contains("No such container") =>
        {
            rejected(crate::t!(
                "there is no container `{name}`; `docker ps -a` lists those there are",
                "コンテナ `{name}` はありません。`docker ps -a` で一覧を確認できます"
            ))
        }
        Error::DockerResponseServerError { status_code: 409, message }
            if message.contains("is not running") =>
        {
            rejected(crate::t!(
                "the container `{name}` is not running: start it first",
                "コンテナ `{name}` は動いていません。先に起動してください"
            ))
        }
        Error::DockerResponseServerError { status_code: 409, message } if message.contains("is paused") => {
            rejected(crate::t!(
                "the container `{name}` is paused: `docker unpause {name}` wakes it",
                "コンテナ `{name}` は一時停止中です。`docker unpause {name}` で再開できます"
            ))
        }
        Error::DockerResponseServerError { status_code: 404, message }
            if message.contains("No such image") =>
        {
            rejected(crate::t!(
                "there is no image `{name}` on this engine: get it first (docker pull {name}), or build it",
                "このエンジンにイメージ `{name}` がありません。先に取得（docker pull {name}）するかビルドしてください"
            ))
        }
        Error::DockerResponseServerError { message, .. } => rejected(format!("{name}: {}", words(message))),
        other => of_engine(other, &super::engine::host()),
    }
}

/// The engine's words, where a command was not begun at all: they come as its output.
pub fn not_begun(code: i32, said: &str, container: &str) -> Option<Failure> {
    let known = ["OCI runtime exec failed: ", "unable to find user "];
    if !matches!(code, 126 | 127) || !known.iter().any(|start| said.starts_with(start)) {
        return None;
    }
    let words = said.trim().trim_end_matches(": unknown");
    // The nearest cause stands last.
    let words = words.rsplit_once("container process: ").map_or(words, |(_, cause)| cause);
    Some(rejected(crate::t!(
        "the command did not start in the container `{container}`: {words}",
        "コンテナ `{container}` 内でコマンドを開始できません: {words}"
    )))
}

/// The name, when it can be one of a container: it becomes part of an address.
///
/// # Errors
/// It can't.
pub fn name_of_container(name: &str) -> Result<&str, Failure> {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(ok) {
        return Ok(name);
    }
    Err(rejected(crate::t!(
        "`{name}` can't be the name of a container: letters, digits, `_`, `.` and `-` only",
        "`{name}` はコンテナ名になりません。使えるのは英数字と `_` `.` `-` です"
    )))
}

/// A failure that the other side's no is the reason of.
pub fn rejected(message: String) -> Failure {
    Failure::Rejected { message }
}

/// A failure whose reason is that something is not there.
pub fn unavailable(message: String) -> Failure {
    Failure::Unavailable { message }
}

fn absent(path: &str) -> Failure {
    unavailable(crate::t!(
        "there is no Docker engine at {path}: start it (systemctl start docker), or set DOCKER_HOST",
        "{path} に Docker エンジンがありません。起動するか（systemctl start docker）、DOCKER_HOST を設定してください"
    ))
}

fn words(message: &str) -> String {
    let text = message.trim();
    if text.is_empty() {
        return crate::t!("the Docker engine said no", "Docker エンジンに拒否されました");
    }
    text.to_string()
}

fn io_cause(error: &Error) -> Option<&io::Error> {
    let mut next = error.source();
    if let Error::IOError { err } = error {
        return Some(err);
    }
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<io::Error>() {
            return Some(found);
        }
        next = cause.source();
    }
    None
}
