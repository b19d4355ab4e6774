//! From what a person typed to the file that is meant. It reads no file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::library::Library;
use crate::diag::{At, Diagnostic, Source, did_you_mean};

/// A playbook that was found.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its file.
    pub path: PathBuf,
    /// What it is called: `system/name`, or the path as it was typed.
    pub name: String,
}

impl Target {
    /// The folder of the playbook.
    pub fn base_dir(&self) -> PathBuf {
        self.path.parent().map_or_else(PathBuf::new, Path::to_path_buf)
    }

    /// Where its system would stand.
    pub fn system_path(&self) -> PathBuf {
        self.base_dir().join("system.yaml")
    }
}

/// The playbook that a name or a path means; a path is relative to `from`.
///
/// # Errors
/// When there is none.
pub fn resolve(given: &str, library: Option<&Library>, from: &Path) -> Result<Target, Box<Diagnostic>> {
    let as_path = from.join(given);
    let is_path = given.ends_with(".yaml") || given.ends_with(".yml") || Path::new(given).is_absolute();
    if is_path || given.starts_with("./") || given.starts_with("../") || as_path.is_file() {
        return Ok(Target { name: name_of(&as_path, given, library), path: as_path });
    }
    if let Some(library) = library {
        let path = library.path_of(given);
        if path.is_file() && !given.split('/').any(|part| part == "..") {
            return Ok(Target { path, name: given.to_string() });
        }
    }
    Err(Box::new(nowhere(given, library)))
}

/// A playbook of the library has its name also when it was given by its path.
fn name_of(path: &Path, given: &str, library: Option<&Library>) -> String {
    let inside = library.and_then(|l| path.strip_prefix(&l.root).ok()).and_then(Path::to_str);
    match inside.and_then(|p| p.strip_suffix(".yaml")) {
        Some(name) => name.to_string(),
        None => given.to_string(),
    }
}

fn nowhere(given: &str, library: Option<&Library>) -> Diagnostic {
    let source = Arc::new(Source { path: given.to_string(), text: String::new() });
    let title = crate::t!("there is no playbook `{given}`", "手順書 `{given}` がありません");
    let names = library.map(Library::list).unwrap_or_default();
    let help = match (did_you_mean(given, names.iter().map(String::as_str)), library) {
        (Some(near), _) => crate::t!("did you mean `{near}`?", "`{near}` の間違いではありませんか？"),
        (None, Some(_)) => {
            crate::t!("`toban list` shows every playbook", "`toban list` で手順書の一覧を見られます")
        }
        (None, None) => crate::t!(
            "there is no `playbooks` folder from here upwards; name one with --playbooks, or give a path",
            "上位に `playbooks` フォルダーがありません。--playbooks で指定するか、パスを指定してください"
        ),
    };
    let d = Diagnostic::error("no-playbook", At { source, span: 0..0 }, title).help(help);
    Diagnostic { at: None, ..d }
}

/// A path as the user knows it: from where they are, if it is below.
pub fn shown(path: &Path, cwd: &Path) -> String {
    path.strip_prefix(cwd).unwrap_or(path).display().to_string()
}
