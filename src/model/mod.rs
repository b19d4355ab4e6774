//! What a playbook says, as plain data: playbook, step, action, policy, system. It knows neither YAML nor
//! templates' insides, and performs nothing.

#[macro_use]
mod stage;
mod action;
mod allow;
mod args;
mod condition;
mod deadline;
mod docker;
mod field;
mod file;
mod hours;
#[cfg(test)]
mod hours_tests;
mod input;
mod input_value;
mod localized;
mod mail;
mod notifications;
mod notify;
mod place;
mod playbook;
mod policy;
mod probe;
mod secret;
mod sql;
mod step;
mod system;
mod tree;
mod web;
mod window;

pub use action::{Action, Assert, Decide, DecideFrom, Fail, Manual, Named, PlaybookCall, Shell, Wait};
pub use allow::Allow;
pub use args::{Arg, Args, quoted};
pub use condition::{Condition, Otherwise};
pub use deadline::{Deadline, STOP};
pub use docker::{
    Compose, ComposeDown, ComposeExec, ComposeLogs, ComposePs, ComposeRun, ComposeServices, ComposeUp,
    ComposeVerb, ContainerList, Docker, DockerExec, DockerLogs, DockerPrune, DockerRun, NameList, Names,
    PruneWhat,
};
pub use file::{
    FileAction, FileArchive, FileCopy, FileExtract, FileLatest, FilePath, FilePrune, FileWrite, Verifier,
};
pub use hours::{Hours, Moment, Times, Why};
pub use input::{InputDecl, InputType, SecretSource};
pub use input_value::check_input;
pub use localized::{LabelledFacts, LocalizedText};
pub use mail::{Cover, Mail, MailServer, MailTls, is_mail_address};
pub use notifications::{NoticeHook, NoticeMail, Notifications, Occasion};
pub use notify::{Escalate, Letter, Notify, Webhook};
pub use place::{Place, at};
pub use playbook::{ChecklistItem, Lock, LockBusy, Missed, Overlap, Playbook, RunsAtOnce, Schedule};
pub use policy::{AfterCrash, Confirm, Effect, ForEach, Needs, OnError, Retry, UndoWhen};
pub use probe::{
    DiskProbe, DnsProbe, LoadProbe, LogProbe, LogSource, MemoryProbe, Probe, ProcessProbe, TcpProbe, TlsProbe,
};
pub use secret::SecretGenerate;
pub use sql::{Bind, Sql, SqlText};
pub use stage::{
    Field, Key, Known, Planned, Rendered, Slot, Stage, Staged, Stager, Template, Templated, has_template,
};
pub use step::{Around, Compression, Part, Stdin, StdoutFile, Step, StepBody, Undo};
pub use system::{
    Approval, Become, ComposeDefaults, Connection, Contact, Environment, Generate, Host, HttpDefaults,
    SecretDecl, Ssh, System, Through,
};
pub use tree::Tree;
pub use web::{Auth, BasicAuth, Http, HttpMethod};
pub use window::{Blackout, Dates, Window};
