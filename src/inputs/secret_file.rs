//! A secret that is in a file: the operator's own, or one that systemd hands to its service. Who else may read the
//! file decides whether it is taken.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::secrets::{SecretError, one_line_end_off};
use crate::model::quoted;

/// More than this is no secret.
const MOST: u64 = 1 << 20;

/// Reads a secret from a file that its owner alone may read.
pub(super) fn from_file(key: &str, path: &Path) -> Result<String, SecretError> {
    read(key, path, 0o077)
}

/// Reads a secret that systemd hands to the service by `LoadCredential=` and the like. `folder` is what
/// `$CREDENTIALS_DIRECTORY` says.
pub(super) fn from_credential(key: &str, name: &str, folder: Option<PathBuf>) -> Result<String, SecretError> {
    let folder = folder.filter(|f| f.is_absolute()).ok_or_else(|| {
        SecretError(crate::t!(
            "{key}: there is no $CREDENTIALS_DIRECTORY; start toban as a systemd service with LoadCredential={name}:/path/to/it",
            "{key}: $CREDENTIALS_DIRECTORY がありません。toban を LoadCredential={name}:/パス を書いた systemd サービスとして起動してください"
        ))
    })?;
    let path = folder.join(name);
    if !path.exists() {
        return Err(SecretError(crate::t!(
            "{key}: systemd handed over no credential {name}; add LoadCredential={name}:/path/to/it to the service",
            "{key}: systemd から認証情報 {name} が渡されていません。サービスに LoadCredential={name}:/パス を加えてください"
        )));
    }
    // Where systemd lets one user read by an access list, the bits of the group stand for that list.
    read(key, &path, 0o007)
}

/// Reads a regular file, unless its permissions have one of the bits `open_to`.
fn read(key: &str, path: &Path, open_to: u32) -> Result<String, SecretError> {
    let shown = path.display();
    let unreadable = |e: io::Error| {
        SecretError(crate::t!("{key}: cannot read {shown}: {e}", "{key}: {shown} を読めません: {e}"))
    };
    // A pipe with nobody at its other end is not waited for.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(SecretError(crate::t!(
            "{key}: {shown} is not a regular file",
            "{key}: {shown} は通常のファイルではありません"
        )));
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & open_to != 0 {
        let owner = metadata.uid();
        let word = quoted(&path.display().to_string());
        return Err(SecretError(crate::t!(
            "{key}: {shown} (mode {mode:03o}, owner {owner}) can be read by others; run: chmod 600 {word}",
            "{key}: {shown}（モード {mode:03o}、所有者 {owner}）は他人が読めます。chmod 600 {word} を実行してください"
        )));
    }
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MOST {
        return Err(SecretError(crate::t!(
            "{key}: {shown} holds more than 1 MiB",
            "{key}: {shown} は 1 MiB を超えています"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        SecretError(crate::t!("{key}: {shown} is not UTF-8", "{key}: {shown} は UTF-8 ではありません"))
    })?;
    Ok(one_line_end_off(text))
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::{from_credential, from_file};

    fn put(path: &Path, bytes: &[u8], mode: u32) {
        write(path, bytes).expect("written");
        set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
    }

    fn refusal(path: &Path) -> String {
        from_file("secrets.x", path).expect_err("it is refused").to_string()
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["key", "it's a key"] {
            let path = folder.path().join(name);
            for mode in [0o640, 0o604, 0o644, 0o610, 0o622] {
                put(&path, b"correct horse\n", mode);
                let message = refusal(&path);
                assert!(message.contains(&format!("mode {mode:03o}")), "{message}");
                let (_, command) = message.split_once("run: ").expect("a command");
                let done = std::process::Command::new("sh").args(["-c", command]).status().expect("sh");
                assert!(done.success(), "{command}");
                assert_eq!(from_file("secrets.x", &path).expect("the secret"), "correct horse");
            }
        }
    }

    #[test]
    fn what_is_no_file_with_text_is_refused_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        assert!(refusal(&path).contains("cannot read"));
        assert!(refusal(folder.path()).contains("not a regular file"));
        put(&path, b"\xff\xfe secret", 0o600);
        let message = refusal(&path);
        assert!(message.contains("not UTF-8") && !message.contains("secret\""), "{message}");
        put(&path, &vec![b'x'; (1 << 20) + 1], 0o600);
        assert!(refusal(&path).contains("more than 1 MiB"));
        let pipe = folder.path().join("pipe");
        let name = CString::new(pipe.display().to_string()).expect("a name");
        // SAFETY: the name ends with a zero byte and lives until the call is over.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        assert!(refusal(&pipe).contains("not a regular file"));
    }

    #[test]
    fn all_lines_of_a_file_are_the_secret_but_for_the_last_line_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        for (bytes, secret) in
            [("a b\nc\n", "a b\nc"), ("one\r\n", "one"), ("one\n\n", "one\n"), (" x ", " x ")]
        {
            put(&path, bytes.as_bytes(), 0o400);
            assert_eq!(from_file("secrets.x", &path).expect("the secret"), secret);
        }
    }

    #[test]
    fn a_credential_is_what_systemd_put_into_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = || Some(folder.path().to_path_buf());
        let take = |folder| from_credential("secrets.x", "db", folder);
        put(&folder.path().join("db"), b"correct horse", 0o440);
        assert_eq!(take(at()).expect("the secret"), "correct horse");
        put(&folder.path().join("db"), b"correct horse", 0o444);
        assert!(take(at()).expect_err("refused").to_string().contains("read by others"));
        std::fs::remove_file(folder.path().join("db")).expect("removed");
        assert!(take(at()).expect_err("refused").to_string().contains("LoadCredential=db:"));
        for none in [None, Some("".into()), Some("relative".into())] {
            let message = take(none).expect_err("refused").to_string();
            assert!(message.contains("$CREDENTIALS_DIRECTORY") && message.contains("LoadCredential=db:"));
        }
    }
}
