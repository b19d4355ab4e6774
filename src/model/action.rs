//! The kinds of work a step can do. It performs none of them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::place::at;
use super::stage::Slot;
use super::{
    Args, Condition, Docker, Escalate, FileAction, Http, InputDecl, Notify, Probe, SecretGenerate, Sql, Tree,
};
use crate::base::Duration;

staged_enum! {
    /// What a step does: exactly one of these.
    pub enum Action {
        /// A script under `bash -euo pipefail`, or a list that runs without a shell.
        "shell" Shell(Shell<S>),
        /// The Docker Engine, or compose.
        "docker" Docker(Box<Docker<S>>),
        /// SQL on PostgreSQL, MySQL/MariaDB or SQLite.
        "sql" Sql(Sql<S>),
        /// One HTTP request.
        "http" Http(Box<Http<S>>),
        /// One reading of a host, a network or a log.
        "probe" Probe(Probe<S>),
        /// Work on files.
        "file" File(FileAction<S>),
        /// Makes a secret in a file, once: a file that is there stays as it is. Gives `file`, `changed`.
        "secret_generate" SecretGenerate(SecretGenerate<S>),
        /// An instruction to a person, who answers done, not done or not applicable.
        "manual" Manual(Manual<S>),
        /// A menu for a person.
        "decide" Decide(Decide<S>),
        /// Waits for a time, or until a reading is as wished.
        "wait" Wait(Box<Wait<S>>),
        /// Conditions of their own.
        "assert" Assert(Assert),
        /// Ends with a message, as a failure.
        "fail" Fail(Fail<S>),
        /// Another playbook, its steps shown inside.
        "playbook" Playbook(PlaybookCall<S>),
        /// Tells people who are not there.
        "notify" Notify(Box<Notify<S>>),
        /// Tells contacts one after another until one of them acknowledges.
        "escalate" Escalate(Box<Escalate<S>>),
        /// An action that `system.yaml` names for this environment.
        "action" Named(Named<S>),
    }
}

staged! {
    /// A program to run; written as a script, as a list of arguments, or as a mapping.
    pub struct Shell {
        /// A script; each `{{ … }}` in it becomes exactly one quoted word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<Slot<S, String, { at::SHELL }>>,
        /// The shell that runs the script. Default: `[bash, -euo, pipefail]`.
        #[serde(default, skip_serializing_if = "Option::is_none", rename = "with")]
        with: Option<Vec<String>>,
        /// A program and its arguments, without a shell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        argv: Option<Args<S>>,
    }
}

staged! {
    /// Something a person does and vouches for.
    pub struct Manual {
        /// What to do.
        #[schemars(with = "crate::model::LocalizedText")]
        instruction: Slot<S>,
        /// A page to open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<Slot<S, String, { at::URL }>>,
        /// What the person has to bring back, each with its type.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        evidence: IndexMap<String, InputDecl>,
    }
}

staged! {
    /// A question with a fixed set of answers; the reason is recorded.
    pub struct Decide {
        /// The question.
        #[schemars(with = "crate::model::LocalizedText")]
        question: Slot<S>,
        /// The answers: what is recorded, and what the person reads.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        #[schemars(with = "IndexMap<String, crate::model::LocalizedText>")]
        choices: IndexMap<String, Slot<S>>,
        /// The answers, from a list that an earlier step gave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<DecideFrom<S>>,
    }
}

staged! {
    /// Answers from a list.
    pub struct DecideFrom {
        /// The list.
        list: Tree<S>,
        /// An expression over `item`: what is recorded.
        value: String,
        /// An expression over `item`: what the person reads.
        label: String,
    }
}

staged! {
    /// Waits; written as a length of time, or as a mapping.
    pub struct Wait {
        /// A fixed time.
        #[serde(default, skip_serializing_if = "Option::is_none", rename = "for")]
        r#for: Option<Slot<S, Duration>>,
        /// What must hold of the reading.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        until: Vec<Condition>,
        /// The time between two readings. Default: 2s.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every: Option<Slot<S, Duration>>,
        /// After which the step fails. Default: 5m.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Slot<S, Duration>>,
        /// A command to read from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shell: Option<Shell<S>>,
        /// A reading of the Docker Engine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        docker: Option<Box<Docker<S>>>,
        /// A query.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sql: Option<Sql<S>>,
        /// A request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        http: Option<Box<Http<S>>>,
        /// A reading of a host, a network or a log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probe: Option<Probe<S>>,
        /// A reading of files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<FileAction<S>>,
    }
}

staged! {
    /// Ends the step as a failure.
    pub struct Fail {
        /// What the operator is told.
        #[schemars(with = "crate::model::LocalizedText")]
        message: Slot<S>,
    }
}

/// Conditions over earlier results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Assert(pub Vec<Condition>);
unstaged!(Assert, Condition, InputDecl);

staged! {
    /// Another playbook.
    pub struct PlaybookCall {
        /// Its name, `system/name`, or its path.
        run: String,
        /// Its inputs.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        inputs: IndexMap<String, Tree<S>>,
        /// Its environment; only from a protected one to an unprotected one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
    }
}

staged! {
    /// An action by its name in `system.yaml`.
    pub struct Named {
        /// The name.
        name: Slot<S>,
    }
}

impl<S: super::Stage> Action<S> {
    /// Whether it sends mail, where the system has a server for it.
    pub fn sends_mail(&self) -> bool {
        match self {
            Action::Notify(notify) => notify.mail.is_some(),
            Action::Escalate(_) => true,
            _ => false,
        }
    }
}

impl<S: super::Stage> Wait<S> {
    /// The reading as an action of its own; none for a plain wait.
    pub fn action(&self) -> Option<Action<S>> {
        self.shell
            .clone()
            .map(Action::Shell)
            .or_else(|| self.docker.clone().map(Action::Docker))
            .or_else(|| self.sql.clone().map(Action::Sql))
            .or_else(|| self.http.clone().map(Action::Http))
            .or_else(|| self.probe.clone().map(Action::Probe))
            .or_else(|| self.file.clone().map(Action::File))
    }

    /// How many readings are given: at most one in a checked playbook.
    pub fn count(&self) -> usize {
        [
            self.shell.is_some(),
            self.docker.is_some(),
            self.sql.is_some(),
            self.http.is_some(),
            self.probe.is_some(),
            self.file.is_some(),
        ]
        .into_iter()
        .filter(|given| *given)
        .count()
    }
}
