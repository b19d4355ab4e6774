//! One schedule of one playbook, with all that is needed to follow it. It starts nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::base::Lang;
use crate::calendar::Rule;
use crate::diag::At;
use crate::model::Schedule;

/// One schedule of one playbook.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the ledger calls it: the same as long as it means the same runs at the same times.
    pub key: String,
    /// The playbook's name, `system/name`.
    pub playbook: String,
    /// The playbook's title.
    pub title: String,
    /// Which of the playbook's schedules it is, from 0.
    pub index: usize,
    /// When, and what then stands in its way.
    pub rule: Rule,
    /// As the playbook has it.
    pub schedule: Schedule,
    /// The environment of its runs.
    pub environment: Option<String>,
    /// What its runs take up: locks, the system, the host; each as people call it.
    pub takes: BTreeSet<String>,
    /// The findings of `schedule check` that its playbook or its system allows.
    pub allows: BTreeSet<&'static str>,
    /// Where its cron expression stands.
    pub at: At,
}

impl Entry {
    /// The name of its zone.
    pub fn zone(&self) -> &str {
        self.rule.times.zone.iana_name().unwrap_or("-")
    }

    /// What the ledger calls a schedule.
    pub fn key(playbook: &str, environment: Option<&str>, schedule: &Schedule) -> String {
        let place = environment.map(|name| format!("@{name}")).unwrap_or_default();
        let inputs = match schedule.inputs.is_empty() {
            true => String::new(),
            false => format!(" {}", serde_json::to_string(&schedule.inputs).unwrap_or_default()),
        };
        let cron: Vec<&str> = schedule.cron.split_whitespace().collect();
        format!("{playbook}{place} \"{}\"{inputs}", cron.join(" "))
    }
}

/// How the runs of schedules are called.
#[derive(Clone, Debug)]
pub struct Calling {
    /// This program.
    pub program: PathBuf,
    /// The playbook folder.
    pub playbooks: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// The language to speak.
    pub lang: Lang,
}

impl Calling {
    /// The arguments behind the program's name that run a schedule.
    pub fn arguments(&self, entry: &Entry) -> Vec<String> {
        let mut all: Vec<String> = vec!["run".into(), entry.playbook.clone()];
        let mut flag = |name: &str, value: String| all.extend([name.to_string(), value]);
        flag("--playbooks", self.playbooks.display().to_string());
        flag("--state-dir", self.state.display().to_string());
        if let Some(environment) = &entry.environment {
            flag("--env", environment.clone());
        }
        let schedule = &entry.schedule;
        for (name, value) in schedule.inputs.iter().filter(|(_, value)| !value.is_null()) {
            flag("-i", format!("{name}={}", shown(value)));
        }
        schedule.confirm.iter().for_each(|step| flag("--confirm", step.clone()));
        schedule.choose.iter().for_each(|(step, value)| flag("--choose", format!("{step}={value}")));
        schedule.answer.iter().for_each(|(step, value)| flag("--answer", format!("{step}={value}")));
        flag("--operator", "schedule".into());
        flag("--progress", "quiet".into());
        if self.lang == Lang::Ja {
            flag("--lang", "ja".into());
        }
        all
    }
}

/// A value as it is typed behind `-i`.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
