//! What is wrong with a template, before and while it is rendered. It does not know the file it stands in.

use std::ops::Range;

use minijinja::{Error, ErrorKind};

/// A mistake in the text of a template, found without rendering it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A stable name for the kind of mistake, such as `unknown-filter`.
    pub code: &'static str,
    /// Where it is, in bytes of the template's source.
    pub span: Range<usize>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Somebody should look, but it can be rendered.
    pub warning: bool,
}

impl Problem {
    pub(super) fn error(code: &'static str, span: Range<usize>, message: String) -> Problem {
        Problem { code, span, message, help: None, warning: false }
    }

    pub(super) fn help(mut self, help: String) -> Problem {
        self.help = Some(help);
        self
    }
}

/// Why a template could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong, and where it helps, what to do.
    pub message: String,
    /// Where, in bytes of the template's source, if that is known.
    pub span: Option<Range<usize>>,
}

impl TemplateError {
    pub(super) fn new(message: String) -> TemplateError {
        TemplateError { message, span: None }
    }

    /// An error of minijinja, in our words.
    pub(super) fn of(error: &Error) -> TemplateError {
        TemplateError { message: words(error), span: error.range().filter(|r| r.start < r.end) }
    }
}

/// An error that a filter or an encoder raises, with its message as the person shall read it.
pub(super) fn raise(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// The message of an error of minijinja.
pub(super) fn words(error: &Error) -> String {
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidOperation if !detail.is_empty() => innermost(error),
        ErrorKind::SyntaxError => {
            crate::t!(
                "this is no valid template: {detail}",
                "テンプレートの書き方が正しくありません: {detail}"
            )
        }
        ErrorKind::UndefinedError => {
            crate::t!("a value is not defined here", "ここでは値が定義されていません")
        }
        ErrorKind::OutOfFuel => crate::t!(
            "the template works too long; it loops over too much",
            "テンプレートの処理が長すぎます（繰り返しが多すぎます）"
        ),
        ErrorKind::MissingArgument => {
            crate::t!("a filter or function lacks an argument", "フィルターか関数の引数が足りません")
        }
        ErrorKind::TooManyArguments => {
            crate::t!("a filter or function has too many arguments", "フィルターか関数の引数が多すぎます")
        }
        kind if detail.is_empty() => kind.to_string(),
        kind => format!("{kind}: {detail}"),
    }
}

/// The message of the first cause: a filter's own words rather than "while calling a filter".
fn innermost(error: &Error) -> String {
    let mut message = error.detail().unwrap_or_default().to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(detail) = inner.downcast_ref::<Error>().and_then(Error::detail) {
            message = detail.to_string();
        }
        cause = inner.source();
    }
    message
}
