//! What an action may use while it is performed, and what it gives back.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use super::Pending;
use crate::base::Secret;
use crate::event::{Failure, Gives, Stream, Unit};
use crate::model::{Around, Rendered, System};
use crate::process::Stop;
use crate::ssh::Hosts;

/// Gives the value of a named secret, or why it cannot.
pub type SecretLookup = Box<dyn Fn(&str) -> Result<Secret, Failure>>;

/// The place a run happens in: the same for all its steps.
pub struct Site {
    /// The facts of the system in the run's environment.
    pub system: Arc<System>,
    /// The folder of the playbook: paths are relative to it.
    pub base_dir: PathBuf,
    /// A folder that is removed at the end of the run.
    pub scratch_dir: PathBuf,
    /// `TOBAN_RUN=<id>`: found in the environment of every process of this run.
    pub marker: (String, String),
    /// The hosts that ssh reaches.
    pub hosts: Rc<Hosts>,
    /// Gives the secret of a name of `system.secrets`; resolved when first used.
    pub secret: SecretLookup,
}

/// What one attempt may use.
pub struct Context<'a> {
    /// What is performed.
    pub unit: &'a Unit,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What surrounds the action.
    pub around: &'a Around<Rendered>,
    /// The place of the run.
    pub site: &'a Site,
    /// Takes output for the attempt's log and the screen: any number of bytes, cut anywhere. It masks secrets.
    pub log: &'a dyn Fn(Stream, &[u8]),
    /// Told once when the attempt's first process has started: its pid and its start in clock ticks since boot.
    pub child: &'a dyn Fn(u32, u64),
    /// Says when to stop.
    pub stop: Stop,
    /// How many bytes of an output are given on; the rest is only logged.
    pub max_output: usize,
    /// Whether it is held to reading and leaves no trace: its programs by the kernel, a database file by how it is
    /// opened.
    pub held: bool,
}

impl Context<'_> {
    /// A path of the playbook, absolute.
    pub fn path(&self, path: &str) -> PathBuf {
        self.site.base_dir.join(path)
    }

    /// A line of the engine's own for the attempt's log.
    pub fn note(&self, line: &str) {
        (self.log)(Stream::Note, format!("{line}\n").as_bytes());
    }
}

/// What performing an action came to, before `expect` is looked at.
pub type Performed = Result<Report, Failure>;

/// A performed action's results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// What it gives to later steps.
    pub gives: Gives,
    /// There was nothing to do.
    pub unchanged: bool,
    /// What the operator should look at although it is done.
    pub warnings: Vec<String>,
    /// It did not succeed, but what it gives is of use all the same (an exit code, a status).
    pub failure: Option<Failure>,
    /// Files that appear at their places once the step has succeeded; see [`Pending::commit`].
    pub pending: Pending,
}
