//! The timeline of a report in its page: a row for each step, all on one scale.

use maud::{Markup, html};

use super::bars::{Bar, ROWS, Row, What, rows, scale};
use super::document::Report;
use super::html::outcome_class;
use crate::report::page::marked;
use crate::report::{format_seconds, outcome_word};
use crate::t;

/// The units of a bar's picture from the begin of a run to its end; it is stretched to what room there is.
const WIDTH: f64 = 1000.0;
/// The height of a lane, in pixels.
const LANE: usize = 14;
/// The most lanes that a row shows as its own; what runs beside more is drawn over them.
const LANES: usize = 8;

/// The section; empty where nothing ran.
pub fn timeline(report: &Report) -> Markup {
    let rows = rows(report);
    let length = scale(report);
    let marks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|part| format_seconds(length * part));
    html! {
        @if !rows.is_empty() {
            section aria-labelledby="timeline" {
                h2 id="timeline" { (t!("Timeline", "タイムライン")) }
                table class="timeline" {
                    thead { tr {
                        th scope="col" { (t!("Step", "ステップ")) }
                        th scope="col" class="scale" { span class="marks" { @for mark in &marks { span { (mark) } } } }
                        th scope="col" { (t!("Time", "時間")) }
                    } }
                    tbody {
                        @for row in rows.iter().take(ROWS) {
                            tr {
                                th scope="row" { code { (marked(row.step.id.as_str())) } }
                                td class="scale" { (bars(row)) }
                                td class="time" { (format_seconds(row.step.seconds)) }
                            }
                        }
                    }
                }
                @if rows.len() > ROWS { p class="note" { (more(rows.len() - ROWS)) } }
                p class="note" {
                    span class="tag person" { (t!("outlined", "枠のみ")) } " " (t!("waits for a person", "担当者の回答待ち"))
                }
            }
        }
    }
}

fn more(more: usize) -> String {
    t!("… and {more} more", "… ほか {more} 件")
}

fn bars(row: &Row<'_>) -> Markup {
    let lanes = row.lanes.clamp(1, LANES);
    let height = lanes * LANE;
    let told: Vec<String> = row.bars.iter().take(3).map(told).collect();
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) height=(height) preserveAspectRatio="none" role="img" aria-label=(told.join("; ")) {
            @for part in [0.25, 0.5, 0.75] {
                line class="grid" x1=(part * WIDTH) x2=(part * WIDTH) y1="0" y2=(height) {}
            }
            @for bar in &row.bars {
                rect class=(class(bar)) x=(format!("{:.2}", bar.from * WIDTH)) y=(bar.lane.min(LANES - 1) * LANE + 1)
                    width=(format!("{:.2}", ((bar.to - bar.from) * WIDTH).max(3.0))) height=(LANE - 2) {
                    title { (self::told(bar)) }
                }
            }
        }
    }
}

fn class(bar: &Bar) -> &'static str {
    match bar.what {
        What::Asked => "asked",
        What::Ran(outcome) => outcome_class(outcome),
    }
}

fn told(bar: &Bar) -> String {
    let what = match bar.what {
        What::Asked => t!("waits for a person", "担当者の回答待ち"),
        What::Ran(Some(outcome)) => outcome_word(outcome),
        What::Ran(None) => t!("not ended", "終了していません"),
    };
    let (from, long) = (format_seconds(bar.begin), format_seconds(bar.seconds));
    t!("{what}: from {from}, {long}", "{what}: {from} から {long}")
}
