//! The playbooks that a playbook calls: read, their inputs compared, recursion refused. It runs none.

use std::collections::BTreeMap;

use super::document::Document;
use super::load::{Loaded, Loading};
use super::placed::Placed;
use super::resolve::{Target, resolve};
use super::yaml::Seg;
use crate::base::StepId;
use crate::diag::{Diagnostic, did_you_mean};
use crate::model::{Action, Playbook, PlaybookCall, Step, StepBody, Template, Templated, Tree, check_input};
use serde_json::Value;

/// What became of the calls of a playbook.
#[derive(Default)]
pub struct Calls {
    /// The playbooks that could be read.
    pub parts: BTreeMap<String, Loaded>,
    /// Mistakes in their own files.
    pub notes: Vec<Diagnostic>,
}

/// Reads every playbook that is called.
pub fn load(
    loading: &mut Loading<'_>,
    target: &Target,
    playbook: &Playbook,
    environment: Option<&str>,
    doc: &mut Document,
    placed: &Placed,
) -> Calls {
    let mut found = Vec::new();
    playbook.all_lists().for_each(|(_, steps)| collect(steps, &mut found));
    let mut calls = Calls::default();
    for (id, call) in found {
        let key = part_key(call);
        if !calls.parts.contains_key(&key) {
            let environment = call.environment.as_deref().or(environment);
            match one(loading, target, call, environment, doc, &path(placed, id, &["run"])) {
                Some(Ok(part)) => {
                    calls.parts.insert(key.clone(), part);
                }
                Some(Err(notes)) => calls.notes.extend(notes.into_iter().filter(|d| !doc.notes.contains(d))),
                None => {}
            }
        }
        if let Some(part) = calls.parts.get(&key) {
            inputs(id, call, part, doc, placed);
        }
    }
    calls
}

/// The key of a call's playbook among the parts.
pub fn part_key(call: &PlaybookCall<Templated>) -> String {
    match &call.environment {
        Some(environment) => format!("{}@{environment}", call.run),
        None => call.run.clone(),
    }
}

fn collect<'a>(steps: &'a [Step], into: &mut Vec<(&'a StepId, &'a PlaybookCall<Templated>)>) {
    for step in steps {
        if let StepBody::Act(action) = &step.body
            && let Action::Playbook(call) = action.as_ref()
        {
            into.push((&step.id, call));
        }
        step.lists().into_iter().for_each(|(_, steps)| collect(steps, into));
    }
}

fn path(placed: &Placed, id: &StepId, keys: &[&str]) -> Vec<Seg> {
    let mut path = placed.path(id).map(<[Seg]>::to_vec).unwrap_or_default();
    path.push(Seg::name("playbook"));
    path.extend(keys.iter().map(|k| Seg::name(k)));
    path
}

/// Reads one; none when it was refused at the place of the call.
fn one(
    loading: &mut Loading<'_>,
    target: &Target,
    call: &PlaybookCall<Templated>,
    environment: Option<&str>,
    doc: &mut Document,
    at: &[Seg],
) -> Option<Result<Loaded, Vec<Diagnostic>>> {
    let part = match resolve(&call.run, loading.library, &target.base_dir()) {
        Ok(part) if part.path.is_file() => part,
        Ok(_) => {
            let run = &call.run;
            let title = crate::t!("there is no playbook `{run}`", "手順書 `{run}` がありません");
            doc.note(Diagnostic::error("no-playbook", doc.value(at), title));
            return None;
        }
        Err(nowhere) => {
            let mut d = *nowhere;
            d.at = Some(doc.value(at));
            doc.note(d);
            return None;
        }
    };
    if loading.stack.iter().any(|p| is_same_file(p, &part.path)) {
        let names: Vec<String> = loading
            .stack
            .iter()
            .map(|p| p.file_stem().unwrap_or_default().to_string_lossy().into())
            .collect();
        let chain = format!("{} → {}", names.join(" → "), call.run);
        let title =
            crate::t!("a playbook calls itself: {chain}", "手順書が自分自身を呼び出しています: {chain}");
        doc.note(Diagnostic::error("recursion", doc.value(at), title));
        return None;
    }
    Some(loading.load(&part, environment))
}

/// Whether two paths lead to one file.
pub fn is_same_file(a: &std::path::Path, b: &std::path::Path) -> bool {
    a == b || a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}

/// The inputs of a call against those its playbook declares.
fn inputs(id: &StepId, call: &PlaybookCall<Templated>, part: &Loaded, doc: &mut Document, placed: &Placed) {
    let run = &call.run;
    let declared = &part.playbook.inputs;
    for key in call.inputs.keys().filter(|k| !declared.contains_key(*k)) {
        let title = crate::t!("`{run}` has no input `{key}`", "`{run}` に入力 `{key}` はありません");
        let at = doc.key(&path(placed, id, &["inputs", key]));
        let mut d = Diagnostic::error("unknown-input", at, title);
        if let Some(near) = did_you_mean(key, declared.keys().map(String::as_str)) {
            d = d.help(crate::t!("did you mean `{near}`?", "`{near}` の間違いではありませんか？"));
        }
        doc.note(d);
    }
    for (name, tree) in &call.inputs {
        let Some((decl, value)) = declared.get(name).zip(literal(tree)) else { continue };
        if value.is_null() && !decl.required.unwrap_or(decl.default.is_none()) {
            continue;
        }
        if let Err(wrong) = check_input(decl, &value) {
            let title = crate::t!("`{name}` of `{run}`: {wrong}", "`{run}` の入力 `{name}`: {wrong}");
            doc.note(Diagnostic::error(
                "wrong-input",
                doc.value(&path(placed, id, &["inputs", name])),
                title,
            ));
        }
    }
    for (name, decl) in declared {
        let needed = decl.required.unwrap_or(decl.default.is_none()) && decl.from.is_none();
        if needed && !call.inputs.contains_key(name) {
            let title = crate::t!("`{run}` needs the input `{name}`", "`{run}` には入力 `{name}` が必要です");
            let at = doc.value(&path(placed, id, &["run"]));
            let help = crate::t!("add it under `inputs:`", "`inputs:` に追加してください");
            doc.note(Diagnostic::error("missing-input", at, title).help(help));
        }
    }
}

/// A value that is known before any run.
fn literal(tree: &Tree<Templated>) -> Option<Value> {
    match tree {
        Tree::Leaf(slot) => match &slot.0 {
            Template::Literal(value) => Some(value.clone()),
            Template::Source(_) => None,
        },
        Tree::List(items) => items.iter().map(literal).collect::<Option<Vec<_>>>().map(Value::Array),
        Tree::Map(map) => {
            let parts = map.iter().map(|(key, part)| Some((key.clone(), literal(part)?)));
            parts.collect::<Option<serde_json::Map<_, _>>>().map(Value::Object)
        }
    }
}
