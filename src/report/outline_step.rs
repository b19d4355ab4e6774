//! One step of a dry run as a person reads it. It renders nothing.

use super::finding::finding_text;
use super::outline::{effect_word, failed_word};
use super::{Look, format_seconds, pad, safe_text};
use crate::base::counted;
use crate::graph::Why;
use crate::model::{AfterCrash, Effect, OnError, Otherwise, Part, Retry, UndoWhen};
use crate::plan::{OutlineStep, ToldCondition, ToldLoop, ToldQuestion, ToldText, ToldUnknown};

/// The width of the labels.
const LABEL: usize = 11;

/// The step's lines; `took` are the seconds it took before.
pub(super) fn text(number: usize, step: &OutlineStep, took: Option<f64>, look: Look) -> String {
    let margin = "  ".repeat(step.depth);
    let mut text = format!("{margin}{number:>3}. {}  {}", look.bold(&step.id), head(step, look));
    let mut lines = told(step);
    if let Some(seconds) = took {
        lines.push((
            crate::t!("took", "所要"),
            crate::t!("{} before", "前回まで {}", format_seconds(seconds)),
        ));
    }
    laid_out(lines, &format!("{margin}     "), look, &mut text);
    text
}

/// The step's lines without its number and id, at the margin.
pub(super) fn body(step: &OutlineStep, look: Look) -> String {
    let mut text = head(step, look);
    laid_out(told(step), "", look, &mut text);
    text
}

/// What it does to the world, its kind and its title.
fn head(step: &OutlineStep, look: Look) -> String {
    let effect = effect_word(step.effect);
    let effect = if step.effect == Effect::Destroy { look.loud(&effect) } else { effect };
    format!("{effect}  {}  {}\n", step.kind, look.dim(&safe_text(&step.title)))
}

fn told(step: &OutlineStep) -> Lines {
    let mut lines = Vec::new();
    order(step, &mut lines);
    work(step, &mut lines);
    people(step, &mut lines);
    consequences(step, &mut lines);
    if let Some(finding) = &step.probe {
        lines.push((crate::t!("probe", "確認"), finding_text(finding)));
    }
    lines
}

fn laid_out(lines: Lines, margin: &str, look: Look, text: &mut String) {
    for (label, value) in lines {
        for (i, part) in value.split('\n').enumerate() {
            let label = pad(if i == 0 { &label } else { "" }, LABEL);
            text.push_str(&format!("{margin}{} {}\n", look.dim(&label), safe_text(part)));
        }
    }
}

type Lines = Vec<(String, String)>;

/// When it runs, and how often.
fn order(step: &OutlineStep, lines: &mut Lines) {
    let needs: Vec<String> = step.needs.iter().map(|n| format!("{} ({})", n.step, why_word(n.why))).collect();
    if !needs.is_empty() {
        lines.push((crate::t!("after", "先行"), needs.join(", ")));
    }
    lines.extend(part_words(step.part, step.handler.as_deref()));
    for when in &step.when {
        lines.push((crate::t!("when", "条件"), condition(when)));
    }
    if let Some(items) = &step.items {
        lines.push((crate::t!("for each", "繰返し"), told_loop(items)));
    }
}

/// What it does, and with what.
fn work(step: &OutlineStep, lines: &mut Lines) {
    for text in &step.text {
        lines.push((crate::t!("does", "内容"), told_text(text)));
        if !text.parameters.is_empty() {
            let values = text.parameters.iter().enumerate().map(|(i, value)| format!("{}: {value}", i + 1));
            lines.push((crate::t!("values", "値"), values.collect::<Vec<_>>().join(", ")));
        }
    }
    for fact in &step.system {
        lines.push((crate::t!("system", "環境"), format!("{} = {}", fact.name, fact.value)));
    }
    for secret in &step.secrets {
        let shown = format!("{} = {} ({})", secret.name, crate::base::MASK, secret.source);
        lines.push((crate::t!("secret", "秘密"), shown));
    }
    if !step.unknown.is_empty() {
        let names: Vec<String> = step.unknown.iter().map(unknown).collect();
        lines.push((crate::t!("unknown", "未定"), names.join("\n")));
    }
    if let Some(because) = &step.because {
        lines.push((crate::t!("because", "理由"), because.clone()));
    }
    if step.sensitive {
        let text =
            crate::t!("its output is kept out of logs and the journal", "出力はログにも記録にも残さない");
        lines.push((crate::t!("sensitive", "機密"), text));
    }
}

/// What people are asked.
fn people(step: &OutlineStep, lines: &mut Lines) {
    if let Some(asks) = &step.asks {
        lines.push((crate::t!("asks", "確認"), question(asks)));
    }
}

/// What its result means.
fn consequences(step: &OutlineStep, lines: &mut Lines) {
    if let Some(timeout) = &step.timeout {
        lines.push((crate::t!("timeout", "制限時間"), timeout.clone()));
    }
    if let Some(again) = &step.retry {
        lines.push((crate::t!("attempts", "試行回数"), retry(again)));
    }
    for expect in &step.expect {
        lines.push((crate::t!("expects", "期待"), condition(expect)));
    }
    if !step.ok_codes.is_empty() && step.ok_codes != [0] {
        lines.push((crate::t!("ok codes", "正常終了"), codes(&step.ok_codes)));
    }
    if !step.warn_codes.is_empty() {
        lines.push((crate::t!("warn codes", "警告終了"), codes(&step.warn_codes)));
    }
    let consequence = match step.on_error {
        OnError::Continue => crate::t!("what follows goes on", "後続は継続"),
        OnError::Fail => crate::t!("what needs it is blocked", "これを必要とするステップは実行しない"),
    };
    lines.push((failed_word(), consequence));
    if step.effect != Effect::Read && !step.text.is_empty() {
        lines.push((crate::t!("after crash", "中断後"), crash_word(step.after_crash)));
    }
    if let Some(undo) = &step.undo {
        lines.push((
            crate::t!("undo", "取り消し"),
            format!("{}:\n{}", undo_word(undo.when), told_text(&undo.text)),
        ));
    }
    if let Some(verify) = &step.verify {
        lines.push((crate::t!("verified by", "検証"), verify.lines.join("\n")));
    }
    if let Some(error) = &step.error {
        lines.push((crate::t!("error", "エラー"), error.clone()));
    }
}

fn told_text(text: &ToldText) -> String {
    let whole = text.lines.join("\n");
    match &text.item {
        None => whole,
        Some(item) => crate::t!("item {item}:\n{whole}", "対象 {item}:\n{whole}"),
    }
}

fn condition(condition: &ToldCondition) -> String {
    let mut text = condition.that.clone();
    if let Some(each) = &condition.each {
        text.push_str(&crate::t!(" for each of {}", "（{} の各要素）", plain(each)));
    }
    if let Some(value) = &condition.value {
        text.push_str(&format!(" = {value}"));
    }
    if condition.otherwise == Otherwise::Warn {
        text.push_str(&crate::t!(", else a warning", "。満たさなければ警告"));
    }
    if let Some(message) = &condition.message {
        text.push_str(&format!(": {message}"));
    }
    text
}

fn told_loop(items: &ToldLoop) -> String {
    let mut text = items.list.clone();
    match items.count {
        Some(0) => text.push_str(&crate::t!("  (no item: skipped)", "  （対象なし: 実行しない）")),
        Some(count) => {
            let n = counted(count, "item");
            text.push_str(&crate::t!("  ({n})", "  （{count} 件）"));
        }
        None => text.push_str(&crate::t!("  (as many as the run finds)", "  （件数は実行時に決まる）")),
    }
    if let Some(most) = items.max_parallel {
        text.push_str(&crate::t!(", {most} side by side", "、同時 {most} 件"));
    }
    if !items.stop.is_empty() {
        let stop = items.stop.join(" and ");
        text.push_str(&crate::t!("\nstops after an item with {stop}", "\n{stop} となった対象で打ち切り"));
    }
    text
}

fn question(asks: &ToldQuestion) -> String {
    let mut lines = vec![asks.text.clone()];
    lines.extend(asks.facts.iter().map(|(label, value)| format!("{label}: {}", plain(value))));
    if let Some(typed) = &asks.typed {
        lines.push(crate::t!("`{typed}` has to be typed", "`{typed}` の入力が必要"));
    }
    if asks.people > 1 {
        lines.push(crate::t!("{} people have to agree", "{} 人の同意が必要", asks.people));
    }
    lines.push(crate::t!("unattended: {}", "無人時: {}", asks.unattended));
    lines.join("\n")
}

fn retry(retry: &Retry) -> String {
    let delay = retry.delay.map_or_else(|| "5s".to_string(), |d| d.to_string());
    let mut text = crate::t!("{}, {delay} apart", "{}（間隔 {delay}）", retry.attempts);
    if let Some(factor) = retry.backoff {
        text.push_str(&crate::t!(", each pause {factor} times the last", "、間隔は毎回 {factor} 倍"));
    }
    if let Some(most) = retry.max_delay {
        text.push_str(&crate::t!(", at most {most}", "、最長 {most}"));
    }
    if !retry.on_codes.is_empty() {
        text.push_str(&crate::t!(
            ", only after exit code {}",
            "、終了コード {} のときだけ",
            codes(&retry.on_codes)
        ));
    }
    text
}

fn codes(codes: &[i32]) -> String {
    codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn unknown(unknown: &ToldUnknown) -> String {
    let name = format!("⟨{}⟩", unknown.name);
    match (&unknown.from, unknown.differs) {
        (Some(from), _) => format!("{name} = {from}"),
        (None, true) => crate::t!("{name}, different in every run", "{name}（実行ごとに異なる）"),
        (None, false) => name,
    }
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    }
}

/// The list of its group or playbook that a step stands in, and what that means; none for most.
pub(super) fn part_words(part: Part, handler: Option<&str>) -> Option<(String, String)> {
    let meaning = match part {
        Part::Steps => return None,
        Part::Rescue => crate::t!("only if a step before it fails", "前のステップが失敗したときだけ"),
        Part::Always => crate::t!("at the end, whatever happens", "何が起きても最後に実行"),
        Part::Handler => crate::t!("only when a deadline passes", "期限を過ぎたときだけ"),
    };
    let word = match part {
        Part::Rescue => crate::t!("rescue", "復旧"),
        Part::Handler => {
            let name = handler.unwrap_or_default();
            crate::t!("handler {name}", "ハンドラー {name}")
        }
        Part::Steps | Part::Always => crate::t!("always", "後始末"),
    };
    Some((word, meaning))
}

/// When a step is taken back.
pub(super) fn undo_word(when: UndoWhen) -> String {
    match when {
        UndoWhen::Failed => crate::t!("if what follows fails", "後に失敗したとき"),
        UndoWhen::Always => crate::t!("at the end, whatever happens", "何が起きても最後に"),
    }
}

fn crash_word(after: AfterCrash) -> String {
    match after {
        AfterCrash::Rerun => crate::t!("run again", "再実行"),
        AfterCrash::Verify => crate::t!("verified first", "検証してから"),
        AfterCrash::Ask => crate::t!("a person decides", "人が判断"),
        AfterCrash::Never => crate::t!("never run again", "再実行しない"),
    }
}

fn why_word(why: Why) -> String {
    match why {
        Why::Written => crate::t!("written", "明記"),
        Why::Sequence => crate::t!("sequence", "順序"),
        Why::Reference => crate::t!("reference", "参照"),
        Why::After => crate::t!("after its end", "終了後"),
    }
}
