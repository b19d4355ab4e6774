//! The names that a template uses, in every branch of it, taken or not. It does not know which names exist.

use std::ops::Range;

use super::error::Problem;
use super::syntax::{Parsed, parse};
use super::walk::Walk;

/// How a source is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text with `{{ … }}` and `{% … %}` in it.
    Text,
    /// A bare expression, as in `when` and `expect`.
    Expression,
}

/// One use of a name that the template does not set itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name and its parts: `steps["b"].rows[0].x` is `steps`, `b`, `rows`, `0`, `x`.
    pub path: Vec<String>,
    /// Where it is, in bytes of the source.
    pub span: Range<usize>,
    /// A part after `path` is only known once it is rendered: `steps[name].x` is `steps`.
    pub dynamic: bool,
    /// The source itself asks whether it is there: `| default`, `is defined`, here or at another mention.
    pub guarded: bool,
    /// The filters that work on it or on what it is a part of, the last one first.
    pub filters: Vec<String>,
}

/// Every name that a source uses, in the order of the text.
///
/// # Errors
/// All mistakes of the source: the first of syntax, or every unknown filter, test, function, method and
/// statement.
pub fn references(source: &str, form: Form) -> Result<Vec<Reference>, Vec<Problem>> {
    let parsed = parse(source, form).map_err(|p| vec![p])?;
    let mut walk = Walk::new(source);
    match &parsed {
        Parsed::Text(stmt) => walk.stmt(stmt),
        Parsed::Expression(expr) => walk.expr(expr),
    }
    let (references, problems) = walk.finish();
    if problems.is_empty() { Ok(references) } else { Err(problems) }
}
