//! The report as one HTML page: what went otherwise first, then the checklist, the timeline and every step.

use maud::{Markup, html};

use super::document::{Checklist, Deviance, Deviation, Log, Report, StepEntry};
use super::markdown::attempt_name;
use super::timeline::timeline;
use super::words::{deviance_word, result_class, result_word};
use crate::event::Outcome;
use crate::report::layout::did_run;
use crate::report::page::{marked, page};
use crate::report::{counts_text, format_seconds, outcome_word};
use crate::t;

/// The page.
pub fn report_html(report: &Report) -> String {
    let body = html! {
        a class="skip" href="#steps" { (t!("To the steps", "ステップへ移動")) }
        (top(report))
        main {
            (deviations(report))
            @if let Some(list) = &report.checklist { (checklist(report, list)) }
            (timeline(report))
            (steps(report))
            (answers(report))
        }
        footer { p { "Toban " (report.engine) " · " (report.run) } }
    };
    let title = t!("Report: {}", "実行報告: {}", crate::report::safe_line(&report.title));
    page(&title, &[include_str!("report.css")], &body)
}

fn top(report: &Report) -> Markup {
    html! {
        header {
            p class="kicker" { (t!("Report of a run", "実行報告")) }
            h1 { (marked(&report.title)) }
            p class="badges" {
                span class=(format!("badge {}", result_class(report.outcome))) { (result_word(report)) }
                @if let Some(environment) = &report.environment { span class="badge" { (marked(environment)) } }
            }
            dl {
                @for (label, value) in report.head() { div { dt { (label) } dd { (marked(&value)) } } }
            }
        }
    }
}

fn deviations(report: &Report) -> Markup {
    html! {
        section aria-labelledby="deviations" {
            h2 id="deviations" { (t!("Deviations", "注意点")) }
            @if report.deviations.is_empty() {
                p { (t!("None: every step went as planned.", "なし: すべて計画どおりに完了しました。")) }
            } @else {
                ul class="deviations" {
                    @for deviation in &report.deviations { (deviated(report, deviation)) }
                }
            }
        }
    }
}

fn deviated(report: &Report, deviation: &Deviation) -> Markup {
    let at = report.steps.iter().position(|step| Some(&step.id) == deviation.step.as_ref());
    let unit = deviation.unit();
    let said = [deviation.by.clone(), deviation.at.map(|at| report.moment(at))];
    let said: Vec<String> = said.into_iter().flatten().collect();
    html! {
        li class=(class_of(deviation.kind)) {
            p class="what" {
                span class=(format!("tag {}", class_of(deviation.kind))) { (deviance_word(deviation.kind)) } " "
                @match (at, &unit) {
                    (Some(at), Some(unit)) => a href=(format!("#step-{}", at + 1)) { code { (unit) } },
                    (None, Some(unit)) => code { (unit) },
                    (_, None) => {},
                }
                @if let Some(title) = at.and_then(|at| report.steps[at].title.as_deref()) { " " (marked(title)) }
            }
            @for line in deviation.text.lines().filter(|line| !line.is_empty()) { p { (marked(line)) } }
            @if !said.is_empty() { p class="note" { (marked(&said.join(" · "))) } }
            @if !deviation.tail.is_empty() {
                pre tabindex="0" { code { (marked(&deviation.tail.join("\n"))) } }
            }
            @if let Some(log) = &deviation.log {
                p class="note" { (link(&t!("log", "ログ"), log)) " " code { (marked(&report.logs_command(deviation))) } }
            }
        }
    }
}

fn class_of(kind: Deviance) -> &'static str {
    match kind {
        Deviance::Failed => "failed",
        Deviance::Unknown | Deviance::Refused => "unknown-end",
        Deviance::Late | Deviance::NotTold | Deviance::Warned | Deviance::Retried => "warned",
        Deviance::Blocked | Deviance::NotBegun | Deviance::Skipped => "left",
        Deviance::ByHand | Deviance::Decided | Deviance::Confirmed => "person",
    }
}

/// The class by which a page colours an end.
pub fn outcome_class(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Ok | Outcome::Unchanged) => "ok",
        Some(Outcome::Warned) => "warned",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Refused | Outcome::Unknown) => "unknown-end",
        Some(Outcome::ByHand) => "person",
        Some(Outcome::Skipped | Outcome::Blocked) | None => "left",
    }
}

fn checklist(report: &Report, list: &Checklist) -> Markup {
    html! {
        section aria-labelledby="checklist" {
            h2 id="checklist" { (marked(&report.checklist_title())) }
            ul class="plain ticks" {
                @for checked in &list.boxes {
                    li class=(if checked.is_ticked { "ticked" } else { "open" }) {
                        span class="box" role="img" aria-label=(if checked.is_ticked { t!("ticked", "済") } else { t!("not ticked", "未") }) {
                            (if checked.is_ticked { "☑" } else { "☐" })
                        }
                        " " (marked(&checked.item))
                        @if let Some(remark) = checked.remark(|at| report.minute(at)) { " " span class="note" { (marked(&remark)) } }
                    }
                }
            }
            p class="signed" { (t!("Date", "実施日")) ": " (list.date) br; (t!("By", "実施者")) ": " (marked(&list.operator)) }
        }
    }
}

fn steps(report: &Report) -> Markup {
    html! {
        section aria-labelledby="steps" {
            h2 id="steps" { (t!("Steps", "ステップ")) }
            div class="wide" tabindex="0" role="region" aria-label=(t!("Steps", "ステップ")) {
                table class="ran" {
                    thead { tr {
                        th scope="col" { (t!("Step", "ステップ")) }
                        th scope="col" { (t!("Result", "結果")) }
                        th scope="col" { (t!("Started", "開始")) }
                        th scope="col" { (t!("Time", "時間")) }
                        th scope="col" { (t!("Note", "備考")) }
                        th scope="col" { (t!("Log", "ログ")) }
                    } }
                    tbody {
                        @for (at, (step, section)) in report.steps_by_section().enumerate() {
                            @if let Some(section) = section {
                                tr { th scope="rowgroup" colspan="6" { (marked(&section.heading())) } }
                            }
                            (step_row(report, at + 1, step))
                        }
                    }
                }
            }
        }
    }
}

fn step_row(report: &Report, number: usize, step: &StepEntry) -> Markup {
    let result = step.outcome.map_or_else(|| t!("not begun", "未開始"), outcome_word);
    let note = step.items.map_or_else(|| step.note.clone(), |tally| counts_text(&tally, "·"));
    let started = step.attempts.first().map(|a| a.started.to_zoned(report.zone.clone()));
    html! {
        tr id=(format!("step-{number}")) {
            th scope="row" {
                code { (marked(step.id.as_str())) }
                @if let Some(title) = &step.title { br; (marked(title)) }
            }
            td { span class=(format!("tag {}", outcome_class(step.outcome))) { (result) } }
            td class="time" { @if let Some(at) = started { (at.strftime("%H:%M:%S").to_string()) } }
            td class="time" { @if step.outcome.is_some_and(did_run) { (format_seconds(step.seconds)) } }
            td { (marked(&note)) }
            td {
                @for attempt in &step.attempts {
                    @if let Some(log) = &attempt.log { (link(&attempt_name(attempt.item, attempt.attempt), log)) " " }
                }
            }
        }
    }
}

fn answers(report: &Report) -> Markup {
    let given: Vec<_> = report.steps.iter().flat_map(|s| s.answers.iter().map(move |a| (s, a))).collect();
    html! {
        @if !given.is_empty() {
            section aria-labelledby="answers" {
                h2 id="answers" { (t!("Answers", "回答")) }
                div class="wide" tabindex="0" role="region" aria-label=(t!("Answers", "回答")) {
                    table class="ran" {
                        thead { tr {
                            th scope="col" { (t!("Step", "ステップ")) }
                            th scope="col" { (t!("Question", "確認")) }
                            th scope="col" { (t!("Answer", "回答")) }
                            th scope="col" { (t!("By", "回答者")) }
                            th scope="col" { (t!("At", "日時")) }
                        } }
                        tbody {
                            @for (step, answer) in given {
                                tr {
                                    th scope="row" { code { (marked(step.id.as_str())) @if let Some(item) = answer.item { "[" (item) "]" } } }
                                    td { (marked(&answer.question)) }
                                    td { (marked(&answer.said)) }
                                    td { (marked(&answer.by)) }
                                    td class="time" { (report.moment(answer.at)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn link(name: &str, log: &Log) -> Markup {
    html! { a href=(log.link) { (name) } }
}
