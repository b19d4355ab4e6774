//! The playbook of a run as it is now, against what it was when the run began. It starts nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::{current_lang, speaking};
use crate::cli::chosen::unchosen;
use crate::cli::error::Error;
use crate::cli::saved::refused;
use crate::cli::start::{Start, told};
use crate::inputs::Given;
use crate::lang::{self, Library};
use crate::plan::{PlanRecord, changes, compile};

/// So many differences are named; the first ones tell what happened.
const NAMED: usize = 12;

/// The playbook as it is now, with the inputs that the run began with.
pub fn again(record: &PlanRecord) -> Result<Start, Error> {
    let found = record.found.clone().ok_or_else(|| {
        refused(crate::t!(
            "the run was begun by an engine that did not record how its playbook was found",
            "この実行を始めたエンジンは、プレイブックの場所を記録していません"
        ))
    })?;
    let library = found.library.as_ref().map(|root| Library { root: PathBuf::from(root) });
    let lang = found.lang.unwrap_or_else(current_lang);
    let environment = record.environment.as_deref();
    let loaded = lang::load_in(lang, &found.name, library.as_ref(), &found.cwd, environment);
    let mut loaded = loaded.map_err(|mistakes| {
        let first = mistakes.first().map(|d| d.title.clone()).unwrap_or_default();
        unlike(record, &[first])
    })?;
    let mut plan = speaking(lang, || compile(&mut loaded)).map_err(|e| unlike(record, &[e.to_string()]))?;
    plan.playbook.clone_from(&record.playbook);
    if let Err(why) = plan.choose(&record.chosen) {
        return Err(unlike(record, &[unchosen(&plan, &why).0]));
    }
    let given =
        Given { values: record.inputs.clone(), secrets: record.secret_inputs.clone(), missing: Vec::new() };
    Ok(Start { found, loaded, plan: Arc::new(plan), given, library })
}

/// What differs from the playbook that the run began with: its files, then its steps.
pub fn differences(record: &PlanRecord, start: &Start) -> Vec<String> {
    let then: BTreeMap<_, _> = record.sources.iter().cloned().collect();
    let now: BTreeMap<_, _> = start.plan.sources.iter().cloned().collect();
    if then == now {
        return Vec::new();
    }
    let gone = then.keys().filter(|path| !now.contains_key(*path));
    let mut found: Vec<String> =
        gone.map(|path| crate::t!("{path}: gone", "{path}: なくなりました")).collect();
    for (path, digest) in &now {
        match then.get(path) {
            Some(old) if old == digest => {}
            Some(_) => found.push(crate::t!("{path}: changed", "{path}: 変更されました")),
            None => found.push(crate::t!("{path}: new", "{path}: 追加されました")),
        }
    }
    let Some(old) = &record.outline else { return found };
    for step in changes(old, &told(start)).steps {
        let id = &step.id;
        found.push(match (&step.old, &step.new) {
            (None, _) => crate::t!("step {id}: new", "ステップ {id}: 追加されました"),
            (_, None) => crate::t!("step {id}: gone", "ステップ {id}: なくなりました"),
            _ if step.fields.is_empty() => crate::t!("step {id}: moved", "ステップ {id}: 移動しました"),
            _ => {
                let fields = step.fields.join(", ");
                crate::t!("step {id}: {fields}", "ステップ {id}: {fields}")
            }
        });
    }
    found
}

/// Another playbook is another run.
pub fn unlike(record: &PlanRecord, found: &[String]) -> Error {
    let name = &record.playbook;
    let mut list: Vec<String> = found.iter().take(NAMED).map(|line| format!("  {line}")).collect();
    if found.len() > NAMED {
        let more = found.len() - NAMED;
        list.push(crate::t!("  and {more} more", "  ほか {more} 件"));
    }
    refused(crate::t!(
        "the playbook {name} is not what the run began with\n{}",
        "プレイブック {name} が実行の開始時と違います\n{}",
        list.join("\n")
    ))
    .help(crate::t!(
        "put it back as it was, or go on with what it is now: --accept-changes",
        "元に戻すか、今の内容で続けるには --accept-changes を付けてください"
    ))
}
