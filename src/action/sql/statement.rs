//! One statement with its bound values, as it is sent and as it is shown. It knows no server.

use serde_json::Value;

use crate::base::MASK;
use crate::model::Bind;

/// A part of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// SQL as the author wrote it.
    Text(String),
    /// A keyword that is shown, but for which spaces are sent.
    Unsent(String),
    /// The next value.
    Value,
    /// The next value, cast to a type.
    Cast(String),
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    /// Its parts.
    pub pieces: Vec<Piece>,
    /// A value for each piece that is one.
    pub binds: Vec<Bind>,
    /// The line of the whole text it begins on, from 1.
    pub line: usize,
    /// Its keywords, in upper case: what is outside of strings, comments and quoted names.
    pub words: Vec<String>,
}

/// A place in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The line of the whole text, from 1.
    pub line: usize,
    /// The text of that line, as it is shown.
    pub text: String,
    /// Columns on a screen before the place.
    pub before: usize,
}

impl Statement {
    /// The text that is sent, with the placeholder of each value, counted from 1.
    pub fn sent(&self, placeholder: impl Fn(usize) -> String) -> String {
        let mut values = 0;
        self.pieces.iter().map(|piece| sent(piece, &mut values, &placeholder)).collect()
    }

    /// The text as it may be shown, with its values.
    pub fn shown(&self) -> String {
        let mut values = 0;
        self.pieces.iter().map(|piece| self.show(piece, &mut values)).collect()
    }

    /// Its first keyword.
    pub fn head(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Whether a keyword stands anywhere in it.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// Whether it may give rows even when it gave none.
    pub fn may_give_rows(&self) -> bool {
        matches!(self.head(), "SELECT" | "WITH" | "VALUES" | "TABLE" | "SHOW" | "EXPLAIN" | "CALL" | "PRAGMA")
            || self.has("RETURNING")
    }

    /// Whether the rows it touches are changed rows.
    pub fn changes_rows(&self) -> bool {
        ["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "COPY", "CALL", "LOAD"].iter().any(|w| self.has(w))
            && !matches!(self.head(), "EXPLAIN" | "SHOW" | "SELECT")
    }

    /// The place of the `nth` character of the sent text, from 0.
    pub fn spot(&self, nth: usize, placeholder: impl Fn(usize) -> String) -> Spot {
        let (mut left, mut values, mut shown_values) = (nth, 0, 0);
        let (mut shown, mut at) = (String::new(), None);
        for piece in &self.pieces {
            let sent = sent(piece, &mut values, &placeholder);
            let show = self.show(piece, &mut shown_values);
            let length = sent.chars().count();
            if at.is_none() && left < length {
                let same = matches!(piece, Piece::Text(_));
                let inside = if same { sent.char_indices().nth(left).map_or(0, |(i, _)| i) } else { 0 };
                at = Some(shown.len() + inside);
            }
            left = left.saturating_sub(length);
            shown.push_str(&show);
        }
        let at = at.unwrap_or(shown.len());
        let begin = shown[..at].rfind('\n').map_or(0, |n| n + 1);
        let end = shown[at..].find('\n').map_or(shown.len(), |n| at + n);
        Spot {
            line: self.line + shown[..at].matches('\n').count(),
            text: shown[begin..end].replace('\t', " "),
            before: unicode_width::UnicodeWidthStr::width(&shown[begin..at]),
        }
    }

    /// Text of a server with the secret values of this statement taken out.
    pub fn without_secrets(&self, text: &str) -> String {
        self.binds.iter().fold(text.to_string(), |text, bind| match bind {
            Bind::Secret(secret) if !secret.expose().is_empty() => text.replace(secret.expose(), MASK),
            _ => text,
        })
    }

    fn show(&self, piece: &Piece, values: &mut usize) -> String {
        match piece {
            Piece::Text(text) | Piece::Unsent(text) => text.clone(),
            Piece::Value | Piece::Cast(_) => {
                *values += 1;
                match self.binds.get(*values - 1) {
                    Some(Bind::Plain(value)) => format!("⟦{value}⟧"),
                    Some(Bind::Secret(text)) => format!("⟦{}⟧", text.shown().replace('\n', " ")),
                    None => String::new(),
                }
            }
        }
    }
}

fn sent(piece: &Piece, values: &mut usize, placeholder: impl Fn(usize) -> String) -> String {
    let mut next = || {
        *values += 1;
        placeholder(*values)
    };
    match piece {
        Piece::Text(text) => text.clone(),
        Piece::Unsent(text) => " ".repeat(text.chars().count()),
        Piece::Value => next(),
        Piece::Cast(to) => format!("CAST({} AS {to})", next()),
    }
}

/// A value as the text that a database reads, or nothing for NULL. A whole number loses its `.0`; lists and
/// mappings are JSON.
pub(super) fn bind_text(bind: &Bind) -> Option<String> {
    match bind {
        Bind::Secret(text) => Some(text.expose().to_string()),
        Bind::Plain(Value::Null) => None,
        Bind::Plain(Value::String(text)) => Some(text.clone()),
        Bind::Plain(Value::Number(number)) => Some(match number.as_f64() {
            Some(f) if number.is_f64() && f.fract() == 0.0 && f.abs() < 9e15 => format!("{f:.0}"),
            _ => number.to_string(),
        }),
        Bind::Plain(other) => Some(other.to_string()),
    }
}
