//! `toban check`: every mistake, before anything happens.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;

use super::error::{Code, Error, say, say_on_stderr};
use super::globals::Globals;
use super::rules;
use crate::base::counted;
use crate::diag::{Diagnostic, Severity, render};
use crate::lang;

/// Checks what was named, or the whole playbook folder.
pub fn run(globals: &Globals, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let json = matches.get_one::<String>("format").map(String::as_str) == Some("json");
    if matches.get_flag("rules") {
        return rules::list(json);
    }
    if let Some(name) = matches.get_one::<String>("explain") {
        return rules::explain(name, json);
    }
    let given: Vec<&String> = matches.get_many::<String>("paths").into_iter().flatten().collect();
    let names = if given.is_empty() { globals.library()?.list() } else { expand(globals, &given)? };
    let mut found: Vec<Diagnostic> = Vec::new();
    for name in &names {
        for diagnostic in lang::check(name, globals.library.as_ref(), &globals.cwd) {
            // A system file that several playbooks share is told of once.
            if !found.contains(&diagnostic) {
                found.push(diagnostic);
            }
        }
    }
    let errors = found.iter().filter(|d| d.severity == Severity::Error).count();
    let warnings = found.len() - errors;
    if json {
        let all = found.iter().map(Diagnostic::to_json).collect();
        say(&format!("{:#}\n", serde_json::Value::Array(all)));
    } else {
        say_on_stderr(&render(&found, globals.colour_err));
        say(&summary(names.len(), errors, warnings));
    }
    Ok(ExitCode::from(if errors > 0 { Code::Usage as u8 } else { Code::Done as u8 }))
}

fn summary(checked: usize, errors: usize, warnings: usize) -> String {
    let (wrong, odd) = (counted(errors, "error"), counted(warnings, "warning"));
    match (errors, warnings) {
        (0, 0) => {
            crate::t!("{checked} checked, no mistakes\n", "{checked} 件を検査しました。誤りはありません\n")
        }
        (0, _) => crate::t!("{checked} checked, {odd}\n", "{checked} 件を検査しました。警告 {warnings} 件\n"),
        _ => crate::t!(
            "{checked} checked, {wrong}, {odd}\n",
            "{checked} 件を検査しました。誤り {errors} 件、警告 {warnings} 件\n"
        ),
    }
}

/// Folders stand for the playbooks in them.
fn expand(globals: &Globals, given: &[&String]) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for name in given {
        let path = globals.cwd.join(name);
        // What stands beside its systems is no playbook.
        let library = globals
            .library
            .as_ref()
            .filter(|library| path.is_dir() && lang::is_same_file(&library.root, &path));
        if let Some(library) = library {
            names.extend(library.list());
        } else if path.is_dir() {
            let mut inside = Vec::new();
            collect(&path, &mut inside).map_err(|e| {
                Error::usage(crate::t!("cannot read {}: {e}", "{} を読めません: {e}", path.display()))
            })?;
            if inside.is_empty() {
                let shown = path.display();
                return Err(Error::usage(crate::t!(
                    "there is no playbook in {shown}",
                    "{shown} にプレイブックがありません"
                )));
            }
            inside.sort();
            names.extend(inside.into_iter().map(|p| p.to_string_lossy().into_owned()));
        } else {
            names.push(name.to_string());
        }
    }
    Ok(names)
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        // A link to a folder may lead back to where we came from.
        if entry.file_type()?.is_dir() {
            collect(&path, into)?;
        } else if is_yaml && path.file_stem().is_some_and(|s| s != "system") {
            into.push(path);
        }
    }
    Ok(())
}
