//! Whether the files of a playbook folder have changed. It reads none of them.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A number that changes with the files of a folder: their names, lengths and times.
pub(super) fn fingerprint(root: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    walk(root, 0, &mut hasher);
    hasher.finish()
}

fn walk(folder: &Path, depth: u32, hasher: &mut DefaultHasher) {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(meta) = entry.path().metadata() else { continue };
        // Playbooks stand two folders deep; links may lead round in a ring.
        if meta.is_dir() && depth < 3 {
            walk(&entry.path(), depth + 1, hasher);
        } else {
            entry.file_name().hash(hasher);
            (meta.len(), meta.mtime(), meta.mtime_nsec(), meta.ino()).hash(hasher);
        }
    }
}
