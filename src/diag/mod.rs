//! Mistakes in a playbook as values: where, what, and what to write instead. It knows no playbook.

mod diagnostic;
mod render;
mod similar;
mod source;

pub use diagnostic::{Diagnostic, Label, Severity};
pub use render::render;
pub use similar::did_you_mean;
pub use source::{At, Source};
