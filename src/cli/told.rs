//! A plan in the form that was asked for: for the terminal, for programs, for a ticket, as a page.

use clap::ArgMatches;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::globals::Globals;
use super::start::Start;
use crate::plan::Outline;
use crate::plan::saved::Saved;
use crate::report::{Look, PlanHead, outline_text, plan_html, plan_markdown};

/// The plan in the form of `--format`.
pub fn written(globals: &Globals, matches: &ArgMatches, outline: &Outline, head: &PlanHead) -> String {
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => format!("{:#}\n", serde_json::to_value(outline).unwrap_or_default()),
        Some("html") => plan_html(outline, head) + "\n",
        Some("markdown") => plan_markdown(outline, head),
        _ => outline_text(outline, Look::of_locale(globals.colour)),
    }
}

/// What the system says of the place where a plan would run.
pub fn head(start: &Start) -> PlanHead {
    let system = &start.plan.frames[0].system;
    PlanHead {
        system: system.title.clone(),
        target: system.target.clone(),
        protected: system.protected,
        ..PlanHead::default()
    }
}

/// The same of a saved plan, and where it comes from.
pub fn head_of_saved(saved: &Saved) -> PlanHead {
    let zone = saved.zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::system());
    let time = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let fact = |key: &str| saved.systems.first().and_then(|s| s.values.get(key)).cloned();
    let text = |key: &str| fact(key).and_then(|v| v.as_str().map(str::to_string));
    PlanHead {
        system: text("title"),
        target: text("target"),
        protected: fact("protected").and_then(|v| v.as_bool()).unwrap_or(false),
        by: Some(format!("{} ({})", saved.made.by, saved.made.host)),
        made: Some(time(saved.made.at)),
        valid_until: Some(time(saved.made.until)),
        digest: Some(format!("sha256:{}", saved.digest)),
    }
}
