//! `toban show`: a playbook as a person reads it, or a saved plan as it was told.

use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Error, say, say_on_stderr};
use super::globals::Globals;
use super::saved;
use super::start::load;
use super::{told, window};
use crate::base::{Clock, SystemClock};
use crate::lang::Loaded;
use crate::model::{Effect, InputDecl};
use crate::plan::{Body, Plan, ToldWindow, compile};
use crate::report::{effect_word, pad};

/// Prints purpose, inputs and steps.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let name = matches.get_one::<String>("playbook").map(String::as_str).unwrap_or_default();
    if let Some(file) = saved::file(globals, name) {
        return show_saved(globals, matches, &file);
    }
    if matches.get_one::<String>("format").is_some_and(|format| format != "text") {
        return Err(Error::usage(crate::t!(
            "`{name}` is no saved plan, and a playbook is shown as text only",
            "`{name}` は保存された計画ではありません。プレイブックはテキストでのみ表示できます"
        ))
        .help(crate::t!(
            "`toban plan {name}` has all forms",
            "`toban plan {name}` はすべての形式に対応しています"
        )));
    }
    let mut loaded = load(globals, matches)?;
    let plan = compile(&mut loaded).map_err(|e| Error::usage(e.to_string()))?;
    let mut text = head(&loaded);
    text.push_str(&inputs(&loaded));
    text.push_str(&steps(&plan));
    say(&text);
    Ok(ExitCode::SUCCESS)
}

/// The very text of the plan, with how its windows stand now; where it comes from is told beside it.
fn show_saved(globals: &Globals, matches: &ArgMatches, file: &std::path::Path) -> Result<ExitCode, Error> {
    let mut plan = saved::read(file)?;
    let windows: Result<Vec<_>, _> = plan.outline.windows.iter().cloned().map(ToldWindow::read).collect();
    let windows = windows.map_err(|e| Error::usage(e.to_string()))?;
    let seconds = plan.outline.estimate.as_ref().map(|e| e.seconds);
    plan.outline.now = window::now(&windows, SystemClock.now(), seconds);
    say(&told::written(globals, matches, &plan.outline, &told::head_of_saved(&plan)));
    say_on_stderr(&saved::about(&plan, file));
    Ok(ExitCode::SUCCESS)
}

fn head(loaded: &Loaded) -> String {
    let playbook = &loaded.playbook;
    let mut text = format!("{}  ({})\n", playbook.title, playbook.name);
    if let Some(description) = &playbook.description {
        text.push_str(&format!("{}\n", description.trim_end()));
    }
    let mut line = |label: String, value: &str| text.push_str(&format!("{label}: {value}\n"));
    if let Some(owner) = &playbook.owner {
        line(crate::t!("owner", "担当"), owner);
    }
    if let Some(environment) = &loaded.environment {
        line(crate::t!("environment", "環境"), environment);
    }
    for schedule in &playbook.schedule {
        line(crate::t!("schedule", "予定"), &schedule.cron);
    }
    if let Some(window) = &playbook.window {
        line(crate::t!("window", "時間帯"), window);
    }
    let locks: Vec<&str> = playbook.locks.iter().map(|l| l.name.as_str()).collect();
    if !locks.is_empty() {
        line(crate::t!("locks", "ロック"), &locks.join(", "));
    }
    text
}

fn inputs(loaded: &Loaded) -> String {
    let decls = &loaded.playbook.inputs;
    if decls.is_empty() {
        return String::new();
    }
    let width = decls.keys().map(|n| console::measure_text_width(n)).max().unwrap_or(0);
    let mut text = crate::t!("\ninputs\n", "\n入力\n");
    for (name, decl) in decls {
        let about = decl.description.as_deref().unwrap_or_default();
        text.push_str(&format!("  {}  {} {about}\n", pad(name, width), shape(decl)).replace(" \n", "\n"));
    }
    text
}

fn shape(decl: &InputDecl) -> String {
    let kind =
        serde_json::to_value(decl.kind).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default();
    let choices =
        if decl.choices.is_empty() { String::new() } else { format!(" {}", decl.choices.join("|")) };
    let default = match (&decl.default, decl.required) {
        (Some(value), _) => format!(" = {}", crate::report::cell(value)),
        (None, Some(false)) => crate::t!(" (optional)", "（任意）"),
        (None, _) => crate::t!(" (required)", "（必須）"),
    };
    format!("{kind}{choices}{default}")
}

fn steps(plan: &Plan) -> String {
    let shown: Vec<_> = plan.order.iter().map(|ix| (*ix, plan.at(*ix))).collect();
    let mut text = crate::t!("\nsteps\n", "\nステップ\n");
    let rows = shown.iter().filter(|(_, n)| !matches!(n.body, Body::Close { .. }));
    let row = |(ix, node): &(u32, &crate::plan::Node)| {
        let depth = std::iter::successors(plan.at(*ix).inside, |open| plan.at(*open).inside).count();
        let node = match node.body {
            Body::Open { close, .. } => plan.at(close),
            _ => node,
        };
        (format!("{}{}", "  ".repeat(depth), node.id), node.step.effect, node.kind(), node.title.clone())
    };
    let rows: Vec<(String, Effect, &str, String)> = rows.map(row).collect();
    let width = rows.iter().map(|r| console::measure_text_width(&r.0)).max().unwrap_or(0);
    for (id, effect, kind, title) in rows {
        let kind = pad(kind, 8);
        text.push_str(&format!("  {}  {}  {kind}  {title}\n", pad(&id, width), pad(&effect_word(effect), 8)));
    }
    let (read, change, destroy) = plan.effects();
    text.push_str(&crate::t!(
        "\n{read} read, {change} change, {destroy} destroy\n",
        "\n参照 {read}、変更 {change}、破壊 {destroy}\n"
    ));
    text
}
