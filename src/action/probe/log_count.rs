//! Counts matching lines of a log as its bytes come in. It does not know where they come from.

use std::collections::VecDeque;

use jiff::Timestamp;
use memchr::memchr;
use regex::bytes::Regex;
use serde_json::{Map, Value};

use super::log_time::TimeFinder;
use crate::event::Gives;

/// So much of a line is looked at.
const LINE: usize = 64 * 1024;
/// So much of a matching line is given on, in characters.
const SHOWN: usize = 2000;
/// So many matching lines are given on.
const LAST: usize = 100;

/// The levels that are counted, with the words that name them.
const LEVELS: [(&str, &str); 5] = [
    ("critical", "critical|crit|fatal|emerg|emergency|alert|panic"),
    ("error", "error|err|severe"),
    ("warning", "warning|warn"),
    ("info", "info|notice|log"),
    ("debug", "debug|trace"),
];

/// Counts lines.
pub struct Counter {
    pattern: Regex,
    level: Option<Regex>,
    window: Option<Window>,
    by_level: [u64; LEVELS.len() + 1],
    count: u64,
    scanned: u64,
    seen: u64,
    lines: VecDeque<String>,
}

/// Only lines that are not older than this; a line without a time is as old as the one before it.
pub struct Window {
    /// The oldest moment that counts.
    pub since: Timestamp,
    /// Finds the time of a line.
    pub finder: TimeFinder,
    /// Whether lines are inside now.
    pub inside: bool,
    /// Whether any line had a time.
    pub dated: bool,
}

impl Counter {
    /// A counter of lines that match.
    ///
    /// # Errors
    /// Says what is wrong with the pattern.
    pub fn new(pattern: &str, window: Option<Window>) -> Result<Counter, String> {
        let compiled = Regex::new(pattern).map_err(|e| {
            let why = e.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
            crate::t!(
                "`{pattern}` is not a regular expression: {why}",
                "`{pattern}` は正規表現として読めません: {why}"
            )
        })?;
        let words: Vec<String> = LEVELS.iter().map(|(_, words)| format!("({words})")).collect();
        Ok(Counter {
            pattern: compiled,
            level: Regex::new(&format!(r"(?i)\b(?:{})\b", words.join("|"))).ok(),
            window,
            by_level: [0; LEVELS.len() + 1],
            count: 0,
            scanned: 0,
            seen: 0,
            lines: VecDeque::new(),
        })
    }

    /// How many lines there were, old ones too.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether lines came but none with a time, so that nothing can be said of their age.
    pub fn is_undated(&self) -> bool {
        self.seen > 0 && self.window.as_ref().is_some_and(|w| !w.dated)
    }

    /// What the reading gives.
    pub fn gives(self) -> Gives {
        let mut by_level = Map::new();
        let names = LEVELS.iter().map(|(name, _)| *name).chain(["other"]);
        for (name, count) in names.zip(self.by_level) {
            by_level.insert(name.into(), count.into());
        }
        let mut gives = Gives::new();
        gives.insert("count".into(), self.count.into());
        gives.insert("scanned".into(), self.scanned.into());
        gives.insert("by_level".into(), by_level.into());
        gives.insert("lines".into(), self.lines.into_iter().map(Value::from).collect::<Vec<_>>().into());
        gives
    }

    /// Takes a line, without its end.
    pub fn line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.seen += 1;
        if !self.is_inside(line) {
            return;
        }
        self.scanned += 1;
        if !self.pattern.is_match(line) {
            return;
        }
        self.count += 1;
        self.by_level[self.level_of(line)] += 1;
        if self.lines.len() == LAST {
            self.lines.pop_front();
        }
        self.lines.push_back(String::from_utf8_lossy(line).chars().take(SHOWN).collect());
    }

    fn is_inside(&mut self, line: &[u8]) -> bool {
        let Some(window) = &mut self.window else { return true };
        let head = String::from_utf8_lossy(&line[..line.len().min(1024)]);
        if let Some(at) = window.finder.find(&head) {
            window.dated = true;
            window.inside = at >= window.since;
        }
        window.inside
    }

    fn level_of(&self, line: &[u8]) -> usize {
        let captures = self.level.as_ref().and_then(|level| level.captures(line));
        captures.and_then(|c| (0..LEVELS.len()).find(|i| c.get(i + 1).is_some())).unwrap_or(LEVELS.len())
    }
}

/// Puts lines together from pieces cut anywhere.
#[derive(Default)]
pub struct Lines {
    held: Vec<u8>,
}

impl Lines {
    /// Takes the next bytes.
    pub fn push(&mut self, mut bytes: &[u8], to: &mut Counter) {
        while let Some(end) = memchr(b'\n', bytes) {
            if self.held.is_empty() {
                to.line(&bytes[..end.min(LINE)]);
            } else {
                self.hold(&bytes[..end]);
                to.line(&self.held);
                self.held.clear();
            }
            bytes = &bytes[end + 1..];
        }
        self.hold(bytes);
    }

    /// The log has ended: what is held is its last line.
    pub fn finish(&mut self, to: &mut Counter) {
        if !self.held.is_empty() {
            to.line(&self.held);
            self.held.clear();
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LINE - self.held.len();
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}
