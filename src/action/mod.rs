//! Performing actions, one file or folder per kind. Performing takes a permit; nothing here decides whether
//! or when.

mod certificate;
mod context;
pub mod file;
pub mod http;
pub mod probe;
mod stopped;
#[cfg(test)]
mod trial;
mod trust;

pub use context::{Context, Performed, Report, SecretLookup, Site};
