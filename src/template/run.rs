//! Runs the rewritten code of a template, and words its errors. It does not know what the result is for.

use std::ops::Range;

use minijinja::machinery::{CodeGenerator, Instructions, ast, make_string_output};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value};

use super::encode::Mode;
use super::engine::Engine;
use super::error::{Problem, TemplateError};
use super::references::{Form, references};
use super::scope::Scope;
use super::strict::{Stop, Strict, UnknownPath};
use super::syntax::{Parsed, parse};
use crate::diag::did_you_mean;

/// What came out, before its marks are read.
pub(super) enum Out {
    Value(Value),
    Text(String),
}

/// A finished run, and what stands for each value that it could not know.
pub(super) struct Ran {
    pub(super) out: Out,
    pub(super) shown: Vec<String>,
}

impl Engine {
    /// Renders; none when the whole depends on what only a run can know.
    pub(super) fn run(
        &self,
        source: &str,
        mode: Mode,
        scope: &Scope,
        unknown: Option<UnknownPath<'_>>,
    ) -> Result<Option<Ran>, TemplateError> {
        let explain = |e: Error| self.explain(&e, source, Form::Text, scope);
        let parsed = parse(source, Form::Text).map_err(refused)?;
        let Parsed::Text(stmt) = &parsed else { return Err(TemplateError::new(String::new())) };
        let mut strict = Strict::new(source, unknown);
        let stmt = match strict.stmt(stmt) {
            Ok(stmt) => stmt,
            Err(Stop::WholeUnknown) => return Ok(None),
            Err(Stop::Unsupported) => return Err(explain(ErrorKind::BadInclude.into())),
        };
        let out = match whole_expression(&stmt) {
            Some(expr) if mode.keeps_type() => {
                Out::Value(evaluate(&self.env, mode, source, expr, scope).map_err(explain)?)
            }
            _ => Out::Text(render(&self.env, mode, source, &stmt, scope).map_err(explain)?),
        };
        Ok(Some(Ran { out, shown: strict.shown }))
    }

    /// An error in our words: which name is undefined, and what there is instead.
    pub(super) fn explain(&self, error: &Error, source: &str, form: Form, scope: &Scope) -> TemplateError {
        let plain = TemplateError::of(error);
        if error.kind() != ErrorKind::UndefinedError {
            // A mistake that `references` finds reads better than minijinja's words for it.
            return match references(source, form) {
                Err(problems) => problems.into_iter().next().map_or(plain, refused),
                Ok(_) => plain,
            };
        }
        let Some(at) = plain.span.clone() else { return plain };
        let found = references(source, form).unwrap_or_default();
        let near = found.iter().filter(|r| r.span.start < at.end && at.start < r.span.end);
        for reference in near {
            if let Some((depth, beside)) = scope.missing(&reference.path) {
                return undefined(&reference.path, depth, &beside, reference.span.clone());
            }
        }
        let text = source.get(at.clone()).unwrap_or_default();
        TemplateError {
            message: crate::t!("`{text}` is not defined here", "`{text}` は定義されていません"),
            span: Some(at),
        }
    }
}

fn undefined(path: &[String], depth: usize, beside: &[String], span: Range<usize>) -> TemplateError {
    let name = path[..=depth].join(".");
    let message = match did_you_mean(&path[depth], beside.iter().map(String::as_str)) {
        Some(near) => {
            let near = [&path[..depth], &[near.to_string()]].concat().join(".");
            crate::t!(
                "`{name}` is not defined here; did you mean `{near}`?",
                "`{name}` は定義されていません。`{near}` ではありませんか?"
            )
        }
        None => crate::t!("`{name}` is not defined here", "`{name}` は定義されていません"),
    };
    TemplateError { message, span: Some(span) }
}

pub(super) fn refused(problem: Problem) -> TemplateError {
    let message = match problem.help {
        Some(help) => crate::t!("{}; {help}", "{}。{help}", problem.message),
        None => problem.message,
    };
    TemplateError { message, span: Some(problem.span) }
}

/// The expression of a text that is nothing but `{{ expression }}`.
fn whole_expression<'t, 'a>(stmt: &'t ast::Stmt<'a>) -> Option<&'t ast::Expr<'a>> {
    match stmt {
        ast::Stmt::Template(template) => match template.children.as_slice() {
            [ast::Stmt::EmitExpr(emit)] => Some(&emit.expr),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn evaluate<'e>(
    env: &'e Environment<'e>,
    mode: Mode,
    source: &'e str,
    expr: &ast::Expr<'e>,
    scope: &Scope,
) -> Result<Value, Error> {
    let mut code = CodeGenerator::new(mode.name(), source);
    code.compile_expr(expr);
    let (value, _) = execute(env, code, scope)?;
    Ok(value.unwrap_or_default())
}

fn render<'e>(
    env: &'e Environment<'e>,
    mode: Mode,
    source: &'e str,
    stmt: &ast::Stmt<'e>,
    scope: &Scope,
) -> Result<String, Error> {
    let mut code = CodeGenerator::new(mode.name(), source);
    code.compile_stmt(stmt);
    execute(env, code, scope).map(|(_, text)| text)
}

fn execute<'e>(
    env: &'e Environment<'e>,
    code: CodeGenerator<'e>,
    scope: &Scope,
) -> Result<(Option<Value>, String), Error> {
    let (instructions, blocks): (Instructions<'e>, _) = code.finish();
    let mut text = String::new();
    let mut output = make_string_output(&mut text);
    let value = minijinja::machinery::eval(
        env,
        &instructions,
        scope.names(),
        &blocks,
        &mut output,
        AutoEscape::None,
    )?
    .0;
    Ok((value, text))
}
