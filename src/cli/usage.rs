//! What is wrong with a command line, in the operator's language. It does not know what the commands do.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::error::Error;

/// A mistake of the command line as an error; none for what is not a mistake, such as `--help`.
pub fn mistake(e: &clap::Error) -> Option<Error> {
    let (message, help) = match e.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        ErrorKind::InvalidSubcommand => no_command(e),
        ErrorKind::UnknownArgument => no_flag(e),
        ErrorKind::InvalidValue => no_value(e),
        ErrorKind::ValueValidation => wrong_value(e),
        ErrorKind::MissingRequiredArgument => missing(e),
        ErrorKind::MissingSubcommand => (crate::t!("no command is given", "コマンドがありません"), None),
        ErrorKind::InvalidUtf8 => {
            (crate::t!("an argument is not UTF-8", "引数が UTF-8 ではありません"), None)
        }
        ErrorKind::ArgumentConflict => {
            let arg = told(e, ContextKind::InvalidArg);
            (crate::t!("`{arg}` is given more than once", "`{arg}` が複数回指定されています"), None)
        }
        _ => (e.to_string().trim_end().to_string(), None),
    };
    Some(Error::usage(message).help(help.unwrap_or_else(read_help)))
}

fn read_help() -> String {
    crate::t!(
        "`toban --help` and `toban COMMAND --help` tell more",
        "`toban --help` や `toban コマンド --help` を見てください"
    )
}

fn meant(e: &clap::Error, kind: ContextKind) -> Option<String> {
    let meant = told(e, kind);
    (!meant.is_empty()).then(|| crate::t!("did you mean `{meant}`?", "`{meant}` のことですか?"))
}

type Told = (String, Option<String>);

fn no_command(e: &clap::Error) -> Told {
    let given = told(e, ContextKind::InvalidSubcommand);
    let message = crate::t!("there is no command `{given}`", "コマンド `{given}` はありません");
    (message, meant(e, ContextKind::SuggestedSubcommand))
}

fn no_flag(e: &clap::Error) -> Told {
    let given = told(e, ContextKind::InvalidArg);
    let message = if given.starts_with('-') {
        crate::t!("there is no option `{given}` here", "ここではオプション `{given}` は使えません")
    } else {
        crate::t!("`{given}` is one argument too many", "引数 `{given}` が余分です")
    };
    (message, meant(e, ContextKind::SuggestedArg))
}

fn no_value(e: &clap::Error) -> Told {
    let (flag, given) = (told(e, ContextKind::InvalidArg), told(e, ContextKind::InvalidValue));
    let known = told(e, ContextKind::ValidValue);
    if given.is_empty() {
        let help = (!known.is_empty()).then(|| crate::t!("one of: {known}", "次のどれか: {known}"));
        return (crate::t!("`{flag}` needs a value", "`{flag}` には値が必要です"), help);
    }
    let message = crate::t!("`{given}` is no value of `{flag}`", "`{flag}` に `{given}` は使えません");
    (message, Some(crate::t!("one of: {known}", "次のどれか: {known}")))
}

fn wrong_value(e: &clap::Error) -> Told {
    let (flag, given) = (told(e, ContextKind::InvalidArg), told(e, ContextKind::InvalidValue));
    let why = std::error::Error::source(e).map(|s| format!(": {s}")).unwrap_or_default();
    (crate::t!("`{given}` is no value of `{flag}`{why}", "`{flag}` に `{given}` は使えません{why}"), None)
}

fn missing(e: &clap::Error) -> Told {
    let what = told(e, ContextKind::InvalidArg);
    (crate::t!("missing: {what}", "足りない引数: {what}"), None)
}

/// What the parser tells under this heading; empty when nothing.
fn told(e: &clap::Error, kind: ContextKind) -> String {
    match e.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}
