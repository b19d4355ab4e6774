//! Actions that only read, performed without a permit: the one thing a dry run may do in the world. An action becomes
//! a [`Reading`] only when its kind, its session or the kernel holds it to reading, or when the operator believes its
//! author.

use crate::event::Failure;
use crate::model::{Action, Compose, ComposeVerb, Docker, FileAction, Http, HttpMethod, Rendered, Verifier};
use crate::process;

use super::context::{Context, Performed};
use super::dispatch::perform_here;

/// What holds an action to reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// What it is: there is no way to write with it.
    Kind,
    /// A session that cannot write, and an allow-list of statements.
    Session,
    /// The kernel.
    Kernel,
    /// Nothing but its author's word.
    Word,
}

/// An action that only reads.
#[derive(Debug)]
pub struct Reading<'a> {
    action: &'a Action<Rendered>,
    held: Held,
}

impl<'a> Reading<'a> {
    /// The action of a step whose effect is `read`, unless nothing holds it to that. `believed` says that the author's
    /// word will do.
    pub fn of(action: &'a Action<Rendered>, cx: &Context<'_>, believed: bool) -> Option<Reading<'a>> {
        // What its output goes into would be written.
        if cx.around.stdout.is_some() {
            return None;
        }
        let mut held = holder(action)?;
        // The question whether there is anything to do is a script as well.
        if cx.around.unless.is_some() && matches!(held, Held::Kind | Held::Session) {
            held = Held::Kernel;
        }
        let kernel = process::can_hold() && cx.around.run_as.is_none();
        match held {
            Held::Kind | Held::Session => Some(Reading { action, held }),
            Held::Kernel | Held::Word if believed => Some(Reading { action, held: Held::Word }),
            Held::Kernel if kernel => Some(Reading { action, held }),
            Held::Kernel | Held::Word => None,
        }
    }

    /// What holds it.
    pub fn held(&self) -> Held {
        self.held
    }
}

/// Performs what only reads. It takes no permit, since it needs none.
///
/// # Errors
/// Why it did not succeed.
pub async fn look(reading: Reading<'_>, cx: &Context<'_>) -> Performed {
    let cx = Context { held: reading.held != Held::Word, stop: cx.stop.clone(), ..*cx };
    perform_here(reading.action, &cx, true, &|_| Ok(true)).await
}

/// What can hold an action of this kind to reading; none where its kind itself changes something, or asks a person.
fn holder(action: &Action<Rendered>) -> Option<Held> {
    match action {
        Action::Shell(_) => Some(Held::Kernel),
        Action::Docker(docker) => of_docker(docker),
        Action::Sql(_) => Some(Held::Session),
        Action::Http(http) => Some(of_http(http)),
        Action::Probe(_) | Action::Assert(_) => Some(Held::Kind),
        Action::File(file) => of_file(file),
        Action::Wait(_)
        | Action::Fail(_)
        | Action::Notify(_)
        | Action::Escalate(_)
        | Action::Manual(_)
        | Action::Decide(_)
        | Action::Playbook(_)
        | Action::SecretGenerate(_)
        | Action::Named(_) => None,
    }
}

fn of_http(http: &Http<Rendered>) -> Held {
    let reads = |m: &HttpMethod| matches!(m, HttpMethod::Get | HttpMethod::Head);
    if http.targets().iter().all(|(method, _)| reads(method)) { Held::Kind } else { Held::Word }
}

fn of_docker(docker: &Docker<Rendered>) -> Option<Held> {
    match docker {
        Docker::Ps(_) | Docker::Logs(_) | Docker::Inspect(_) | Docker::Stats(_) => Some(Held::Kind),
        Docker::Images(_) | Docker::Volumes(_) | Docker::Networks(_) => Some(Held::Kind),
        Docker::Exec(_) => Some(Held::Word),
        Docker::Compose(compose) => of_compose(compose),
        _ => None,
    }
}

fn of_compose(compose: &Compose<Rendered>) -> Option<Held> {
    match compose.verbs().as_slice() {
        [ComposeVerb::Ps(_) | ComposeVerb::Logs(_) | ComposeVerb::Config(_)] => Some(Held::Kind),
        [ComposeVerb::Exec(_)] => Some(Held::Word),
        _ => None,
    }
}

fn of_file(file: &FileAction<Rendered>) -> Option<Held> {
    let script = |v: &Verifier<Rendered>| v.shell.is_some();
    match file {
        FileAction::Latest(what) | FileAction::List(what) if what.verified_by.iter().any(script) => {
            Some(Held::Word)
        }
        FileAction::Read(_)
        | FileAction::Stat(_)
        | FileAction::List(_)
        | FileAction::Latest(_)
        | FileAction::Checksum(_) => Some(Held::Kind),
        _ => None,
    }
}

impl Held {
    /// Whether a failure may come of being held: a program that is kept from what it needs ends like one that fails.
    pub fn may_be_why(self, failure: &Failure) -> bool {
        self == Held::Kernel && matches!(failure, Failure::Exit { .. } | Failure::Signal { .. })
    }
}
