//! What each kind of action gives to those who ask for `steps.X`. It gives nothing itself.

use std::borrow::Cow;

use crate::lang::calls::{Calls, part_key};
use crate::model::{Action, FileAction, Probe, Step, StepBody, System, Templated};

/// The names that a step gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// The names, `state` and `seconds` aside.
    pub names: Vec<Cow<'static, str>>,
    /// What it gives cannot be known from the file.
    pub open: bool,
    /// It gives one result an item.
    pub loops: bool,
    /// The names inside `evidence`, where they are declared.
    pub evidence: Vec<String>,
}

impl Outputs {
    /// Anything.
    pub fn unknown() -> Outputs {
        Outputs { open: true, ..Outputs::default() }
    }
}

/// What every step has.
pub const ALWAYS: [&str; 2] = ["state", "seconds"];

/// Whether a `rescue` has made good what failed.
const RECOVERED: Cow<'static, str> = Cow::Borrowed("recovered");

const PROGRAM: &[&str] = &["stdout", "stderr", "exit_code", "json", "lines"];

/// What a step gives.
pub fn of_step(step: &Step, system: Option<&System>, calls: &Calls) -> Outputs {
    let mut outputs = match &step.body {
        StepBody::Group(_) => Outputs::default(),
        StepBody::Act(action) => of_action(action, system, calls),
    };
    if step.around.stdout.is_some() {
        outputs.names.extend(["file", "size", "sha256"].map(Cow::Borrowed));
    }
    if !step.rescue.is_empty() {
        outputs.names.push(RECOVERED);
    }
    outputs.loops = step.for_each.is_some();
    outputs
}

/// What an action gives.
pub fn of_action(action: &Action<Templated>, system: Option<&System>, calls: &Calls) -> Outputs {
    let fixed = |names: &[&'static str]| Outputs {
        names: names.iter().map(|n| Cow::Borrowed(*n)).collect(),
        ..Outputs::default()
    };
    match action {
        Action::Shell(_) | Action::Docker(_) => fixed(PROGRAM),
        Action::Sql(_) => fixed(&["rows", "row_count", "affected", "columns"]),
        Action::Http(_) => fixed(&["status", "headers", "body", "json", "elapsed_ms", "tls", "error"]),
        Action::Probe(probe) => fixed(of_probe(probe)),
        Action::File(file) => fixed(of_file(file)),
        Action::SecretGenerate(_) => fixed(&["file", "changed"]),
        Action::Manual(manual) => Outputs {
            evidence: manual.evidence.keys().cloned().collect(),
            ..fixed(&["answer", "evidence", "note", "by"])
        },
        Action::Notify(_) => fixed(&["status"]),
        Action::Escalate(_) => fixed(&["by", "note", "told"]),
        Action::Decide(_) => fixed(&["choice", "reason", "by"]),
        Action::Wait(wait) => {
            let mut outputs = wait.action().map_or_else(Outputs::default, |a| of_action(&a, system, calls));
            outputs.names.push(Cow::Borrowed("waited"));
            outputs
        }
        Action::Assert(_) | Action::Fail(_) => Outputs::default(),
        Action::Playbook(call) => match calls.parts.get(&part_key(call)) {
            Some(part) => {
                let mut names: Vec<_> = part.playbook.outputs.keys().cloned().map(Cow::Owned).collect();
                if !part.playbook.rescue.is_empty() {
                    names.push(RECOVERED);
                }
                Outputs { names, ..Outputs::default() }
            }
            None => Outputs::unknown(),
        },
        Action::Named(named) => {
            let name = named.name.show();
            match system.and_then(|s| s.actions.get(&name)) {
                Some(Action::Named(_)) | None => Outputs::unknown(),
                Some(action) => of_action(action, system, calls),
            }
        }
    }
}

fn of_probe(probe: &Probe<Templated>) -> &'static [&'static str] {
    match probe {
        Probe::Disk(_) => &["used_percent", "total", "used", "available", "inodes_used_percent", "mount"],
        Probe::Memory(_) => &["total", "available", "used", "used_percent", "swap_total", "swap_used"],
        Probe::Load(_) => &["one", "five", "fifteen", "cpus", "per_cpu"],
        Probe::Tls(_) => &[
            "days_left",
            "not_before",
            "not_after",
            "subject",
            "issuer",
            "names",
            "self_signed",
            "verified",
            "error",
        ],
        Probe::Tcp(_) => &["open", "elapsed_ms", "error"],
        Probe::Dns(_) => &["addresses", "elapsed_ms", "error"],
        Probe::Process(_) => &["count", "pids", "memory", "cpu_seconds", "commands"],
        Probe::Log(_) => &["count", "lines", "scanned", "by_level"],
    }
}

fn of_file(file: &FileAction<Templated>) -> &'static [&'static str] {
    match file {
        FileAction::Write(_) | FileAction::Append(_) | FileAction::Copy(_) => {
            &["file", "size", "sha256", "changed", "files"]
        }
        FileAction::Archive(_) | FileAction::Extract(_) | FileAction::Checksum(_) => {
            &["file", "size", "sha256", "files"]
        }
        FileAction::Read(_) => &["text", "json", "lines", "size", "file"],
        FileAction::Stat(_) => &["file", "exists", "size", "age", "mode", "modified", "kind"],
        FileAction::Remove(_) => &["file", "files", "removed"],
        FileAction::List(_) => &["files"],
        FileAction::Latest(_) => &["file", "size", "sha256", "age", "files"],
        FileAction::Prune(_) => &["files", "removed", "kept"],
    }
}
