//! What went wrong on the way to a host or on its doorstep, in words that help. It connects to nothing.

use super::Address;
use super::listen::Listener;
use super::{Command, Feed};

/// Why no connection came about, from what `ssh` has said.
pub(super) fn no_connection(name: &str, address: &Address, said: &str) -> String {
    let to = address.shown();
    let said_any = |words: &[&str]| words.iter().any(|w| said.contains(w));
    let last = last_words(said);
    if said_any(&["REMOTE HOST IDENTIFICATION HAS CHANGED"]) {
        return crate::t!(
            "the host `{name}` ({to}) shows another key than before: either it was installed anew, or somebody stands \
             in between. Compare its fingerprint with its administrator; then `ssh-keygen -R` with its name and \
             `ssh {to}` once by hand",
            "ホスト `{name}`（{to}）の鍵が以前と違います。再構築されたか、通信に割り込まれています。管理者に指紋を確認し、\
             `ssh-keygen -R` で古い鍵を消してから、一度手で `ssh {to}` を実行してください"
        );
    }
    if said_any(&["Host key verification failed", "host key is known for", "No matching host key"]) {
        return crate::t!(
            "the key of the host `{name}` ({to}) is not known here: connect once by hand (`ssh {to}`), compare the \
             fingerprint and accept it, as the user who runs Toban ({last})",
            "ホスト `{name}`（{to}）の鍵がまだ登録されていません。Toban を実行するユーザーで一度 `ssh {to}` を実行し、\
             指紋を確かめて受け入れてください（{last}）"
        );
    }
    if said_any(&["Permission denied", "Too many authentication failures", "No more authentication methods"])
    {
        return crate::t!(
            "the host `{name}` ({to}) refused the login: nobody is asked for a password here, so a key must do. Name \
             it as `identity`, load it with `ssh-add`, or put it there with `ssh-copy-id {to}` ({last})",
            "ホスト `{name}`（{to}）にログインを拒否されました。パスワードは尋ねないので鍵が必要です。`identity` に書く、\
             `ssh-add` で読み込む、または `ssh-copy-id {to}` で登録してください（{last}）"
        );
    }
    crate::t!(
        "the host `{name}` ({to}) is not reached over ssh: {last}; see whether `ssh {to}` works by hand, as the user \
         who runs Toban",
        "ホスト `{name}`（{to}）に ssh で接続できません: {last}。Toban を実行するユーザーで `ssh {to}` が通るか確かめてください"
    )
}

/// The last line that says something.
fn last_words(said: &str) -> String {
    let mut lines = said.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('@'));
    lines.next_back().map_or_else(|| crate::t!("it says nothing", "何も応答がありません"), str::to_string)
}

/// Why a command was not started on a host that was reached.
pub(super) fn not_started(name: &str, command: &Command, listener: &Listener) -> String {
    let heard = &listener.heard;
    if let Some(reason) = &heard.refused {
        return refused(name, reason, command);
    }
    match heard.becoming {
        true => not_become(name, command.user.as_deref().unwrap_or("root"), &listener.early),
        false => no_command(name, &listener.early),
    }
}

/// Why a user could not be become, from what sudo has said.
pub(super) fn not_become(name: &str, user: &str, said: &str) -> String {
    let last = last_words(said);
    crate::t!(
        "cannot become `{user}` on the host `{name}`: {last}. Toban gives sudo no password: allow it there with \
         NOPASSWD in sudoers, or log in as that user",
        "ホスト `{name}` で `{user}` になれません: {last}。Toban は sudo にパスワードを渡しません。sudoers で NOPASSWD を\
         許可するか、そのユーザーでログインしてください"
    )
}

/// Why no command was started, from what the login has said.
pub(super) fn no_command(name: &str, said: &str) -> String {
    let last = last_words(said);
    crate::t!(
        "the host `{name}` lets us in but starts no command: {last}; it needs a login that may run `/bin/sh`",
        "ホスト `{name}` にはログインできますがコマンドを実行できません: {last}。`/bin/sh` を実行できるユーザーが必要です"
    )
}

fn refused(name: &str, reason: &str, command: &Command) -> String {
    let cwd = command.cwd.as_deref().unwrap_or("~");
    let program = command.words.first().map(String::as_str).unwrap_or_default();
    let target = command.out.as_ref().map(|o| o.target.as_str()).unwrap_or_default();
    let file = match &command.feed {
        Feed::File(path, _) => path.as_str(),
        _ => "",
    };
    let packer = command.needs().unwrap_or_default();
    match reason {
        "folder" => crate::t!(
            "cannot run in the folder `{cwd}` of the host `{name}`; create it or correct `cwd`",
            "ホスト `{name}` のフォルダー `{cwd}` で実行できません。作成するか `cwd` を直してください"
        ),
        "program" => crate::t!(
            "the program `{program}` is not on the host `{name}`, or not in the PATH there; install it or write its \
             full path",
            "ホスト `{name}` にプログラム `{program}` がないか、PATH にありません。インストールするかフルパスで書いてください"
        ),
        "packer" => crate::t!(
            "the host `{name}` has no `{packer}`; install it there, or leave the packing out",
            "ホスト `{name}` に `{packer}` がありません。インストールするか、圧縮の指定を外してください"
        ),
        "input" => crate::t!(
            "cannot read `{file}` of the host `{name}` for standard input",
            "標準入力にするホスト `{name}` の `{file}` を読めません"
        ),
        "special" => crate::t!(
            "`{target}` on the host `{name}` is a folder or a device; name a file",
            "ホスト `{name}` の `{target}` はフォルダーかデバイスです。ファイルを指定してください"
        ),
        "output" => crate::t!(
            "cannot write `{target}` on the host `{name}`: its folder must exist and be writable, and the disk not full",
            "ホスト `{name}` の `{target}` に書けません。フォルダーの有無、権限、空き容量を確かめてください"
        ),
        "tools" => crate::t!(
            "the host `{name}` lacks awk or grep, which Toban needs there to find what it has to end",
            "ホスト `{name}` に awk か grep がありません。Toban が終了対象を見つけるために必要です"
        ),
        _ => crate::t!(
            "the host `{name}` has no Linux /proc, without which nothing can be ended there for certain",
            "ホスト `{name}` に Linux の /proc がなく、起動したものを確実に終了できません"
        ),
    }
}

/// The connection broke while a command ran; whether what it started has been ended is known, or not.
pub(super) fn lost(name: &str, ended: bool) -> String {
    if ended {
        return crate::t!(
            "the connection to the host `{name}` was lost; what the step had started there has been ended",
            "ホスト `{name}` との接続が切れました。そこで開始したものは終了させました"
        );
    }
    crate::t!(
        "the connection to the host `{name}` was lost and cannot be made again: the host ends what the step had \
         started there once it notices; look there before you go on",
        "ホスト `{name}` との接続が切れ、再接続もできません。そこで開始したものはホストが切断に気づいた時点で終了します。\
         続ける前に確かめてください"
    )
}
