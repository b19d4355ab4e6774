//! Every playbook planned, with and without a look at the lab; and of those that run by themselves, that what the plan
//! says is what the kernel was asked for. The others are run by tests of their own that look at what they do: from a
//! saved plan too, which is approved and compared with the run (`Lab::toban`); `tests/lab/all-ran` tells which were
//! not. The rounds of each system stand in a file of their own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::children::{self, Child};
use super::harness::{Lab, names, repo};
use super::told::{self, Told, fits};

/// How full this machine's disk is says nothing about a plan.
pub const ROOM: &[&str] = &["-i", "disk_limit=100"];

/// Compares the commands of a plan with the children of its run; gives how many were compared.
pub type Compare = fn(&str, &[Told], &[Child]) -> usize;

/// The systems whose playbooks have rounds in the lab. The quickstart's needs no lab: the tests of examples run it.
const SYSTEMS: [&str; 5] = ["autograder", "cafemuji", "psyfit", "refnet", "styleai"];

#[test]
fn every_system_has_its_rounds() {
    let folders: Vec<String> =
        names(&repo().join("playbooks"), "").into_iter().filter(|name| !name.contains('.')).collect();
    let known: BTreeSet<&str> = SYSTEMS.into_iter().chain(["quickstart"]).collect();
    assert_eq!(folders, known.into_iter().collect::<Vec<_>>());
}

/// The rounds of one system, and which of its playbooks had theirs.
pub struct Rounds<'a> {
    lab: &'a Lab,
    system: &'static str,
    compare: Compare,
    done: BTreeSet<String>,
    compared: usize,
}

impl<'a> Rounds<'a> {
    pub fn of(lab: &'a Lab, system: &'static str, compare: Compare) -> Rounds<'a> {
        assert!(SYSTEMS.contains(&system));
        Rounds { lab, system, compare, done: BTreeSet::new(), compared: 0 }
    }

    /// One playbook from its plan to its run, which is given these answers.
    pub fn run(&mut self, playbook: &str, inputs: &[&str], answers: &[&str]) {
        let name = format!("{}/{playbook}", self.system);
        let told = self.told(&name, inputs, None);
        let trace = tempfile::NamedTempFile::new().expect("a file");
        let file = trace.path().display().to_string();
        let watch = [&children::WATCH[..], &["-o", &file]].concat();
        self.lab.watched(&watch, &[&["run", &name][..], inputs, answers].concat()).ok(&[&name]);
        let trace = std::fs::read_to_string(trace.path()).expect("a trace");
        self.compared += (self.compare)(&name, &told::of_outline(&told), &children::children(&trace));
        self.done.insert(playbook.to_string());
    }

    /// One that a test of its own runs. `refused` is what the look has against it, if anything.
    pub fn plan(&mut self, playbook: &str, inputs: &[&str], refused: Option<&str>) {
        self.told(&format!("{}/{playbook}", self.system), inputs, refused);
        self.done.insert(playbook.to_string());
    }

    /// The plan, without a look and with one, which has nothing against it but what is expected.
    fn told(&self, name: &str, inputs: &[&str], refused: Option<&str>) -> Value {
        let plan = |more: &[&str]| self.lab.toban(&[&["plan", name][..], inputs, more].concat());
        let read = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
        let told = read(&plan(&["--format", "json"]).ok(&[name]));
        let probed = plan(&["--probe", "--format", "json"]).exits(i32::from(refused.is_some()));
        looked(name, &told, &read(&probed.out), refused);
        told
    }

    /// Ends the rounds of the system: every playbook of its folder had its own, and so many commands were compared.
    pub fn end(self, compared: usize) {
        let files = names(&repo().join("playbooks").join(self.system), ".yaml");
        let all = files.iter().map(|file| file.trim_end_matches(".yaml").to_string());
        let all: BTreeSet<String> = all.filter(|name| name != "system").collect();
        assert_eq!(self.done, all, "each playbook of {} has a round", self.system);
        assert!(self.compared >= compared, "{} commands of {} were compared", self.compared, self.system);
    }
}

/// A probe tells the same steps, of some more, and found nothing that speaks against one but what is expected.
fn looked(name: &str, told: &Value, probed: &Value, refused: Option<&str>) {
    let ids = |plan: &Value| {
        let steps = plan["steps"].as_array().expect("steps");
        steps.iter().map(|step| step["id"].clone()).collect::<Vec<_>>()
    };
    let known = ids(probed);
    assert!(ids(told).iter().all(|id| known.contains(id)), "{name}: {known:?}");
    let steps = probed["steps"].as_array().expect("steps").iter();
    let no: Vec<String> = steps
        .filter(|step| step["probe"]["verdict"] == "no")
        .map(|step| format!("{}: {}", step["id"], step["probe"]["words"]))
        .collect();
    let expected = refused.is_some_and(|words| no.iter().any(|told| told.contains(words)));
    assert!(no.is_empty() && refused.is_none() || expected, "{name}: {no:?}");
}

/// Compares the commands of a plan with the children of its run, both ways.
pub fn compare(name: &str, told: &[Told], children: &[Child]) -> usize {
    let mut left: Vec<&Told> = told.iter().filter(|t| has_child(t)).collect();
    let system = repo().join("playbooks").join(name.split('/').next().unwrap_or(name));
    let own = |child: &&Child| !is_of_the_engine(child);
    let mut compared = 0;
    for child in children.iter().filter(own) {
        let starts = |t: &Told| t.starts(child) || is_compose(&system, &t.text, &child.argv);
        compared += 1;
        // What may not come at all is not taken for what has to.
        let sure = left.iter().position(|t| !t.conditional && starts(t));
        if let Some(at) = sure.or_else(|| left.iter().position(|t| starts(t))) {
            left.remove(at);
            continue;
        }
        let again = told.iter().any(|t| (t.unknown_loop || t.repeats) && starts(t));
        let guards = told.iter().flat_map(|t| &t.guards);
        let guard = guards.into_iter().any(|g| told::is_script(g, &child.argv));
        // A file is verified by a script that the plan has in its text.
        let verifies = told.iter().any(|t| t.kind == "file" && verifier(&t.text, &child.argv));
        assert!(again || guard || verifies, "{name}: this was not planned: {child:#?}\n{told:#?}");
    }
    left.retain(|t| !t.conditional && !t.may_be_childless && !t.unknown_loop && t.guards.is_empty());
    assert!(left.is_empty(), "{name}: this was planned and did not come: {left:#?}");
    compared
}

/// What is planned for a host over ssh starts nothing here but `ssh`: what that carries is not in its arguments.
pub fn over_ssh(name: &str, told: &[Told], children: &[Child]) -> usize {
    for child in children {
        let program = child.argv.first().map(String::as_str).unwrap_or_default();
        assert!(program.ends_with("ssh"), "{name}: this was planned for another host: {child:#?}\n{told:#?}");
    }
    let planned = told.iter().filter(|t| has_child(t) && !t.conditional && !t.unknown_loop).count();
    assert!(children.len() >= planned, "{name}: {planned} commands were planned, {} came", children.len());
    children.len()
}

/// Whether a command of this machine carries it out; the rest is asked of the engine's socket, a server, a file.
fn has_child(told: &Told) -> bool {
    let verbs = ["exec", "run", "up", "down", "stop", "start", "restart", "pull", "build", "config"];
    let words = told::words(&told.text);
    let compose = told.kind == "docker" && words.get(1).is_some_and(|word| word == "compose");
    match told.kind.as_str() {
        "shell" | "wait" => true,
        _ => compose && words.iter().any(|word| verbs.contains(&word.as_str())),
    }
}

/// Compose is asked which version it is before it is told anything.
fn is_of_the_engine(child: &Child) -> bool {
    child.argv.ends_with(&["version".to_string(), "--short".to_string()])
}

/// A compose call without what the engine marks its own processes with; folders are the same folder.
fn is_compose(system: &Path, text: &str, argv: &[String]) -> bool {
    let (planned, mut actual) = (told::words(text), Vec::new());
    let mut argv = argv.iter().peekable();
    while let Some(word) = argv.next() {
        let own = argv.peek().is_some_and(|next| {
            (word == "-e" && next.starts_with("TOBAN_"))
                || (word == "--label" && next.starts_with("dev.toban."))
        });
        if own {
            argv.next();
        } else {
            actual.push(word.clone());
        }
    }
    let whole = |path: PathBuf| path.canonicalize().ok();
    let is_same = |planned: &String, actual: &String| {
        fits(planned, actual)
            || whole(system.join(planned)).is_some_and(|p| Some(p) == whole(PathBuf::from(actual)))
    };
    planned.len() == actual.len() && planned.iter().zip(&actual).all(|(p, a)| is_same(p, a))
}

fn verifier(text: &str, argv: &[String]) -> bool {
    let script = argv.last().map(|script| Value::from(script.as_str()).to_string());
    script.is_some_and(|script| text.contains(&script))
}
