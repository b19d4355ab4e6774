//! Performing actions, one file or folder per kind. Performing takes a permit; nothing here decides whether
//! or when.

mod acknowledge;
mod certificate;
mod context;
mod could;
mod could_around;
mod could_file;
mod could_shell;
mod dispatch;
pub mod docker;
mod escalate;
pub mod far_end;
mod far_file;
mod far_shell;
pub mod file;
mod host;
pub mod http;
mod left;
mod made_secret;
pub mod mail;
pub mod notify;
mod out_file;
mod outputs;
mod pending;
pub mod probe;
mod reading;
pub mod shell;
#[cfg(test)]
mod shell_tests;
pub mod sql;
mod stopped;
#[cfg(test)]
mod trial;
mod trust;
mod wait;

pub use acknowledge::{Acknowledgement, acknowledge};
pub use context::{Context, Performed, Report, SecretLookup, Site};
pub use could::{Could, could_start};
pub use dispatch::{Holds, perform};
pub use left::left_on_host;
pub use outputs::outputs;
pub use pending::Pending;
pub use reading::{Held, Reading, look};
