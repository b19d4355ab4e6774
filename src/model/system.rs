//! One system: where things are. `system.yaml` after its environments are merged.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::place::at;
use super::stage::{Slot, Templated};
use super::{Action, Allow, Effect, Mail, Notifications, SecretSource, Window};
use crate::base::{Alphabet, Confidential, Duration};

/// The facts of a system in one environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct System {
    /// What people read.
    #[schemars(with = "Option<crate::model::LocalizedText>")]
    pub title: Option<String>,
    /// Rules of `check` that do not hold in the file; within an environment, those that do not hold in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Box<Allow>>,
    /// The zone of its schedules and of `run.stamp`, such as Asia/Tokyo. Default: the machine's.
    pub timezone: Option<String>,
    /// The environment when none is named.
    pub default_environment: Option<String>,
    /// Facts of its own: `system.vars.X`.
    pub vars: IndexMap<String, Value>,
    /// Limits: `system.thresholds.X`.
    pub thresholds: IndexMap<String, Value>,
    /// Addresses: `system.urls.X`.
    pub urls: IndexMap<String, String>,
    /// Defaults of http steps.
    pub http: HttpDefaults,
    /// Defaults of compose steps.
    pub compose: ComposeDefaults,
    /// Databases by name.
    pub connections: IndexMap<String, Connection>,
    /// Secrets by name: `secrets.X`.
    pub secrets: IndexMap<String, SecretDecl>,
    /// The mail server.
    pub mail: Option<Mail>,
    /// When people are told of a run without a step that does so, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notifications: Option<Notifications>,
    /// Whom to tell, in order.
    pub contacts: Vec<Contact>,
    /// Who must agree before a run, and before single steps.
    pub approvals: Approvals,
    /// Times in which a playbook may run, by name: `window: maintenance` in a playbook. In the zone of the system.
    pub windows: IndexMap<String, Window>,
    /// Actions by name: `action: suspend`.
    pub actions: IndexMap<String, Action<Templated>>,
    /// Whether destroying steps need the target typed.
    pub protected: bool,
    /// What a typed confirmation has to say.
    pub target: Option<String>,
    /// Hosts by name.
    pub hosts: IndexMap<String, Host>,
    /// The host that steps run on.
    pub run_on: Option<String>,
    /// What differs from the above in each environment: merged key by key, null removes, lists replace.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub environments: IndexMap<String, Environment>,
}

/// What differs in an environment: any key of a system but `environments`, merged before it is decoded.
pub type Environment = Value;

/// Defaults of http steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpDefaults {
    /// Header fields of every request.
    pub headers: IndexMap<String, Slot<Templated, Confidential, { at::HEADER }>>,
    /// A PEM file of certificate authorities, beside the playbook, or its text.
    pub ca: Option<String>,
    /// How long an exchange may take. Default: 30s.
    pub timeout: Option<Duration>,
}

/// Defaults of compose steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ComposeDefaults {
    /// The folder of the project.
    pub project_dir: Option<String>,
    /// Its name.
    pub project: Option<String>,
    /// Its files.
    pub files: Vec<String>,
}

/// A database; written as its address alone, or as a mapping.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Connection {
    /// `postgres://…`, `mysql://…`, `sqlite:PATH`.
    pub url: Option<String>,
    /// Another connection whose facts this one takes over where it has none.
    pub like: Option<String>,
    /// The database, where it is not the address's.
    pub database: Option<String>,
    /// The name of the secret that is the password.
    pub password: Option<String>,
    /// The way to a database that publishes no port.
    pub through: Option<Through>,
}

/// The way to a database: exactly one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Through {
    /// A service of the compose project: `{service: db}`.
    pub compose: Option<IndexMap<String, String>>,
    /// A container: `{name: db-1}`.
    pub container: Option<IndexMap<String, String>>,
    /// A host.
    pub host: Option<String>,
}

/// A secret and its source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecretDecl {
    /// Where it comes from.
    pub from: Option<SecretSource>,
    /// Made anew for one run, never stored.
    pub generate: Option<Generate>,
    /// Whether a value under 6 characters is allowed, which can then not be masked.
    pub unmasked: Option<bool>,
}

/// How a secret is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Generate {
    /// How many characters, from 6 to 65536.
    pub length: u32,
    /// `url` (letters, digits, `-`, `_`), `alnum` or `hex`. Default: url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<Alphabet>,
}

/// Someone to tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What they are.
    pub role: String,
    /// Who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Their telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// A webhook that reaches them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// How long to wait for their acknowledgement before the next is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_within: Option<Duration>,
}

/// Who must agree before a run, and before single steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Approvals {
    /// How many people must have approved a saved plan before it is run; nothing is run by its name then. Default: 0.
    #[serde(skip_serializing_if = "is_none_at_all")]
    pub required: u32,
    /// Whether the approval of the one who made the plan does not count. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_the_author: Option<bool>,
    /// How long an approval holds. Default: as long as the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Duration>,
    /// Before a step that destroys; who approved the plan has agreed already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destroy: Option<Approval>,
    /// Before a step that changes something and asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Approval>,
    /// Before a step that only reads and asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Approval>,
}

fn is_none_at_all(number: &u32) -> bool {
    *number == 0
}

impl Approvals {
    /// How many people must agree to a step of this effect that asks.
    pub fn of(&self, effect: Effect) -> Option<&Approval> {
        match effect {
            Effect::Read => self.read.as_ref(),
            Effect::Change => self.change.as_ref(),
            Effect::Destroy => self.destroy.as_ref(),
        }
    }
}

/// How many people must agree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// So many.
    pub people: u32,
}

/// A host; written as `local`, or as a mapping.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Host {
    /// Whether it is this machine.
    pub local: bool,
    /// Where ssh reaches it: `user@host`, `ssh://user@host:port`, a name of the ssh configuration, or a mapping.
    pub ssh: Option<Ssh>,
    /// How commands become root there when their step names no `run_as`: `sudo`, without a password.
    #[serde(rename = "become")]
    pub become_root: Option<Become>,
}

/// A way to another user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Become {
    /// `sudo -n`: without a password.
    Sudo,
}

/// A host as the `ssh` program is told of it; its destination alone may be written for the mapping. Whatever is not
/// said here is as in the ssh configuration of the user who runs Toban. Relative paths begin at the playbook's folder.
///
/// The paths of a step are those of its host, where relative ones begin at the home of the user; a `file` of SQL and the
/// system's `http.ca` are read here. Actions that are more than a command (`file`, `probe`, `http`, `compose`, SQLite) are
/// done by a copy of this program, put there when it is first needed: under its hash in `~/.cache/toban` of the user who
/// does the work, else in `/var/tmp` or `/tmp`. It is used again, and goes once it has not been for a month. Over a slow
/// line `options: { Compression: "yes" }` helps. A host of another kind needs a Toban of this version as `toban` in its
/// `PATH`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ssh {
    /// `user@host`, `ssh://user@host:port`, or a name of the ssh configuration.
    pub to: String,
    /// The port, where it is not 22 or the configuration's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The file of the private key; no other key is then offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// An ssh configuration file to use in place of the user's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Other options of the ssh configuration, such as `ProxyJump: gate`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub options: IndexMap<String, String>,
}
