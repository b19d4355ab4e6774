//! Performing actions, one file or folder per kind. Performing takes a permit; nothing here decides whether
//! or when.

mod context;
pub mod sql;

pub use context::{Context, Performed, Report, SecretLookup, Site};
