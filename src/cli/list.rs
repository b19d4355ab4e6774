//! `toban list`: what can be run here.

use std::process::ExitCode;

use super::error::{Error, say};
use super::globals::Globals;
use crate::base::counted;
use crate::report::pad;

/// Prints each playbook with its title.
pub fn run(globals: &Globals) -> Result<ExitCode, Error> {
    let library = globals.library()?;
    let names = library.list();
    let width = names.iter().map(|n| console::measure_text_width(n)).max().unwrap_or(0);
    let mut text = String::new();
    for name in &names {
        let title = match crate::lang::load(name, Some(library), &globals.cwd, globals.environment.as_deref())
        {
            Ok(loaded) => loaded.playbook.title,
            Err(mistakes) => {
                let (count, n) = (mistakes.len(), counted(mistakes.len(), "mistake"));
                crate::t!("does not check: {n}", "誤りが {count} 件あります")
            }
        };
        text.push_str(&format!("{}  {title}\n", pad(name, width)));
    }
    say(&text);
    Ok(ExitCode::SUCCESS)
}
