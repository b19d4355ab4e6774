//! Whether a run may begin now: the windows of its plan, and what a person says to that.

use clap::ArgMatches;
use jiff::Timestamp;

use super::error::{Error, say_on_stderr};
use super::globals::Globals;
use super::saved::refused;
use super::start::Start;
use crate::event::Kind;
use crate::journal::estimate;
use crate::model::{Moment, Why};
use crate::plan::{Now, Plan, PlanWindow};
use crate::report::{format_seconds, moment, safe_text};

/// Nothing where every window of a plan is open; facts for the record where one is not and a person wants the run all
/// the same. Warns where the last runs say that it will not end inside.
///
/// # Errors
/// When a window is closed.
pub fn check(
    globals: &Globals,
    matches: &ArgMatches,
    start: &Start,
    who: &str,
    at: Timestamp,
) -> Result<Vec<Kind>, Error> {
    let plan = &start.plan;
    let mut facts = Vec::new();
    for window in &plan.windows {
        let Moment::Closed { why, opens } = window.hours.at(at) else { continue };
        if !matches.get_flag("outside-window") {
            return Err(closed(window, why, opens));
        }
        facts.push(Kind::OutsideWindow {
            window: window.told.name.clone(),
            opens,
            reason: matches.get_one::<String>("reason").cloned().unwrap_or_default(),
            by: who.to_string(),
        });
    }
    if facts.is_empty() {
        warn(globals, plan, at);
    }
    Ok(facts)
}

fn closed(window: &PlanWindow, why: Why, opens: Option<Timestamp>) -> Error {
    let name = &window.told.name;
    let because = match why {
        Why::Hours => crate::t!("the window {name} is closed", "時間帯 {name} の外です"),
        Why::Blackout => {
            crate::t!("the window {name} is closed by a blackout", "時間帯 {name} の除外期間です")
        }
    };
    let next = match opens {
        Some(at) => {
            let at = moment(at, &window.zone);
            crate::t!("it opens {at}", "次に開くのは {at} です")
        }
        None => crate::t!("it does not open again", "今後開く予定はありません"),
    };
    refused(crate::t!("{because}; {next}", "{because}。{next}")).help(crate::t!(
        "wait for it, or say why not: --outside-window --reason …",
        "その時まで待つか、理由を添えて実行してください: --outside-window --reason …"
    ))
}

/// The estimate is the median of the last good runs.
fn warn(globals: &Globals, plan: &Plan, at: Timestamp) {
    if plan.windows.is_empty() {
        return;
    }
    let Some(took) = estimate(&globals.state(), &plan.playbook, plan.environment.as_deref()) else { return };
    for window in &plan.windows {
        if let Now::Window { name, changes: Some(until), fits: Some(false), .. } =
            window.now(at, Some(took.seconds))
        {
            let (until, took) = (moment(until, &window.zone), format_seconds(took.seconds));
            let text = crate::t!(
                "warning: the last runs took about {took}; the window {name} closes {until}\n",
                "警告: 過去の実行は約 {took} かかりました。時間帯 {name} は {until} に終わります\n"
            );
            say_on_stderr(&safe_text(&text));
        }
    }
}

/// How the windows of a plan stand in this moment.
pub fn now(windows: &[PlanWindow], at: Timestamp, seconds: Option<f64>) -> Vec<Now> {
    windows.iter().map(|window| window.now(at, seconds)).collect()
}
