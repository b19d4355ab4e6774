//! A dry run as a person reads it. It does not render a step, only lays the text out.

use super::{Look, outcome_word, pad, safe_text};
use crate::event::Verdict;
use crate::model::Effect;
use crate::plan::{Outline, OutlineStep, ProbeCounts, ProbeFinding};

/// The whole dry run as text.
pub fn outline_text(outline: &Outline, look: Look) -> String {
    let mut text = format!("{}  ({})\n", look.bold(&outline.title), outline.playbook);
    if let Some(environment) = &outline.environment {
        text.push_str(&crate::t!("environment: {environment}\n", "環境: {environment}\n"));
    }
    for (name, value) in &outline.inputs {
        text.push_str(&crate::t!("input {name}: {}\n", "入力 {name}: {}\n", super::cell(value)));
    }
    for (number, step) in outline.steps.iter().enumerate() {
        text.push('\n');
        text.push_str(&step_text(number + 1, step, look));
    }
    let Outline { read, change, destroy, .. } = outline;
    text.push_str(&crate::t!(
        "\n{read} read, {change} change, {destroy} destroy. ⟨…⟩ is what only a run can know.\n",
        "\n参照 {read}、変更 {change}、破壊 {destroy}。⟨…⟩ は実行時にのみ決まる値です。\n"
    ));
    if let Some(ProbeCounts { ran, yes, no, cannot_know }) = outline.probe {
        text.push_str(&crate::t!(
            "probe: {yes} yes, {no} no, {cannot_know} cannot know ({ran} were run, as they only read). Nothing was changed.\n",
            "確認: はい {yes}、いいえ {no}、不明 {cannot_know}（読み取りのみの {ran} 件は実行済み）。何も変更していません。\n"
        ));
    }
    text
}

fn step_text(number: usize, step: &OutlineStep, look: Look) -> String {
    let margin = "  ".repeat(step.depth);
    let effect = effect_word(step.effect);
    let effect = if step.effect == Effect::Destroy { look.loud(&effect) } else { effect };
    let mut text = format!(
        "{margin}{number:>3}. {}  {effect}  {}  {}\n",
        look.bold(&step.id),
        step.kind,
        look.dim(&safe_text(&step.title))
    );
    let mut line = |label: String, value: &str| {
        for (i, part) in value.lines().enumerate() {
            let label = if i == 0 { pad(&label, 10) } else { pad("", 10) };
            text.push_str(&format!("{margin}     {} {}\n", look.dim(&label), safe_text(part)));
        }
    };
    details(step, &mut line);
    text
}

fn details(step: &OutlineStep, line: &mut dyn FnMut(String, &str)) {
    let needs: Vec<String> = step.needs.iter().map(|(id, why)| format!("{id} ({why})")).collect();
    if !needs.is_empty() {
        line(crate::t!("after", "先行"), &needs.join(", "));
    }
    for (condition, value) in &step.when {
        line(crate::t!("when", "条件"), &format!("{condition} = {value}"));
    }
    if let Some(items) = &step.items {
        line(crate::t!("for each", "繰返し"), items);
    }
    for text in step.text.iter().filter(|t| !t.is_empty()) {
        line(crate::t!("does", "内容"), text);
    }
    if let Some(because) = &step.because {
        line(crate::t!("because", "理由"), because);
    }
    if let Some(timeout) = &step.timeout {
        line(crate::t!("timeout", "制限時間"), timeout);
    }
    if let Some(attempts) = step.attempts {
        line(crate::t!("attempts", "試行回数"), &attempts.to_string());
    }
    if let Some((question, flag)) = &step.asks {
        let unattended = crate::t!("unattended", "無人時");
        line(crate::t!("asks", "確認"), &format!("{question}  ({unattended}: {flag})"));
    }
    if step.goes_on {
        let failed = outcome_word(crate::event::Outcome::Failed);
        line(failed, &crate::t!("what follows goes on", "後続は継続"));
    }
    if let Some(error) = &step.error {
        line(crate::t!("error", "エラー"), error);
    }
    if let Some(finding) = &step.probe {
        line(crate::t!("probe", "確認"), &finding_text(finding));
    }
}

/// `yes, ran — 3 rows`
fn finding_text(finding: &ProbeFinding) -> String {
    let verdict = match finding.verdict {
        Verdict::Yes => crate::t!("yes", "はい"),
        Verdict::No => crate::t!("no", "いいえ"),
        Verdict::CannotKnow => crate::t!("cannot know", "不明"),
    };
    let ran = if finding.ran { crate::t!(", ran", "・実行済み") } else { String::new() };
    match finding.words.is_empty() {
        true => format!("{verdict}{ran}"),
        false => format!("{verdict}{ran} — {}", finding.words),
    }
}

/// What a step does to the world, in a word.
pub fn effect_word(effect: Effect) -> String {
    match effect {
        Effect::Read => crate::t!("read", "参照"),
        Effect::Change => crate::t!("change", "変更"),
        Effect::Destroy => crate::t!("destroy", "破壊"),
    }
}
