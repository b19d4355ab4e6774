//! From a playbook's name and what was given to a plan with its inputs. It starts nothing.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ArgMatches;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::error::Error;
use super::globals::Globals;
use crate::event::{Gives, Outcome};
use crate::inputs::{self, Given};
use crate::lang::{self, Loaded};
use crate::plan::{Facts, NodeIx, Plan, RunFacts, compile};

/// A plan and what it is to be made with.
pub struct Start {
    /// The checked playbook.
    pub loaded: Loaded,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// Its inputs.
    pub given: Given,
}

/// Loads, checks and compiles a playbook, and checks its inputs.
pub fn start(globals: &Globals, matches: &ArgMatches) -> Result<Start, Error> {
    let loaded = load(globals, matches)?;
    let plan = compile(&loaded).map_err(|e| Error::usage(e.to_string()))?;
    let given = inputs::resolve(&loaded.playbook.inputs, &typed(globals, matches)?).map_err(|mistakes| {
        let list: Vec<String> = mistakes.iter().map(|m| format!("  {}: {}", m.input, m.message)).collect();
        Error::usage(crate::t!("wrong inputs\n{}", "入力に誤りがあります\n{}", list.join("\n")))
    })?;
    Ok(Start { loaded, plan: Arc::new(plan), given })
}

/// The playbook named on the command line, checked.
pub fn load(globals: &Globals, matches: &ArgMatches) -> Result<Loaded, Error> {
    let name = matches.get_one::<String>("playbook").map(String::as_str).unwrap_or_default();
    let environment = globals.environment.as_deref();
    lang::load(name, globals.library.as_ref(), &globals.cwd, environment).map_err(Error::Diagnostics)
}

/// What was typed with `-i` and `--inputs`; the former wins.
fn typed(globals: &Globals, matches: &ArgMatches) -> Result<Map<String, Value>, Error> {
    let mut given = match matches.get_one::<PathBuf>("inputs") {
        Some(path) => inputs::from_file(&globals.cwd.join(path)).map_err(Error::usage)?,
        None => Map::new(),
    };
    for text in matches.get_many::<String>("input").into_iter().flatten() {
        let (name, value) = inputs::parse_pair(text).map_err(Error::usage)?;
        given.insert(name, value);
    }
    Ok(given)
}

/// What a dry run knows of a run: its inputs.
pub fn run_facts(given: &Given) -> RunFacts {
    RunFacts {
        id: String::new(),
        started: Timestamp::UNIX_EPOCH,
        operator: String::new(),
        state: String::new(),
        dir: String::new(),
        scratch_dir: String::new(),
        previous: None,
        inputs: given.values.clone(),
        secret_inputs: given.secrets.keys().cloned().collect(),
    }
}

/// The facts of a run that has not begun.
pub struct OnlyInputs(pub Map<String, Value>);

impl Facts for OnlyInputs {
    fn outcome(&self, _: NodeIx) -> Option<Outcome> {
        None
    }
    fn gives(&self, _: NodeIx) -> Option<&Gives> {
        None
    }
    fn seconds(&self, _: NodeIx) -> f64 {
        0.0
    }
    fn inputs(&self, frame: u32) -> Option<&Map<String, Value>> {
        (frame == 0).then_some(&self.0)
    }
    fn findings(&self) -> Vec<Value> {
        Vec::new()
    }
}
