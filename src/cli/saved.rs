//! Saved plans as commands meet them: made, written, read, and compared with what is there now.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::error::{Code, Error};
use super::globals::Globals;
use super::start::{Start, run_facts};
use crate::base::{Clock, Duration, PlanId, SystemClock};
use crate::model::SecretDecl;
use crate::plan::saved::{About, LARGEST, Saved, is_saved, parse, save, seal};
use crate::plan::{OnlyInputs, Renderer};
use crate::report::safe_text;
use crate::template::Engine;

/// How long a saved plan can be run where nothing else is said.
pub const VALID: Duration = Duration::from_secs(24 * 60 * 60);

/// The file of a saved plan, should that be what was named.
pub fn file(globals: &Globals, name: &str) -> Option<PathBuf> {
    let path = globals.cwd.join(name);
    is_saved(&path).then_some(path)
}

/// A plan as it is saved, without its digest.
pub fn made(globals: &Globals, start: &Start, by: String, valid: Duration) -> Result<Saved, Error> {
    let facts = run_facts(&start.given);
    let engine = Engine::new();
    let renderer = Renderer { plan: &start.plan, run: &facts, engine: &engine };
    let at = SystemClock.now();
    let until = i64::try_from(valid.as_millis()).ok().map(SignedDuration::from_millis);
    let until = until.and_then(|length| at.checked_add(length).ok()).unwrap_or(Timestamp::MAX);
    let about = About {
        id: PlanId::new(random()?),
        by,
        host: host(),
        at,
        until,
        playbook: globals.cwd.join(&start.loaded.source.path).display().to_string(),
        library: start.library.as_ref().map(|l| l.root.display().to_string()),
        lang: start.found.lang,
        secrets: secrets(start),
        missing: start.given.missing.clone(),
        cwd: globals.cwd.clone(),
    };
    Ok(save(&renderer, &OnlyInputs::of_run(start.given.values.clone()), about))
}

/// Every secret of the systems and of the inputs, by its source.
pub fn secrets(start: &Start) -> IndexMap<String, SecretDecl> {
    let mut decls: IndexMap<String, SecretDecl> = IndexMap::new();
    for frame in &start.plan.frames {
        for (name, decl) in &frame.system.secrets {
            decls.entry(format!("secrets.{name}")).or_insert_with(|| decl.clone());
        }
    }
    for (name, source) in &start.given.secrets {
        let unmasked = start.loaded.playbook.inputs.get(name).and_then(|d| d.unmasked);
        let decl = SecretDecl { from: Some(source.clone()), generate: None, unmasked };
        decls.insert(format!("inputs.{name}"), decl);
    }
    decls
}

/// Writes a plan into a file that is not there yet.
pub fn write(saved: &mut Saved, path: &Path) -> Result<(), Error> {
    let shown = path.display();
    let text = seal(saved).map_err(|e| Error::state(e.to_string()))?;
    let fail = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Error::usage(crate::t!(
            "`{shown}` is there already; a saved plan replaces nothing",
            "`{shown}` はすでにあります。計画は上書き保存されません"
        ))
        .help(crate::t!("name another file, or remove it", "別の名前にするか、削除してください")),
        _ => Error::usage(crate::t!("cannot write `{shown}`: {e}", "`{shown}` に書けません: {e}")),
    };
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(fail)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        drop(std::fs::remove_file(path));
    }
    written.map_err(fail)
}

/// Reads a saved plan and proves its digest.
pub fn read(path: &Path) -> Result<Saved, Error> {
    let shown = path.display();
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|e| refused(crate::t!("cannot read `{shown}`: {e}", "`{shown}` を読めません: {e}")))?;
    parse(bytes)
        .map_err(|e| refused(crate::t!("the saved plan `{shown}`: {e}", "保存された計画 `{shown}`: {e}")))
}

/// A plan is run, and approved, until its time is over.
pub fn not_expired(saved: &Saved) -> Result<(), Error> {
    if SystemClock.now() < saved.made.until {
        return Ok(());
    }
    let (until, name) = (time(saved, saved.made.until), &saved.outline.playbook);
    Err(refused(crate::t!(
        "the plan has expired: it could be run until {until}",
        "計画の有効期限（{until}）が過ぎています"
    ))
    .help(crate::t!(
        "make a new one: toban plan {name} -o FILE",
        "作り直してください: toban plan {name} -o ファイル"
    )))
}

/// A time in the zone of the plan.
fn time(saved: &Saved, at: Timestamp) -> String {
    let zone = saved.zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::system());
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// A plan that is not run.
pub fn refused(message: impl Into<String>) -> Error {
    Error::Plain { code: Code::Refused, message: message.into(), help: None }
}

/// Where a plan comes from, in two lines.
pub fn about(saved: &Saved, file: &Path) -> String {
    let (id, digest, file) = (&saved.id, &saved.digest, file.display());
    let (by, host) = (&saved.made.by, &saved.made.host);
    let (at, until) = (time(saved, saved.made.at), time(saved, saved.made.until));
    safe_text(&crate::t!(
        "plan {id} in {file}, by {by} on {host} at {at}; it can be run once, until {until}\nSHA-256 {digest}\n",
        "計画 {id}（{file}）: 作成 {by}（{host}、{at}）。{until} まで一度だけ実行できます\nSHA-256 {digest}\n"
    ))
    .into_owned()
}

/// The name of this machine.
pub fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map(|n| n.trim().to_string()).unwrap_or_default()
}

fn random() -> Result<u128, Error> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut f| f.read_exact(&mut bytes))
        .map_err(|e| Error::state(crate::t!("no random bytes: {e}", "乱数を得られません: {e}")))?;
    Ok(u128::from_ne_bytes(bytes))
}
