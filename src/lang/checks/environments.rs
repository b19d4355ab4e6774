//! Environments that are not there. It knows nothing else of a system.

use crate::diag::{Diagnostic, did_you_mean};
use crate::lang::system::SystemFile;
use crate::lang::yaml::Seg;

/// An environment was named, on the command line or as the default, that the system does not have.
pub fn unknown_environment(name: &str, given: bool, file: &SystemFile) -> Diagnostic {
    let names = file.environments();
    let path = if given { "environments" } else { "default_environment" };
    let at = file.doc.value(&[Seg::name(path)]);
    let title = crate::t!("there is no environment `{name}`", "環境 `{name}` がありません");
    let help = match did_you_mean(name, names.iter().map(String::as_str)) {
        Some(near) => crate::t!("did you mean `{near}`?", "`{near}` の間違いではありませんか？"),
        None if names.is_empty() => {
            crate::t!("this system has no environments", "このシステムに環境の定義はありません")
        }
        None => {
            let list = names.join(", ");
            crate::t!("the environments are {list}", "環境は {list} です")
        }
    };
    let d = Diagnostic::error("unknown-environment", at, title).help(help);
    if given { Diagnostic { at: None, ..d } } else { d }
}
