//! How a value is written where it lands: as text, as one word of a shell, as a bound value of SQL. It does
//! not know what the text around it means.

use minijinja::{Error, Output, State, Value};

use super::error::raise;
use super::marker;
use super::value::{Ident, Raw, UnknownRef, Words, secret_here, to_json, to_text};
use crate::model::Place;

/// The ways to write a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// As it is.
    Text,
    /// One quoted word of a shell.
    Shell,
    /// Bound, not written.
    Sql,
    /// As it is, without line breaks.
    Header,
    /// As it is, without white space.
    Url,
}

impl Mode {
    pub(super) const fn of(place: Place) -> Mode {
        match place {
            Place::Shell => Mode::Shell,
            Place::Sql => Mode::Sql,
            Place::Header | Place::Line => Mode::Header,
            Place::Url => Mode::Url,
            _ => Mode::Text,
        }
    }

    /// The name under which a template of this mode runs.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Mode::Text => "text",
            Mode::Shell => "shell",
            Mode::Sql => "sql",
            Mode::Header => "header",
            Mode::Url => "url",
        }
    }

    fn named(name: &str) -> Mode {
        [Mode::Shell, Mode::Sql, Mode::Header, Mode::Url]
            .into_iter()
            .find(|m| m.name() == name)
            .unwrap_or(Mode::Text)
    }

    /// Whether a text that is one whole expression keeps the type of its value.
    pub(super) const fn keeps_type(self) -> bool {
        !matches!(self, Mode::Shell | Mode::Sql)
    }

    /// Whether text may stand in this place.
    ///
    /// # Errors
    /// Says what may not.
    pub(super) fn allow(self, text: &str) -> Result<(), Error> {
        match self {
            Mode::Header if text.contains(['\r', '\n']) => Err(raise(crate::t!(
                "the value has a line break, which cannot stand in a header",
                "値に改行が含まれています。ヘッダーに改行は使えません"
            ))),
            Mode::Url if text.contains(|c: char| (c.is_whitespace() || c.is_control()) && c != '\0') => {
                Err(raise(crate::t!(
                    "the value has white space, which cannot stand in a URL; write `| urlencode`",
                    "値に空白文字が含まれています。URL では `| urlencode` を付けてください"
                )))
            }
            _ => Ok(()),
        }
    }
}

/// Writes one value of a template.
pub(super) fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let mode = Mode::named(state.name());
    let text = if value.downcast_object_ref::<UnknownRef>().is_some() {
        value.to_string()
    } else {
        match mode {
            Mode::Shell => shell(value)?,
            Mode::Sql => sql(value)?,
            Mode::Text | Mode::Header | Mode::Url => to_text(value)?,
        }
    };
    mode.allow(&text)?;
    out.write_str(&text).map_err(Error::from)
}

/// Text as exactly one word of any POSIX shell, whatever is in it. An empty text is a word too.
pub fn shell_word(text: &str) -> String {
    // Not `'\''` for a quote: bash 5.2 loses count of it in `$(a=( 'x'\''y' ))` and runs what follows.
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}

fn shell(value: &Value) -> Result<String, Error> {
    if let Some(raw) = value.downcast_object_ref::<Raw>() {
        return Ok(raw.0.clone());
    }
    if let Some(words) = value.downcast_object_ref::<Words>() {
        return Ok(words.0.iter().map(one_word).collect::<Result<Vec<_>, _>>()?.join(" "));
    }
    if matches!(value.kind(), minijinja::value::ValueKind::Seq | minijinja::value::ValueKind::Iterable) {
        return Err(raise(crate::t!(
            "a list in a shell script: write `| words` for one word each, or `| join(',')` for a single one",
            "シェルでリストを使うには、要素ごとに 1 語なら `| words`、全体で 1 語なら `| join(',')` と書いてください"
        )));
    }
    one_word(value)
}

fn one_word(value: &Value) -> Result<String, Error> {
    let text = to_text(value)?;
    if text.contains('\0') { Err(secret_here()) } else { Ok(shell_word(&text)) }
}

fn sql(value: &Value) -> Result<String, Error> {
    if let Some(ident) = value.downcast_object_ref::<Ident>() {
        return Ok(ident.0.clone());
    }
    if let Some(raw) = value.downcast_object_ref::<Raw>() {
        return if raw.0.contains('\0') { Err(secret_here()) } else { Ok(raw.0.clone()) };
    }
    Ok(marker::bind(&to_json(value, true)?))
}
