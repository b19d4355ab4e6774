//! What is searched for, and where. The forms come from the programs that make them, not from the masker.

use std::collections::BTreeMap;
use std::path::Path;

use crate::place::Place;

/// Texts that must not be found, each with what it is.
pub struct Needles {
    pub all: Vec<(String, String)>,
}

impl Needles {
    /// Which of them are in a text, with what stands around the first.
    pub fn within(&self, text: &str) -> Vec<String> {
        let found = self.all.iter().filter_map(|(form, needle)| {
            let at = text.find(needle.as_str())?;
            let from = text[..at].char_indices().rev().nth(100).map_or(0, |(i, _)| i);
            let around: String = text[from..].chars().take(220).collect();
            Some(format!("{form}: …{}…", around.replace('\n', "⏎")))
        });
        found.collect()
    }
}

/// Every form of a secret, as it is and as it would stand in JSON or HTML.
pub fn needles(place: &Place, secret: &str) -> Needles {
    let mut command = place.around("python3");
    let output = command.args(["playbooks/s/forms.py", "--list"]).env("S", secret).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut forms: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).expect("forms");
    let characters: Vec<char> = secret.chars().collect();
    if characters.len() >= 24 && !secret.contains('\n') {
        for (name, from) in
            [("begins", 0), ("goes on", characters.len() / 2), ("ends", characters.len() - 16)]
        {
            let piece: String = characters[from..].iter().take(16).collect();
            forms.insert(name.to_string(), piece);
        }
    }
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, form) in forms {
        for (as_what, text) in [
            ("", form.clone()),
            (" in JSON", serde_json::to_string(&form).expect("JSON").trim_matches('"').to_string()),
            (" in HTML", form.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")),
        ] {
            if !all.iter().any(|(_, known)| *known == text) {
                all.push((format!("{name}{as_what}"), text));
            }
        }
    }
    Needles { all }
}

/// All files below a folder, with their text.
pub fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            found.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}
