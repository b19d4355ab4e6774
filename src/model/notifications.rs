//! When people are told of a run without a step that does so, and how. It tells nobody.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Duration;

/// When people are told of a run without a step that does so, and how: with what went wrong, the end of its log, and
/// how to look further, never with a secret. What a playbook says takes the place of what its system says, key by key.
/// Not being able to tell them is recorded and shown, and changes nothing about the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Notifications {
    /// What they are told of; an empty list is nothing at all. Default: failure, recovery, person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<Vec<Occasion>>,
    /// A mail through the server of `mail:` in `system.yaml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<NoticeMail>,
    /// A POST of JSON, whose `text` Slack and others show; `run` and the like are for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<NoticeHook>,
    /// How long a question may stand open before somebody is told of it. Default: 1m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<Duration>,
}

/// What people are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The run has failed, or was stopped.
    Failure,
    /// It went well, and the run before it did not.
    Recovery,
    /// It ended with warnings.
    Warning,
    /// A person is needed: a question is open, was not answered, or `resume` cannot decide by itself.
    Person,
}

/// Who gets a mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeMail {
    /// Addresses.
    pub to: Vec<String>,
    /// Who gets a copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
}

/// Where the JSON goes: exactly one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoticeHook {
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The name of the secret that is the address, as those of Slack are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl Occasion {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Occasion::Failure => "failure",
            Occasion::Recovery => "recovery",
            Occasion::Warning => "warning",
            Occasion::Person => "person",
        }
    }
}

impl Notifications {
    /// What holds for a playbook: what it says itself, else what its system does. None where nobody is told of
    /// anything.
    pub fn of(own: Option<&Notifications>, system: Option<&Notifications>) -> Option<Notifications> {
        let empty = Notifications::default();
        let (own, system) = (own.unwrap_or(&empty), system.unwrap_or(&empty));
        let both = Notifications {
            on: own.on.clone().or_else(|| system.on.clone()),
            mail: own.mail.clone().or_else(|| system.mail.clone()),
            webhook: own.webhook.clone().or_else(|| system.webhook.clone()),
            unanswered: own.unanswered.or(system.unanswered),
        };
        let told = (both.mail.is_some() || both.webhook.is_some()) && !both.occasions().is_empty();
        told.then_some(both)
    }

    /// What people are told of.
    pub fn occasions(&self) -> &[Occasion] {
        const USUAL: [Occasion; 3] = [Occasion::Failure, Occasion::Recovery, Occasion::Person];
        self.on.as_deref().unwrap_or(&USUAL)
    }

    /// How long a question may stand open before somebody is told of it.
    pub fn patience(&self) -> Duration {
        self.unanswered.unwrap_or(Duration::from_secs(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playbook_says_key_by_key_what_differs_from_its_system() {
        let mail = |to: &str| Some(NoticeMail { to: vec![to.into()], cc: Vec::new() });
        let system = Notifications {
            mail: mail("a@x"),
            unanswered: Some(Duration::from_secs(5)),
            ..Notifications::default()
        };
        let own = Notifications {
            on: Some(vec![Occasion::Warning]),
            mail: mail("b@x"),
            ..Notifications::default()
        };
        let both = Notifications::of(Some(&own), Some(&system)).expect("somebody is told");
        assert_eq!((both.patience(), both.mail), (Duration::from_secs(5), mail("b@x")));
        assert_eq!(Notifications::of(None, Some(&system)).map(|n| n.occasions().len()), Some(3));
        let nothing = Notifications { on: Some(Vec::new()), ..Notifications::default() };
        assert_eq!(Notifications::of(Some(&nothing), Some(&system)), None, "nobody is told of anything");
        assert_eq!(Notifications::of(Some(&Notifications::default()), None), None, "there is no way to tell");
    }
}
