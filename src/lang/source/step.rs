//! The keys of a step: flat, every action an option, so that each mistake has its own place.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::{Confidential, Duration, Size, StepId};
use crate::model::{
    Action, AfterCrash, Allow, Around, Condition, Confirm, Decide, Docker, Effect, Escalate, Fail,
    FileAction, ForEach, Http, Manual, Named, Needs, Notify, OnError, PlaybookCall, Probe, Retry,
    SecretGenerate, Shell, Slot, Sql, Stdin, StdoutFile, Templated, UndoWhen, Wait, at,
};

/// One step: exactly one action, or `steps` of its own, and what surrounds it. What few steps have is boxed, so that
/// ten thousand steps stay small.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Step")]
#[serde(deny_unknown_fields)]
pub struct StepSource {
    /// Its id, unique in the playbook.
    pub id: StepId,
    /// What people read.
    #[serde(default)]
    #[schemars(with = "Option<crate::model::LocalizedText>")]
    pub title: Option<Slot<Templated>>,
    /// What it does to the world. Inferred where certain, else `change`.
    #[serde(default)]
    pub effect: Option<Effect>,
    /// Why a step that looks destructive is none.
    #[serde(default)]
    pub because: Option<String>,
    /// Rules of `check` that do not hold for it.
    #[serde(default)]
    pub allow: Option<Box<Allow>>,
    /// What it waits for. Default: the step above; `[]` starts it at once; `above` waits for all above.
    #[serde(default)]
    pub needs: Option<Needs>,
    /// What it waits for however that ends.
    #[serde(default)]
    pub after: Vec<StepId>,
    /// It is skipped unless this holds.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// One child for each item of a list, as `item` and `index`.
    #[serde(default)]
    pub for_each: Option<Box<ForEach>>,
    /// What must hold of its outputs.
    #[serde(default)]
    pub expect: Vec<Condition>,
    /// Exit codes that mean done. Default: `[0]`.
    #[serde(default)]
    pub ok_codes: Option<Vec<i32>>,
    /// Exit codes that mean done, with a warning.
    #[serde(default)]
    pub warn_codes: Vec<i32>,
    /// What a failure means for the run. Default: fail.
    #[serde(default)]
    pub on_error: OnError,
    /// How often a failed attempt is made again.
    #[serde(default)]
    pub retry: Option<Box<Retry>>,
    /// The question before it.
    #[serde(default)]
    pub confirm: Option<Box<Confirm>>,
    /// What `resume` does when it was under way. Default: ask.
    #[serde(default)]
    pub after_crash: AfterCrash,
    /// A reading action that says, after a crash, whether the step was done.
    #[serde(default)]
    pub verify: Option<Box<Action<Templated>>>,
    /// How it is taken back: one action, never asked about. It runs only where the step was done, failed half way or is
    /// unknown after a crash, in reverse order of what was done, before `rescue`. What a group or a called playbook did
    /// is taken back also where a later step of what holds it fails.
    #[serde(default)]
    pub undo: Option<Box<UndoSource>>,
    /// The host it runs on.
    #[serde(default)]
    pub host: Option<Slot<Templated>>,
    /// The user it runs as.
    #[serde(default)]
    pub run_as: Option<Slot<Templated>>,
    /// The folder it runs in.
    #[serde(default)]
    pub cwd: Option<Slot<Templated, String, { at::PATH }>>,
    /// Variables added to its environment.
    #[serde(default)]
    pub env: IndexMap<String, Slot<Templated, Confidential, { at::ENV }>>,
    /// What it reads.
    #[serde(default)]
    pub stdin: Option<Box<Stdin<Templated>>>,
    /// The file its standard output goes to, whole or not at all.
    #[serde(default)]
    pub stdout: Option<Box<StdoutFile<Templated>>>,
    /// After which an attempt is ended.
    #[serde(default)]
    pub timeout: Option<Slot<Templated, Duration>>,
    /// A reading command under bash; when it exits 0 there is nothing to do.
    #[serde(default)]
    pub unless: Option<Slot<Templated, String, { at::SHELL }>>,
    /// A path; when it exists there is nothing to do.
    #[serde(default)]
    pub creates: Option<Slot<Templated, String, { at::PATH }>>,
    /// Its output is kept out of logs and the journal.
    #[serde(default)]
    pub sensitive: Option<bool>,
    /// How much of its output later steps can use. Default: 1MiB.
    #[serde(default)]
    pub max_output: Option<Size>,
    /// A script under `bash -euo pipefail`, or a list that runs without a shell.
    #[serde(default)]
    pub shell: Option<Shell<Templated>>,
    /// The Docker Engine, or compose.
    #[serde(default)]
    pub docker: Option<Box<Docker<Templated>>>,
    /// SQL on PostgreSQL, MySQL/MariaDB or SQLite.
    #[serde(default)]
    pub sql: Option<Box<Sql<Templated>>>,
    /// One HTTP request.
    #[serde(default)]
    pub http: Option<Box<Http<Templated>>>,
    /// One reading of a host, a network or a log.
    #[serde(default)]
    pub probe: Option<Box<Probe<Templated>>>,
    /// Work on files.
    #[serde(default)]
    pub file: Option<Box<FileAction<Templated>>>,
    /// Makes a secret in a file, once: a file that is there stays as it is.
    #[serde(default)]
    pub secret_generate: Option<SecretGenerate<Templated>>,
    /// An instruction to a person, who answers done, not done or not applicable.
    #[serde(default)]
    pub manual: Option<Box<Manual<Templated>>>,
    /// A menu for a person.
    #[serde(default)]
    pub decide: Option<Box<Decide<Templated>>>,
    /// Waits for a time, or until a reading is as wished.
    #[serde(default)]
    pub wait: Option<Box<Wait<Templated>>>,
    /// Conditions of their own.
    #[serde(default)]
    pub assert: Option<Vec<Condition>>,
    /// Ends with a message, as a failure.
    #[serde(default)]
    pub fail: Option<Fail<Templated>>,
    /// Another playbook, its steps shown inside.
    #[serde(default)]
    pub playbook: Option<Box<PlaybookCall<Templated>>>,
    /// Tells people who are not there.
    #[serde(default)]
    pub notify: Option<Box<Notify<Templated>>>,
    /// Tells contacts one after another until one of them acknowledges.
    #[serde(default)]
    pub escalate: Option<Box<Escalate<Templated>>>,
    /// An action that `system.yaml` names for this environment.
    #[serde(default)]
    pub action: Option<Named<Templated>>,
    /// Steps of its own: a group.
    #[serde(default)]
    #[schemars(with = "Option<Vec<StepSource>>")]
    pub steps: Option<Vec<Option<StepSource>>>,
    /// Of a step with `steps`: what runs once one of them has failed, after what was done has been undone, in list
    /// order, each even if the one before failed. When it succeeds the group has recovered: it ends with a warning, and
    /// what follows goes on.
    #[serde(default)]
    #[schemars(with = "Vec<StepSource>")]
    pub rescue: Vec<Option<StepSource>>,
    /// Of a step with `steps`: what runs at its end whatever happened, also after Ctrl-C and after a no, in list order,
    /// each even if the one before failed.
    #[serde(default)]
    #[schemars(with = "Vec<StepSource>")]
    pub always: Vec<Option<StepSource>>,
}

/// How a step is taken back: exactly one action, with the step's host, user, folder, environment and time limit.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Undo")]
#[serde(deny_unknown_fields)]
pub struct UndoSource {
    /// When. Default: failed.
    #[serde(default)]
    pub when: UndoWhen,
    /// A script under `bash -euo pipefail`, or a list that runs without a shell.
    #[serde(default)]
    pub shell: Option<Shell<Templated>>,
    /// The Docker Engine, or compose.
    #[serde(default)]
    pub docker: Option<Box<Docker<Templated>>>,
    /// SQL on PostgreSQL, MySQL/MariaDB or SQLite.
    #[serde(default)]
    pub sql: Option<Box<Sql<Templated>>>,
    /// One HTTP request.
    #[serde(default)]
    pub http: Option<Box<Http<Templated>>>,
    /// Work on files.
    #[serde(default)]
    pub file: Option<Box<FileAction<Templated>>>,
}

impl UndoSource {
    /// The actions that are given.
    pub fn actions(self) -> Vec<Action<Templated>> {
        let mut all = Vec::new();
        all.extend(self.shell.map(Action::Shell));
        all.extend(self.docker.map(Action::Docker));
        all.extend(self.sql.map(|a| Action::Sql(*a)));
        all.extend(self.http.map(Action::Http));
        all.extend(self.file.map(|a| Action::File(*a)));
        all
    }
}

/// The keys of which a step has exactly one.
pub const ACTION_KEYS: [&str; 17] = [
    "shell",
    "docker",
    "sql",
    "http",
    "probe",
    "file",
    "secret_generate",
    "manual",
    "decide",
    "wait",
    "assert",
    "fail",
    "playbook",
    "notify",
    "escalate",
    "action",
    "steps",
];

impl StepSource {
    /// Takes out the actions that are given, with their keys; `steps` aside.
    pub fn take_actions(&mut self) -> Vec<Action<Templated>> {
        let mut all = Vec::new();
        all.extend(self.shell.take().map(Action::Shell));
        all.extend(self.docker.take().map(Action::Docker));
        all.extend(self.sql.take().map(|a| Action::Sql(*a)));
        all.extend(self.http.take().map(Action::Http));
        all.extend(self.probe.take().map(|a| Action::Probe(*a)));
        all.extend(self.file.take().map(|a| Action::File(*a)));
        all.extend(self.secret_generate.take().map(Action::SecretGenerate));
        all.extend(self.manual.take().map(|a| Action::Manual(*a)));
        all.extend(self.decide.take().map(|a| Action::Decide(*a)));
        all.extend(self.wait.take().map(Action::Wait));
        all.extend(self.assert.take().map(|list| Action::Assert(crate::model::Assert(list))));
        all.extend(self.fail.take().map(Action::Fail));
        all.extend(self.playbook.take().map(|a| Action::Playbook(*a)));
        all.extend(self.notify.take().map(Action::Notify));
        all.extend(self.escalate.take().map(Action::Escalate));
        all.extend(self.action.take().map(Action::Named));
        all
    }

    /// Takes out what surrounds the action.
    pub fn take_around(&mut self) -> Around<Templated> {
        Around {
            host: self.host.take(),
            run_as: self.run_as.take(),
            cwd: self.cwd.take(),
            env: std::mem::take(&mut self.env),
            stdin: self.stdin.take().map(|s| *s),
            stdout: self.stdout.take().map(|s| *s),
            timeout: self.timeout.take(),
            unless: self.unless.take(),
            creates: self.creates.take(),
            sensitive: self.sensitive,
            max_output: self.max_output,
        }
    }
}
