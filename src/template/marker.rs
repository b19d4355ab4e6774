//! Marks in rendered text for what is put in only afterwards: secrets, bound values, what a dry run cannot
//! know. A mark stands between two NULs, which no value and no source can hold. It does not know who reads it.

use minijinja::Error;
use serde_json::Value as Json;

use super::scope::Scope;
use super::value::{secret_filtered, secret_here};
use crate::base::Confidential;

/// One piece of rendered text.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// Text as it is.
    Text(&'a str),
    /// A secret of the scope.
    Secret(&'a Confidential),
    /// A secret of the scope, percent-encoded.
    Encoded(&'a Confidential),
    /// The source of an expression that only a run can know.
    Unknown(&'a str),
    /// A bound value of a SQL text, perhaps with marks in its text.
    Bind(Json),
}

pub(super) fn secret(number: usize) -> String {
    format!("\0s{number}\0")
}

/// Percent-encodes text around its secrets, and marks those to be encoded once they are put in.
///
/// # Errors
/// When a mark is none of a secret that is still as it was.
pub(super) fn encoded(text: &str) -> Result<String, Error> {
    let part = |(i, part): (usize, &str)| match part.strip_prefix('s') {
        _ if i % 2 == 0 => Ok(percent(part)),
        Some(number) => Ok(format!("\0p{number}\0")),
        None => Err(secret_filtered()),
    };
    text.split('\0').enumerate().map(part).collect()
}

/// Percent-encodes all but the unreserved characters of RFC 3986, `/` too.
pub(super) fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

pub(super) fn unknown(number: usize) -> String {
    format!("\0u{number}\0")
}

pub(super) fn bind(value: &Json) -> String {
    format!("\0b{value}\0")
}

/// The pieces of rendered text.
///
/// # Errors
/// When a mark was changed on the way: a filter worked on a secret.
pub(super) fn pieces<'a>(
    text: &'a str,
    scope: &'a Scope,
    unknown: &'a [String],
) -> Result<Vec<Piece<'a>>, Error> {
    let mut pieces = Vec::new();
    for (i, part) in text.split('\0').enumerate() {
        if i % 2 == 0 {
            if !part.is_empty() {
                pieces.push(Piece::Text(part));
            }
            continue;
        }
        let piece = part.split_at_checked(1).and_then(|(kind, rest)| match kind {
            "s" => scope.secret_at(rest.parse().ok()?).map(Piece::Secret),
            "p" => scope.secret_at(rest.parse().ok()?).map(Piece::Encoded),
            "u" => unknown.get(rest.parse::<usize>().ok()?).map(|t| Piece::Unknown(t)),
            "b" => serde_json::from_str(rest).ok().map(Piece::Bind),
            _ => None,
        });
        pieces.push(piece.ok_or_else(secret_filtered)?);
    }
    Ok(pieces)
}

/// The text of pieces that may hold secrets.
///
/// # Errors
/// When a bound value stands in it, which only SQL has.
pub(super) fn confidential(pieces: &[Piece<'_>]) -> Result<Confidential, Error> {
    let (mut exposed, mut shown) = (String::new(), String::new());
    for piece in pieces {
        let encoded;
        let (true_text, shown_text) = match piece {
            Piece::Text(text) => (*text, *text),
            // What a dry run shows in the place of a secret is not encoded: it says which secret it is.
            Piece::Encoded(secret) if secret.expose() == secret.shown() => (secret.shown(), secret.shown()),
            Piece::Encoded(secret) => {
                encoded = percent(secret.expose());
                (encoded.as_str(), secret.shown())
            }
            Piece::Secret(secret) => (secret.expose(), secret.shown()),
            Piece::Unknown(text) => (*text, *text),
            Piece::Bind(_) => return Err(secret_here()),
        };
        exposed.push_str(true_text);
        shown.push_str(shown_text);
    }
    Ok(Confidential::new(exposed, shown))
}
