//! One step of a playbook.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::place::at;
use super::policy::{AfterCrash, Confirm, Effect, ForEach, Needs, OnError, Retry, UndoWhen};
use super::stage::{Slot, Stage, Templated};
use super::{Action, Allow, Condition};
use crate::base::{Confidential, Duration, Size, StepId};

/// One step: an action, or a group of steps, and what surrounds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its id, unique in the playbook.
    pub id: StepId,
    /// What people read; the id where there is none.
    pub title: Option<Slot<Templated>>,
    /// What it does.
    pub body: StepBody,
    /// What it does to the world: declared, else inferred.
    pub effect: Effect,
    /// Whether the effect was written in the file.
    pub effect_declared: bool,
    /// Why a step that looks destructive is none.
    pub because: Option<String>,
    /// Rules of `check` that do not hold for it.
    pub allow: Option<Box<Allow>>,
    /// What it waits for.
    pub needs: Needs,
    /// What it waits for however that ends.
    pub after: Vec<StepId>,
    /// It is skipped unless all of these hold.
    pub when: Vec<Condition>,
    /// One child an item.
    pub for_each: Option<Box<ForEach>>,
    /// What must hold of its outputs.
    pub expect: Vec<Condition>,
    /// Exit codes that mean done. Default: 0.
    pub ok_codes: Vec<i32>,
    /// Exit codes that mean done, with a warning.
    pub warn_codes: Vec<i32>,
    /// A failure's consequence.
    pub on_error: OnError,
    /// Further attempts.
    pub retry: Option<Box<Retry>>,
    /// The question before it.
    pub confirm: Option<Box<Confirm>>,
    /// What resume does when it was under way.
    pub after_crash: AfterCrash,
    /// A reading action that says, after a crash, whether the step was done.
    pub verify: Option<Box<Action<Templated>>>,
    /// How it is taken back.
    pub undo: Option<Box<Undo>>,
    /// Steps that run when those of a group failed.
    pub rescue: Vec<Step>,
    /// Steps that run at the end of a group, whatever happened.
    pub always: Vec<Step>,
    /// What surrounds the action when it is performed.
    pub around: Around<Templated>,
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// When.
    pub when: UndoWhen,
    /// What takes it back.
    pub action: Action<Templated>,
}

/// A list of steps in a playbook or group, by when it is begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What is to be done.
    #[default]
    Steps,
    /// What is done when that failed.
    Rescue,
    /// What is done at the end, whatever happened.
    Always,
    /// What is done when a deadline has passed.
    Handler,
}

impl Part {
    /// Its key in a file.
    pub fn key(self) -> &'static str {
        match self {
            Part::Steps => "steps",
            Part::Rescue => "rescue",
            Part::Always => "always",
            Part::Handler => "handlers",
        }
    }
}

impl Step {
    /// The lists of steps that it holds, in the order in which they are begun.
    pub fn lists(&self) -> [(Part, &[Step]); 3] {
        let steps = match &self.body {
            StepBody::Group(steps) => steps.as_slice(),
            StepBody::Act(_) => &[],
        };
        [(Part::Steps, steps), (Part::Rescue, &self.rescue), (Part::Always, &self.always)]
    }

    /// The steps that it holds.
    pub fn held(&self) -> impl Iterator<Item = &Step> {
        self.lists().into_iter().flat_map(|(_, steps)| steps)
    }

    /// The step that takes this one back: where this one ran, as whom this one did, and with its time limit.
    pub fn undoing(&self) -> Option<Step> {
        let undo = self.undo.as_deref()?;
        let around = Around { stdin: None, stdout: None, unless: None, creates: None, ..self.around.clone() };
        Some(Step {
            id: self.id.clone(),
            title: None,
            body: StepBody::Act(Box::new(undo.action.clone())),
            effect: Effect::Change,
            effect_declared: true,
            because: None,
            allow: None,
            needs: Needs::Steps(Vec::new()),
            after: Vec::new(),
            when: Vec::new(),
            for_each: None,
            expect: Vec::new(),
            ok_codes: vec![0],
            warn_codes: Vec::new(),
            on_error: OnError::Fail,
            retry: None,
            confirm: None,
            after_crash: AfterCrash::Rerun,
            verify: None,
            undo: None,
            rescue: Vec::new(),
            always: Vec::new(),
            around,
        })
    }

    /// The author's reasons as a reader of the plan needs them: why nothing is lost, why a rule does not hold.
    pub fn reasons(&self) -> Option<String> {
        let allowed = self.allow.iter().flat_map(|a| a.reasons());
        let mut all: Vec<String> = self.because.iter().cloned().collect();
        all.extend(allowed.map(|(rule, reason)| format!("{reason} [{rule}]")));
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepBody {
    /// One action.
    Act(Box<Action<Templated>>),
    /// Steps of its own.
    Group(Vec<Step>),
}

staged! {
    /// What surrounds an action when it is performed.
    pub struct Around {
        /// The host it runs on; the system's `run_on` where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<Slot<S>>,
        /// The user it runs as.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run_as: Option<Slot<S>>,
        /// The folder it runs in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<Slot<S, String, { at::PATH }>>,
        /// Variables added to its environment.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        env: IndexMap<String, Slot<S, Confidential, { at::ENV }>>,
        /// What it reads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stdin: Option<Stdin<S>>,
        /// The file its standard output goes to, whole or not at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stdout: Option<StdoutFile<S>>,
        /// After which an attempt is ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout: Option<Slot<S, Duration>>,
        /// A reading command under bash; when it exits 0 there is nothing to do and the step is `unchanged`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unless: Option<Slot<S, String, { at::SHELL }>>,
        /// A path; when it exists there is nothing to do and the step is `unchanged`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        creates: Option<Slot<S, String, { at::PATH }>>,
        /// Its output is kept out of logs and the journal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sensitive: Option<bool>,
        /// How much of its output later steps can use. Default: 1MiB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_output: Option<Size>,
    }
}
unstaged!(Size, Compression);

staged! {
    /// What a step reads: text, or a file. Text alone may be written for the mapping.
    pub struct Stdin {
        /// The text itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Slot<S, Confidential, { at::STDIN }>>,
        /// A file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<Slot<S, String, { at::PATH }>>,
        /// How the file is unpacked on the way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decompress: Option<Compression>,
    }
}

staged! {
    /// The file that standard output goes to: written beside its target and renamed when the step has succeeded.
    pub struct StdoutFile {
        /// The file. One that is there already is replaced; `run.stamp` counts seconds, so put `run.id` into the name
        /// where two runs may begin in the same one.
        file: Slot<S, String, { at::PATH }>,
        /// How it is packed on the way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compress: Option<Compression>,
        /// Its permissions, octal, in quotes. Default: "0600".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<Slot<S>>,
    }
}

/// How a stream is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    Gzip,
    Zstd,
}

impl<S: Stage> Around<S> {
    /// Nothing around an action.
    pub fn none() -> Around<S> {
        Around {
            host: None,
            run_as: None,
            cwd: None,
            env: Default::default(),
            stdin: None,
            stdout: None,
            timeout: None,
            unless: None,
            creates: None,
            sensitive: None,
            max_output: None,
        }
    }
}
