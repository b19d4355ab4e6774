//! A dry run as a person reads it. It does not render a step, only lays the text out.

use super::finding::findings_text;
use super::{Look, format_seconds, outline_step, safe_text};
use crate::event::Outcome;
use crate::model::{Effect, Lock, LockBusy, Missed, Overlap, Schedule};
use crate::plan::Outline;

/// The whole dry run as text.
pub fn outline_text(outline: &Outline, look: Look) -> String {
    let mut text = format!("{}  ({})\n", look.bold(&safe_text(&outline.title)), outline.playbook);
    if let Some(environment) = &outline.environment {
        text.push_str(&crate::t!("environment: {environment}\n", "環境: {environment}\n"));
    }
    for (name, value) in &outline.inputs {
        let value = match value {
            serde_json::Value::String(text) if !text.is_empty() => text.clone(),
            other => other.to_string(),
        };
        text.push_str(&crate::t!("input {name}: {}\n", "入力 {name}: {}\n", safe_text(&value)));
    }
    for (number, step) in outline.steps.iter().enumerate() {
        let took = outline.estimate.as_ref().and_then(|e| e.steps.get(&step.id)).copied();
        text.push('\n');
        text.push_str(&outline_step::text(number + 1, step, took, look));
    }
    text.push('\n');
    end(outline).iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text
}

/// What holds for the plan as a whole.
fn end(outline: &Outline) -> Vec<String> {
    let Outline { read, change, destroy, .. } = outline;
    let mut lines = vec![crate::t!(
        "{read} read, {change} change, {destroy} destroy. ⟨…⟩ is what only a run can know.",
        "参照 {read}、変更 {change}、破壊 {destroy}。⟨…⟩ は実行時にのみ決まる値です。"
    )];
    lines.extend(outline.probe.map(findings_text));
    if !outline.differs.is_empty() {
        let names = outline.differs.join(", ");
        lines.push(crate::t!("different in every run: {names}", "実行ごとに異なる値: {names}"));
    }
    for secret in &outline.secrets {
        let mask = crate::base::MASK;
        let (name, source) = (&secret.name, &secret.source);
        lines.push(crate::t!("secret {name}: {mask} ({source})", "シークレット {name}: {mask} ({source})"));
    }
    lines.extend(outline.locks.iter().map(lock));
    lines.extend(outline.schedule.iter().map(schedule));
    let ticked = outline.checklist.iter();
    lines.extend(ticked.map(|box_| {
        let (item, from) = (&box_.item, &box_.from);
        crate::t!("checklist: {item} (from {from})", "チェックリスト: {item}（{from} の結果）")
    }));
    if let Some(estimate) = &outline.estimate {
        let (runs, whole) = (estimate.runs, format_seconds(estimate.seconds));
        lines.push(crate::t!(
            "took about {whole} before (median of {runs} runs)",
            "所要時間の目安: {whole}（過去 {runs} 回の中央値）"
        ));
    }
    lines
}

fn lock(lock: &Lock) -> String {
    let name = &lock.name;
    let limit = lock.limit.map(|l| l.to_string());
    match (lock.busy, limit) {
        (LockBusy::Wait, None) => {
            crate::t!("lock {name}: waits while another holds it", "ロック {name}: 使用中なら待つ")
        }
        (LockBusy::Wait, Some(limit)) => crate::t!(
            "lock {name}: waits up to {limit} while another holds it",
            "ロック {name}: 使用中なら最長 {limit} 待つ"
        ),
        (LockBusy::Fail, _) => {
            crate::t!("lock {name}: fails when another holds it", "ロック {name}: 使用中なら失敗")
        }
        (LockBusy::Skip, _) => {
            crate::t!("lock {name}: left out when another holds it", "ロック {name}: 使用中なら実行しない")
        }
    }
}

fn schedule(schedule: &Schedule) -> String {
    let missed = match schedule.missed {
        Missed::Run => crate::t!("made up for when missed", "逃した分は後で実行"),
        Missed::Skip => crate::t!("left out when missed", "逃した分は実行しない"),
    };
    let overlap = match schedule.overlap {
        Overlap::Wait => crate::t!("waits for the run before it", "前回が終わるまで待つ"),
        Overlap::Skip => {
            crate::t!("left out while the run before it goes on", "前回が続いていれば実行しない")
        }
    };
    let mut more: Vec<String> =
        schedule.environment.iter().map(|name| crate::t!(", in {name}", "、環境 {name}")).collect();
    more.extend(schedule.inputs.iter().map(|(name, value)| format!(", {name}={value}")));
    more.extend(schedule.confirm.iter().map(|step| format!(", confirm {step}")));
    let answers = schedule.choose.iter().map(|answer| ("choose", answer));
    let answers = answers.chain(schedule.answer.iter().map(|answer| ("answer", answer)));
    more.extend(answers.map(|(key, (step, value))| format!(", {key} {step}={value}")));
    let (cron, more) = (&schedule.cron, more.concat());
    crate::t!("schedule {cron}: {missed}, {overlap}{more}", "予定 {cron}: {missed}、{overlap}{more}")
}

/// What a step does to the world, in a word.
pub fn effect_word(effect: Effect) -> String {
    match effect {
        Effect::Read => crate::t!("read", "参照"),
        Effect::Change => crate::t!("change", "変更"),
        Effect::Destroy => crate::t!("destroy", "破壊"),
    }
}

/// The word for a step that failed.
pub(super) fn failed_word() -> String {
    super::outcome_word(Outcome::Failed)
}
