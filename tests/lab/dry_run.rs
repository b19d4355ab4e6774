//! Every playbook that runs unattended, from its plan to its end: the plan, the plan with a look at the lab, a saved
//! plan, its approval, its run, and what the run says of itself. What the plan says is what the kernel was asked for.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::children::{self, Child};
use super::harness::{Lab, repo};
use super::told::{self, Told, fits};

/// How full this machine's disk is says nothing about a plan.
const ROOM: &[&str] = &["-i", "disk_limit=100"];

/// What runs without anybody, with its inputs.
const CAFEMUJI: [(&str, &[&str]); 3] =
    [("cafemuji/backup", ROOM), ("cafemuji/daily", ROOM), ("cafemuji/rotate-logs", &[])];
const REFNET: [(&str, &[&str]); 8] = [
    ("refnet/backup", ROOM),
    ("refnet/daily", ROOM),
    ("refnet/cleanup-joblogs", &[]),
    ("refnet/cleanup-tasks", &[]),
    ("refnet/cleanup-tmp", &[]),
    ("refnet/performance", &[]),
    ("refnet/rotate-logs", &[]),
    ("refnet/weekly-check", ROOM),
];
const PSYFIT: [(&str, &[&str]); 9] = [
    ("psyfit/backup", ROOM),
    ("psyfit/daily", ROOM),
    ("psyfit/verify-backup", &[]),
    ("psyfit/list-backups", &[]),
    ("psyfit/check-health", &[]),
    ("psyfit/check-release", &[]),
    ("psyfit/check-tls", &[]),
    ("psyfit/logs", &[]),
    ("psyfit/monitor", ROOM),
];

/// autograder's, and the answers to what one of them asks.
const AUTOGRADER: [Attended; 8] = [
    ("autograder/daily", ROOM, &[]),
    ("autograder/check-services", &[], &[]),
    ("autograder/check-db", &[], &[]),
    ("autograder/check-performance", &[], &[]),
    ("autograder/analyze-logs", &[], &[]),
    ("autograder/save-logs", &[], &[]),
    ("autograder/weekly", ROOM, &["--confirm", "images/prune"]),
    ("autograder/restart-service", &["-i", "service=nginx"], &["--confirm", "restart"]),
];
/// A playbook, its inputs, and the answers that its run is given.
type Attended = (&'static str, &'static [&'static str], &'static [&'static str]);

#[test]
fn what_is_planned_of_autograder_is_what_runs() {
    let Some(lab) = Lab::turn() else { return };
    let compared: usize =
        AUTOGRADER.iter().map(|(name, inputs, answers)| answered(&lab, name, inputs, answers, compare)).sum();
    assert!(compared >= 10, "{compared} commands were compared");
}

const STYLEAI: [(&str, &[&str]); 5] = [
    ("styleai/daily", ROOM),
    ("styleai/backup-sets", &[]),
    ("styleai/optimize-db", &[]),
    ("styleai/rotate-logs", &[]),
    ("styleai/verify-backup", &[]),
];

#[test]
fn what_is_planned_of_cafemuji_is_what_runs() {
    let Some(lab) = Lab::turn() else { return };
    let compared: usize = CAFEMUJI.iter().map(|(name, inputs)| round(&lab, name, inputs)).sum();
    assert!(compared >= 3, "{compared} commands were compared");
}

#[test]
fn what_is_planned_of_refnet_is_what_runs() {
    let Some(lab) = Lab::turn() else { return };
    let compared: usize = REFNET.iter().map(|(name, inputs)| round(&lab, name, inputs)).sum();
    assert!(compared >= 10, "{compared} commands were compared");
}

#[test]
fn what_is_planned_of_psyfit_is_what_runs() {
    let Some(lab) = Lab::turn() else { return };
    super::harness::empty(&super::psyfit::backups());
    let compared: usize = PSYFIT.iter().map(|(name, inputs)| round(&lab, name, inputs)).sum();
    assert!(compared >= 8, "{compared} commands were compared");
}

#[test]
fn what_is_planned_of_styleai_is_what_runs() {
    let Some(lab) = Lab::turn() else { return };
    super::styleai_host::fresh(&lab);
    let compared: usize =
        STYLEAI.iter().map(|(name, inputs)| answered(&lab, name, inputs, &[], over_ssh)).sum();
    assert!(compared >= 40, "{compared} commands were compared");
}

/// Compares the commands of a plan with the children of its run; gives how many were compared.
type Compare = fn(&str, &[Told], &[Child]) -> usize;

/// One that nobody need be there for.
fn round(lab: &Lab, name: &str, inputs: &[&str]) -> usize {
    answered(lab, name, inputs, &[], compare)
}

/// One playbook from its plan to its run; gives how many commands were compared.
fn answered(lab: &Lab, name: &str, inputs: &[&str], answers: &[&str], compare: Compare) -> usize {
    let plan = |more: &[&str]| lab.toban(&[&["plan", name][..], inputs, more].concat());
    let folder = tempfile::tempdir().expect("a folder");
    let at = |file: &str| folder.path().join(file).display().to_string();
    let (saved, trace) = (at("saved.plan"), at("trace"));
    let told: Value = serde_json::from_str(&plan(&["--format", "json"]).ok(&[name])).expect("JSON");
    let probed = plan(&["--probe", "--format", "json"]).ok(&[name, "--probe"]);
    looked(name, &told, &serde_json::from_str(&probed).expect("JSON"));
    plan(&["-o", &saved]).ok(&[name, "-o"]);
    lab.toban(&["approve", &saved, "--operator", "佐藤"]).ok(&[name, "approve"]);
    let watch = [&children::WATCH[..], &["-o", trace.as_str()]].concat();
    lab.watched(&watch, &[&["run", saved.as_str()][..], answers].concat()).ok(&[name, "run"]);
    let same = lab.toban(&["diff", &saved, "--against", "last"]).ok(&[name, "diff"]);
    assert_eq!(same, "the plans are the same\n", "{name}");
    let again = lab.toban(&["run", &saved]).exits(3);
    assert!(again.err.contains("was run already"), "{name}: {again}");
    let trace = std::fs::read_to_string(&trace).expect("a trace");
    compare(name, &told::of_outline(&told), &children::children(&trace))
}

/// A probe tells the same steps, of some more, and found nothing that speaks against one.
fn looked(name: &str, told: &Value, probed: &Value) {
    let ids = |plan: &Value| {
        let steps = plan["steps"].as_array().expect("steps");
        steps.iter().map(|step| step["id"].clone()).collect::<Vec<_>>()
    };
    let known = ids(probed);
    assert!(ids(told).iter().all(|id| known.contains(id)), "{name}: {known:?}");
    assert_eq!(probed["probe"]["no"], 0, "{name}: {}", probed["probe"]);
}

/// Compares the commands of a plan with the children of its run, both ways.
fn compare(name: &str, told: &[Told], children: &[Child]) -> usize {
    let mut left: Vec<&Told> = told.iter().filter(|t| has_child(t)).collect();
    let system = repo().join("playbooks").join(name.split('/').next().unwrap_or(name));
    let own = |child: &&Child| !is_of_the_engine(child);
    let mut compared = 0;
    for child in children.iter().filter(own) {
        let starts = |t: &Told| t.starts(child) || is_compose(&system, &t.text, &child.argv);
        compared += 1;
        if let Some(at) = left.iter().position(|t| starts(t)) {
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
fn over_ssh(name: &str, told: &[Told], children: &[Child]) -> usize {
    for child in children {
        let program = child.argv.first().map(String::as_str).unwrap_or_default();
        assert!(program.ends_with("ssh"), "{name}: this was planned for another host: {child:#?}\n{told:#?}");
    }
    let planned = told.iter().filter(|t| has_child(t) && !t.conditional).count();
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
