//! Copies of files and of folders, with their modes, times and owners. It follows no link inside a folder.

use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::desk::{Desk, not_folder, not_regular};
use super::read::sum;
use super::whole::{Whole, beside, keep_owner, mode, set_times, sync_folder};
use super::words::{cannot_read, cannot_write, refused};
use super::write::written;
use crate::action::{Performed, Report};
use crate::event::{Failure, Gives};
use crate::model::{FileCopy, Rendered};

/// Copies a file whole or not at all; a folder too, where it is new. What is the same already is left alone.
pub fn copy(it: &FileCopy<Rendered>, desk: &Desk) -> Performed {
    let (from, to) = (desk.path(&it.from), desk.path(&it.to));
    let wanted = it.mode.as_ref().map(|m| mode(m)).transpose()?;
    let facts = fs::metadata(&from).map_err(|e| cannot_read(&from, &e))?;
    if !facts.is_dir() {
        if to.is_dir() {
            return Err(refused(name_the_file(&to)));
        }
        let changed = copy_file(&from, &to, wanted, desk)?;
        let (size, sha256) = sum(&to, desk)?;
        return Ok(written(&to, size, sha256, changed));
    }
    if wanted.is_some() {
        return Err(refused(crate::t!(
            "`mode` is for the copy of a file; the files of a folder keep their own",
            "`mode` はファイルのコピー用です。フォルダーの中のファイルは元のモードのままです"
        )));
    }
    copy_folder(&from, &to, desk)
}

/// Copies one file; says whether it had to.
fn copy_file(from: &Path, to: &Path, wanted: Option<u32>, desk: &Desk) -> Result<bool, Failure> {
    let (mut source, facts) = desk.open(from)?;
    let mode = wanted.unwrap_or(facts.mode() & 0o7777);
    if same(from, &facts, to, mode, desk)? {
        return Ok(false);
    }
    let mut whole = Whole::begin(to, Some(mode), desk.halted.clone())?;
    io::copy(&mut source, &mut whole).map_err(|e| whole.failure(&e))?;
    whole.like(facts);
    whole.finish().map(|_| true)
}

fn same(from: &Path, facts: &Metadata, to: &Path, mode: u32, desk: &Desk) -> Result<bool, Failure> {
    let Ok(there) = fs::metadata(to) else { return Ok(false) };
    if !there.is_file() || there.len() != facts.len() || there.mode() & 0o7777 != mode {
        return Ok(false);
    }
    let (a, b) = (desk.open(from)?.0, desk.open(to)?.0);
    same_bytes(a, b).map_err(|e| cannot_read(to, &e))
}

fn same_bytes(a: impl Read, b: impl Read) -> io::Result<bool> {
    let (mut a, mut b) = (BufReader::new(a), BufReader::new(b));
    let (mut x, mut y) = (Vec::new(), Vec::new());
    loop {
        x.clear();
        y.clear();
        a.by_ref().take(64 * 1024).read_to_end(&mut x)?;
        b.by_ref().take(64 * 1024).read_to_end(&mut y)?;
        if x != y || x.is_empty() {
            return Ok(x == y);
        }
    }
}

fn copy_folder(from: &Path, to: &Path, desk: &Desk) -> Performed {
    let to = to.components().collect::<PathBuf>();
    let real = fs::canonicalize(from).map_err(|e| cannot_read(from, &e))?;
    if inside(&to, &real) {
        return Err(refused(crate::t!(
            "a folder is not copied into itself",
            "フォルダーを自分自身の中にはコピーできません"
        )));
    }
    let mut tree = Tree { desk, report: Report::default(), size: 0, entries: 0, changed: false };
    match fs::metadata(&to) {
        Ok(facts) if facts.is_dir() => tree.copy(&real, &to)?,
        Ok(_) => return Err(refused(not_folder(&to))),
        Err(_) => {
            let part = Part::beside(&to)?;
            tree.copy(&real, &part.0)?;
            desk.check()?;
            fs::rename(&part.0, &to).map_err(|e| cannot_write(&to, &e))?;
            sync_folder(&to).map_err(|e| cannot_write(&to, &e))?;
            tree.changed = true;
        }
    }
    Ok(tree.report(&to))
}

/// Whether a path lies, or would lie, in a folder.
fn inside(path: &Path, folder: &Path) -> bool {
    let there = path.ancestors().find_map(|a| fs::canonicalize(a).ok());
    there.is_some_and(|t| t.starts_with(folder))
}

/// A folder on its way; what is left of it goes when it does not arrive.
pub struct Part(pub PathBuf);

impl Part {
    /// A new folder beside a target.
    pub fn beside(target: &Path) -> Result<Part, Failure> {
        let path = beside(target);
        fs::create_dir(&path).map_err(|e| cannot_write(target, &e))?;
        Ok(Part(path))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is nothing of this name.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A copy of a folder under way.
struct Tree<'a> {
    desk: &'a Desk,
    report: Report,
    size: u64,
    entries: u64,
    changed: bool,
}

impl Tree<'_> {
    fn copy(&mut self, from: &Path, to: &Path) -> Result<(), Failure> {
        let mut folders = vec![(from.to_path_buf(), to.to_path_buf())];
        let mut at = 0;
        while let Some((from, to)) = folders.get(at).cloned() {
            at += 1;
            for (from, to, facts) in listed(&from, &to)? {
                self.desk.check()?;
                if facts.is_dir() {
                    self.changed |= make_folder(&to)?;
                    folders.push((from, to));
                } else {
                    self.one(&from, &to, &facts)?;
                }
            }
        }
        // A folder's times change with its files, so they are set when all files stand; the deepest first.
        folders.iter().rev().try_for_each(|(from, to)| finish_folder(from, to))
    }

    fn one(&mut self, from: &Path, to: &Path, facts: &Metadata) -> Result<(), Failure> {
        if facts.is_file() {
            self.changed |= copy_file(from, to, None, self.desk)?;
            self.size += facts.len();
        } else if facts.is_symlink() {
            self.changed |= copy_link(from, to)?;
        } else {
            self.report.warnings.push(not_regular(from, facts));
            return Ok(());
        }
        self.entries += 1;
        Ok(())
    }

    fn report(mut self, to: &Path) -> Report {
        let gives: &mut Gives = &mut self.report.gives;
        gives.insert("file".into(), to.to_string_lossy().into());
        gives.insert("size".into(), self.size.into());
        gives.insert("entries".into(), self.entries.into());
        gives.insert("changed".into(), self.changed.into());
        self.report.unchanged = !self.changed;
        self.report
    }
}

type Pair = (PathBuf, PathBuf, Metadata);

fn listed(from: &Path, to: &Path) -> Result<Vec<Pair>, Failure> {
    let mut all = Vec::new();
    for entry in fs::read_dir(from).map_err(|e| cannot_read(from, &e))? {
        let entry = entry.map_err(|e| cannot_read(from, &e))?;
        let facts = entry.metadata().map_err(|e| cannot_read(&entry.path(), &e))?;
        all.push((entry.path(), to.join(entry.file_name()), facts));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

fn make_folder(to: &Path) -> Result<bool, Failure> {
    match fs::create_dir(to) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && to.is_dir() => Ok(false),
        Err(e) => Err(cannot_write(to, &e)),
    }
}

fn finish_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    let facts = fs::metadata(from).map_err(|e| cannot_read(from, &e))?;
    let finish = || {
        let folder = File::open(to)?;
        keep_owner(&folder, facts.uid(), facts.gid())?;
        folder.set_permissions(fs::Permissions::from_mode(facts.mode() & 0o7777))?;
        set_times(&folder, &facts)
    };
    finish().map_err(|e: io::Error| cannot_write(to, &e))
}

fn copy_link(from: &Path, to: &Path) -> Result<bool, Failure> {
    let target = fs::read_link(from).map_err(|e| cannot_read(from, &e))?;
    if fs::read_link(to).is_ok_and(|t| t == target) {
        return Ok(false);
    }
    let part = beside(to);
    let made = symlink(&target, &part).and_then(|()| fs::rename(&part, to));
    if made.is_err() {
        let _ = fs::remove_file(&part);
    }
    made.map(|()| true).map_err(|e| cannot_write(to, &e))
}

fn name_the_file(to: &Path) -> String {
    let to = to.display();
    crate::t!(
        "{to} is a folder; name the new file in it",
        "{to} はフォルダーです。新しいファイルの名前まで書いてください"
    )
}
