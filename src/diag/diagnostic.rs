//! One mistake.

use super::At;

/// How bad a mistake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The playbook does not check.
    Error,
    /// It checks, but somebody should look.
    Warning,
}

/// A mistake: one each, with its place and a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// A stable name for the kind of mistake, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub title: String,
    /// Where; none when the file could not be read at all.
    pub at: Option<At>,
    /// A few words at the place.
    pub label: String,
    /// Other places that belong to it.
    pub others: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether people are shown the code: they can look it up, or allow it by this name.
    pub is_rule: bool,
}

/// A second place of a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub at: At,
    /// A few words.
    pub text: String,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, at: At, title: impl Into<String>) -> Diagnostic {
        Diagnostic { at: Some(at), ..Diagnostic::placeless(code, title) }
    }

    /// An error whose place cannot be told.
    pub fn placeless(code: &'static str, title: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            code,
            title: title.into(),
            at: None,
            label: String::new(),
            others: Vec::new(),
            help: None,
            is_rule: false,
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, at: At, title: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, at, title) }
    }

    /// The same with a few words at its place.
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.label = text.into();
        self
    }

    /// The same with what to write instead.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    /// The same as a finding of a rule that has a name.
    pub fn rule(mut self) -> Diagnostic {
        self.is_rule = true;
        self
    }

    /// The same with a second place.
    pub fn other(mut self, at: At, text: impl Into<String>) -> Diagnostic {
        self.others.push(Label { at, text: text.into() });
        self
    }
}
