//! Every schedule of a playbook folder. A playbook that does not check is told of, and the others go on.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::tz::TimeZone;

use super::Entry;
use crate::base::local_zone;
use crate::calendar::{Cron, Rule, Times};
use crate::diag::Diagnostic;
use crate::lang::{Library, Loaded, environments_of, load};
use crate::model::{Allow, Schedule, System};

/// What was found in a playbook folder.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Every schedule, by playbook.
    pub entries: Vec<Entry>,
    /// The playbooks that do not check, each with its mistakes: whether they have schedules is not known.
    pub broken: Vec<(String, Vec<Diagnostic>)>,
    /// What somebody should look at in playbooks that have schedules.
    pub warnings: Vec<Diagnostic>,
    /// The environments there are.
    pub environments: BTreeSet<String>,
    /// The systems that do not have the one asked for: of their schedules only those are here that name their own.
    pub without: BTreeSet<String>,
}

/// Reads every playbook. `environment` is the one asked for; that of a schedule comes first.
pub fn gather(library: &Library, cwd: &Path, environment: Option<&str>) -> Gathered {
    let mut found = Gathered::default();
    for name in library.list() {
        let names = environments_of(&name, Some(library), cwd);
        let is_there = |wanted: &str| names.as_ref().is_none_or(|names| names.iter().any(|n| n == wanted));
        let lacks = environment.is_some_and(|wanted| !is_there(wanted));
        if lacks {
            found.without.insert(system_of(&name).to_string());
        }
        found.environments.extend(names.into_iter().flatten());
        let loaded = match load(&name, Some(library), cwd, environment.filter(|_| !lacks)) {
            Ok(loaded) => loaded,
            Err(mistakes) => {
                found.broken.push((name, mistakes));
                continue;
            }
        };
        let all = loaded.playbook.schedule.iter().enumerate();
        let schedules: Vec<_> =
            all.filter(|(_, schedule)| !lacks || schedule.environment.is_some()).collect();
        for (index, schedule) in schedules.iter().copied() {
            let elsewhere =
                schedule.environment.as_deref().filter(|e| loaded.environment.as_deref() != Some(e));
            let there = elsewhere.map(|wanted| load(&name, Some(library), cwd, Some(wanted))).transpose();
            match there {
                Ok(there) => {
                    found.entries.extend(entry(&name, index, schedule, there.as_ref().unwrap_or(&loaded)))
                }
                Err(mistakes) => found.broken.push((name.clone(), mistakes)),
            }
        }
        if !schedules.is_empty() {
            let new: Vec<Diagnostic> =
                loaded.warnings.into_iter().filter(|d| !found.warnings.contains(d)).collect();
            found.warnings.extend(new);
        }
    }
    found
}

fn entry(name: &str, index: usize, schedule: &Schedule, loaded: &Loaded) -> Option<Entry> {
    let environment = loaded.environment.clone();
    Some(Entry {
        key: Entry::key(name, environment.as_deref(), schedule),
        playbook: name.to_string(),
        title: loaded.playbook.title.clone(),
        index,
        rule: Rule {
            times: Times { cron: Cron::parse(&schedule.cron)?, zone: zone(&loaded.system) },
            missed: schedule.missed,
            overlap: schedule.overlap,
        },
        schedule: schedule.clone(),
        takes: takes(name, loaded),
        allows: allows(loaded),
        environment,
        at: loaded.schedule_place(index),
    })
}

fn system_of(playbook: &str) -> &str {
    playbook.split('/').next().unwrap_or(playbook)
}

fn zone(system: &System) -> TimeZone {
    let named = system.timezone.as_deref().and_then(|name| TimeZone::get(name).ok());
    named.unwrap_or_else(local_zone)
}

/// What of it is allowed in the playbook, or for all of its system in this environment.
fn allows(loaded: &Loaded) -> BTreeSet<&'static str> {
    let places = [&loaded.playbook.allow, &loaded.system.allow];
    let rules = places.into_iter().flatten().flat_map(|allow| allow.reasons()).map(|(rule, _)| rule);
    rules.filter(|rule| Allow::OF_SCHEDULES.contains(rule)).collect()
}

/// What a run takes up, as people call it.
fn takes(name: &str, loaded: &Loaded) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    locks(loaded, &mut all);
    let system = system_of(name);
    let place = loaded.environment.as_ref().map(|e| format!(" ({e})")).unwrap_or_default();
    all.insert(crate::t!("the system {system}{place}", "システム {system}{place}"));
    let host = loaded.system.run_on.as_ref().and_then(|host| loaded.system.hosts.get(host));
    all.insert(match host.and_then(|host| host.ssh.as_ref()) {
        Some(ssh) => crate::t!("the host {}", "ホスト {}", ssh.to),
        None => this_machine(),
    });
    all
}

/// The host of a system that names no other.
pub fn this_machine() -> String {
    crate::t!("this machine", "このマシン")
}

fn locks(loaded: &Loaded, into: &mut BTreeSet<String>) {
    for lock in &loaded.playbook.locks {
        into.insert(crate::t!("the lock {}", "ロック {}", lock.name));
    }
    loaded.parts.values().for_each(|part| locks(part, into));
}
