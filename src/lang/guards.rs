//! Where a target has to be typed before anything is destroyed, environment by environment. It asks nobody.

use std::collections::BTreeMap;

use serde_json::Value;

use super::system::SystemFile;

/// The targets of the protected environments of a system.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    default: Option<String>,
    targets: BTreeMap<Option<String>, String>,
}

impl Guards {
    /// Those of a system, as its file says it.
    pub fn of(file: &SystemFile) -> Guards {
        let all = file.environments().into_iter().map(Some).chain([None]);
        let targets = all.filter_map(|name| target(&file.in_environment(name.as_deref()), name));
        Guards { default: file.default_environment(), targets: targets.collect() }
    }

    /// The environment when none is named.
    pub fn default_environment(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// What has to be typed in an environment, if anything.
    pub fn target(&self, environment: Option<&str>) -> Option<&str> {
        self.targets.get(&environment.map(str::to_string)).map(String::as_str)
    }
}

fn target(system: &Value, name: Option<String>) -> Option<(Option<String>, String)> {
    let protected = system.get("protected").and_then(Value::as_bool).unwrap_or_default();
    let target = system.get("target").and_then(Value::as_str).map(str::to_string).or_else(|| name.clone());
    target.filter(|_| protected).map(|target| (name, target))
}
