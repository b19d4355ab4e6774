//! Rules of `check` that a playbook or a system allows as a whole, as a reader of the plan needs them. What a step allows
//! stands with the step.

use serde::{Deserialize, Serialize};

use crate::lang::Loaded;
use crate::model::Allow;

/// A rule that does not hold in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// The file, as the user knows it; `system.yaml` for the facts of the system.
    pub place: String,
    /// The rule.
    pub rule: String,
    /// Why.
    pub reason: String,
}

impl Allowed {
    /// What a playbook, its system and all it calls allow, each once.
    pub fn of(loaded: &Loaded) -> Vec<Allowed> {
        let mut all = Vec::new();
        add(loaded, &mut all);
        all
    }
}

fn add(loaded: &Loaded, all: &mut Vec<Allowed>) {
    let playbook = &loaded.playbook;
    let told = |place: &str, allow: &Option<Box<Allow>>| -> Vec<Allowed> {
        let reasons = allow.iter().flat_map(|allow| allow.reasons());
        let one = |(rule, reason): (&str, &str)| Allowed {
            place: place.to_string(),
            rule: rule.to_string(),
            reason: reason.to_string(),
        };
        reasons.map(one).collect()
    };
    let system = told("system.yaml", &loaded.system.allow);
    for allowed in told(&playbook.name, &playbook.allow).into_iter().chain(system) {
        if !all.contains(&allowed) {
            all.push(allowed);
        }
    }
    loaded.parts.values().for_each(|part| add(part, all));
}
