//! What people are told of a run, in words and for programs. It sends nothing.

use std::path::Path;

use serde_json::{Value, json};

use crate::event::{Event, Kind, Question, Unit};
use crate::model::Occasion;
use crate::report::{Heading, Trouble, troubles_of};
use crate::t;

/// The columns of a mail.
const COLUMNS: usize = 120;

/// One message.
pub(super) struct Notice {
    /// One line.
    pub subject: String,
    /// Any number of lines.
    pub body: String,
    /// The same for programs; `text` is what a chat shows.
    pub json: Value,
}

/// What a message is about.
pub(super) struct About<'a> {
    pub occasion: Occasion,
    /// What is asked about.
    pub unit: Option<&'a Unit>,
    /// What else a person has to know.
    pub remark: &'a str,
    /// The system's own name.
    pub system: Option<&'a str>,
    pub heading: Heading,
    pub events: &'a [Event],
    pub state: &'a Path,
    /// The name of this machine.
    pub host: &'a str,
}

/// Writes the message.
pub(super) fn notice(about: About<'_>) -> Notice {
    let started = about.events.first().map(|event| event.at.to_zoned(about.heading.zone.clone()));
    let started = started.map(|at| at.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()).unwrap_or_default();
    let subject = subject(&about);
    let h = &about.heading;
    let (run, name) = (h.run.clone(), h.playbook.clone());
    let place = [about.system.map(str::to_string), h.environment.clone(), h.target.clone()];
    let place: Vec<String> = place.into_iter().flatten().collect();
    let mut lines = vec![said(&about), String::new()];
    let mut fact = |label: String, value: &str| lines.push(format!("{label}: {value}"));
    fact(t!("playbook", "プレイブック"), &format!("{name}  {}", h.title));
    if !place.is_empty() {
        fact(t!("system", "システム"), &place.join(", "));
    }
    fact(t!("run", "実行"), &run.to_string());
    fact(t!("by", "担当"), &format!("{} ({})", h.operator, about.host));
    fact(t!("started", "開始"), &started);
    if let Some(question) = about.unit.and_then(|unit| question(unit, about.events)) {
        lines.push(String::new());
        lines.extend(question.lines().map(str::to_string));
    }
    if !about.remark.is_empty() {
        lines.push(String::new());
        lines.extend(about.remark.lines().map(str::to_string));
    }
    let mut json = json!({
        "event": about.occasion.word(),
        "playbook": name,
        "title": h.title,
        "system": about.system,
        "environment": h.environment,
        "target": h.target,
        "run": run.to_string(),
        "operator": h.operator,
        "host": about.host,
        "started": about.events.first().map(|event| event.at.to_string()),
    });
    let state = about.state.display();
    let unit = about.unit.map(ToString::to_string);
    let show_troubles = about.unit.is_none() && about.occasion != Occasion::Recovery;
    let host = about.host;
    let (told, all) = troubles_of(about.heading, about.events, COLUMNS);
    if show_troubles {
        lines.extend(told);
    }
    lines.push(String::new());
    lines.push(t!("To look further, on {host}:", "詳しく見るには（{host} で）:"));
    lines.push(format!("  toban --state-dir {state} status {run}"));
    lines.push(format!("  toban --state-dir {state} report {run}"));
    let body = format!("{}\n", lines.join("\n"));
    json["steps"] = all.iter().filter(|_| show_troubles).map(step).collect();
    json["asks"] = unit.map_or(Value::Null, Value::from);
    json["text"] = format!("{subject}\n{body}").into();
    Notice { subject, body, json }
}

fn step(trouble: &Trouble) -> Value {
    json!({ "step": trouble.unit.to_string(), "state": trouble.outcome.word(), "message": trouble.reason })
}

fn subject(about: &About<'_>) -> String {
    let h = &about.heading;
    let word = match about.occasion {
        Occasion::Failure => t!("failed", "失敗"),
        Occasion::Recovery => t!("recovered", "復旧"),
        Occasion::Warning => t!("warning", "警告"),
        Occasion::Person => t!("needs a person", "要対応"),
    };
    let environment = h.environment.as_ref().map(|e| format!(" ({e})")).unwrap_or_default();
    let line = format!("[{word}] {}{environment}: {}", h.playbook, h.title);
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn said(about: &About<'_>) -> String {
    let title = &about.heading.title;
    match (about.occasion, about.unit) {
        (Occasion::Failure, _) => t!("“{title}” has failed.", "「{title}」が失敗しました。"),
        (Occasion::Recovery, _) => {
            t!("“{title}” went well again.", "「{title}」は正常に戻りました。")
        }
        (Occasion::Warning, _) => {
            t!("“{title}” ended with warnings.", "「{title}」は警告付きで終わりました。")
        }
        (Occasion::Person, Some(unit)) => t!(
            "“{title}” waits for an answer about `{unit}`.",
            "「{title}」の `{unit}` が回答を待っています。"
        ),
        (Occasion::Person, None) => {
            t!("“{title}” needs a person before it can go on.", "「{title}」を続けるには人の判断が必要です。")
        }
    }
}

/// The last question about a unit.
fn question(unit: &Unit, events: &[Event]) -> Option<String> {
    events.iter().rev().find_map(|event| match &event.kind {
        Kind::Asked { unit: asked, question } if asked == unit => Some(match question {
            Question::Confirm { text, preview, .. } => format!("{text}\n\n{preview}"),
            Question::Manual { instruction, .. } => instruction.clone(),
            Question::Decide { text, choices } => {
                let choices: Vec<String> = choices.iter().map(|c| format!("- {}", c.label)).collect();
                format!("{text}\n{}", choices.join("\n"))
            }
        }),
        _ => None,
    })
}
