//! A secret made in a file of its own, once. Its value is told to nobody: who needs it reads the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{Context, Performed, Report};
use crate::base::Alphabet;
use crate::event::{Failure, Gives};
use crate::model::{Rendered, SecretGenerate};

/// Unless the step says otherwise.
const LENGTH: u32 = 32;

/// Makes the file, unless it is there.
///
/// # Errors
/// When it cannot be made, or what is there is no secret; nothing is overwritten in any case.
pub(super) async fn perform(it: &SecretGenerate<Rendered>, cx: &Context<'_>) -> Performed {
    let path = cx.path(&it.file);
    let (length, alphabet) = (it.length.unwrap_or(LENGTH), it.alphabet.unwrap_or_default());
    let target = path.clone();
    let made = tokio::task::spawn_blocking(move || make(&target, length, alphabet)).await;
    let shown = path.display();
    let failed = |e: String| Failure::Unavailable {
        message: crate::t!(
            "cannot make the secret {shown}: {e}",
            "シークレット {shown} を作成できません: {e}"
        ),
    };
    let made = made.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))?;
    if !made && !holds_something(&path) {
        return Err(Failure::Rejected {
            message: crate::t!(
                "{shown} is there and is no file with a secret in it; it is not overwritten",
                "{shown} は既にありますが、シークレットの入ったファイルではありません。上書きはしません"
            ),
        });
    }
    if !made {
        cx.note(&crate::t!("{shown} is there already", "{shown} は既にあります"));
    }
    let mut gives = Gives::new();
    gives.insert("file".into(), path.to_string_lossy().into());
    gives.insert("changed".into(), made.into());
    Ok(Report { gives, unchanged: !made, ..Report::default() })
}

fn holds_something(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() > 0)
}

/// Whether the file was made. It takes its name whole and on disk; a link, unlike a rename, replaces nothing, also
/// when somebody else makes the same file at the same time.
fn make(target: &Path, length: u32, alphabet: Alphabet) -> io::Result<bool> {
    if fs::symlink_metadata(target).is_ok() {
        return Ok(false);
    }
    let part = Part::begin(target)?;
    let mut file = &part.file;
    file.write_all(alphabet.random(length)?.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    match fs::hard_link(&part.path, target) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => return Ok(false),
        linked => linked?,
    }
    drop(part);
    match target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all().map(|()| true),
        None => Ok(true),
    }
}

/// A file on its way, gone when dropped.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn begin(target: &Path) -> io::Result<Part> {
        let name = format!(".toban-{}.part", Alphabet::Alnum.random(12)?);
        let path = target.with_file_name(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Part { path, file })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // There is no one left to tell; the name says what it is, and nobody else can read it.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::perform;
    use crate::action::Performed;
    use crate::action::trial::{Trial, yaml};
    use crate::model::{Rendered, SecretGenerate};

    async fn act(trial: &Trial, step: &str) -> Performed {
        perform(&yaml::<SecretGenerate<Rendered>>(step), &trial.context()).await
    }

    #[tokio::test]
    async fn a_secret_is_made_once_for_its_owner_alone() {
        let trial = Trial::new();
        let step = "{file: key, length: 40, alphabet: hex}";
        let first = act(&trial, step).await.expect("made");
        let path = trial.context().path("key");
        let text = std::fs::read_to_string(&path).expect("the secret");
        assert_eq!((first.unchanged, text.trim_end().len()), (false, 40));
        assert!(!serde_json::to_string(&first.gives).expect("JSON").contains(text.trim_end()));
        assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o7777, 0o600);
        for again in [step, "{file: key, length: 10}"] {
            assert!(act(&trial, again).await.expect("unchanged").unchanged);
            assert_eq!(std::fs::read_to_string(&path).expect("the secret"), text);
        }
        let names = std::fs::read_dir(path.parent().expect("a folder")).expect("a folder");
        assert!(!names.flatten().any(|e| e.file_name().to_string_lossy().ends_with(".part")));
    }

    #[tokio::test]
    async fn what_is_there_is_never_overwritten() {
        let trial = Trial::new();
        let at = |name: &str| trial.context().path(name);
        std::fs::create_dir(at("folder")).expect("a folder");
        std::fs::write(at("empty"), "").expect("a file");
        symlink(at("nowhere"), at("link")).expect("a link");
        for name in ["folder", "empty", "link"] {
            let failure = act(&trial, &format!("{{file: {name}}}")).await.expect_err("refused").to_string();
            assert!(failure.contains("not overwritten"), "{failure}");
        }
        assert!(!at("nowhere").exists());
        let failure = act(&trial, "{file: none/key}").await.expect_err("no folder").to_string();
        assert!(failure.contains("cannot make the secret"), "{failure}");
    }

    #[tokio::test]
    async fn of_many_at_once_one_makes_it() {
        let trial = Trial::new();
        let path = trial.context().path("key");
        let make = || {
            let path = path.clone();
            std::thread::spawn(move || super::make(&path, 32, crate::base::Alphabet::Url).expect("done"))
        };
        let threads: Vec<_> = (0..16).map(|_| make()).collect();
        let made = threads.into_iter().map(|t| t.join().expect("a thread")).filter(|made| *made).count();
        assert_eq!(made, 1);
    }
}
