//! Performing actions, one file or folder per kind. Performing takes a permit; nothing here decides whether
//! or when.

mod certificate;
mod context;
mod dispatch;
mod docker;
mod file;
mod http;
mod probe;
mod shell;
mod sql;
mod stopped;
#[cfg(test)]
mod trial;
mod trust;
mod wait;

pub use context::{Context, Performed, Report, SecretLookup, Site};
pub use dispatch::{Holds, perform};
