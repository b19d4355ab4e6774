//! A dry run as a person reads it. It does not render a step, only lays the text out.

use super::finding::findings_text;
use super::words::not_given;
use super::{Look, alone, format_seconds, outline_step, safe_text};
use crate::base::counted;
use crate::event::Outcome;
use crate::model::{Deadline, Effect, Lock, LockBusy, Missed, Notifications, Overlap, Schedule};
use crate::plan::{Allowed, Outline};

/// The whole dry run as text.
pub fn outline_text(outline: &Outline, look: Look) -> String {
    let mut text = format!("{}  ({})\n", look.bold(&safe_text(&outline.title)), outline.playbook);
    if let Some(environment) = &outline.environment {
        text.push_str(&crate::t!("environment: {environment}\n", "環境: {environment}\n"));
    }
    for (name, value) in &outline.inputs {
        let value = match value {
            serde_json::Value::Null => look.dim(&not_given()),
            serde_json::Value::String(text) if !text.is_empty() => safe_text(text).into_owned(),
            other => safe_text(&other.to_string()).into_owned(),
        };
        text.push_str(&crate::t!("input {name}: {value}", "入力 {name}: {value}"));
        if let Some(meaning) = outline.meanings.get(name) {
            let meaning = safe_text(meaning);
            text.push_str(&look.dim(&crate::t!(" ({meaning})", "（{meaning}）")));
        }
        text.push('\n');
    }
    if !outline.chosen.is_all() {
        text.push_str(&format!("{}\n", look.loud(&chosen(outline))));
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

/// That only some of the steps are run, and which are not.
pub(super) fn chosen(outline: &Outline) -> String {
    let (flags, count) = (outline.chosen.flags(), outline.left_out.len());
    let list = safe_text(&outline.left_out.join(", ")).into_owned();
    match count {
        0 => crate::t!("chosen: {flags}; nothing is left out", "選択: {flags}（対象外なし）"),
        _ => crate::t!(
            "chosen: {flags}; left out ({count}): {list}",
            "選択: {flags}。対象外（{count}）: {list}"
        ),
    }
}

/// A rule of `check` that does not hold in a whole file, and why.
pub(super) fn allowed(allowed: &Allowed) -> String {
    let Allowed { place, rule, reason } = allowed;
    safe_text(&crate::t!(
        "allowed in all of {place}: {reason} [{rule}]",
        "{place} 全体で許可: {reason} [{rule}]"
    ))
    .into_owned()
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
    lines.extend(outline.allowed.iter().map(allowed));
    lines.extend(outline.windows.iter().map(alone::window));
    lines.extend(outline.runs_at_once.map(alone::policy));
    lines.extend(outline.locks.iter().map(lock));
    lines.extend(outline.schedule.iter().map(schedule));
    if let Some(clock) = outline.clock.as_ref().filter(|_| !outline.deadlines.is_empty()) {
        lines.push(crate::t!("deadlines count from {clock}", "期限の起点: {clock}"));
    }
    lines.extend(outline.clocks.iter().map(|(call, clock)| {
        crate::t!("deadlines of `{call}` count from {clock}", "`{call}` の期限の起点: {clock}")
    }));
    lines.extend(outline.deadlines.iter().map(|d| crate::t!("deadline: {}", "期限: {}", deadline(d))));
    lines.extend(outline.notifications.as_ref().map(notifications));
    let ticked = outline.checklist.iter();
    lines.extend(ticked.map(|box_| {
        let (item, from) = (&box_.item, &box_.from);
        crate::t!("checklist: {item} (from {from})", "チェックリスト: {item}（{from} の結果）")
    }));
    if let Some(estimate) = &outline.estimate {
        let (runs, whole) = (estimate.runs, format_seconds(estimate.seconds));
        let n = counted(runs, "run");
        lines.push(crate::t!(
            "took about {whole} before (median of {n})",
            "所要時間の目安: {whole}（過去 {runs} 回の中央値）"
        ));
    }
    lines.extend(alone::now(outline));
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

/// By when what has to be over, and what is done else.
pub(super) fn deadline(deadline: &Deadline) -> String {
    let words = super::note::deadline_words(deadline);
    match deadline.handler() {
        Some(handler) => {
            crate::t!("{words}, else handler {handler}", "{words}、超過時はハンドラー {handler}")
        }
        None => crate::t!("{words}, else the run is stopped", "{words}、超過時は実行を中止"),
    }
}

/// Who is told of what.
pub(super) fn notifications(all: &Notifications) -> String {
    let of: Vec<String> = all.occasions().iter().map(|about| super::occasion(*about)).collect();
    let mail = all.mail.iter().flat_map(|mail| mail.to.iter().chain(&mail.cc)).map(|to| format!("mail {to}"));
    let hook = all.webhook.as_ref().map(|hook| match (&hook.url, &hook.secret) {
        (Some(url), _) => format!("POST {url}"),
        (None, secret) => {
            format!("POST {} (secrets.{})", crate::base::MASK, secret.as_deref().unwrap_or_default())
        }
    });
    let to: Vec<String> = mail.chain(hook).collect();
    let (of, to) = (of.join(", "), to.join(", "));
    crate::t!("people are told of {of}: {to}", "通知（{of}）: {to}")
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
