//! Which names only a run can know. It does not know the values of the others.

use std::collections::HashSet;

/// The paths that only a run can know.
#[derive(Clone, Debug, Default)]
pub struct Unknown(HashSet<Vec<String>>);

impl Unknown {
    /// What differs in every run.
    pub fn of_run() -> Unknown {
        let mut unknown = Unknown::default();
        for name in
            ["id", "stamp", "started", "operator", "state", "dir", "scratch_dir", "findings", "previous"]
        {
            unknown.add(&["run", name]);
        }
        unknown
    }

    /// One more path; what lies below it is unknown too.
    pub fn add(&mut self, path: &[&str]) {
        self.0.insert(path.iter().map(|p| p.to_string()).collect());
    }

    /// Whether a path is, or lies below, something unknown.
    pub fn covers(&self, path: &[String]) -> bool {
        (1..=path.len()).any(|n| self.0.contains(&path[..n]))
    }
}
