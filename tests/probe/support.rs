//! A playbook that is probed, and what was found about each of its steps.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::place::{Place, Said, said};

/// A probed plan.
pub struct Probed {
    pub code: i32,
    pub plan: Value,
}

impl Probed {
    /// What a probe said, as JSON.
    pub fn read(said: &Said) -> Probed {
        let plan =
            serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {} {}", said.out, said.err));
        Probed { code: said.code, plan }
    }

    fn step(&self, id: &str) -> &Value {
        let steps = self.plan["steps"].as_array().expect("steps");
        steps.iter().find(|s| s["id"] == id).unwrap_or_else(|| panic!("no step {id} in {:#}", self.plan))
    }

    /// `yes`, `no` or `cannot_know`.
    pub fn verdict(&self, id: &str) -> &str {
        self.step(id)["probe"]["verdict"].as_str().unwrap_or_default()
    }

    pub fn words(&self, id: &str) -> &str {
        self.step(id)["probe"]["words"].as_str().unwrap_or_default()
    }

    pub fn ran(&self, id: &str) -> bool {
        self.step(id)["probe"]["ran"] == true
    }

    /// What would be performed, with the values bound into it.
    pub fn text(&self, id: &str) -> String {
        let text = &self.step(id)["text"][0];
        let lines = ["lines", "parameters"].into_iter().filter_map(|key| text[key].as_array()).flatten();
        lines.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Says what was found when it is not this.
    pub fn expect(&self, id: &str, verdict: &str, words: &str) {
        assert_eq!(self.verdict(id), verdict, "{id}: {}", self.words(id));
        assert!(self.words(id).contains(words), "{id}: {} lacks {words}", self.words(id));
    }
}

/// Writes a playbook of these steps, and plans it with these flags.
pub fn plan(place: &Place, steps: &str, flags: &[&str]) -> Said {
    place.file("p.yaml", &format!("title: t\nsteps:\n{steps}"));
    said(place.command().args(["plan", "./p.yaml", "--format", "json"]).args(flags).output().expect("toban"))
}

/// The same with `--probe`.
pub fn probe(place: &Place, steps: &str, flags: &[&str]) -> Probed {
    Probed::read(&plan(place, steps, &[&["--probe"], flags].concat()))
}

/// Every file below a folder with its content, mode and time of change.
pub fn snapshot(folder: &Path) -> BTreeMap<String, (Vec<u8>, u32, i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    let (mut all, mut folders) = (BTreeMap::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let facts = path.symlink_metadata().expect("facts");
            let content = if facts.is_file() { std::fs::read(&path).expect("a file") } else { Vec::new() };
            if facts.is_dir() {
                folders.push(path.clone());
            }
            all.insert(
                path.display().to_string(),
                (content, facts.mode(), facts.ctime(), facts.ctime_nsec()),
            );
        }
    }
    all
}
