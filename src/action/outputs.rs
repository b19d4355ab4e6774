//! What a program's output gives to later steps, whoever ran the program. It runs none.

use serde_json::{Value, json};

use crate::event::Gives;
use crate::process::Capture;

/// `stdout stderr exit_code json lines` of a program that has ended. `json` is null unless the whole of standard
/// output is JSON.
pub fn outputs(capture: &Capture, exit_code: Option<i32>) -> Gives {
    let stdout = capture.out_text();
    let mut gives = Gives::new();
    let lines: Vec<&str> = if stdout.is_empty() { Vec::new() } else { stdout.lines().collect() };
    gives.insert("lines".into(), json!(lines));
    gives.insert("json".into(), if capture.truncated { Value::Null } else { parse(&stdout) });
    gives.insert("stderr".into(), capture.err_text().into());
    gives.insert("exit_code".into(), json!(exit_code));
    gives.insert("stdout".into(), stdout.into());
    gives
}

fn parse(text: &str) -> Value {
    let may_be = text.trim_start().starts_with(|c: char| "{[\"-0123456789tfn".contains(c));
    may_be.then(|| serde_json::from_str(text).ok()).flatten().unwrap_or_default()
}
