//! One measured process.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::spawn::{Used, wait_and_count};
use crate::stat::{busy_seconds, cores};

/// What one process took.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    pub ms: f64,
    pub peak_mib: f64,
    /// How much of the machine others used meanwhile, from 0 to 1.
    pub others: f64,
}

/// Runs a program to its end with no input and its output thrown away; what it says of errors goes to `errors`.
pub fn time(program: &str, arguments: &[&str], errors: &Path) -> Result<Took, String> {
    let around = |e: std::io::Error| format!("{program}: {e}");
    let errors_file = File::create(errors).map_err(around)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors_file);
    let before = busy_seconds();
    let begin = Instant::now();
    let child = command.spawn().map_err(around)?;
    let Used { well, seconds, peak_mib } = wait_and_count(child.id() as libc::pid_t).map_err(around)?;
    let wall = begin.elapsed().as_secs_f64();
    let others = ((busy_seconds() - before - seconds) / (wall * cores() as f64)).clamp(0.0, 1.0);
    if !well {
        let said = std::fs::read_to_string(errors).unwrap_or_default();
        return Err(format!("{program} {} failed\n{said}", arguments.join(" ")));
    }
    Ok(Took { ms: wall * 1e3, peak_mib, others })
}
