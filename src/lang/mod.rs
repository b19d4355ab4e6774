//! From text to a checked model: YAML with its places, the shape of the language, the checks. Every mistake is
//! a diagnostic, all of them at once. It runs nothing and connects to nothing.

mod calls;
mod checks;
mod document;
mod effect;
mod environment;
mod examples;
mod guards;
mod languages;
mod library;
mod load;
mod lower;
mod mention;
mod placed;
mod read;
mod reference;
mod resolve;
mod schema;
mod shape;
mod shell_words;
mod source;
mod sql_words;
mod system;
mod yaml;

pub use calls::{is_same_file, part_key};
pub use checks::{CRON_NEVER, CRON_OR, RULES, Rule, SCHEDULE_ASKS, SCHEDULE_INPUTS};
pub use effect::infer_effect;
pub use library::Library;
pub use load::{Loaded, check, environments_of, load, load_in};
pub use mention::mention;
pub use reference::reference;
pub use schema::{schema_playbook, schema_system};
