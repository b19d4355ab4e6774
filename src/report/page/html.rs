//! A plan as one HTML page: everything in it.

use maud::{Markup, html};

use super::facts::{PlanHead, plan_facts};
use super::marked::marked;
use super::shell::page;
use super::step::{list, step, tags, verdict_class};
use crate::base::counted;
use crate::event::Verdict;
use crate::model::Effect;
use crate::plan::{Outline, OutlineStep, ProbeCounts};
use crate::report::cell;
use crate::report::finding::verdict_word;
use crate::report::graph::{Diagram, GRAPH_STYLE, effect_name, own_title, page_svg};
use crate::report::words::not_given;
use crate::report::{effect_word, graph};
use crate::t;

/// The page of a plan.
pub fn plan_html(outline: &Outline, head: &PlanHead) -> String {
    let (picture, picture_style) = picture(outline);
    let body = html! {
        a class="skip" href="#steps" { (t!("To the steps", "手順へ移動")) }
        (top(outline, head))
        main { (summary(outline)) (picture) (steps(outline)) (checklist(outline)) }
        footer {
            p {
                mark class="unknown" { "⟨…⟩" } " " (t!("is what only a run can know;", "は実行時にのみ決まる値、")) " "
                mark class="masked" { (crate::base::MASK) } " " (t!("is a secret, never shown.", "は表示されない秘密の値です。"))
            }
            p { "Toban " (env!("CARGO_PKG_VERSION")) " · " (t!("a plan; nothing was run", "計画のみ。何も実行していません")) }
        }
    };
    let title = t!("Plan: {}", "計画: {}", crate::report::safe_line(&outline.title));
    page(&title, &[GRAPH_STYLE, &picture_style], &body)
}

fn top(outline: &Outline, head: &PlanHead) -> Markup {
    html! {
        header {
            p class="kicker" { (t!("Plan for review", "レビュー用の計画")) }
            h1 { (marked(&outline.title)) }
            p class="badges" {
                @if let Some(environment) = &outline.environment { span class="badge" { (marked(environment)) } }
                @if head.protected { span class="badge protected" { (t!("protected", "保護環境")) } }
            }
            (list(&plan_facts(outline, head)))
        }
    }
}

fn summary(outline: &Outline) -> Markup {
    let counts =
        [(Effect::Read, outline.read), (Effect::Change, outline.change), (Effect::Destroy, outline.destroy)];
    let asks = outline.steps.iter().filter(|s| s.asks.is_some()).count();
    let errors = outline.steps.iter().filter(|s| s.error.is_some()).count();
    html! {
        section aria-labelledby="summary" {
            h2 id="summary" { (t!("In short", "概要")) }
            ul class="counts" {
                @for (effect, count) in counts {
                    li class=(if count == 0 { "none" } else { effect_name(effect) }) {
                        b { (count) } " " span { (effect_word(effect)) }
                    }
                }
                li class=(if asks == 0 { "none" } else { "asks" }) { b { (asks) } " " span { (if asks == 1 { t!("question", "確認") } else { t!("questions", "確認") }) } }
                @if errors > 0 { li class="destroy" { b { (errors) } " " span { (t!("cannot be rendered", "表示不可")) } } }
            }
            (first(outline))
            @if let Some(counts) = outline.probe { (probe(counts)) }
            @if !outline.inputs.is_empty() {
                h3 { (t!("Inputs", "入力")) }
                div class="wide" tabindex="0" role="region" aria-label=(t!("Inputs", "入力")) {
                    table {
                        thead { tr { th scope="col" { (t!("Name", "名前")) } th scope="col" { (t!("Value", "値")) } } }
                        tbody {
                            @for (name, value) in &outline.inputs {
                                tr {
                                    th scope="row" {
                                        code { (marked(name)) }
                                        @if let Some(meaning) = outline.meanings.get(name) { div class="meaning" { (marked(meaning)) } }
                                    }
                                    td { (given(value)) }
                                }
                            }
                        }
                    }
                }
            }
            @if !outline.secrets.is_empty() {
                h3 { (t!("Secrets", "シークレット")) }
                ul class="plain" {
                    @for secret in &outline.secrets {
                        li { code { (marked(&secret.name)) } " ← " code { (marked(&secret.source)) } }
                    }
                }
            }
            @if !outline.differs.is_empty() {
                p class="note" {
                    (t!("Differs in every run:", "実行ごとに変わる値:"))
                    @for name in &outline.differs { " " code { (marked(&format!("⟨{name}⟩"))) } }
                }
            }
        }
    }
}

/// What looking found, counted.
fn probe(counts: ProbeCounts) -> Markup {
    let ProbeCounts { ran, yes, no, cannot_know } = counts;
    let counts = [(Verdict::Yes, yes), (Verdict::No, no), (Verdict::CannotKnow, cannot_know)];
    let n = counted(ran, "step");
    html! {
        h3 { (t!("Probe: could each step start?", "事前確認: 各手順は開始できるか")) }
        ul class="counts" {
            @for (verdict, count) in counts {
                li class=(if count == 0 { "none" } else { verdict_class(verdict) }) {
                    b { (count) } " " span { (verdict_word(verdict)) }
                }
            }
        }
        p class="note" {
            (t!(
                "{n} that can only read: run to find out. Nothing was changed.",
                "読み取りのみの {ran} 件を実行して確認しました。何も変更していません。"
            ))
        }
    }
}

/// What has to be read whatever else is skipped: the steps that destroy or ask, each with the way to it.
fn first(outline: &Outline) -> Markup {
    let holds = |step: &OutlineStep| matches!(step.kind.as_str(), "steps" | "playbook");
    let grave = |step: &OutlineStep| step.asks.is_some() || (step.effect == Effect::Destroy && !holds(step));
    let steps: Vec<_> = outline.steps.iter().enumerate().filter(|(_, step)| grave(step)).collect();
    html! {
        @if !steps.is_empty() {
            h3 { (t!("Steps that destroy or ask", "破壊する手順・確認のある手順")) }
            ul class="plain first" {
                @for (at, step) in steps {
                    li {
                        a href=(format!("#step-{}", at + 1)) { code { (marked(&step.id)) } }
                        @if let Some(title) = own_title(step) { " " (marked(title)) }
                        " " span class="tags" { (tags(step)) }
                        @if let Some(typed) = step.asks.as_ref().and_then(|asks| asks.typed.as_ref()) {
                            " " span class="typed" { (t!("to be typed:", "入力する文字列:")) " " code { (marked(typed)) } }
                        }
                    }
                }
            }
        }
    }
}

/// A value as it is, text without quotes; one that was not given is said to be so.
fn given(value: &serde_json::Value) -> Markup {
    let text = value.as_str().map_or_else(|| cell(value), str::to_string);
    html! {
        @if value.is_null() { (not_given()) } @else { code { (marked(&text)) } }
    }
}

fn picture(outline: &Outline) -> (Markup, String) {
    let diagram = Diagram::of(outline);
    let (svg, style) = page_svg(&diagram, &|at| format!("#step-{}", at + 1));
    let section = html! {
        section aria-labelledby="graph" {
            h2 id="graph" { (t!("Order", "実行順")) }
            div class="picture" tabindex="0" role="region" aria-label=(t!("Graph of the steps", "手順の図")) {
                div class="sheet" { (svg) span class="begin" {} }
            }
            (graph::legend(&diagram))
        }
    };
    (section, style)
}

fn steps(outline: &Outline) -> Markup {
    let seconds = |id: &str| outline.estimate.as_ref().and_then(|e| e.steps.get(id)).copied();
    html! {
        section aria-labelledby="steps" {
            h2 id="steps" { (t!("Steps", "手順")) }
            ol class="steps" {
                @for (at, told) in outline.steps.iter().enumerate() { (step(at + 1, told, seconds(&told.id))) }
            }
        }
    }
}

fn checklist(outline: &Outline) -> Markup {
    html! {
        @if !outline.checklist.is_empty() {
            section aria-labelledby="checklist" {
                h2 id="checklist" { (t!("Checklist", "チェックリスト")) }
                ul class="plain boxes" {
                    @for entry in &outline.checklist {
                        li { (marked(&entry.item)) " " code { (marked(entry.from.as_str())) } }
                    }
                }
            }
        }
    }
}
