//! This program started again on a pseudo-terminal of a given size, playing one scene.

use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use expectrl::process::unix::UnixProcess;
use expectrl::session::OsStream;
use expectrl::{Expect, Session};

/// The longest any scene may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A scene under way.
pub struct Playing(pub Session<UnixProcess, OsStream>);

/// How a scene is played.
pub struct Stage<'a> {
    pub scene: &'a str,
    pub lang: &'a str,
    pub columns: u16,
    pub rows: u16,
    pub colour: bool,
    pub pace: u32,
    pub logs: &'a Path,
}

impl Stage<'_> {
    /// Starts it.
    pub fn play(&self) -> Playing {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.env("TOBAN_SCENE", self.scene).env("TOBAN_SCENE_LANG", self.lang);
        command.env("TOBAN_SCENE_LOGS", self.logs).env("TOBAN_SCENE_PACE", self.pace.to_string());
        command.env("LANG", "C.UTF-8").env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color");
        command.env("TOBAN_SCENE_SIZE", format!("{}x{}", self.columns, self.rows));
        command.env("NO_COLOR", if self.colour { "" } else { "1" });
        let mut session = Session::spawn(command).expect("a pseudo-terminal");
        session.get_process_mut().set_window_size(self.columns, self.rows).expect("a size");
        session.set_expect_timeout(Some(PATIENCE));
        Playing(session)
    }

    /// Plays it to its end: everything that was written.
    pub fn to_end(&self) -> String {
        self.play().rest()
    }
}

impl Playing {
    /// Waits for text on the screen.
    pub fn sees(&mut self, text: &str) {
        self.0.expect(text).unwrap_or_else(|e| panic!("`{text}` did not come: {e}"));
    }

    /// Types keys.
    pub fn types(&mut self, keys: &str) {
        // The prompt is written before its key is read; typed any earlier the key would be thrown away.
        std::thread::sleep(Duration::from_millis(150));
        self.0.send(keys).expect("a reader");
    }

    /// Everything up to the end.
    pub fn rest(mut self) -> String {
        let (mut bytes, mut piece, start) = (Vec::new(), [0u8; 65_536], Instant::now());
        loop {
            assert!(start.elapsed() < PATIENCE, "the scene does not end");
            match self.0.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(n) => bytes.extend_from_slice(&piece[..n]),
            }
        }
        String::from_utf8(bytes).expect("a screen is UTF-8, also where it was cut")
    }
}
