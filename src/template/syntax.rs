//! Parses templates and expressions the one way this room reads them. It does not know what names mean.

use std::ops::Range;

use minijinja::Error;
use minijinja::machinery::{Span, ast};
use minijinja::syntax::SyntaxConfig;

use super::error::{Problem, words};
use super::references::Form;

/// The parsed text of either form.
pub(super) enum Parsed<'a> {
    Text(ast::Stmt<'a>),
    Expression(ast::Expr<'a>),
}

/// The longest source that is read, in bytes: places are counted in 32 bits, and a longer one is no template.
const LONGEST: usize = 16 << 20;

pub(super) fn config() -> SyntaxConfig {
    SyntaxConfig::builder().keep_trailing_newline(true).build().unwrap_or_default()
}

/// Parses a source.
///
/// # Errors
/// The first mistake of syntax, with its place.
pub(super) fn parse(source: &str, form: Form) -> Result<Parsed<'_>, Problem> {
    if let Some(at) = source.find('\0') {
        return Err(Problem::error("nul", at..at + 1, nul()));
    }
    if source.len() > LONGEST {
        let message = crate::t!("the text is too long for a template", "テンプレートとしては長すぎます");
        return Err(Problem::error("template-syntax", 0..0, message));
    }
    let parsed = match form {
        Form::Text => minijinja::machinery::parse(source, "text", config()).map(Parsed::Text),
        Form::Expression => minijinja::machinery::parse_expr(source).map(Parsed::Expression),
    };
    parsed.map_err(|e| syntax_problem(&e, source, form))
}

pub(super) fn nul() -> String {
    crate::t!("a NUL character cannot stand here", "NUL 文字はここでは使えません")
}

fn syntax_problem(error: &Error, source: &str, form: Form) -> Problem {
    let at = error.range().map(|r| within(r, source)).filter(|r| r.start < r.end);
    let span = at.unwrap_or_else(|| whole_line(source, error.line().unwrap_or(1)));
    let problem = Problem::error("template-syntax", span, words(error));
    if form == Form::Expression && source.trim_start().starts_with("{{") {
        return problem.help(crate::t!(
            "a condition is written without braces: `rows[0].total > 0`",
            "条件は波括弧なしで書きます: `rows[0].total > 0`"
        ));
    }
    if form == Form::Text && source.contains("${#") {
        return problem.help(crate::t!(
            "`{{#` begins a comment of the template; write `{{% raw %}}${{#name}}{{% endraw %}}`",
            "`{{#` はテンプレートのコメントの始まりです。`{{% raw %}}${{#name}}{{% endraw %}}` と書いてください"
        ));
    }
    problem
}

fn whole_line(source: &str, line: usize) -> Range<usize> {
    let mut start = 0;
    for (i, text) in source.split_inclusive('\n').enumerate() {
        if i + 1 == line {
            return start..start + text.trim_end().len();
        }
        start += text.len();
    }
    0..source.len()
}

/// A range of bytes that is surely inside `source`, on borders of characters.
pub(super) fn within(range: Range<usize>, source: &str) -> Range<usize> {
    let fit = |mut at: usize| {
        at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    fit(range.start)..fit(range.end.max(range.start))
}

/// The bytes of a span.
pub(super) fn bytes(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}
