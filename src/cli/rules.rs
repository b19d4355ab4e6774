//! `toban check --rules` and `--explain`: the rules that have a name. It checks nothing.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::error::{Code, Error, say};
use crate::diag::did_you_mean;
use crate::lang::{RULES, Rule};

/// Prints every rule and what it finds.
pub fn list(json: bool) -> Result<ExitCode, Error> {
    if json {
        say(&format!("{:#}\n", Value::Array(RULES.iter().map(as_json).collect())));
    } else {
        let lines: Vec<String> = RULES.iter().map(|r| format!("{}\n  {}\n", r.name, (r.finds)())).collect();
        say(&lines.concat());
    }
    Ok(ExitCode::from(Code::Done as u8))
}

/// Prints one rule: why it is there, how its mistake is mended, how it is allowed.
pub fn explain(name: &str, json: bool) -> Result<ExitCode, Error> {
    let Some(rule) = RULES.iter().find(|r| r.name == name) else { return Err(unknown(name)) };
    if json {
        say(&format!("{:#}\n", as_json(rule)));
        return Ok(ExitCode::from(Code::Done as u8));
    }
    let indented = |text: &str| text.lines().map(|l| format!("  {l}\n")).collect::<String>();
    let part = |head: String, text: &str| format!("\n{head}:\n{}", indented(text));
    let (finds, reason) = ((rule.finds)(), (rule.reason)());
    say(&[
        format!("{name}\n"),
        part(crate::t!("Finds", "見つけるもの"), &finds),
        part(crate::t!("Why", "理由"), &reason),
        part(crate::t!("Wrong", "誤った例"), rule.bad),
        part(crate::t!("Right", "直した例"), rule.mended),
        part(crate::t!("Allowed in place", "その場での許可"), rule.allow),
    ]
    .concat());
    Ok(ExitCode::from(Code::Done as u8))
}

fn unknown(name: &str) -> Error {
    let error = Error::usage(crate::t!("there is no rule `{name}`", "規則 `{name}` はありません"));
    match did_you_mean(name, RULES.iter().map(|r| r.name)) {
        Some(meant) => error.help(crate::t!("did you mean `{meant}`?", "`{meant}` のことですか?")),
        None => {
            error.help(crate::t!("`toban check --rules` lists them", "`toban check --rules` で一覧できます"))
        }
    }
}

fn as_json(rule: &Rule) -> Value {
    json!({
        "rule": rule.name,
        "finds": (rule.finds)(),
        "reason": (rule.reason)(),
        "wrong": rule.bad,
        "right": rule.mended,
        "allow": rule.allow,
    })
}
