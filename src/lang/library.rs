//! The folder of playbooks: `playbooks/<system>/<name>.yaml` is `<system>/<name>`. It reads no playbook.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A folder of playbooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// The folder.
    pub root: PathBuf,
}

impl Library {
    /// The folder named on the command line, else by the environment, else the nearest `playbooks` from `cwd`
    /// upwards.
    pub fn find(cli: Option<&Path>, env: Option<&OsStr>, cwd: &Path) -> Option<Library> {
        let named = cli.map(Path::to_path_buf).or_else(|| env.filter(|e| !e.is_empty()).map(PathBuf::from));
        if let Some(root) = named {
            return Some(Library { root: cwd.join(root) });
        }
        let root = cwd.ancestors().map(|dir| dir.join("playbooks")).find(|dir| dir.is_dir())?;
        Some(Library { root })
    }

    /// Every playbook by its name, sorted. Folders that cannot be read are left out.
    pub fn list(&self) -> Vec<String> {
        let mut names = Vec::new();
        for system in entries(&self.root) {
            for file in entries(&self.root.join(&system)) {
                if let Some(name) =
                    file.strip_suffix(".yaml").filter(|n| *n != "system" && !n.starts_with('.'))
                {
                    names.push(format!("{system}/{name}"));
                }
            }
        }
        names.sort();
        names
    }

    /// Where the playbook with this name stands, or would stand.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.root.join(format!("{name}.yaml"))
    }
}

fn entries(dir: &Path) -> Vec<String> {
    let Ok(read) = std::fs::read_dir(dir) else { return Vec::new() };
    read.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::Library;

    #[test]
    fn the_nearest_folder_is_found_and_listed_by_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let deep = dir.path().join("a/b");
        let system = dir.path().join("playbooks/cafe");
        std::fs::create_dir_all(&deep).expect("made");
        std::fs::create_dir_all(&system).expect("made");
        for name in ["system.yaml", "weekly.yaml", "daily.yaml", "notes.txt"] {
            std::fs::write(system.join(name), "").expect("written");
        }
        let library = Library::find(None, None, &deep).expect("found");
        assert_eq!(library.list(), ["cafe/daily", "cafe/weekly"]);
        assert_eq!(library.path_of("cafe/daily"), system.join("daily.yaml"));
        let named = Library::find(None, Some("elsewhere".as_ref()), &deep).expect("named");
        assert_eq!(named.root, deep.join("elsewhere"));
    }
}
