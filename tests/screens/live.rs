//! What a person sees on a terminal while and after a run.

use std::path::Path;

use crate::emulator::Emulator;
use crate::pty::Stage;
use crate::scenes;

fn stage<'a>(scene: &'a str, lang: &'a str, columns: u16, logs: &'a Path) -> Stage<'a> {
    Stage { scene, lang, columns, rows: 24, colour: false, pace: 0, logs }
}

fn shown(stage: &Stage) -> String {
    let screen = Emulator::showing(&stage.to_end(), usize::from(stage.columns));
    assert_eq!(screen.strange, Vec::<String>::new());
    assert!(!screen.overran, "{}", screen.text());
    screen.text()
}

/// A day at 80 and 200 columns in both languages, with the end of the failing step's log.
pub fn a_day_fits_the_screen_in_both_languages() {
    let logs = tempfile::tempdir().expect("a folder");
    scenes::write_logs(logs.path());
    for (lang, columns) in [("en", 80), ("ja", 80), ("en", 200)] {
        let text = shown(&stage("daily", lang, columns, logs.path()));
        insta::assert_snapshot!(format!("live_daily_{lang}_{columns}"), text);
    }
}

/// One step needs no more lines than it has news.
pub fn a_single_step_is_a_short_screen() {
    insta::assert_snapshot!("live_single", shown(&stage("single", "en", 80, Path::new("/"))));
}

/// 500 steps, each once; the failures again at the end.
pub fn five_hundred_steps_leave_one_line_each() {
    let text = shown(&stage("many", "en", 80, Path::new("/")));
    for n in 0..500 {
        let name = format!(" step_{n} ");
        let lines = text.lines().filter(|line| line.contains(&name)).count();
        assert_eq!(lines, if n % 100 == 99 { 2 } else { 1 }, "{name}");
    }
}

/// 40,000 events in less than the time that one redraw for each of them would take.
pub fn ten_thousand_quick_steps_are_not_held_up() {
    let start = std::time::Instant::now();
    let bytes = stage("flood", "en", 80, Path::new("/")).to_end();
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    let redraws = bytes.matches("\u{1b}[2K").count();
    assert!(redraws < 15 * 10 * 10, "{redraws} lines were erased");
}

/// While things run: at most eight of them, the rest counted, all within the width; the child's own escape codes
/// do nothing.
pub fn what_runs_stands_below_and_is_bounded() {
    let stage = Stage { pace: 50, ..stage("crowd", "ja", 80, Path::new("/")) };
    let screen = Emulator::showing(&stage.to_end(), 80);
    assert_eq!(screen.strange, Vec::<String>::new());
    assert!(!screen.overran);
    let text = screen.text();
    let live = text.split("--- the run is given up ---").next().expect("a first part");
    insta::with_settings!({ filters => [(r" +\d+\.\ds", "  0.0s"), (r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "*")] }, {
        insta::assert_snapshot!("live_crowd", live);
    });
}

/// A run that is given up leaves the cursor below the last line and nothing half drawn.
pub fn a_run_given_up_leaves_no_rows_behind() {
    let stage = Stage { pace: 50, ..stage("given_up", "en", 80, Path::new("/")) };
    let text = Emulator::showing(&stage.to_end(), 80).text();
    assert!(text.ends_with("--- the run is given up ---"), "{text}");
    assert!(!text.contains("running"), "{text}");
}

/// While a question has the screen nothing else is written to it; what happened meanwhile is told after it.
pub fn a_question_has_the_screen_for_itself() {
    let bytes = Stage { pace: 100, ..stage("question", "en", 80, Path::new("/")) }.to_end();
    let (before, rest) = bytes.split_once("--- asked ---").expect("a question");
    let (meanwhile, after) = rest.split_once("--- answered ---").expect("an answer");
    assert_eq!(meanwhile.trim(), "");
    assert!(Emulator::showing(before, 80).text().ends_with("20260301T050000Z-7k2m9x"), "{before:?}");
    let text = Emulator::showing(after, 80).text();
    assert!(text.find("beside").expect("beside") < text.find("swap").expect("swap"), "{text}");
}
