//! What a dry run says, as the truth test needs it. It runs nothing but `toban plan`.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::children::Child;

/// One text of a plan.
#[derive(Debug)]
pub struct Told {
    pub kind: String,
    /// What is performed, without what surrounds it.
    pub text: String,
    pub env: Vec<(String, String)>,
    /// Scripts that say whether there is anything to do.
    pub guards: Vec<String>,
    pub parameters: Vec<String>,
    /// Whether it may be left out.
    pub conditional: bool,
    /// Whether only a run knows how often it comes.
    pub unknown_loop: bool,
    /// Whether it may come again: a reading, or a further attempt.
    pub repeats: bool,
    /// Whether it may need no child: it lets time go by, or reads a file or a server.
    pub may_be_childless: bool,
}

/// The labels of what surrounds an action.
const AROUND: [&str; 15] = [
    "trusts: ",
    "answer within: ",
    "follow redirects: ",
    "every: ",
    "limit: ",
    "host: ",
    "run as: ",
    "in: ",
    "env: ",
    "stdin: ",
    "stdout: ",
    "unless: ",
    "creates: ",
    "max output: ",
    "until: ",
];

/// Every text of the plan of a playbook.
pub fn plan(folder: &Path, arguments: &[&str]) -> Vec<Told> {
    let output = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["--lang", "en", "--state-dir", "/nonexistent"])
        .args(arguments)
        .args(["--format", "json"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("toban starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    of_outline(&serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// Every text of a plan.
pub fn of_outline(plan: &Value) -> Vec<Told> {
    let steps = list(&plan["steps"]);
    assert!(!steps.is_empty(), "{plan}");
    let texts = |step: &Value| {
        let conditional = may_be_left_out(steps, step);
        let told = |text| {
            let told = told(step, text);
            Told { conditional: conditional || told.conditional, ..told }
        };
        let undo = step["undo"].is_object().then(|| undo(step));
        list(&step["text"]).iter().map(told).chain(undo).collect::<Vec<_>>()
    };
    steps.iter().flat_map(texts).collect()
}

/// What takes a step back: only some runs come to it.
fn undo(step: &Value) -> Told {
    Told { conditional: true, kind: "shell".into(), ..told(step, &step["undo"]["text"]) }
}

/// Whether the step or one that holds it has a condition, or is only for a failure or a deadline that passed.
fn may_be_left_out(steps: &[Value], step: &Value) -> bool {
    let holder = step["inside"].as_str().and_then(|id| steps.iter().find(|s| s["id"] == id));
    !list(&step["when"]).is_empty()
        || step["part"] == "rescue"
        || step["part"] == "handler"
        || holder.is_some_and(|holder| may_be_left_out(steps, holder))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn told(step: &Value, text: &Value) -> Told {
    let mut lines: Vec<&str> = list(&text["lines"]).iter().filter_map(Value::as_str).collect();
    let (mut env, mut guards, mut made_before) = (Vec::new(), Vec::new(), false);
    while let Some(last) = lines.last().filter(|l| AROUND.iter().any(|a| l.starts_with(a))) {
        if let Some((name, value)) = last.strip_prefix("env: ").and_then(|e| e.split_once('=')) {
            env.push((name.to_string(), value.to_string()));
        }
        guards.extend(last.strip_prefix("unless: ").map(str::to_string));
        made_before |= last.starts_with("creates: ");
        lines.pop();
    }
    let kind = step["kind"].as_str().unwrap_or_default().to_string();
    Told {
        text: lines.join("\n"),
        env,
        guards,
        parameters: list(&text["parameters"]).iter().filter_map(Value::as_str).map(str::to_string).collect(),
        conditional: made_before,
        unknown_loop: step["items"].is_object() && step["items"]["count"].is_null(),
        repeats: kind == "wait" || step["retry"].is_object(),
        may_be_childless: kind == "wait",
        kind,
    }
}

impl Told {
    /// Whether a child is what this said.
    pub fn starts(&self, child: &Child) -> bool {
        is_script(&self.text, &child.argv)
            || is_list(&self.text, &child.argv)
            || is_with(&self.text, &child.argv)
    }
}

/// Whether a script was started under the usual shell.
pub fn is_script(script: &str, argv: &[String]) -> bool {
    matches!(argv, [bash, e, pipefail, c, actual]
        if (bash.as_str(), e.as_str(), pipefail.as_str(), c.as_str()) == ("bash", "-euo", "pipefail", "-c")
            && fits(script, actual.trim_end_matches('\n')))
}

/// `[sh -eu] script`.
fn is_with(text: &str, argv: &[String]) -> bool {
    let Some((shell, script)) = text.strip_prefix('[').and_then(|t| t.split_once("] ")) else { return false };
    let (Some(actual), words) = (argv.last(), argv.len().saturating_sub(2)) else { return false };
    argv[..words].join(" ") == shell && fits(script, actual.trim_end_matches('\n'))
}

/// A list of arguments as it would be typed.
fn is_list(text: &str, argv: &[String]) -> bool {
    let planned = words(text);
    planned.len() == argv.len() && planned.iter().zip(argv).all(|(planned, actual)| fits(planned, actual))
}

/// The arguments of a command line; `⟨…⟩` belongs to its argument.
pub fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut unknown) = (Vec::new(), None::<String>, false, 0);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '⟨' => unknown += 1,
            '⟩' => unknown -= 1,
            _ => {}
        }
        match c {
            '\'' if unknown == 0 => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if !quoted && unknown == 0 => word.get_or_insert_default().extend(chars.next()),
            ' ' if !quoted && unknown == 0 => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Whether what happened is what was planned, but for what stands in `⟨…⟩` and for secrets.
pub fn fits(planned: &str, actual: &str) -> bool {
    let holes = regex::Regex::new("⟨[^⟩]*⟩|•••(\\([^)]*\\))?").expect("a pattern");
    let known = holes.split(planned).map(regex::escape).collect::<Vec<_>>().join("(?s:.*)");
    regex::Regex::new(&format!("^{known}$")).expect("a pattern").is_match(actual)
}
