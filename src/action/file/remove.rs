//! Removal of one file or one folder, with a guard around what nobody means to remove.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::desk::Desk;
use super::whole::sync_folder;
use super::words::{cannot_read, cannot_remove, refused};
use crate::action::{Performed, Report};
use crate::event::{Failure, Gives};
use crate::model::{FilePath, Rendered};

/// Folders of the system itself; what lies in them may go.
const SYSTEM: [&str; 21] = [
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc",
    "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib",
];

/// Removes a file or a link, with `recursive` also a folder. What is not there is already removed.
pub fn remove(it: &FilePath<Rendered>, desk: &Desk) -> Performed {
    let path = desk.path(&it.path);
    let facts = match fs::symlink_metadata(&path) {
        Ok(facts) => facts,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(report(&path, false));
        }
        Err(e) => return Err(cannot_remove(&path, &e)),
    };
    if facts.is_dir() {
        let recursive = it.recursive.as_deref() == Some(&true);
        remove_folder(&path, recursive, desk)?;
    } else {
        fs::remove_file(&path).map_err(|e| cannot_remove(&path, &e))?;
    }
    sync_folder(&path).map_err(|e| cannot_remove(&path, &e))?;
    Ok(report(&path, true))
}

fn report(path: &Path, changed: bool) -> Report {
    let mut gives = Gives::new();
    gives.insert("file".into(), path.to_string_lossy().into());
    gives.insert("changed".into(), changed.into());
    Report { gives, unchanged: !changed, ..Report::default() }
}

fn remove_folder(path: &Path, recursive: bool, desk: &Desk) -> Result<(), Failure> {
    let shown = path.display();
    if !recursive {
        return Err(refused(crate::t!(
            "{shown} is a folder; write `recursive: true` to remove it with all that is in it",
            "{shown} はフォルダーです。中身ごと削除するには `recursive: true` と書いてください"
        )));
    }
    let real = fs::canonicalize(path).map_err(|e| cannot_remove(path, &e))?;
    guard(&real, desk)?;
    let device = fs::metadata(&real).map_err(|e| cannot_remove(path, &e))?.dev();
    stays_on(device, &real, desk)?;
    for entry in entries(&real)? {
        desk.check()?;
        let is_dir = fs::symlink_metadata(&entry).is_ok_and(|f| f.is_dir());
        let gone = if is_dir { fs::remove_dir_all(&entry) } else { fs::remove_file(&entry) };
        gone.map_err(|e| cannot_remove(&entry, &e))?;
    }
    fs::remove_dir(&real).map_err(|e| cannot_remove(path, &e))
}

/// Refuses the folders of the system, of the user and of the playbook, and all that hold them.
fn guard(real: &Path, desk: &Desk) -> Result<(), Failure> {
    let holds =
        |inner: &Path| fs::canonicalize(inner).unwrap_or_else(|_| inner.to_path_buf()).starts_with(real);
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|h| h.is_absolute());
    let here = std::env::current_dir().ok();
    let precious = SYSTEM.iter().any(|s| Path::new(s) == real)
        || holds(&desk.base_dir)
        || home.is_some_and(|home| holds(&home))
        || here.is_some_and(|here| holds(&here));
    if !precious {
        return Ok(());
    }
    let shown = real.display();
    Err(refused(crate::t!(
        "{shown} is never removed: it is, or holds, a folder of the system, the home folder or the playbook's folder",
        "{shown} は削除できません: システム、ホーム、プレイブックのフォルダーそのものか、それらを含むフォルダーです"
    )))
}

/// Refuses a folder in which another file system is mounted: its files are somebody else's.
fn stays_on(device: u64, folder: &Path, desk: &Desk) -> Result<(), Failure> {
    let outside = folder.parent().and_then(|p| fs::metadata(p).ok()).is_some_and(|p| p.dev() != device);
    if outside {
        return Err(refused(mounted(folder)));
    }
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        desk.check()?;
        for entry in entries(&folder)? {
            let facts = fs::symlink_metadata(&entry).map_err(|e| cannot_read(&entry, &e))?;
            if facts.is_dir() && facts.dev() != device {
                return Err(refused(mounted(&entry)));
            }
            if facts.is_dir() {
                folders.push(entry);
            }
        }
    }
    Ok(())
}

fn mounted(folder: &Path) -> String {
    let folder = folder.display();
    crate::t!(
        "nothing was removed: another file system is mounted at {folder}; unmount it first",
        "何も削除していません: {folder} に別のファイルシステムがマウントされています。先にアンマウントしてください"
    )
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let list = fs::read_dir(folder).map_err(|e| cannot_read(folder, &e))?;
    list.map(|entry| entry.map(|e| e.path()).map_err(|e| cannot_read(folder, &e))).collect()
}
