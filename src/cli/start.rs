//! From a playbook's name and what was given to a plan with its inputs. It starts nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::chosen;
use super::error::Error;
use super::globals::Globals;
use crate::base::{Lang, current_lang, speaking};
use crate::inputs::{self, Given};
use crate::lang::{self, Loaded};
use crate::model::{InputDecl, InputType};
use crate::plan::{Found, LastTold, OnlyInputs, Outline, Plan, Renderer, RunFacts, compile, outline};
use crate::template::Engine;

/// A plan and what it is to be made with.
pub struct Start {
    /// How it was asked for.
    pub found: Found,
    /// The checked playbook.
    pub loaded: Loaded,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// Its inputs.
    pub given: Given,
    /// The playbook folder in which called playbooks were looked up.
    pub library: Option<lang::Library>,
}

impl Start {
    /// The language of its texts.
    pub fn lang(&self) -> Lang {
        self.found.lang.unwrap_or_else(current_lang)
    }
}

/// Loads, checks and compiles a playbook, and checks its inputs. `all` says that none of them may be missing.
pub fn start(globals: &Globals, matches: &ArgMatches, all: bool) -> Result<Start, Error> {
    start_in(current_lang(), globals, matches, playbook(matches), all)
}

/// The name or path on the command line.
fn playbook(matches: &ArgMatches) -> &str {
    matches.get_one::<String>("playbook").map(String::as_str).unwrap_or_default()
}

/// As [`start`], of a playbook by its name or path, with its texts in a language of their own.
pub fn start_in(
    lang: Lang,
    globals: &Globals,
    matches: &ArgMatches,
    name: &str,
    all: bool,
) -> Result<Start, Error> {
    let mut loaded = load_named(lang, globals, name)?;
    let mut plan = speaking(lang, || compile(&mut loaded)).map_err(|e| Error::usage(e.to_string()))?;
    chosen::choose(&mut plan, &chosen::chosen(matches), &loaded.sources)?;
    let given = given(globals, matches, &loaded, all)?;
    tracing::debug!(
        playbook = plan.playbook,
        environment = plan.environment,
        steps = plan.step_count(),
        "a plan was made"
    );
    let found = Found {
        name: name.to_string(),
        cwd: globals.cwd.clone(),
        library: globals.library.as_ref().map(|l| l.root.clone()),
        lang: Some(lang),
    };
    Ok(Start { found, loaded, plan: Arc::new(plan), given, library: globals.library.clone() })
}

/// The inputs, or everything that is wrong with them in one answer.
fn given(globals: &Globals, matches: &ArgMatches, loaded: &Loaded, all: bool) -> Result<Given, Error> {
    let (values, wrong) = typed(globals, matches, &loaded.playbook.inputs)?;
    checked(&loaded.playbook.inputs, &values, wrong, all)
}

/// Values against declarations; `wrong` is what was found before.
pub fn checked(
    decls: &IndexMap<String, InputDecl>,
    values: &Map<String, Value>,
    mut wrong: Vec<String>,
    all: bool,
) -> Result<Given, Error> {
    let resolved = inputs::resolve(decls, values);
    let missing = match &resolved {
        Ok(given) => given.missing.clone(),
        Err(mistakes) => {
            wrong.extend(mistakes.iter().map(|m| format!("{}: {}", m.input, m.message)));
            inputs::missing(decls, values)
        }
    };
    match resolved {
        Ok(given) if wrong.is_empty() && (!all || missing.is_empty()) => return Ok(given),
        _ => {}
    }
    if all {
        wrong.extend(missing.iter().map(|name| crate::t!("{name}: missing", "{name}: 指定されていません")));
    }
    let list: Vec<String> = wrong.iter().map(|line| format!("  {line}")).collect();
    let error = Error::usage(crate::t!("wrong inputs\n{}", "入力に誤りがあります\n{}", list.join("\n")));
    if !all || missing.is_empty() {
        return Err(error);
    }
    let flags: Vec<String> = missing.iter().map(|n| format!("-i {n}=…")).collect();
    Err(error.help(crate::t!("give them: {}", "指定してください: {}", flags.join(" "))))
}

/// The playbook named on the command line, checked.
pub fn load(globals: &Globals, matches: &ArgMatches) -> Result<Loaded, Error> {
    load_named(current_lang(), globals, playbook(matches))
}

fn load_named(lang: Lang, globals: &Globals, name: &str) -> Result<Loaded, Error> {
    let environment = globals.environment.as_deref();
    lang::load_in(lang, name, globals.library.as_ref(), &globals.cwd, environment).map_err(|found| {
        // Two parts can have one mistake in common.
        let mut once = Vec::with_capacity(found.len());
        found.into_iter().for_each(|d| {
            if !once.contains(&d) {
                once.push(d)
            }
        });
        Error::Diagnostics(once)
    })
}

/// What was typed with `-i` and `--inputs`, the former wins; and what of it is no input.
pub fn typed(
    globals: &Globals,
    matches: &ArgMatches,
    decls: &IndexMap<String, InputDecl>,
) -> Result<(Map<String, Value>, Vec<String>), Error> {
    let mut given = match matches.get_one::<PathBuf>("inputs") {
        Some(path) => inputs::from_file(&globals.cwd.join(path)).map_err(Error::usage)?,
        None => Map::new(),
    };
    let mut wrong = Vec::new();
    for text in matches.get_many::<String>("input").into_iter().flatten() {
        match inputs::parse_pair(text) {
            Ok((name, value)) => {
                let value = from_here(&globals.cwd, decls.get(&name), value);
                given.insert(name, value);
            }
            Err(message) => wrong.push(message),
        }
    }
    Ok((given, wrong))
}

/// A path typed with `-i` begins where it was typed; left as it is, it would begin at the playbook's folder.
fn from_here(cwd: &Path, decl: Option<&InputDecl>, value: Value) -> Value {
    match (decl.map(|decl| decl.kind), &value) {
        (Some(InputType::Path), Value::String(path)) => Value::from(cwd.join(path).display().to_string()),
        _ => value,
    }
}

/// What a dry run knows of a run: its inputs.
pub fn run_facts(given: &Given) -> RunFacts {
    RunFacts {
        id: String::new(),
        started: Timestamp::UNIX_EPOCH,
        clock: Timestamp::UNIX_EPOCH,
        operator: String::new(),
        state: String::new(),
        dir: String::new(),
        scratch_dir: String::new(),
        previous: None,
        last_told: LastTold::new(),
        approved_by: Vec::new(),
        inputs: given.values.clone(),
        secret_inputs: given.secrets.keys().cloned().collect(),
        names: Default::default(),
    }
}

/// A plan as a dry run tells it, in the language of its texts.
pub fn told(start: &Start) -> Outline {
    let facts = run_facts(&start.given);
    let engine = Engine::new();
    let renderer = Renderer { plan: &start.plan, run: &facts, engine: &engine };
    speaking(start.lang(), || outline(&renderer, &OnlyInputs::of_run(start.given.values.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_path_begins_where_it_was_typed_and_other_values_stay() {
        let decls: IndexMap<String, InputDecl> =
            serde_yaml::from_str("{ file: { type: path }, name: { type: string } }").expect("inputs");
        let typed =
            |name: &str, value: &str| from_here(Path::new("/srv/here"), decls.get(name), value.into());
        assert_eq!(typed("file", "a/b.sql.gz"), "/srv/here/a/b.sql.gz");
        assert_eq!(typed("file", "/backups/b.sql.gz"), "/backups/b.sql.gz");
        assert_eq!(typed("name", "a/b"), "a/b");
        assert_eq!(typed("unknown", "a/b"), "a/b");
    }
}
