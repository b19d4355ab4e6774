//! Rules with a name: what can be read and is still a mistake in operations. Each can be allowed in place, with a
//! reason. The table of them is in `rules`; how a file is looked through, in `scripts` and `text`.

mod allow;
mod call;
mod endless;
mod field;
mod file;
mod note;
mod person;
mod pipe;
mod rules;
mod scripts;
mod secret;
mod text;

pub use call::command_of;
pub use file::{playbook, system};
pub use note::note;
pub use rules::{RULES, Rule, chapter};

/// The rule of a step that destroys and does not say so.
pub const UNMARKED_DESTROY: &str = "unmarked-destroy";
/// The rule of a command that never ends.
pub const ENDLESS_COMMAND: &str = "endless-command";
/// The rule of a command that waits for a person.
pub const INTERACTIVE_COMMAND: &str = "interactive-command";
/// The rule of a file that may be left half-written.
pub const PIPE_INTO_FILE: &str = "pipe-into-file";
/// The rule of a value that was never filled in.
pub const PLACEHOLDER: &str = "placeholder";
/// The rule of a secret that stands in a file.
pub const LITERAL_SECRET: &str = "literal-secret";
/// The rule of a schedule that never comes.
pub const CRON_NEVER: &str = "cron-never";
/// The rule of a schedule that comes more often than meant.
pub const CRON_OR: &str = "cron-or";
/// The rule of a scheduled playbook that asks a person.
pub const SCHEDULE_ASKS: &str = "schedule-asks";
/// The rule of a schedule that leaves out what is required.
pub const SCHEDULE_INPUTS: &str = "schedule-inputs";
