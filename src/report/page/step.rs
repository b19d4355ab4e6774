//! One step of a plan in a page.

use maud::{Markup, html};

use super::facts::{Fact, Value, item_of, outcome_facts, probe_facts, question_facts, step_facts};
use super::marked::marked;
use crate::event::Verdict;
use crate::model::Effect;
use crate::plan::{OutlineStep, ToldText};
use crate::report::effect_word;
use crate::report::finding::verdict_word;
use crate::report::graph::{effect_name, own_title};
use crate::report::outline_step::undo_word;
use crate::t;

/// A step, folded up where it only reads and nothing speaks against it.
pub(super) fn step(number: usize, step: &OutlineStep, seconds: Option<f64>) -> Markup {
    let refused = step.probe.as_ref().is_some_and(|found| found.verdict == Verdict::No);
    let open = step.effect != Effect::Read || step.asks.is_some() || step.error.is_some() || refused;
    let class = format!("step {} depth-{}", effect_name(step.effect), step.depth.min(4));
    html! {
        li class=(class) id=(format!("step-{number}")) {
            details open[open] {
                summary {
                    span class="number" { (number) }
                    span class="name" {
                        h3 { (marked(&step.id)) }
                        @if let Some(title) = own_title(step) { span class="title" { (marked(title)) } }
                    }
                    span class="tags" { (tags(step)) }
                }
                div class="body" {
                    @if let Some(error) = &step.error {
                        p class="error" { strong { (t!("Cannot be rendered:", "表示できません:")) } " " (marked(error)) }
                    }
                    (list(&probe_facts(step)))
                    @if let Some(asks) = &step.asks {
                        section class="question" {
                            h4 { (t!("Asks", "確認")) }
                            p { (marked(&asks.text)) }
                            (list(&question_facts(asks)))
                        }
                    }
                    (list(&step_facts(step)))
                    @for text in &step.text { (performed(text)) }
                    @if let Some(undo) = &step.undo {
                        h4 { (t!("Undo", "取り消し")) ", " (undo_word(undo.when)) }
                        (performed(&undo.text))
                    }
                    @if let Some(verify) = &step.verify {
                        h4 { (t!("Verified after a crash by", "停止後の検証")) }
                        (performed(verify))
                    }
                    (list(&outcome_facts(step, seconds)))
                }
            }
        }
    }
}

pub(super) fn tags(step: &OutlineStep) -> Markup {
    html! {
        span class=(format!("tag {}", effect_name(step.effect))) { (effect_word(step.effect)) }
        span class="tag" { (step.kind) }
        @if let Some(found) = &step.probe {
            span class=(format!("tag {}", verdict_class(found.verdict))) {
                (t!("probe: {}", "事前確認: {}", verdict_word(found.verdict)))
            }
        }
        @if step.asks.is_some() { span class="tag asks" { (t!("asks", "確認")) } }
        @if !step.when.is_empty() { span class="tag" { (t!("if", "条件あり")) } }
        @if let Some(items) = &step.items {
            span class="tag" {
                @match items.count {
                    Some(count) => { "× " (count) },
                    None => (t!("each", "繰返し")),
                }
            }
        }
    }
}

pub(super) fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::CannotKnow => "open",
    }
}

fn performed(text: &ToldText) -> Markup {
    let lines = text.lines.join("\n");
    html! {
        @if let Some(item) = item_of(text) { p class="item" { (marked(&item)) } }
        @if !lines.trim().is_empty() {
            // What is wider than the page scrolls, by keyboard too.
            pre tabindex="0" { code { (marked(&lines)) } }
        }
        @if !text.parameters.is_empty() {
            ol class="parameters" aria-label=(t!("bound values", "束縛する値")) {
                @for value in &text.parameters { li { code { (marked(value)) } } }
            }
        }
    }
}

/// Labels with their values.
pub(super) fn list(facts: &[Fact]) -> Markup {
    html! {
        @if !facts.is_empty() {
            dl {
                @for fact in facts {
                    div {
                        dt { (marked(&fact.label)) }
                        dd {
                            @match &fact.value {
                                Value::Text(text) => (marked(text)),
                                Value::Code(values) => {
                                    @for value in values { code { (marked(value)) } " " }
                                },
                            }
                        }
                    }
                }
            }
        }
    }
}
