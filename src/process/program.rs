//! Finds a program the way a shell would. It starts nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::SpawnError;
use super::error::not_permitted;

/// Where a search ends when there is no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The absolute path of a program: a name is looked for in `path` (the value of a `PATH` variable), anything
/// with a slash is taken relative to `cwd`.
///
/// # Errors
/// When there is none, or none that may be executed.
pub fn find_program(program: &str, path: Option<&str>, cwd: &Path) -> Result<PathBuf, SpawnError> {
    if program.contains('/') {
        let file = cwd.join(program);
        return check(&file).map(|()| file).map_err(|reason| refuse(program, reason, ""));
    }
    let path = path.unwrap_or(DEFAULT_PATH);
    let mut refused = None;
    for folder in path.split(':').filter(|_| !program.is_empty()) {
        let file = cwd.join(folder).join(program);
        match check(&file) {
            Ok(()) => return Ok(file),
            Err(Some(reason)) => refused = Some((file, reason)),
            Err(None) => {}
        }
    }
    match refused {
        Some((file, reason)) => Err(refuse(&file.display().to_string(), Some(reason), path)),
        None => Err(refuse(program, None, path)),
    }
}

/// Whether a file can be executed; else why not, and none where there is no file.
fn check(file: &Path) -> Result<(), Option<String>> {
    match file.metadata() {
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => Err(Some(e.to_string())),
        Err(_) => Err(None),
        Ok(found) if found.is_dir() => Err(Some(crate::t!("it is a folder", "フォルダーです"))),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => Err(Some(not_permitted())),
        Ok(_) => Ok(()),
    }
}

fn refuse(program: &str, reason: Option<String>, path: &str) -> SpawnError {
    match reason {
        Some(reason) => SpawnError::NotExecutable { program: program.to_string(), reason },
        None => SpawnError::NotFound { program: program.to_string(), path: path.to_string() },
    }
}
