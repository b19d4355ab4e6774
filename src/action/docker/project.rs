//! Which compose project a step means: its folder, its files, its name. It starts nothing but, where a name is made of
//! variables, compose itself.

use std::fs;
use std::path::{Path, PathBuf};

use super::compose_cli::Cli;
use crate::action::Context;
use crate::model::{Compose, Rendered};

/// The names that compose looks for, in its order.
const USUAL: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// A compose project as the step and the system name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Its folder.
    pub dir: PathBuf,
    /// Its files; none for compose's own choice.
    pub files: Vec<PathBuf>,
    /// Its name, where the step or the system gives one.
    pub named: Option<String>,
}

impl Project {
    /// The project of a step: what the step says, else what the system says, else the playbook's folder. The folder is
    /// relative to the playbook; files are relative to the folder, or else to the playbook.
    pub fn of(what: &Compose<Rendered>, cx: &Context<'_>) -> Project {
        let own: Vec<&str> = what.files.iter().map(|f| f.0.as_str()).collect();
        let project = what.project.as_ref().map(|p| p.0.as_str());
        Project::made(what.project_dir.as_ref().map(|d| d.0.as_str()), own, project, cx)
    }

    /// The project of the system, under this name where one is given.
    pub fn usual(project: Option<&str>, cx: &Context<'_>) -> Project {
        Project::made(None, Vec::new(), project, cx)
    }

    fn made(dir: Option<&str>, own: Vec<&str>, project: Option<&str>, cx: &Context<'_>) -> Project {
        let usual = &cx.site.system.compose;
        let dir = dir.or(usual.project_dir.as_deref());
        let dir = dir.map_or_else(|| cx.site.base_dir.clone(), |dir| cx.path(dir));
        let files = if own.is_empty() { usual.files.iter().map(String::as_str).collect() } else { own };
        let place = |file: &str| {
            Some(dir.join(file)).filter(|f| f.exists()).unwrap_or_else(|| absent(&dir, file, cx))
        };
        let named = project.map(str::to_string).or_else(|| usual.project.clone());
        Project { files: files.into_iter().map(place).collect(), dir, named }
    }

    /// The arguments that tell compose of the project.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--project-directory".to_string(), self.dir.display().to_string()];
        for file in &self.files {
            arguments.extend(["-f".to_string(), file.display().to_string()]);
        }
        if let Some(name) = &self.named {
            arguments.extend(["-p".to_string(), name.clone()]);
        }
        arguments
    }

    /// The name under which compose labels the project's containers, found as compose finds it.
    pub async fn name(&self, cx: &Context<'_>) -> String {
        if let Some(name) = &self.named {
            return normalised(name);
        }
        if let Some(name) = self.variable("COMPOSE_PROJECT_NAME", cx) {
            return normalised(&name);
        }
        let files = self.all_files(cx);
        match files.iter().rev().find_map(|file| name_in(file)) {
            Some(name) if name.contains('$') => match Cli::project_name(self, cx).await {
                Some(name) => name,
                None => self.folder_name(&files),
            },
            Some(name) => normalised(&name),
            None => self.folder_name(&files),
        }
    }

    fn folder_name(&self, files: &[PathBuf]) -> String {
        // Compose also looks for its file in the folders above, and then takes the name of that one.
        let dir =
            files.first().filter(|_| self.files.is_empty()).and_then(|f| f.parent()).unwrap_or(&self.dir);
        let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
        normalised(&dir.file_name().unwrap_or_default().to_string_lossy())
    }

    fn all_files(&self, cx: &Context<'_>) -> Vec<PathBuf> {
        if !self.files.is_empty() {
            return self.files.clone();
        }
        if let Some(list) = self.variable("COMPOSE_FILE", cx) {
            return list.split(':').map(|file| self.dir.join(file)).collect();
        }
        let dir = self.dir.canonicalize().unwrap_or_else(|_| self.dir.clone());
        let candidates = dir.ancestors().flat_map(|d| USUAL.iter().map(move |name| d.join(name)));
        candidates.filter(|file| file.is_file()).take(1).collect()
    }

    /// A variable of compose's own: of the step, of this process, of the project's `.env`.
    fn variable(&self, name: &str, cx: &Context<'_>) -> Option<String> {
        let step = cx.around.env.get(name).map(|v| v.0.expose().to_string());
        let value =
            step.or_else(|| std::env::var(name).ok()).or_else(|| in_env_file(&self.dir.join(".env"), name));
        value.filter(|v| !v.is_empty())
    }
}

fn absent(dir: &Path, file: &str, cx: &Context<'_>) -> PathBuf {
    Some(cx.path(file)).filter(|f| f.exists()).unwrap_or_else(|| dir.join(file))
}

fn in_env_file(file: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let value = text.lines().find_map(|line| {
        let (key, value) = line.trim().trim_start_matches("export ").split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches(['"', '\'']).to_string())
    })?;
    Some(value)
}

fn name_in(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let all: serde_yaml::Value = serde_yaml::from_str(&text).ok()?;
    all.get("name")?.as_str().map(str::to_string)
}

/// As compose does: lower case, and only letters, digits, `_` and `-`, of which the first is a letter or a digit.
fn normalised(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept: String = lower
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        .collect();
    kept.trim_start_matches(['_', '-']).to_string()
}

#[cfg(test)]
mod tests {
    use super::{in_env_file, name_in, normalised};

    #[test]
    fn a_folder_name_becomes_a_project_name_as_compose_makes_it() {
        for (given, name) in [("My App", "myapp"), ("_ref-net.2", "ref-net2"), ("当番app", "app")] {
            assert_eq!(normalised(given), name);
        }
    }

    #[test]
    fn names_are_read_from_the_compose_file_and_from_the_env_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let (yaml, env) = (dir.path().join("compose.yaml"), dir.path().join(".env"));
        std::fs::write(&yaml, "name: refnet\nservices: {}\n").expect("written");
        std::fs::write(&env, "A=1\nCOMPOSE_PROJECT_NAME=\"lab\"\n").expect("written");
        assert_eq!(name_in(&yaml), Some("refnet".into()));
        assert_eq!(in_env_file(&env, "COMPOSE_PROJECT_NAME"), Some("lab".into()));
        assert_eq!(in_env_file(&env, "B"), None);
    }
}
