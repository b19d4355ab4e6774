//! Secrets from their sources, looked up when first used and kept for the run. It asks nobody itself, and lets others
//! work while it waits for a command or a person.

use std::cell::RefCell;
use std::collections::HashMap;
use std::env::VarError;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;

use indexmap::IndexMap;
use tokio::sync::Mutex;

use super::secret_command::from_command;
use super::secret_file::{from_credential, from_file};
use crate::base::Secret;
use crate::model::{Generate, SecretDecl, SecretSource};
use crate::process::Stop;

/// A secret that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// Asks the operator for a secret, by its name; none without a terminal.
pub type Prompt = Box<dyn Fn(&str) -> Pin<Box<dyn Future<Output = Option<String>>>>>;

/// The secrets of one run.
pub struct Vault {
    decls: IndexMap<String, SecretDecl>,
    base_dir: PathBuf,
    prompt: Prompt,
    /// What the commands that give secrets are known by, as all children of the run.
    marker: (String, String),
    known: RefCell<HashMap<String, Secret>>,
    /// One look-up at a time for each: who comes second finds it known.
    turns: RefCell<HashMap<String, Rc<Mutex<()>>>>,
}

/// The least length of a secret that can be masked without masking half the log.
const SHORTEST: usize = 6;

impl Vault {
    /// A vault over declared secrets, none of them resolved yet. Keys are `secrets.NAME` and `inputs.NAME`; paths
    /// are relative to `base_dir`.
    pub fn new(
        decls: IndexMap<String, SecretDecl>,
        base_dir: PathBuf,
        marker: (String, String),
        prompt: Prompt,
    ) -> Vault {
        // Every child has the operator's environment and may print what is in it, whether a step names it or not.
        let at_hand = decls.iter().filter_map(|(key, decl)| Some((key.clone(), Secret::new(at_hand(decl)?))));
        let (known, turns) = (RefCell::new(at_hand.collect()), RefCell::default());
        Vault { decls, base_dir, prompt, marker, known, turns }
    }

    /// The value of a secret that was looked up.
    pub fn get(&self, key: &str) -> Option<Secret> {
        self.known.borrow().get(key).cloned()
    }

    /// Looks a secret up, unless it is known; the word to stop ends that.
    ///
    /// # Errors
    /// When its source does not give it, with what to do.
    pub async fn look_up(&self, key: &str, mut stop: Stop) -> Result<(), SecretError> {
        let turn = Rc::clone(self.turns.borrow_mut().entry(key.to_string()).or_default());
        let mut waiting = stop.clone();
        let _turn = tokio::select! {
            turn = turn.lock() => turn,
            reason = waiting.stopped() => return Err(super::secret_command::stopped(key, reason)),
        };
        if self.known.borrow().contains_key(key) {
            return Ok(());
        }
        let decl = self
            .decls
            .get(key)
            .ok_or_else(|| SecretError(crate::t!("{key} is not declared", "{key} は宣言されていません")))?;
        tracing::debug!(key, "secret is looked up");
        let value = self.resolve(key, decl, &mut stop).await?;
        let length = value.chars().count();
        if length < SHORTEST && decl.unmasked != Some(true) {
            return Err(SecretError(crate::t!(
                "{key} has only {length} characters; under {SHORTEST} it cannot be masked. Make it longer, or declare `unmasked: true`",
                "{key} は {length} 文字しかありません。{SHORTEST} 文字未満は隠せません。長くするか `unmasked: true` を宣言してください"
            )));
        }
        self.known.borrow_mut().insert(key.to_string(), Secret::new(value));
        Ok(())
    }

    /// Whether a person would be asked for it now.
    pub fn asks(&self, key: &str) -> bool {
        let by_prompt =
            |decl: &SecretDecl| matches!(&decl.from, Some(SecretSource::Text(text)) if text == "prompt");
        self.decls.get(key).is_some_and(by_prompt) && !self.known.borrow().contains_key(key)
    }

    /// The file that a secret is read from, as it is declared and where it is; empty where it has another source.
    pub fn files(&self, key: &str) -> Vec<String> {
        let source = self.decls.get(key).and_then(|decl| decl.from.as_ref());
        let Some(SecretSource::Text(text)) = source else { return Vec::new() };
        let Some(path) = text.strip_prefix("file:") else { return Vec::new() };
        vec![path.to_string(), self.base_dir.join(path).display().to_string()]
    }

    /// Every value that has been used and must be masked.
    pub fn masked(&self) -> Vec<Secret> {
        let known = self.known.borrow();
        let masked =
            known.iter().filter(|(key, _)| self.decls.get(*key).is_none_or(|d| d.unmasked != Some(true)));
        masked.map(|(_, secret)| secret.clone()).collect()
    }

    async fn resolve(&self, key: &str, decl: &SecretDecl, stop: &mut Stop) -> Result<String, SecretError> {
        if let Some(generate) = &decl.generate {
            return generated(key, generate);
        }
        match &decl.from {
            Some(SecretSource::Command { command }) => {
                from_command(key, command, &self.base_dir, self.marker.clone(), stop.clone()).await
            }
            Some(SecretSource::Text(text)) => match text.split_once(':') {
                Some(("env", name)) => from_env(key, name),
                Some(("file", path)) => from_file(key, &self.base_dir.join(path)),
                Some(("credential", name)) => {
                    from_credential(key, name, std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from))
                }
                _ if text == "prompt" => tokio::select! {
                    typed = (self.prompt)(key) => typed.ok_or_else(|| no_terminal(key)),
                    reason = stop.stopped() => Err(super::secret_command::stopped(key, reason)),
                },
                _ => Err(SecretError(crate::t!(
                    "{key}: `{text}` is no source; write env:NAME, file:PATH, credential:NAME, prompt or a command",
                    "{key}: `{text}` は指定できません。env:名前、file:パス、credential:名前、prompt、またはコマンドを書いてください"
                ))),
            },
            None => Err(SecretError(crate::t!("{key} has no source", "{key} の取得元がありません"))),
        }
    }
}

fn no_terminal(key: &str) -> SecretError {
    SecretError(crate::t!(
        "{key} has to be typed, but there is no terminal",
        "{key} は入力が必要ですが、端末がありません"
    ))
}

pub(super) fn one_line_end_off(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

fn from_env(key: &str, name: &str) -> Result<String, SecretError> {
    std::env::var(name).map_err(|e| match e {
        VarError::NotPresent => SecretError(crate::t!(
            "{key}: the environment variable {name} is not set",
            "{key}: 環境変数 {name} が設定されていません"
        )),
        VarError::NotUnicode(_) => SecretError(crate::t!(
            "{key}: the environment variable {name} is not UTF-8",
            "{key}: 環境変数 {name} が UTF-8 ではありません"
        )),
    })
}

/// The value of a secret that is in the environment and can be masked.
fn at_hand(decl: &SecretDecl) -> Option<String> {
    let Some(SecretSource::Text(text)) = &decl.from else { return None };
    let value = std::env::var(text.strip_prefix("env:")?).ok()?;
    (value.chars().count() >= SHORTEST).then_some(value)
}

fn generated(key: &str, generate: &Generate) -> Result<String, SecretError> {
    let alphabet = generate.alphabet.unwrap_or_default();
    alphabet
        .random(generate.length)
        .map_err(|e| SecretError(crate::t!("{key}: no random bytes: {e}", "{key}: 乱数を得られません: {e}")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use indexmap::IndexMap;

    use super::{SecretError, Vault};
    use crate::base::Secret;
    use crate::process::{Stop, StopReason, Stopper};

    fn vault(decl: &str) -> Vault {
        let decls: IndexMap<_, _> = serde_yaml::from_str(decl).expect("declarations");
        let marker = ("TOBAN_RUN".to_string(), "a-test".to_string());
        Vault::new(decls, "/".into(), marker, Box::new(|_| Box::pin(std::future::ready(None))))
    }

    fn wait<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(future)
    }

    fn look_up(vault: &Vault) -> Result<Secret, SecretError> {
        wait(vault.look_up("secrets.x", Stop::never()))?;
        Ok(vault.get("secrets.x").expect("it is known"))
    }

    #[test]
    fn a_command_that_hangs_is_ended_with_all_it_started() {
        let vault = vault("{secrets.x: {from: {command: [sh, -c, 'sleep 600 | cat']}}}");
        for (reason, word) in [(StopReason::TimedOut, "timeout"), (StopReason::Cancelled, "run was")] {
            let (stopper, stop) = Stopper::new();
            let both = async {
                let ending = async { stopper.stop(reason) };
                tokio::join!(vault.look_up("secrets.x", stop), ending).0
            };
            let message = wait(both).expect_err("it was ended").to_string();
            assert!(message.contains(word), "{message}");
        }
    }

    #[test]
    fn a_secret_is_looked_up_once() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "correct horse\n").expect("written");
        let vault = vault(&format!("{{secrets.x: {{from: 'file:{}'}}}}", file.path().display()));
        let set = |mode| {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).expect("a mode")
        };
        set(0o644);
        assert!(look_up(&vault).is_err() && vault.get("secrets.x").is_none());
        set(0o600);
        assert_eq!(look_up(&vault).expect("the secret").expose(), "correct horse");
        std::fs::remove_file(file.path()).expect("removed");
        assert_eq!(look_up(&vault).expect("it is known").expose(), "correct horse");
    }

    #[test]
    fn a_short_secret_is_refused_unless_it_may_show() {
        assert!(look_up(&vault("{secrets.x: {from: {command: [echo, abc]}}}")).is_err());
        let open = vault("{secrets.x: {from: {command: [echo, abc]}, unmasked: true}}");
        assert_eq!(look_up(&open).expect("the secret").expose(), "abc");
        assert!(open.masked().is_empty());
    }

    #[test]
    fn what_a_failing_command_printed_is_not_repeated() {
        let vault = vault("{secrets.x: {from: {command: [sh, -c, 'echo hunter22; exit 3']}}}");
        let message = look_up(&vault).expect_err("failed").to_string();
        assert!(message.contains("3") && !message.contains("hunter22"), "{message}");
    }

    #[test]
    fn a_generated_secret_has_its_length_and_alphabet() {
        let vault = vault("{secrets.x: {generate: {length: 64, alphabet: hex}}}");
        let secret = look_up(&vault).expect("the secret");
        assert_eq!(secret.expose().len(), 64);
        assert!(secret.expose().bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(look_up(&vault).expect("the same"), secret);
    }

    #[test]
    fn what_cannot_be_had_says_why() {
        for (source, words) in [
            ("prompt", "no terminal"),
            ("'env:TOBAN_TEST_NO_SUCH'", "TOBAN_TEST_NO_SUCH is not set"),
            ("{command: [/no/such/program]}", "cannot run /no/such/program"),
            ("{command: [sh, -c, 'echo hunter22 >&2; kill -9 $$']}", "signal 9"),
            ("{command: [sh, -c, 'yes hunter22']}", "more than 1 MiB"),
            (r"{command: [printf, 'hunter22 \377']}", "not print UTF-8"),
            ("{command: []}", "is empty"),
            ("{command: [printf, '']}", "only 0 characters"),
        ] {
            let error = look_up(&vault(&format!("{{secrets.x: {{from: {source}}}}}"))).expect_err("none");
            assert!(error.0.contains(words) && !error.0.contains("hunter22"), "{source}: {error}");
            assert!(error.0.contains("secrets.x"), "{error}");
        }
    }
}
