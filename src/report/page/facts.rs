//! What a document tells of a plan and of each step, as labels and values. It lays nothing out.

use crate::base::counted;
use crate::graph::Why;
use crate::model::{AfterCrash, LockBusy, OnError, Otherwise};
use crate::plan::{Outline, OutlineStep, ToldCondition, ToldQuestion, ToldText};
use crate::report::finding::finding_text;
use crate::report::graph::why_word;
use crate::report::outline::allowed;
use crate::report::outline_step::part_words;
use crate::report::{alone, cell, format_seconds};
use crate::t;

/// What is known of a plan beside the plan itself.
#[derive(Clone, Debug, Default)]
pub struct PlanHead {
    /// The system's title.
    pub system: Option<String>,
    /// What the environment calls itself.
    pub target: Option<String>,
    /// Whether the environment is protected.
    pub protected: bool,
    /// Who made the plan.
    pub by: Option<String>,
    /// When, as it is to be shown.
    pub made: Option<String>,
    /// Until when it may be run.
    pub valid_until: Option<String>,
    /// The digest over all of it.
    pub digest: Option<String>,
}

/// A label with its value.
pub(super) struct Fact {
    pub label: String,
    pub value: Value,
}

/// A value.
pub(super) enum Value {
    /// Words.
    Text(String),
    /// Something as it is written in a file or typed.
    Code(Vec<String>),
}

fn text(label: String, value: impl Into<String>) -> Fact {
    Fact { label, value: Value::Text(value.into()) }
}

fn code(label: String, values: impl IntoIterator<Item = String>) -> Fact {
    Fact { label, value: Value::Code(values.into_iter().collect()) }
}

/// What is said of the whole plan.
pub(super) fn plan_facts(outline: &Outline, head: &PlanHead) -> Vec<Fact> {
    let mut facts = vec![code(t!("Playbook", "プレイブック"), [outline.playbook.clone()])];
    let given = [
        (t!("System", "システム"), &head.system),
        (t!("Environment", "環境"), &outline.environment),
        (t!("Target", "対象"), &head.target),
        (t!("Made by", "作成者"), &head.by),
        (t!("Made", "作成日時"), &head.made),
        (t!("Valid until", "有効期限"), &head.valid_until),
    ];
    facts.extend(given.into_iter().filter_map(|(label, value)| Some(text(label, value.clone()?))));
    if !outline.chosen.is_all() {
        facts.push(text(t!("Chosen", "選択"), crate::report::outline::chosen(outline)));
    }
    facts.extend(outline.allowed.iter().map(|a| text(t!("Allowed", "許可"), allowed(a))));
    if !outline.windows.is_empty() {
        facts.push(code(t!("Windows", "時間帯"), outline.windows.iter().map(alone::window)));
    }
    if let Some(policy) = outline.runs_at_once {
        facts.push(text(t!("A second run", "同時実行"), alone::policy(policy)));
    }
    if !outline.locks.is_empty() {
        facts.push(code(t!("Locks", "ロック"), outline.locks.iter().map(lock)));
    }
    if !outline.schedule.is_empty() {
        facts.push(code(t!("Schedule", "予定"), outline.schedule.iter().map(|s| s.cron.clone())));
    }
    if !outline.deadlines.is_empty() {
        let all = outline.deadlines.iter().map(crate::report::outline::deadline);
        facts.push(code(t!("Deadlines", "期限"), all));
    }
    if let Some(all) = &outline.notifications {
        facts.push(text(t!("Notifications", "通知"), crate::report::outline::notifications(all)));
    }
    if let Some(estimate) = &outline.estimate {
        let time = format_seconds(estimate.seconds);
        let (runs, n) = (estimate.runs, counted(estimate.runs, "run"));
        facts.push(text(
            t!("Expected time", "所要時間の目安"),
            t!("{time} (median of {n})", "{time}（過去 {runs} 回の中央値）"),
        ));
    }
    if let Some(digest) = &head.digest {
        facts.push(code(t!("Digest", "ダイジェスト"), [digest.clone()]));
    }
    facts
}

fn lock(lock: &crate::model::Lock) -> String {
    let limit = lock.limit.as_ref().map(|limit| format!(" {limit}")).unwrap_or_default();
    let busy = match lock.busy {
        LockBusy::Wait if limit.is_empty() => return lock.name.clone(),
        LockBusy::Wait => t!("waits{limit}", "待機{limit}"),
        LockBusy::Fail => t!("fails when held", "使用中なら失敗"),
        LockBusy::Skip => t!("skipped when held", "使用中なら省略"),
    };
    format!("{} ({busy})", lock.name)
}

/// What is said of a step before the text that it performs.
pub(super) fn step_facts(step: &OutlineStep) -> Vec<Fact> {
    let mut facts: Vec<Fact> = part_words(step.part, step.handler.as_deref())
        .into_iter()
        .map(|(word, told)| text(word, told))
        .collect();
    for why in [Why::Sequence, Why::Written, Why::Reference, Why::After] {
        let needs = step.needs.iter().filter(|n| n.why == why).map(|n| n.step.clone());
        let needs: Vec<String> = needs.collect();
        if !needs.is_empty() {
            facts.push(code(t!("Follows ({})", "先行（{}）", why_word(why)), needs));
        }
    }
    if !step.when.is_empty() {
        facts.push(code(t!("Only if", "実行条件"), step.when.iter().map(condition)));
    }
    if let Some(items) = &step.items {
        facts.push(code(t!("For each of", "繰返し対象"), [items.list.clone()]));
        if let Some(most) = items.max_parallel {
            facts.push(text(t!("Side by side", "同時実行数"), most.to_string()));
        }
        if !items.stop.is_empty() {
            facts.push(code(t!("No further one after", "打ち切り条件"), items.stop.iter().cloned()));
        }
    }
    if let Some(because) = &step.because {
        facts.push(text(t!("Not destructive because", "破壊的でない理由"), because));
    }
    let system = step.system.iter().map(|f| format!("{} = {}", f.name, f.value));
    let system: Vec<String> = system.collect();
    if !system.is_empty() {
        facts.push(code(t!("From the system", "システム設定"), system));
    }
    facts
}

/// What is said of a step after the text that it performs: results, failures, crashes.
pub(super) fn outcome_facts(step: &OutlineStep, seconds: Option<f64>) -> Vec<Fact> {
    let mut facts = Vec::new();
    if !step.expect.is_empty() {
        facts.push(code(t!("Must hold after", "期待する結果"), step.expect.iter().map(condition)));
    }
    let codes = |codes: &[i32]| codes.iter().map(i32::to_string).collect::<Vec<_>>();
    if !step.ok_codes.is_empty() && step.ok_codes != [0] {
        facts.push(code(t!("Exit codes that are fine", "正常な終了コード"), codes(&step.ok_codes)));
    }
    if !step.warn_codes.is_empty() {
        facts.push(code(t!("Exit codes that warn", "警告となる終了コード"), codes(&step.warn_codes)));
    }
    if let Some(timeout) = &step.timeout {
        facts.push(text(t!("Time limit", "制限時間"), timeout));
    }
    if let Some(retry) = &step.retry {
        let delay = retry.delay.as_ref().map(ToString::to_string).unwrap_or_else(|| "5s".to_string());
        let attempts = retry.attempts;
        facts.push(text(
            t!("Attempts", "試行回数"),
            t!("{attempts}, {delay} apart", "{attempts} 回（間隔 {delay}）"),
        ));
    }
    if let Some(seconds) = seconds {
        facts.push(text(t!("Took before", "過去の所要時間"), format_seconds(seconds)));
    }
    // What a group's failure means is told by its steps, unless it means something else.
    let holds = holds_steps(step);
    if !holds || step.on_error != OnError::Fail {
        facts.push(text(t!("If it fails", "失敗した場合"), on_error(step.on_error)));
    }
    if step.effect != crate::model::Effect::Read && !holds {
        facts.push(text(t!("After a crash of the engine", "エンジン停止後"), after_crash(step.after_crash)));
    }
    if step.sensitive {
        facts.push(text(t!("Output", "出力"), t!("kept out of logs and journal", "ログと記録に残さない")));
    }
    let secrets: Vec<String> = step.secrets.iter().map(|s| format!("{} ← {}", s.name, s.source)).collect();
    if !secrets.is_empty() {
        facts.push(code(t!("Secrets", "シークレット"), secrets));
    }
    let unknown = step.unknown.iter().map(|u| match &u.from {
        Some(from) => format!("⟨{}⟩ ← {from}", u.name),
        None => format!("⟨{}⟩", u.name),
    });
    let unknown: Vec<String> = unknown.collect();
    if !unknown.is_empty() {
        facts.push(code(t!("Known only in the run", "実行時に決まる値"), unknown));
    }
    facts
}

fn holds_steps(step: &OutlineStep) -> bool {
    matches!(step.kind.as_str(), "steps" | "playbook")
}

/// What looking found out about a step.
pub(super) fn probe_facts(step: &OutlineStep) -> Vec<Fact> {
    let found = step.probe.iter();
    found.map(|finding| text(t!("Probe", "事前確認"), finding_text(finding))).collect()
}

fn on_error(on_error: OnError) -> String {
    match on_error {
        OnError::Fail => t!("what needs it is blocked; the run fails", "後続は実行されず、全体が失敗"),
        OnError::Continue => {
            t!("what follows goes on; the run ends with warnings", "後続は継続し、警告付きで終了")
        }
    }
}

fn after_crash(after: AfterCrash) -> String {
    match after {
        AfterCrash::Rerun => t!("run again without a question", "確認なしで再実行"),
        AfterCrash::Verify => t!("its verification decides", "検証（verify）で判断"),
        AfterCrash::Ask => t!("a person decides", "担当者が判断"),
        AfterCrash::Never => t!("never run again", "再実行しない"),
    }
}

fn condition(condition: &ToldCondition) -> String {
    let mut text = condition.that.clone();
    if let Some(value) = &condition.value {
        text.push_str(&format!(" = {value}"));
    }
    if let Some(each) = &condition.each {
        text.push_str(&t!(" (for each of {})", "（各要素: {}）", cell(each)));
    }
    if condition.otherwise == Otherwise::Warn {
        text.push_str(&t!(" (else a warning)", "（満たさなければ警告）"));
    }
    if let Some(message) = &condition.message {
        text.push_str(&format!(" — {message}"));
    }
    text
}

/// What is said with a question.
pub(super) fn question_facts(asks: &ToldQuestion) -> Vec<Fact> {
    let mut facts: Vec<Fact> =
        asks.facts.iter().map(|(label, value)| text(label.clone(), cell(value))).collect();
    if let Some(typed) = &asks.typed {
        facts.push(code(t!("Answered by typing", "入力する文字列"), [typed.clone()]));
    }
    if asks.people > 1 {
        facts.push(text(t!("People who must agree", "必要な承認者数"), asks.people.to_string()));
    }
    facts.push(code(t!("Without a terminal", "端末なしの場合"), [asks.unattended.clone()]));
    facts
}

/// The heading of a text: which item it is for.
pub(super) fn item_of(text: &ToldText) -> Option<String> {
    text.item.as_ref().map(|item| t!("for {}", "{} について", cell(item)))
}
