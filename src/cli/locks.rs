//! The locks of a plan as the commands take them: which there are, whose they are, and what is said when one is busy.

use std::path::PathBuf;

use jiff::Timestamp;

use super::error::{Code, Error, say_on_stderr};
use super::globals::Globals;
use super::saved::refused;
use super::start::Start;
use crate::event::Holder;
use crate::lock::{LockDir, LockError, Queue, State, Want};
use crate::model::{LockBusy, RunsAtOnce};
use crate::plan::{Now, sha256_hex};
use crate::process::boot_id;
use crate::report::{RUNS_OF, held_by, lock_name, safe_text};

impl From<LockError> for Error {
    fn from(e: LockError) -> Error {
        Error::Plain { code: Code::State, message: e.to_string(), help: None }
    }
}

/// What a run of a plan has to hold. Nothing is taken yet.
pub fn queue(globals: &Globals, start: &Start) -> Queue {
    let wanted = start.plan.locks.iter().map(|lock| Want {
        name: lock.name.clone(),
        file: lock.name.clone(),
        busy: lock.busy,
        limit: lock.limit,
    });
    let folder = LockDir::resolve(&|name| std::env::var_os(name));
    Queue::new(folder, wanted.chain(runs(globals, start)).collect())
}

/// The lock that all runs of a playbook in one environment share, where they may not go on side by side.
///
/// The playbook is its file, wherever it was called from: two folders of playbooks may use one name for two things.
/// No other lock has such a file name, and it comes before all others.
fn runs(globals: &Globals, start: &Start) -> Option<Want> {
    let busy = match start.plan.runs_at_once {
        RunsAtOnce::Allow => return None,
        RunsAtOnce::Wait => LockBusy::Wait,
        RunsAtOnce::Refuse => LockBusy::Fail,
    };
    let file = globals.cwd.join(&start.loaded.source.path);
    let file: PathBuf = file.canonicalize().unwrap_or(file);
    let environment = start.plan.environment.as_deref().unwrap_or_default();
    let digest = sha256_hex(format!("{}\n{environment}", file.display()).as_bytes());
    let at = if environment.is_empty() { String::new() } else { format!(" ({environment})") };
    let name = format!("{RUNS_OF}{}{at}", start.plan.playbook);
    Some(Want { name, file: format!(".run-{}", &digest[..32]), busy, limit: None })
}

/// Takes what is free before there is a run. None where all is well; else how the command ends: a lock that is not
/// waited for is busy.
pub fn begin(locks: &mut Queue, start: &Start) -> Result<Option<()>, Error> {
    let Some((want, by)) = locks.begin()? else { return Ok(None) };
    let (name, by) = (lock_name(&want.name), held_by(by.as_ref(), &start.plan.zone));
    if want.busy == LockBusy::Skip {
        let left_out = crate::t!("left out: {name}  {by}\n", "実行しません: {name}  {by}\n");
        say_on_stderr(&safe_text(&left_out));
        return Ok(Some(()));
    }
    Err(refused(format!("{name}  {by}")).help(crate::t!(
        "nothing was begun; try again once it has ended (`toban runs --result running` lists what runs)",
        "何も開始していません。終了後にもう一度実行してください（実行中の一覧: `toban runs --result running`）"
    )))
}

/// The run as those who wait for it are told of it.
pub fn holder(run: String, start: &Start, who: &str, since: Timestamp) -> Holder {
    let playbook = start.plan.playbook.clone();
    Holder { run, playbook, operator: who.to_string(), pid: std::process::id(), boot: boot_id(), since }
}

/// How the locks of a plan stand in this moment; nothing is taken or made.
pub fn now(globals: &Globals, start: &Start) -> Vec<Now> {
    let queue = queue(globals, start);
    let told = queue.look().map(|(want, state)| {
        let (held, by) = match state {
            State::Busy(by) => (true, by),
            State::Free => (false, None),
        };
        Now::Lock { name: want.name.clone(), held, by }
    });
    // That no other run goes on is no news; that one does is.
    told.filter(|now| !matches!(now, Now::Lock { name, held: false, .. } if name.starts_with(RUNS_OF)))
        .collect()
}
