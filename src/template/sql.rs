//! Rendered SQL as text with bound values. It does not know any dialect.

use minijinja::Error;
use serde_json::Value as Json;

use super::marker::{self, Piece};
use super::scope::Scope;
use super::value::secret_here;
use crate::model::{Bind, SqlText};

/// The pieces as text and bound values.
///
/// # Errors
/// When a secret stands outside a bound value, or deep inside one.
pub(super) fn text(pieces: Vec<Piece<'_>>, scope: &Scope) -> Result<SqlText, Error> {
    let mut sql = SqlText { parts: vec![String::new()], binds: Vec::new() };
    for piece in pieces {
        match piece {
            Piece::Text(text) | Piece::Unknown(text) => {
                if let Some(last) = sql.parts.last_mut() {
                    last.push_str(text);
                }
            }
            Piece::Bind(value) => {
                sql.binds.push(bound(value, scope)?);
                sql.parts.push(String::new());
            }
            Piece::Secret(_) | Piece::Encoded(_) => return Err(secret_here()),
        }
    }
    Ok(sql)
}

/// The pieces as a dry run shows them: `⟦value⟧` for what is bound.
///
/// # Errors
/// As [`text`].
pub(super) fn shown(pieces: &[Piece<'_>], scope: &Scope) -> Result<String, Error> {
    let mut shown = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => shown.push_str(text),
            Piece::Unknown(text) if is_name(text) => shown.push_str(text),
            Piece::Unknown(text) => shown.push_str(&format!("⟦{text}⟧")),
            Piece::Bind(value) => match bound(value.clone(), scope)? {
                Bind::Plain(value) => shown.push_str(&format!("⟦{value}⟧")),
                Bind::Secret(text) => shown.push_str(&format!("⟦{}⟧", text.shown())),
            },
            Piece::Secret(_) | Piece::Encoded(_) => return Err(secret_here()),
        }
    }
    Ok(shown)
}

/// Whether what stands for an unknown, `⟨expression⟩`, is a name in the text and no bound value.
fn is_name(unknown: &str) -> bool {
    let expression = unknown.trim_end_matches('⟩').trim_end();
    expression.strip_suffix("ident").is_some_and(|rest| rest.trim_end().ends_with('|'))
}

fn bound(value: Json, scope: &Scope) -> Result<Bind, Error> {
    match value {
        Json::String(text) if text.contains('\0') => {
            marker::confidential(&marker::pieces(&text, scope, &[])?).map(Bind::Secret)
        }
        other if other.to_string().contains("\\u0000") => Err(secret_here()),
        other => Ok(Bind::Plain(other)),
    }
}
