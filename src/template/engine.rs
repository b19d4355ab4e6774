//! Renders templates and evaluates expressions over a scope. It does not know what a rendered value is for.

use minijinja::{Environment, Error};
use serde_json::Value as Json;

use super::encode::Mode;
use super::error::{TemplateError, raise};
use super::marker::{self, Piece};
use super::references::Form;
use super::run::{Out, Ran, evaluate, refused};
use super::scope::Scope;
use super::strict::{Strict, UnknownPath};
use super::syntax::{Parsed, nul, parse};
use super::value::{secret_here, to_json, to_text};
use super::{environment, sql};
use crate::base::Confidential;
use crate::model::{Place, SqlText, has_template};

/// What a dry run knows of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Planned<T = Json> {
    /// Its value.
    Known(T),
    /// The text with `⟨…⟩` where only a run can know.
    Unknown(String),
}

/// Renders and evaluates. Building one costs about a millisecond; it can be shared between threads.
#[derive(Debug)]
pub struct Engine {
    pub(super) env: Environment<'static>,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    /// An engine with every filter of the language.
    pub fn new() -> Engine {
        Engine { env: environment::build() }
    }

    /// Renders a source for a place. A text that is one whole `{{ … }}` keeps the type of its value, but not
    /// in a shell; for SQL the value is a serialized [`SqlText`], whose secrets only [`Engine::render_sql`]
    /// gives.
    ///
    /// # Errors
    /// Says what is wrong and where: an undefined name, a value that cannot stand there, a secret.
    pub fn render(&self, source: &str, place: Place, scope: &Scope) -> Result<Json, TemplateError> {
        if place == Place::Sql {
            let text = self.render_sql(source, scope)?;
            return serde_json::to_value(text).map_err(|e| TemplateError::new(e.to_string()));
        }
        match self.plain(source, place, scope, None)? {
            Planned::Known(value) => Ok(value),
            Planned::Unknown(text) => Ok(Json::String(text)),
        }
    }

    /// Renders a source that may hold secrets: the true text, and the same with `•••`.
    ///
    /// # Errors
    /// As [`Engine::render`]; a list, a mapping or null is no text.
    pub fn render_confidential(
        &self,
        source: &str,
        place: Place,
        scope: &Scope,
    ) -> Result<Confidential, TemplateError> {
        match self.confidential(source, place, scope, None)? {
            Planned::Known(text) => Ok(text),
            Planned::Unknown(text) => Ok(Confidential::plain(text)),
        }
    }

    /// Renders SQL: each value bound, a secret as one that does not show.
    ///
    /// # Errors
    /// As [`Engine::render`].
    pub fn render_sql(&self, source: &str, scope: &Scope) -> Result<SqlText, TemplateError> {
        match self.sql(source, scope, None)? {
            Planned::Known(text) => Ok(text),
            Planned::Unknown(text) => Ok(SqlText::plain(text)),
        }
    }

    /// The value of an expression. Anything undefined that it uses is an error.
    ///
    /// # Errors
    /// Says what is wrong and where.
    pub fn eval(&self, expression: &str, scope: &Scope) -> Result<Json, TemplateError> {
        match self.eval_plan(expression, scope, &|_| false)? {
            Planned::Known(value) => Ok(value),
            Planned::Unknown(text) => Ok(Json::String(text)),
        }
    }

    /// Whether a condition holds: true or false, or a number, list or mapping that is not empty; null does
    /// not hold.
    ///
    /// # Errors
    /// As [`Engine::eval`]; text is no condition, since the text `false` would hold.
    pub fn holds(&self, expression: &str, scope: &Scope) -> Result<bool, TemplateError> {
        truth(&self.eval(expression, scope)?)
    }

    /// Renders for a dry run: an expression that needs a path of which `unknown` says that only a run can
    /// know it is written as `⟨expression⟩`, the rest as it will be. A path may be the front of what is
    /// meant, where the template's own text does not say more (`steps`).
    ///
    /// # Errors
    /// As [`Engine::render`].
    pub fn plan(
        &self,
        source: &str,
        place: Place,
        scope: &Scope,
        unknown: UnknownPath<'_>,
    ) -> Result<Planned, TemplateError> {
        if place == Place::Sql {
            return Ok(match self.sql(source, scope, Some(unknown))? {
                Planned::Unknown(text) => Planned::Unknown(text),
                Planned::Known(text) => {
                    let value = serde_json::to_value(text);
                    Planned::Known(value.map_err(|e| TemplateError::new(e.to_string()))?)
                }
            });
        }
        self.plain(source, place, scope, Some(unknown))
    }

    /// Evaluates for a dry run: the value, or `⟨expression⟩` when only a run can know it.
    ///
    /// # Errors
    /// As [`Engine::eval`].
    pub fn eval_plan(
        &self,
        expression: &str,
        scope: &Scope,
        unknown: UnknownPath<'_>,
    ) -> Result<Planned, TemplateError> {
        let explain = |e: Error| self.explain(&e, expression, Form::Expression, scope);
        let parsed = parse(expression, Form::Expression).map_err(refused)?;
        let Parsed::Expression(expr) = &parsed else { return Err(TemplateError::new(String::new())) };
        let mut strict = Strict::new(expression, Some(unknown));
        if strict.is_unknown(expr) {
            return Ok(Planned::Unknown(format!("⟨{}⟩", expression.trim())));
        }
        let expr = strict.expr(expr);
        let value = evaluate(&self.env, Mode::Text, expression, &expr, scope).map_err(explain)?;
        let json = to_json(&value, false).map_err(explain)?;
        if nul_inside(&json) { Err(explain(secret_here())) } else { Ok(Planned::Known(json)) }
    }

    pub(super) fn plain(
        &self,
        source: &str,
        place: Place,
        scope: &Scope,
        unknown: Option<UnknownPath<'_>>,
    ) -> Result<Planned, TemplateError> {
        if let Some(text) = literal(source)? {
            return Ok(Planned::Known(Json::String(text.to_string())));
        }
        let mode = Mode::of(place);
        let explain = |e: Error| self.explain(&e, source, Form::Text, scope);
        let Some(ran) = self.run(source, mode, scope, unknown)? else { return Ok(whole(source)) };
        if let Some(text) = shown(&ran, scope).map_err(explain)? {
            return Ok(Planned::Unknown(text));
        }
        let json = match ran.out {
            Out::Text(text) => Json::String(text),
            Out::Value(value) => to_json(&value, false).map_err(explain)?,
        };
        if nul_inside(&json) {
            return Err(explain(secret_here()));
        }
        if let Json::String(text) = &json {
            mode.allow(text).map_err(explain)?;
        }
        Ok(Planned::Known(json))
    }

    pub(super) fn confidential(
        &self,
        source: &str,
        place: Place,
        scope: &Scope,
        unknown: Option<UnknownPath<'_>>,
    ) -> Result<Planned<Confidential>, TemplateError> {
        if let Some(text) = literal(source)? {
            return Ok(Planned::Known(Confidential::plain(text)));
        }
        let explain = |e: Error| self.explain(&e, source, Form::Text, scope);
        let Some(ran) = self.run(source, Mode::of(place), scope, unknown)? else { return Ok(whole(source)) };
        if let Some(text) = shown(&ran, scope).map_err(explain)? {
            return Ok(Planned::Unknown(text));
        }
        let text = text_of(&ran.out).map_err(explain)?;
        if !place.allows_secrets() && text.contains('\0') {
            return Err(explain(secret_here()));
        }
        let pieces = marker::pieces(&text, scope, &ran.shown).map_err(explain)?;
        for piece in &pieces {
            if let Piece::Secret(secret) = piece {
                Mode::of(place).allow(secret.expose()).map_err(explain)?;
            }
        }
        let text = marker::confidential(&pieces).map_err(explain)?;
        if text.expose().contains('\0') { Err(explain(raise(nul()))) } else { Ok(Planned::Known(text)) }
    }

    pub(super) fn sql(
        &self,
        source: &str,
        scope: &Scope,
        unknown: Option<UnknownPath<'_>>,
    ) -> Result<Planned<SqlText>, TemplateError> {
        if let Some(text) = literal(source)? {
            return Ok(Planned::Known(SqlText::plain(text)));
        }
        let explain = |e: Error| self.explain(&e, source, Form::Text, scope);
        let Some(ran) = self.run(source, Mode::Sql, scope, unknown)? else { return Ok(whole(source)) };
        let text = text_of(&ran.out).map_err(explain)?;
        let pieces = marker::pieces(&text, scope, &ran.shown).map_err(explain)?;
        if pieces.iter().any(|p| matches!(p, Piece::Unknown(_))) {
            return sql::shown(&pieces, scope).map(Planned::Unknown).map_err(explain);
        }
        sql::text(pieces, scope).map(Planned::Known).map_err(explain)
    }
}

/// The text itself when there is nothing to render in it.
fn literal(source: &str) -> Result<Option<&str>, TemplateError> {
    if let Some(at) = source.find('\0') {
        return Err(TemplateError { message: nul(), span: Some(at..at + 1) });
    }
    Ok(if has_template(source) { None } else { Some(source) })
}

fn whole<T>(source: &str) -> Planned<T> {
    Planned::Unknown(format!("⟨{}⟩", source.trim()))
}

/// The text of a dry run, when some of it is unknown.
fn shown(ran: &Ran, scope: &Scope) -> Result<Option<String>, Error> {
    if ran.shown.is_empty() {
        return Ok(None);
    }
    let text = text_of(&ran.out)?;
    let pieces = marker::pieces(&text, scope, &ran.shown)?;
    if !pieces.iter().any(|p| matches!(p, Piece::Unknown(_))) {
        return Ok(None);
    }
    marker::confidential(&pieces).map(|text| Some(text.shown().to_string()))
}

fn text_of(out: &Out) -> Result<String, Error> {
    match out {
        Out::Text(text) => Ok(text.clone()),
        Out::Value(value) => to_text(value),
    }
}

fn nul_inside(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(nul_inside),
        Json::Object(map) => map.iter().any(|(k, v)| k.contains('\0') || nul_inside(v)),
        _ => false,
    }
}

fn truth(value: &Json) -> Result<bool, TemplateError> {
    Ok(match value {
        Json::Null => false,
        Json::Bool(b) => *b,
        Json::Number(n) => n.as_f64() != Some(0.0),
        Json::Array(items) => !items.is_empty(),
        Json::Object(map) => !map.is_empty(),
        Json::String(text) => {
            let text: String = text.chars().take(40).collect();
            return Err(TemplateError::new(crate::t!(
                "a condition gives true or false, this one gave the text \"{text}\"; compare it, as in `name == 'x'`",
                "条件は真か偽でなければなりませんが、文字列 \"{text}\" になりました。`name == 'x'` のように比較してください"
            )));
        }
    })
}
