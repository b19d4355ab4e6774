//! Plays a recorded run onto this process's own terminal.

use std::path::PathBuf;
use std::time::Duration;

use toban::event::{Kind, Live, Reporter, Unit};
use toban::report::{Progress, reporter};

use crate::scenes::{self, Scene};

/// Plays the scene of that name.
pub fn play(name: &str) {
    let var = |key: &str| std::env::var(key).unwrap_or_default();
    let logs = PathBuf::from(var("TOBAN_SCENE_LOGS"));
    let pace = Duration::from_millis(var("TOBAN_SCENE_PACE").parse().unwrap_or(0));
    let scene = match name {
        "daily" => scenes::daily(logs),
        "single" => scenes::single(logs),
        "many" => scenes::many(500, 20, logs),
        "flood" => scenes::many(10_000, 4, logs),
        "question" => scenes::question(logs),
        "crowd" | "given_up" => scenes::crowd(logs),
        other => panic!("there is no scene {other}"),
    };
    wait_for_size(&var("TOBAN_SCENE_SIZE"));
    let screen = show(scene, var("NO_COLOR").is_empty(), pace, name == "question");
    if name == "crowd" {
        // The rows stay as they are: this is what a person sees in the middle of a run.
        std::mem::forget(screen);
        println!();
    } else {
        drop(screen);
    }
    if matches!(name, "crowd" | "given_up") {
        println!("--- the run is given up ---");
    }
}

/// A pseudo-terminal gets its size only after its first process has started.
fn wait_for_size(wanted: &str) {
    let is = || {
        let (rows, columns) = console::Term::stdout().size();
        format!("{columns}x{rows}")
    };
    let start = std::time::Instant::now();
    while !wanted.is_empty() && is() != wanted {
        assert!(start.elapsed() < Duration::from_secs(10), "the terminal has not got its size: {}", is());
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn show(scene: Scene, colour: bool, pace: Duration, marks: bool) -> Box<dyn Reporter> {
    let (out, err) = (Box::new(std::io::stdout()), Box::new(std::io::stderr()));
    let mut screen = reporter(Progress::Tty, scene.heading, colour, out, err);
    for event in &scene.events {
        mark(marks && matches!(event.kind, Kind::Answered { .. }), "answered");
        screen.event(event);
        mark(marks && matches!(event.kind, Kind::Asked { .. }), "asked");
        if let Kind::AttemptStarted { unit, .. } = &event.kind {
            chatter(screen.as_mut(), unit);
        }
        wait(screen.as_mut(), pace);
    }
    wait(screen.as_mut(), pace * 4);
    screen
}

/// Stands for the prompt that has the screen.
fn mark(wanted: bool, word: &str) {
    if wanted {
        println!("--- {word} ---");
    }
}

fn chatter(screen: &mut dyn Reporter, unit: &Unit) {
    let line =
        format!("\u{1b}[2J\u{1b}]0;owned\u{7}{unit}: 進捗 10%\r{unit}: 進捗 20% {}", "データ ".repeat(60));
    screen.live(&Live::Line { unit: unit.clone(), line });
}

fn wait(screen: &mut dyn Reporter, pace: Duration) {
    let ticks = pace.as_millis() / 50;
    for _ in 0..ticks {
        std::thread::sleep(Duration::from_millis(50));
        screen.live(&Live::Tick);
    }
}
