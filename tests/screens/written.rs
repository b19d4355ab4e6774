//! What files and programs get: plain lines, JSON lines, only failures, a report.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use toban::base::{Lang, set_lang};
use toban::event::Event;
use toban::report::{Beside, Progress, Report, log_line, report_junit, report_markdown, reporter};

use crate::scenes::{self, Scene};

/// Keeps what is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a paper").clone()).expect("UTF-8")
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a paper").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A reader that went away, and counts who still writes to it.
#[derive(Clone, Default)]
struct Closed(Arc<Mutex<usize>>);

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        *self.0.lock().expect("a count") += 1;
        Err(std::io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn shown(progress: Progress, scene: Scene) -> (String, String) {
    let (out, err) = (Paper::default(), Paper::default());
    let mut screen = reporter(progress, scene.heading, true, Box::new(out.clone()), Box::new(err.clone()));
    scene.events.iter().for_each(|event| screen.event(event));
    (out.text(), err.text())
}

fn in_both_languages(check: impl Fn(&str, &Path)) {
    let logs = tempfile::tempdir().expect("a folder");
    scenes::write_logs(logs.path());
    for (lang, name) in [(Lang::En, "en"), (Lang::Ja, "ja")] {
        set_lang(lang);
        check(name, logs.path());
    }
    set_lang(Lang::En);
}

/// One line a fact, its time in the zone, no escape code even where colours are wanted.
pub fn plain_lines_tell_every_fact() {
    in_both_languages(|lang, logs| {
        let (out, err) = shown(Progress::Plain, scenes::daily(logs.into()));
        assert!(!out.contains('\u{1b}') && err.is_empty());
        assert!(out.lines().all(|line| line.starts_with("2026-03-01T14:0")), "{out}");
        insta::assert_snapshot!(format!("plain_{lang}"), out);
    });
}

/// JSON lines are the events again.
pub fn json_lines_are_the_events() {
    let scene = scenes::daily("/".into());
    let events = scene.events.clone();
    let (out, _) = shown(Progress::Json, scene);
    let read: Vec<Event> = out.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    assert_eq!(read, events);
}

/// Failures go to standard error, the result to standard output; a good run is one line.
pub fn quiet_tells_failures_and_the_result() {
    in_both_languages(|lang, logs| {
        let (out, err) = shown(Progress::Quiet, scenes::daily(logs.into()));
        assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'));
        insta::assert_snapshot!(format!("quiet_{lang}"), format!("{out}--- standard error ---\n{err}"));
    });
    let (out, err) = shown(Progress::Quiet, scenes::single("/".into()));
    assert_eq!((out.lines().count(), err.as_str()), (1, ""));
}

fn reported(scene: &Scene, events: &[Event], near: &Path) -> Report {
    let beside = Beside { near: Some(near.to_path_buf()), ..Beside::default() };
    Report::of(&scene.heading, events, &beside)
}

/// The report as Markdown and as JUnit XML, and its line for a maintenance log.
pub fn the_report_of_a_run_is_markdown() {
    in_both_languages(|lang, logs| {
        let scene = scenes::daily(logs.into());
        let report = reported(&scene, &scene.events, logs);
        let junit = report_junit(&report).replace(&format!("{}", logs.display()), "/logs");
        insta::assert_snapshot!(format!("report_{lang}"), report_markdown(&report));
        insta::assert_snapshot!(format!("report_junit_{lang}"), junit);
        insta::assert_snapshot!(format!("report_line_{lang}"), log_line(&report));
    });
    let scene = scenes::daily("/".into());
    let begun = reported(&scene, &scene.events[..2], Path::new("/"));
    let text = report_markdown(&begun);
    assert!(
        text.contains("| Result | not ended |")
            && text.contains("| dump | データベースのバックアップ | unknown |"),
        "{text}"
    );
    // What nobody knows the end of is not green for a build server.
    assert!(report_junit(&begun).contains(r#"errors="1""#));
}

/// A closed pipe is written to once, and never again.
pub fn a_reader_that_went_away_is_no_trouble() {
    for progress in [Progress::Plain, Progress::Json, Progress::Quiet, Progress::Tty] {
        let (out, err, scene) = (Closed::default(), Closed::default(), scenes::daily("/".into()));
        let mut screen =
            reporter(progress, scene.heading, false, Box::new(out.clone()), Box::new(err.clone()));
        scene.events.iter().for_each(|event| screen.event(event));
        drop(screen);
        assert_eq!(*out.0.lock().expect("a count"), 1, "{progress:?}");
    }
}
