//! Screens of recorded runs: as files get them, and as a real (pseudo-)terminal gets them; and questions there.
//!
//! This program starts itself on a pseudo-terminal with `TOBAN_SCENE` set, and then only plays that scene.
#![allow(clippy::print_stdout)] // a test program of its own reports its own results

mod asker;
mod emulator;
mod live;
mod player;
mod pty;
mod questions;
mod scenes;
mod written;

use toban::base::{Lang, set_lang};

type Case = (&'static str, fn());

macro_rules! cases {
    ($($room:ident: $($name:ident),+;)+) => {
        &[$($((concat!(stringify!($room), "::", stringify!($name)), $room::$name)),+),+]
    };
}

const CASES: &[Case] = cases! {
    written: plain_lines_tell_every_fact, json_lines_are_the_events, quiet_tells_failures_and_the_result,
        the_report_of_a_run_is_markdown, a_reader_that_went_away_is_no_trouble;
    live: a_day_fits_the_screen_in_both_languages, a_single_step_is_a_short_screen,
        five_hundred_steps_leave_one_line_each, ten_thousand_quick_steps_are_not_held_up,
        what_runs_stands_below_and_is_bounded, a_run_given_up_leaves_no_rows_behind,
        a_question_has_the_screen_for_itself;
    questions: only_a_clear_yes_confirms, the_text_that_will_run_is_on_the_screen,
        a_typed_question_takes_only_the_very_text, two_people_agree_under_two_names,
        a_manual_step_asks_for_its_evidence, a_decision_is_a_menu_and_a_reason, ctrl_c_is_a_no,
        keys_typed_ahead_answer_nothing, one_question_at_a_time_while_work_goes_on,
        a_question_given_up_restores_the_terminal;
};

fn main() {
    let lang = std::env::var("TOBAN_SCENE_LANG").unwrap_or_default();
    set_lang(Lang::of_locale(&lang).unwrap_or(Lang::En));
    match std::env::var("TOBAN_SCENE") {
        Ok(scene) if scene.starts_with("ask_") => asker::ask(&scene),
        Ok(scene) => player::play(&scene),
        Err(_) => run_cases(),
    }
}

fn run_cases() {
    // SAFETY: nothing else runs in this process yet.
    unsafe { std::env::set_var("LC_ALL", "C.UTF-8") };
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let mut failed = Vec::new();
    for (name, case) in CASES.iter().filter(|(name, _)| chosen(name)) {
        let good = std::panic::catch_unwind(case).is_ok();
        println!("test {name} ... {}", if good { "ok" } else { "FAILED" });
        failed.extend((!good).then_some(*name));
    }
    if !failed.is_empty() {
        println!("\nfailed: {}", failed.join(", "));
        std::process::exit(101);
    }
}
