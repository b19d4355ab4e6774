//! Every playbook of this repository checks and plans in each of its environments, with nothing running, and speaks both
//! languages.

#[path = "shipped/said.rs"]
mod said;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use said::{is_japanese, said};
use toban::base::Lang;
use toban::diag::render;
use toban::lang::{Library, Loaded, load_in};

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn toban(arguments: &[&str], state: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(arguments)
        .args(["--lang", "en"])
        .current_dir(repo())
        .env("TOBAN_STATE_DIR", state)
        // No engine, no secret: neither check nor plan may need one.
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .env_remove("REFNET_DB_PASSWORD")
        .stdin(Stdio::null())
        .output()
        .expect("toban starts")
}

fn told(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The names of all playbooks, `system/name`.
fn playbooks() -> Vec<String> {
    let list = |folder: PathBuf| -> Vec<PathBuf> {
        let mut found: Vec<_> = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        found.sort();
        found
    };
    let systems = list(repo().join("playbooks")).into_iter().filter(|path| path.is_dir());
    let files = systems.flat_map(list).filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files
        .filter(|path| path.file_name().is_some_and(|name| name != "system.yaml"))
        .map(|path| {
            let name =
                path.strip_prefix(repo().join("playbooks")).expect("below the folder").with_extension("");
            name.to_string_lossy().into_owned()
        })
        .collect()
}

#[test]
fn every_shipped_playbook_checks_in_every_environment() {
    let state = tempfile::tempdir().expect("a folder");
    let output = toban(&["check"], state.path());
    assert!(output.status.success(), "{}", told(&output));
    assert!(playbooks().len() >= 20, "they were found");
}

#[test]
fn every_shipped_playbook_plans_without_anything_running() {
    let state = tempfile::tempdir().expect("a folder");
    for name in playbooks() {
        let environments: &[&str] =
            if name.starts_with("quickstart/") { &[""] } else { &["lab", "production"] };
        for environment in environments {
            let mut arguments = vec!["plan", name.as_str()];
            if !environment.is_empty() {
                arguments.extend(["--env", environment]);
            }
            let output = toban(&arguments, state.path());
            assert!(output.status.success(), "{name} in {environment}\n{}", told(&output));
            let plan = String::from_utf8_lossy(&output.stdout);
            assert!(!plan.contains("lab-postgres") && !plan.trim().is_empty(), "{name}: {plan}");
        }
    }
}

#[test]
fn every_text_of_every_playbook_is_there_in_both_languages() {
    let here = repo();
    let library = Library { root: here.join("playbooks") };
    let load = |lang, name: &str| -> Loaded {
        load_in(lang, name, Some(&library), here, None)
            .map_err(|found| render(&found, false))
            .expect("it loads")
    };
    let mut wrong = Vec::new();
    for name in library.list() {
        let (ja, en) = (load(Lang::Ja, &name), load(Lang::En, &name));
        let (in_ja, in_en) = (said(&ja.playbook), said(&en.playbook));
        assert_eq!(in_ja.len(), in_en.len(), "{name}");
        if ja.playbook.description.is_none() {
            wrong.push(format!("{name}: it says nowhere what it is for"));
        }
        for ((at, ja), (_, en)) in in_ja.iter().zip(&in_en) {
            let asks = at.ends_with("title") || at.ends_with("question") || at == "description";
            let same = ja == en && at != "description"; // a name may be one in both
            if is_japanese(en) || (asks && !same && !is_japanese(ja)) {
                wrong.push(format!("{name}: {at}: {ja} | {en}"));
            }
        }
        let system = en.system.title.clone().unwrap_or_default();
        if is_japanese(&system) {
            wrong.push(format!("{name}: the system's title: {system}"));
        }
    }
    assert!(wrong.is_empty(), "{} texts lack a language:\n{}", wrong.len(), wrong.join("\n"));
    assert!(library.list().len() > 100, "the playbooks were found");
}
