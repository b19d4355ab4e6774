//! A tar archive of files and folders, in an order and a form that depend on them alone.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::{self, BufWriter, Read};
use std::path::{Component, Path, PathBuf};

use glob::Pattern;
use tar::{Builder, EntryType, Header};

use super::desk::{Desk, not_regular};
use super::listing::no_glob;
use super::packing::{Packer, Packing};
use super::whole::{Whole, mode};
use super::words::{cannot_read, refused};
use super::write::written;
use crate::action::{Performed, Report};
use crate::event::Failure;
use crate::model::{FileArchive, Rendered};

type Tar = Builder<Packer<BufWriter<Whole>>>;

/// Makes an archive, whole or not at all.
pub fn archive(it: &FileArchive<Rendered>, desk: &Desk) -> Performed {
    let (base, to) = (desk.path(&it.base), desk.path(&it.to));
    let packing = Packing::of_name(&to)?;
    let mode = mode(it.mode.as_ref().map_or("0600", |m| m.as_str()))?;
    let members = Members::find(it, &base, &to, desk)?;
    let whole = Whole::begin(&to, Some(mode), desk.halted.clone())?;
    let failed = |e: io::Error| super::words::cannot_write(&to, &e);
    let mut tar =
        Builder::new(Packer::new(packing, BufWriter::with_capacity(1 << 18, whole)).map_err(failed)?);
    let mut warnings = members.warnings;
    let mut entries = 0u64;
    for (name, path) in &members.found {
        desk.check()?;
        match add(&mut tar, name, path, desk)? {
            Added::Yes => entries += 1,
            Added::Vanished => warnings.push(vanished(path)),
        }
    }
    let packer = tar.into_inner().map_err(failed)?;
    let buffered = packer.finish().map_err(failed)?;
    let whole = buffered.into_inner().map_err(|e| failed(e.into_error()))?;
    let done = whole.finish()?;
    let mut report = Report { warnings, ..written(&to, done.size, done.sha256, true) };
    report.gives.insert("entries".into(), entries.into());
    Ok(report)
}

/// What goes in, by its name in the archive: folders before what is in them, all in the order of their names.
struct Members {
    found: BTreeMap<PathBuf, PathBuf>,
    warnings: Vec<String>,
}

impl Members {
    fn find(it: &FileArchive<Rendered>, base: &Path, to: &Path, desk: &Desk) -> Result<Members, Failure> {
        let exclude: Vec<Pattern> = it
            .exclude
            .iter()
            .map(|glob| Pattern::new(glob.trim_end_matches('/')).map_err(|e| refused(no_glob(glob, &e))))
            .collect::<Result<_, _>>()?;
        let own = fs::canonicalize(to).ok();
        let mut members = Members { found: BTreeMap::new(), warnings: Vec::new() };
        let mut rest: Vec<PathBuf> = Vec::new();
        for from in &it.from {
            rest.push(name_in(from, base)?);
        }
        while let Some(name) = rest.pop() {
            desk.check()?;
            let path = base.join(&name);
            let facts = fs::symlink_metadata(&path).map_err(|e| cannot_read(&path, &e))?;
            let is_own = own.is_some() && facts.is_file() && fs::canonicalize(&path).ok() == own;
            if is_own || is_part(&name) || exclude.iter().any(|p| excludes(p, &name)) {
                continue;
            }
            if facts.is_dir() {
                for entry in fs::read_dir(&path).map_err(|e| cannot_read(&path, &e))? {
                    rest.push(name.join(entry.map_err(|e| cannot_read(&path, &e))?.file_name()));
                }
            } else if !facts.is_file() && !facts.is_symlink() {
                members.warnings.push(not_regular(&path, &facts));
                continue;
            }
            if !name.as_os_str().is_empty() {
                members.found.insert(name, path);
            }
        }
        Ok(members)
    }
}

/// The name of a part of the archive: its path below the base.
fn name_in(from: &str, base: &Path) -> Result<PathBuf, Failure> {
    let given = Path::new(from);
    let below = given.strip_prefix(base).unwrap_or(given);
    let mut name = PathBuf::new();
    for part in below.components() {
        match part {
            Component::Normal(part) => name.push(part),
            Component::CurDir => {}
            _ => {
                let base = base.display();
                return Err(refused(crate::t!(
                    "`{from}` is not below the archive's base {base}",
                    "`{from}` はアーカイブの基準フォルダー {base} の下にありません"
                )));
            }
        }
    }
    Ok(name)
}

/// A glob without a slash is matched with the last part of a name, one with a slash with all of it.
fn excludes(pattern: &Pattern, name: &Path) -> bool {
    if pattern.as_str().contains('/') {
        return pattern.matches_path(name);
    }
    name.file_name().is_some_and(|last| pattern.matches(&last.to_string_lossy()))
}

/// A file that is just being written by the engine.
fn is_part(name: &Path) -> bool {
    let last = name.file_name().unwrap_or_default().to_string_lossy();
    last.starts_with(".toban-") && last.ends_with(".part")
}

enum Added {
    Yes,
    Vanished,
}

fn add(tar: &mut Tar, name: &Path, path: &Path, desk: &Desk) -> Result<Added, Failure> {
    let facts = match fs::symlink_metadata(path) {
        Ok(facts) => facts,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Added::Vanished),
        Err(e) => return Err(cannot_read(path, &e)),
    };
    let failed = |e: io::Error| {
        let (path, why) = (path.display(), super::words::why(&e));
        Failure::Unavailable {
            message: crate::t!("cannot archive {path}: {why}", "{path} をアーカイブできません: {why}"),
        }
    };
    let mut header = Header::new_gnu();
    header.set_metadata(&facts);
    if facts.is_symlink() {
        let target = fs::read_link(path).map_err(|e| cannot_read(path, &e))?;
        header.set_size(0);
        tar.append_link(&mut header, name, target).map_err(failed)?;
    } else if facts.is_dir() {
        header.set_size(0);
        header.set_entry_type(EntryType::Directory);
        tar.append_data(&mut header, name, io::empty()).map_err(failed)?;
    } else {
        return add_file(tar, name, path, desk);
    }
    Ok(Added::Yes)
}

fn add_file(tar: &mut Tar, name: &Path, path: &Path, desk: &Desk) -> Result<Added, Failure> {
    if !path.exists() {
        return Ok(Added::Vanished);
    }
    let (file, facts): (_, Metadata) = desk.open(path)?;
    let mut header = Header::new_gnu();
    header.set_metadata(&facts);
    let exact = Exact { from: file, left: facts.len() };
    tar.append_data(&mut header, name, exact).map_err(|e| {
        let (path, why) = (path.display(), super::words::why(&e));
        Failure::Unavailable {
            message: crate::t!("cannot archive {path}: {why}", "{path} をアーカイブできません: {why}"),
        }
    })?;
    Ok(Added::Yes)
}

/// Gives as many bytes as the header says, for a file may grow meanwhile; one that shrinks is an error.
struct Exact<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        match self.from.read(&mut buffer[..most])? {
            0 => Err(io::Error::other(crate::t!(
                "it became shorter while it was read",
                "読んでいる間に短くなりました"
            ))),
            n => {
                self.left -= n as u64;
                Ok(n)
            }
        }
    }
}

fn vanished(path: &Path) -> String {
    let path = path.display();
    crate::t!("{path} vanished before it was read", "{path} は読む前になくなりました")
}
