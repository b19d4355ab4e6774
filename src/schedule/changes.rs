//! Files to be written or removed, shown as a difference first. It does not know what stands in them.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use similar::TextDiff;

/// A file, or a link, as it is and as it is to be; none where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Where.
    pub path: PathBuf,
    /// As it is.
    pub old: Option<String>,
    /// As it is to be.
    pub new: Option<String>,
    /// Whether it is a link: the texts are what it leads to.
    pub link: bool,
}

impl FileChange {
    /// Whether there is anything to do.
    pub fn is_change(&self) -> bool {
        self.old != self.new
    }

    /// Makes the file as it is to be, whole or not at all.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn make(&self) -> io::Result<()> {
        let Some(text) = &self.new else { return fs::remove_file(&self.path) };
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder)?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let beside = folder.join(format!(".{name}.new"));
        drop(fs::remove_file(&beside));
        if self.link {
            symlink(text, &beside)?;
        } else {
            fs::write(&beside, text)?;
        }
        fs::rename(&beside, &self.path)
    }
}

/// The differences as `diff -u` writes them; empty where there are none.
pub fn diff(changes: &[FileChange]) -> String {
    let changes = changes.iter().filter(|change| change.is_change());
    changes.map(one).collect()
}

fn one(change: &FileChange) -> String {
    let path = change.path.display().to_string();
    if change.link {
        return match (&change.old, &change.new) {
            (_, Some(target)) => format!("+ {path} -> {target}\n"),
            (Some(target), None) => format!("- {path} -> {target}\n"),
            (None, None) => String::new(),
        };
    }
    let name = |text: &Option<String>| if text.is_some() { path.as_str() } else { "/dev/null" };
    let (old, new) = (change.old.as_deref().unwrap_or_default(), change.new.as_deref().unwrap_or_default());
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(3).header(name(&change.old), name(&change.new)).to_string()
}
