//! From a name or a path to a checked playbook with everything it includes. It runs nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::calls::{self, Calls};
use super::checks;
use super::document::Document;
use super::guards::Guards;
use super::library::Library;
use super::lower;
use super::placed::Placed;
use super::read;
use super::resolve::{Target, resolve, shown};
use super::system::SystemFile;
use super::yaml::{Index, Seg};
use crate::base::{Lang, current_lang};
use crate::diag::{At, Diagnostic, Severity, Source};
use crate::model::{Playbook, System};

/// A playbook that checks, in one environment.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The playbook.
    pub playbook: Playbook,
    /// Its system in the environment; empty where there is no `system.yaml`.
    pub system: Arc<System>,
    /// The environment, if any.
    pub environment: Option<String>,
    /// Where its system wants a target typed.
    pub guards: Guards,
    /// The file of the playbook.
    pub source: Arc<Source>,
    /// The folder of the playbook: paths are relative to it.
    pub base_dir: PathBuf,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
    /// The playbooks it calls, by the name used in `run:`; `name@environment` where the call names one.
    pub parts: BTreeMap<String, Loaded>,
    /// Every file it was made from.
    pub sources: Vec<Arc<Source>>,
}

/// Reads and checks a playbook in one environment: the one given, else the system's default, else its only one. Its
/// texts are those in the language of this process.
///
/// # Errors
/// Every mistake found.
pub fn load(
    name_or_path: &str,
    library: Option<&Library>,
    cwd: &Path,
    environment: Option<&str>,
) -> Result<Loaded, Vec<Diagnostic>> {
    load_in(current_lang(), name_or_path, library, cwd, environment)
}

/// As [`load`], with the texts in a language of their own; what is wrong is still told in the one of this process.
///
/// # Errors
/// Every mistake found.
pub fn load_in(
    lang: Lang,
    name_or_path: &str,
    library: Option<&Library>,
    cwd: &Path,
    environment: Option<&str>,
) -> Result<Loaded, Vec<Diagnostic>> {
    let target = resolve(name_or_path, library, cwd).map_err(|d| vec![*d])?;
    Loading { library, cwd, lang, stack: Vec::new() }.load(&target, environment)
}

/// Checks a playbook in every environment of its system; each mistake once, warnings included.
pub fn check(name_or_path: &str, library: Option<&Library>, cwd: &Path) -> Vec<Diagnostic> {
    let target = match resolve(name_or_path, library, cwd) {
        Ok(target) => target,
        Err(d) => return vec![*d],
    };
    let mut all: Vec<(Diagnostic, Vec<String>)> = Vec::new();
    let environments = environments(&target, cwd);
    let count = environments.len();
    for environment in environments {
        let mut loading = Loading { library, cwd, lang: current_lang(), stack: Vec::new() };
        let found = match loading.load(&target, environment.as_deref()) {
            Ok(loaded) => loaded.all_warnings(),
            Err(found) => found,
        };
        for d in found {
            let name = environment.clone().unwrap_or_default();
            match all.iter_mut().find(|(known, _)| same_mistake(known, &d)) {
                Some((_, names)) => names.push(name),
                None => all.push((d, vec![name])),
            }
        }
    }
    all.into_iter().map(|(d, names)| in_environments(d, &names, count)).collect()
}

/// Whether two environments have one mistake in common: its words may differ, as when another name is the nearest.
fn same_mistake(a: &Diagnostic, b: &Diagnostic) -> bool {
    a == b || (a.code == b.code && a.at == b.at && a.at.is_some())
}

/// A mistake that only some environments have says in which.
fn in_environments(d: Diagnostic, names: &[String], count: usize) -> Diagnostic {
    if names.len() == count || !d.label.is_empty() {
        return d;
    }
    let list = names.join(", ");
    d.label(crate::t!("in the environment {list}", "環境 {list} の場合"))
}

/// The environments that a playbook can be checked in; none where its system has none.
fn environments(target: &Target, cwd: &Path) -> Vec<Option<String>> {
    let names = named(target, cwd).unwrap_or_default();
    if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() }
}

/// The names of the environments of a playbook's system; none where that cannot be read.
pub fn environments_of(name_or_path: &str, library: Option<&Library>, cwd: &Path) -> Option<Vec<String>> {
    named(&resolve(name_or_path, library, cwd).ok()?, cwd)
}

fn named(target: &Target, cwd: &Path) -> Option<Vec<String>> {
    let path = target.system_path();
    if !path.exists() {
        return Some(Vec::new());
    }
    let (doc, value) = Document::open(&path, &shown(&path, cwd), current_lang()).ok()?;
    Some(SystemFile::new(doc, value).ok()?.environments())
}

impl Loaded {
    /// Its warnings and those of its parts.
    pub fn all_warnings(&self) -> Vec<Diagnostic> {
        let mut all = self.warnings.clone();
        for part in self.parts.values() {
            all.extend(part.all_warnings());
        }
        all
    }

    /// The place of the cron expression of a schedule.
    pub fn schedule_place(&self, index: usize) -> At {
        let source = Arc::clone(&self.source);
        let path = [Seg::name("schedule"), Seg::Index(index), Seg::name("cron")];
        let span = match Index::of(&source.text) {
            Ok((places, _)) => places.root().map(|root| places.value_span(&source.text, root, &path)),
            Err(_) => None,
        };
        At { source, span: span.unwrap_or(0..0) }
    }
}

/// What is being read, and from within what.
pub struct Loading<'a> {
    /// Where names are looked up.
    pub library: Option<&'a Library>,
    /// Where paths are shown from.
    pub cwd: &'a Path,
    /// The language whose texts are taken.
    pub lang: Lang,
    /// The playbooks that are being read, outermost first.
    pub stack: Vec<PathBuf>,
}

impl Loading<'_> {
    /// Reads one playbook and those it calls.
    ///
    /// # Errors
    /// Every mistake found.
    pub fn load(&mut self, target: &Target, environment: Option<&str>) -> Result<Loaded, Vec<Diagnostic>> {
        tracing::debug!(path = %target.path.display(), environment, "reads a playbook");
        let opened = Document::open(&target.path, &shown(&target.path, self.cwd), self.lang);
        let mut system = SystemInUse::open(&target.system_path(), self.cwd, self.lang, environment);
        let (mut doc, value) = match opened {
            Ok(opened) => opened,
            Err(mut found) => {
                found.extend(system.notes);
                return Err(found);
            }
        };
        let Ok(source) = read::playbook(&mut doc, value) else {
            doc.notes.extend(system.notes);
            return Err(in_order(doc.notes));
        };
        let mut placed = Placed::default();
        let playbook = lower::playbook(source, &target.name, &mut doc, &mut placed);
        self.stack.push(target.path.clone());
        let calls = calls::load(self, target, &playbook, system.environment.as_deref(), &mut doc, &placed);
        self.stack.pop();
        let guards = system.file.as_ref().map(Guards::of).unwrap_or_default();
        checks::all(&playbook, system.system.as_deref(), &mut doc, &placed, &calls, &guards);
        if system.notes.is_empty() {
            let names = system.file.as_ref().map(SystemFile::environments).unwrap_or_default();
            checks::schedule_environments(&playbook, &names, &mut doc);
        }
        if let (Some(file), Some(facts)) = (&mut system.file, &system.system) {
            checks::system(facts, file, system.environment.as_deref());
            system.notes = std::mem::take(&mut file.doc.notes);
        }
        finish(target, playbook, system, doc, calls, guards)
    }
}

fn finish(
    target: &Target,
    playbook: Playbook,
    system: SystemInUse,
    mut doc: Document,
    calls: Calls,
    guards: Guards,
) -> Result<Loaded, Vec<Diagnostic>> {
    let mut notes = in_order(std::mem::take(&mut doc.notes));
    notes.extend(system.notes);
    notes.extend(calls.notes);
    if notes.iter().any(|d| d.severity == Severity::Error) {
        return Err(notes);
    }
    let mut sources = vec![doc.source.clone()];
    sources.extend(system.source);
    for part in calls.parts.values() {
        sources.extend(part.sources.iter().filter(|s| !sources.contains(s)).cloned().collect::<Vec<_>>());
    }
    Ok(Loaded {
        playbook,
        system: system.system.unwrap_or_default(),
        environment: system.environment,
        guards,
        source: doc.source.clone(),
        base_dir: target.base_dir(),
        warnings: notes,
        parts: calls.parts,
        sources,
    })
}

/// In the order of the file.
fn in_order(mut notes: Vec<Diagnostic>) -> Vec<Diagnostic> {
    notes.sort_by_key(|d| d.at.as_ref().map_or(0, |a| a.span.start));
    notes
}

/// The system beside a playbook, in the environment of the run.
struct SystemInUse {
    file: Option<SystemFile>,
    source: Option<Arc<Source>>,
    system: Option<Arc<System>>,
    environment: Option<String>,
    notes: Vec<Diagnostic>,
}

impl SystemInUse {
    fn open(path: &Path, cwd: &Path, lang: Lang, environment: Option<&str>) -> SystemInUse {
        let mut used =
            SystemInUse { file: None, source: None, system: None, environment: None, notes: Vec::new() };
        if !path.exists() {
            used.system = Some(Arc::default());
            if let Some(name) = environment {
                used.notes.push(no_system(name, path, cwd));
            }
            return used;
        }
        let opened = Document::open(path, &shown(path, cwd), lang).and_then(|(d, v)| SystemFile::new(d, v));
        let mut file = match opened {
            Ok(file) => file,
            Err(notes) => return SystemInUse { notes, ..used },
        };
        used.source = Some(file.doc.source.clone());
        used.environment = environment.map(str::to_string).or_else(|| file.default_environment());
        if let Some(name) = &used.environment
            && !file.environments().contains(name)
        {
            let d = checks::unknown_environment(name, environment.is_some(), &file);
            used.notes.push(d);
            used.notes.extend(std::mem::take(&mut file.doc.notes));
            return used;
        }
        used.system = file.decode(used.environment.as_deref());
        used.notes = std::mem::take(&mut file.doc.notes);
        file.doc.notes = used.notes.clone();
        used.file = Some(file);
        used
    }
}

fn no_system(name: &str, path: &Path, cwd: &Path) -> Diagnostic {
    let path = shown(path, cwd);
    let title = crate::t!(
        "there is no environment `{name}`: {path} does not exist",
        "環境 `{name}` がありません（{path} が存在しません）"
    );
    let source = Arc::new(Source { path, text: String::new() });
    let at = At { source, span: 0..0 };
    Diagnostic { at: None, ..Diagnostic::error("unknown-environment", at, title) }
}
