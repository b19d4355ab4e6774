//! Performing actions, one file or folder per kind. Performing takes a permit; nothing here decides whether
//! or when.

mod context;
mod outputs;
mod pending;
pub mod shell;
#[cfg(test)]
mod shell_tests;

pub use context::{Context, Performed, Report, SecretLookup, Site};
pub use outputs::outputs;
pub use pending::Pending;
