//! Secrets from their sources, resolved when first used and kept for the run. It asks nobody itself.

use std::cell::RefCell;
use std::collections::HashMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use indexmap::IndexMap;

use crate::base::Secret;
use crate::model::{Generate, SecretDecl, SecretSource};

/// A secret that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// Asks the operator for a secret, by its name; none without a terminal.
pub type Prompt = Box<dyn Fn(&str) -> Option<String>>;

/// The secrets of one run.
pub struct Vault {
    decls: IndexMap<String, SecretDecl>,
    base_dir: PathBuf,
    prompt: Prompt,
    known: RefCell<HashMap<String, Secret>>,
}

/// The least length of a secret that can be masked without masking half the log.
const SHORTEST: usize = 6;

impl Vault {
    /// A vault over declared secrets, none of them resolved yet. Keys are `secrets.NAME` and `inputs.NAME`; paths
    /// are relative to `base_dir`.
    pub fn new(decls: IndexMap<String, SecretDecl>, base_dir: PathBuf, prompt: Prompt) -> Vault {
        Vault { decls, base_dir, prompt, known: RefCell::default() }
    }

    /// The value of a secret, and whether this was its first use.
    ///
    /// # Errors
    /// When its source does not give it, with what to do.
    pub fn get(&self, key: &str) -> Result<(Secret, bool), SecretError> {
        if let Some(secret) = self.known.borrow().get(key) {
            return Ok((secret.clone(), false));
        }
        let decl = self
            .decls
            .get(key)
            .ok_or_else(|| SecretError(crate::t!("{key} is not declared", "{key} は宣言されていません")))?;
        tracing::debug!(key, "secret is looked up");
        let value = self.resolve(key, decl)?;
        let length = value.chars().count();
        if length < SHORTEST && decl.unmasked != Some(true) {
            return Err(SecretError(crate::t!(
                "{key} has only {length} characters; under {SHORTEST} it cannot be masked. Make it longer, or declare `unmasked: true`",
                "{key} は {length} 文字しかありません。{SHORTEST} 文字未満は隠せません。長くするか `unmasked: true` を宣言してください"
            )));
        }
        let secret = Secret::new(value);
        self.known.borrow_mut().insert(key.to_string(), secret.clone());
        Ok((secret, true))
    }

    /// Whether a person would be asked for it now.
    pub fn asks(&self, key: &str) -> bool {
        let by_prompt =
            |decl: &SecretDecl| matches!(&decl.from, Some(SecretSource::Text(text)) if text == "prompt");
        self.decls.get(key).is_some_and(by_prompt) && !self.known.borrow().contains_key(key)
    }

    /// Every value that has been used and must be masked.
    pub fn masked(&self) -> Vec<Secret> {
        let known = self.known.borrow();
        let masked =
            known.iter().filter(|(key, _)| self.decls.get(*key).is_none_or(|d| d.unmasked != Some(true)));
        masked.map(|(_, secret)| secret.clone()).collect()
    }

    fn resolve(&self, key: &str, decl: &SecretDecl) -> Result<String, SecretError> {
        if let Some(generate) = &decl.generate {
            return generated(key, generate);
        }
        match &decl.from {
            Some(SecretSource::Command { command }) => from_command(key, command, &self.base_dir),
            Some(SecretSource::Text(text)) => match text.split_once(':') {
                Some(("env", name)) => from_env(key, name),
                Some(("file", path)) => self.read_file(key, path),
                _ if text == "prompt" => self.ask(key),
                _ => Err(SecretError(crate::t!(
                    "{key}: `{text}` is no source; write env:NAME, file:PATH, prompt or a command",
                    "{key}: `{text}` は指定できません。env:名前、file:パス、prompt、またはコマンドを書いてください"
                ))),
            },
            None => Err(SecretError(crate::t!("{key} has no source", "{key} の取得元がありません"))),
        }
    }

    fn read_file(&self, key: &str, path: &str) -> Result<String, SecretError> {
        let path = self.base_dir.join(path);
        let shown = path.display();
        let unreadable = |e: std::io::Error| {
            SecretError(crate::t!("{key}: cannot read {shown}: {e}", "{key}: {shown} を読めません: {e}"))
        };
        let metadata = std::fs::metadata(&path).map_err(unreadable)?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let owner = metadata.uid();
            return Err(SecretError(crate::t!(
                "{key}: {shown} (mode {mode:03o}, owner {owner}) can be read by others; run: chmod 600 {shown}",
                "{key}: {shown}（モード {mode:03o}、所有者 {owner}）は他人が読めます。chmod 600 {shown} を実行してください"
            )));
        }
        std::fs::read_to_string(&path).map(one_line_end_off).map_err(unreadable)
    }

    fn ask(&self, key: &str) -> Result<String, SecretError> {
        (self.prompt)(key).ok_or_else(|| {
            SecretError(crate::t!(
                "{key} has to be typed, but there is no terminal",
                "{key} は入力が必要ですが、端末がありません"
            ))
        })
    }
}

fn one_line_end_off(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

fn from_env(key: &str, name: &str) -> Result<String, SecretError> {
    std::env::var(name).map_err(|_| {
        SecretError(crate::t!(
            "{key}: the environment variable {name} is not set",
            "{key}: 環境変数 {name} が設定されていません"
        ))
    })
}

fn from_command(key: &str, command: &[String], folder: &Path) -> Result<String, SecretError> {
    let Some((program, args)) = command.split_first() else {
        return Err(SecretError(crate::t!("{key}: the command is empty", "{key}: コマンドが空です")));
    };
    let output = Command::new(program)
        .args(args)
        .current_dir(folder)
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|e| {
            SecretError(crate::t!(
                "{key}: cannot run {program}: {e}",
                "{key}: {program} を実行できません: {e}"
            ))
        })?;
    // What the command printed is never repeated: it may be the secret.
    if !output.status.success() {
        let status = output.status;
        return Err(SecretError(crate::t!(
            "{key}: {program} ended with {status}",
            "{key}: {program} が失敗しました（{status}）"
        )));
    }
    String::from_utf8(output.stdout).map(one_line_end_off).map_err(|_| {
        SecretError(crate::t!(
            "{key}: {program} did not print UTF-8",
            "{key}: {program} の出力が UTF-8 ではありません"
        ))
    })
}

fn generated(key: &str, generate: &Generate) -> Result<String, SecretError> {
    const URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let alphabet = match generate.alphabet.as_deref() {
        None | Some("url") => URL,
        Some("alnum") => &URL[..62],
        Some("hex") => b"0123456789abcdef",
        Some(other) => {
            return Err(SecretError(crate::t!(
                "{key}: no alphabet `{other}`; there are url, alnum and hex",
                "{key}: 文字種 `{other}` はありません（url、alnum、hex）"
            )));
        }
    };
    let mut text = String::new();
    let mut random = vec![0u8; generate.length as usize * 2 + 32];
    while text.len() < generate.length as usize {
        std::fs::File::open("/dev/urandom")
            .and_then(|mut f| std::io::Read::read_exact(&mut f, &mut random))
            .map_err(|e| {
                SecretError(crate::t!("{key}: no random bytes: {e}", "{key}: 乱数を得られません: {e}"))
            })?;
        // Bytes beyond the last whole multiple of the alphabet would favour its beginning.
        let fair = 256 / alphabet.len() * alphabet.len();
        let room = generate.length as usize - text.len();
        let picked = random.iter().filter(|b| usize::from(**b) < fair).take(room);
        text.extend(picked.map(|b| alphabet[usize::from(*b) % alphabet.len()] as char));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use indexmap::IndexMap;

    use super::Vault;

    fn vault(decl: &str) -> Vault {
        let decls: IndexMap<_, _> = serde_yaml::from_str(decl).expect("declarations");
        Vault::new(decls, "/".into(), Box::new(|_| None))
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "correct horse\n").expect("written");
        let vault = vault(&format!("{{secrets.x: {{from: 'file:{}'}}}}", file.path().display()));
        let set = |mode| {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).expect("a mode")
        };
        set(0o644);
        assert!(vault.get("secrets.x").is_err());
        set(0o600);
        let (secret, first) = vault.get("secrets.x").expect("the secret");
        assert_eq!((secret.expose(), first), ("correct horse", true));
        assert!(!vault.get("secrets.x").expect("the secret").1);
    }

    #[test]
    fn a_short_secret_is_refused_unless_it_may_show() {
        assert!(vault("{secrets.x: {from: {command: [echo, abc]}}}").get("secrets.x").is_err());
        let open = vault("{secrets.x: {from: {command: [echo, abc]}, unmasked: true}}");
        assert_eq!(open.get("secrets.x").expect("the secret").0.expose(), "abc");
        assert!(open.masked().is_empty());
    }

    #[test]
    fn what_a_failing_command_printed_is_not_repeated() {
        let vault = vault("{secrets.x: {from: {command: [sh, -c, 'echo hunter22; exit 3']}}}");
        let message = vault.get("secrets.x").expect_err("failed").to_string();
        assert!(message.contains("3") && !message.contains("hunter22"), "{message}");
    }

    #[test]
    fn a_generated_secret_has_its_length_and_alphabet() {
        let vault = vault("{secrets.x: {generate: {length: 64, alphabet: hex}}}");
        let secret = vault.get("secrets.x").expect("the secret").0;
        assert_eq!(secret.expose().len(), 64);
        assert!(secret.expose().bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
