//! What went wrong, as it is printed, and the code it exits with.

use std::process::ExitCode;

use crate::diag::{Diagnostic, render};
use crate::journal::JournalError;
use crate::report::safe_text;

/// The codes of the engine, as its documentation lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Done.
    Done = 0,
    /// A step failed.
    Failed = 1,
    /// Usage, or a playbook that does not check.
    Usage = 2,
    /// Not confirmed, or refused.
    Refused = 3,
    /// What was done is not known, and a person has to decide.
    Undecided = 4,
    /// The journal or the state folder.
    State = 5,
    /// Done with warnings, only with `--strict`.
    Warned = 6,
}

/// Why a command did not come to its end.
#[derive(Debug)]
pub enum Error {
    /// Something is wrong, with a code and perhaps a way out.
    Plain {
        /// The code.
        code: Code,
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// Playbooks do not check.
    Diagnostics(Vec<Diagnostic>),
}

impl Error {
    /// A wrong call.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::Plain { code: Code::Usage, message: message.into(), help: None }
    }

    /// A state folder that cannot be used.
    pub fn state(message: impl Into<String>) -> Error {
        Error::Plain { code: Code::State, message: message.into(), help: None }
    }

    /// The same with what to do.
    pub fn help(self, text: impl Into<String>) -> Error {
        match self {
            Error::Plain { code, message, .. } => Error::Plain { code, message, help: Some(text.into()) },
            other => other,
        }
    }
}

impl From<JournalError> for Error {
    fn from(e: JournalError) -> Error {
        let code = match e {
            // The state folder is as it should be; the name is not.
            JournalError::NoRun { .. }
            | JournalError::Ambiguous { .. }
            | JournalError::UnwritableExport { .. } => Code::Usage,
            _ => Code::State,
        };
        Error::Plain { code, message: e.to_string(), help: None }
    }
}

/// Prints an error on standard error and gives its code.
pub fn print(error: &Error, colour: bool) -> ExitCode {
    let (text, code) = match error {
        Error::Diagnostics(diagnostics) => (render(diagnostics, colour), Code::Usage),
        Error::Plain { code, message, help } => {
            let title = console::Style::new().red().bold().for_stderr().force_styling(colour);
            let mut text =
                format!("{}: {}\n", title.apply_to(crate::t!("error", "エラー")), safe_text(message));
            if let Some(help) = help {
                text.push_str(&format!("{}: {}\n", crate::t!("help", "ヒント"), safe_text(help)));
            }
            (text, *code)
        }
    };
    say_on_stderr(&text);
    ExitCode::from(code as u8)
}

/// Writes to standard error; a closed one is nobody to complain to.
pub fn say_on_stderr(text: &str) {
    use std::io::Write;
    drop(std::io::stderr().lock().write_all(text.as_bytes()));
}

/// Writes to standard output; a reader that went away (`| head`) is not an error.
pub fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}
