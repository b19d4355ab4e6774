//! Unpacking of a tar archive that is looked through first: it must be whole, and nothing in it may lead outside.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, Entry, EntryType};

use super::copy::Part;
use super::desk::{Desk, not_folder};
use super::packing::unpacked;
use super::whole::sync_folder;
use super::words::{cannot_read, cannot_write, refused, why};
use crate::action::{Performed, Report};
use crate::event::{Failure, Gives};
use crate::model::{FileExtract, Rendered};

/// Unpacks an archive. A folder that is new appears with all its files; into one that is there they go one by one.
pub fn extract(it: &FileExtract<Rendered>, desk: &Desk) -> Performed {
    let (from, to) = (desk.path(&it.from), desk.path(&it.to));
    let (entries, size) = inspect(&from, desk)?;
    let to = to.components().collect::<PathBuf>();
    match fs::metadata(&to) {
        Ok(facts) if facts.is_dir() => unpack(&from, &to, desk)?,
        Ok(_) => return Err(refused(not_folder(&to))),
        Err(_) => unpack_new(&from, &to, desk)?,
    }
    let mut gives = Gives::new();
    gives.insert("file".into(), to.to_string_lossy().into());
    gives.insert("entries".into(), entries.into());
    gives.insert("size".into(), size.into());
    gives.insert("changed".into(), true.into());
    Ok(Report { gives, ..Report::default() })
}

/// Reads all of an archive; gives how many entries it has, and their bytes.
fn inspect(from: &Path, desk: &Desk) -> Result<(u64, u64), Failure> {
    let (file, _) = desk.open(from)?;
    let broken = |e: io::Error| {
        let (from, why) = (from.display(), why(&e));
        refused(crate::t!(
            "{from} is not a whole tar archive: {why}",
            "{from} は完全な tar アーカイブではありません: {why}"
        ))
    };
    let mut archive = Archive::new(unpacked(file).map_err(broken)?);
    let mut links = HashSet::new();
    let (mut count, mut size) = (0, 0);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        stays_inside(&entry, &path, &mut links).map_err(|why| refused(outside(from, &path, &why)))?;
        size += io::copy(&mut entry, &mut io::sink()).map_err(broken)?;
        count += 1;
    }
    // The checksum of a packed stream stands behind its last entry.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
    if count == 0 {
        return Err(broken(io::ErrorKind::UnexpectedEof.into()));
    }
    desk.check()?;
    Ok((count, size))
}

/// Refuses what could be written, or lead, outside of the folder that is unpacked into.
fn stays_inside<R: Read>(
    entry: &Entry<'_, R>,
    path: &Path,
    links: &mut HashSet<PathBuf>,
) -> Result<(), String> {
    let Some(name) = plain(path) else {
        return Err(crate::t!("its path leads outside", "パスが展開先の外を指しています"));
    };
    if name.ancestors().skip(1).any(|a| links.contains(a)) {
        return Err(crate::t!(
            "its path goes through a link of the archive",
            "パスがアーカイブ内のリンクを通っています"
        ));
    }
    let target = || entry.link_name().ok().flatten().map(|t| t.into_owned()).unwrap_or_default();
    match entry.header().entry_type() {
        EntryType::Symlink if !link_stays(&name, &target()) => Err(link_outside()),
        EntryType::Symlink => {
            links.insert(name);
            Ok(())
        }
        EntryType::Link => match plain(&target()) {
            Some(of) if !of.ancestors().any(|a| links.contains(a)) => Ok(()),
            _ => Err(link_outside()),
        },
        EntryType::Regular | EntryType::Continuous | EntryType::Directory | EntryType::GNUSparse => {
            if links.contains(&name) {
                return Err(crate::t!(
                    "a link of the archive has the same path",
                    "アーカイブ内のリンクと同じパスです"
                ));
            }
            Ok(())
        }
        EntryType::XGlobalHeader => Ok(()),
        _ => Err(crate::t!("it is a device or a pipe", "デバイスまたはパイプです")),
    }
}

/// A path of nothing but names.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut name = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => name.push(part),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(name)
}

/// Whether a symbolic link leads to a place inside: up first, no further than the top, then down.
fn link_stays(name: &Path, target: &Path) -> bool {
    let mut depth = name.components().count().saturating_sub(1);
    let mut down = false;
    for part in target.components() {
        match part {
            Component::Normal(_) => down = true,
            Component::CurDir => {}
            Component::ParentDir if !down && depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

fn link_outside() -> String {
    crate::t!("it is a link that leads outside", "展開先の外を指すリンクです")
}

fn outside(from: &Path, path: &Path, why: &str) -> String {
    let (from, path) = (from.display(), path.display());
    crate::t!(
        "{from} is not unpacked because of its entry `{path}`: {why}",
        "{from} は項目 `{path}` のため展開しません: {why}"
    )
}

fn unpack_new(from: &Path, to: &Path, desk: &Desk) -> Result<(), Failure> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|e| cannot_write(folder, &e))?;
    }
    let part = Part::beside(to)?;
    unpack(from, &part.0, desk)?;
    fs::rename(&part.0, to).map_err(|e| cannot_write(to, &e))?;
    sync_folder(to).map_err(|e| cannot_write(to, &e))
}

fn unpack(from: &Path, to: &Path, desk: &Desk) -> Result<(), Failure> {
    let (file, _) = desk.open(from)?;
    let mut archive = Archive::new(unpacked(file).map_err(|e| cannot_read(from, &e))?);
    // SAFETY: geteuid only reads the process's own credentials.
    archive.set_preserve_ownerships(unsafe { libc::geteuid() } == 0);
    let mut folders = Vec::new();
    for entry in archive.entries().map_err(|e| cannot_read(from, &e))? {
        desk.check()?;
        let entry = entry.map_err(|e| cannot_read(from, &e))?;
        if entry.header().entry_type().is_dir() {
            folders.push(entry);
        } else {
            place(entry, to)?;
        }
    }
    // Folders come last, the deepest first: a file in one would change its time, and its mode may forbid files.
    folders.sort_by(|a, b| b.path_bytes().cmp(&a.path_bytes()));
    folders.into_iter().try_for_each(|folder| place(folder, to))
}

fn place<R: Read>(mut entry: Entry<'_, R>, to: &Path) -> Result<(), Failure> {
    let path = to.join(entry.path().unwrap_or_default());
    let placed = entry.unpack_in(to).map_err(|e| {
        // The crate's own words hide the reason behind the place.
        let inner = std::error::Error::source(&e).and_then(|s| s.downcast_ref::<io::Error>());
        cannot_write(&path, inner.unwrap_or(&e))
    })?;
    if !placed {
        return Err(refused(outside(to, &path, &link_outside())));
    }
    if entry.header().entry_type().is_dir() {
        set_time(&path, entry.header().mtime().unwrap_or_default()).map_err(|e| cannot_write(&path, &e))?;
    }
    Ok(())
}

/// The crate gives files their time, but not folders.
fn set_time(folder: &Path, seconds: u64) -> io::Result<()> {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    fs::File::open(folder)?.set_modified(time)
}
