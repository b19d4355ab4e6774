//! Templates and expressions: which names they use, what they come to, and how each value is encoded for the
//! place where it lands. minijinja lives here and nowhere else. The room knows no playbook and no step: it is
//! given names and values.
//!
//! What differs from plain Jinja: every undefined name is an error, `true` and `none` are written as the rest
//! of the language writes them, nothing is HTML, and in a shell or SQL text a value cannot leave its place.

mod check;
mod dates;
mod encode;
mod engine;
mod environment;
mod error;
mod filters;
mod filters_doc;
mod marker;
mod names;
mod plain_text;
mod references;
mod run;
mod scope;
mod shell_command;
mod shell_text;
mod shell_words;
mod sql;
mod sql_text;
mod stager;
mod strict;
mod strict_expr;
mod syntax;
mod value;
mod walk;

#[cfg(test)]
mod tests;

pub use check::check_place;
pub use encode::shell_word;
pub use engine::{Engine, Planned};
pub use error::{Problem, TemplateError};
pub use filters_doc::{FILTERS, FilterDoc, TESTS};
pub use references::{Form, Reference, references};
pub use scope::{Ready, Scope};
pub use stager::{Preview, Render, StageError};
