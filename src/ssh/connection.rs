//! One shared connection: an `ssh` master that lives as long as we hold its input open. It runs no command itself.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::program::Programs;
use super::{Address, trouble};
use crate::event::Stream;
use crate::process::{self, Ended, Input, SpawnError, Spec, Stop, StopReason, Stopper};

/// How long a connection may take altogether, beyond what ssh itself allows for the first answer.
const PATIENCE: Duration = Duration::from_secs(45);
/// How much of what ssh says is kept.
const SAID: usize = 16 * 1024;

/// A connection to a host.
pub struct Connection {
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) marker: (String, String),
    socket: PathBuf,
    pub(super) folder: PathBuf,
    stopper: Stopper,
    life: RefCell<Option<JoinHandle<()>>>,
    state: Rc<State>,
    ways: RefCell<HashMap<String, PathBuf>>,
    pub(super) programs: Programs,
}

#[derive(Default)]
struct State {
    ready: Cell<bool>,
    /// Why it ended, once it has.
    ended: RefCell<Option<Result<(), SpawnError>>>,
    said: RefCell<String>,
    changed: Notify,
}

impl Connection {
    /// Connects and logs in. None as the error: it was time to stop.
    ///
    /// # Errors
    /// Why that did not come about, and what to do.
    pub(super) async fn open(
        name: &str,
        address: &Address,
        folder: &Path,
        marker: &(String, String),
        mut stop: Stop,
    ) -> Result<Connection, Option<String>> {
        let key = format!("toban-{}", random());
        let socket = folder.join(&key[6..18]);
        let (reader, lifeline) = os_pipe::pipe().map_err(|e| Some(e.to_string()))?;
        let (stopper, inner) = Stopper::new();
        let state = Rc::new(State::default());
        let greeting = format!("exec /bin/sh -c 'echo {key};exec cat >/dev/null'");
        let path = socket.display().to_string();
        let own = ["-T", "-S", &path, "-o", "ControlMaster=yes", "-o", "ClearAllForwardings=yes"];
        let mut spec = Spec::new("ssh", address.arguments(&own, Some(&greeting)), own_marker());
        spec.env.push(marker.clone());
        spec.input = Input::Pipe(Arc::new(reader));
        let life = tokio::task::spawn_local(live(spec, key, Rc::clone(&state), inner, lifeline));
        let connection = Connection {
            name: name.to_string(),
            address: address.clone(),
            marker: marker.clone(),
            socket,
            folder: folder.to_path_buf(),
            stopper,
            life: RefCell::new(Some(life)),
            state,
            ways: RefCell::default(),
            programs: Programs::default(),
        };
        let late = tokio::time::sleep(PATIENCE);
        tokio::select! {
            () = connection.settled() => connection.greeted(),
            _ = stop.stopped() => { connection.close().await; Err(None) }
            () = late => { connection.close().await; Err(Some(connection.refusal())) }
        }
    }

    async fn settled(&self) {
        while !self.state.ready.get() && self.state.ended.borrow().is_none() {
            self.state.changed.notified().await;
        }
    }

    fn greeted(self) -> Result<Connection, Option<String>> {
        if self.state.ready.get() && self.lives() {
            tracing::debug!(host = self.name, to = self.address.shown(), "connected over ssh");
            return Ok(self);
        }
        let not_started = match self.state.ended.borrow().as_ref() {
            Some(Err(SpawnError::NotFound { .. })) => Some(crate::t!(
                "the host `{}` is reached over ssh, and the program `ssh` is not installed here: install \
                 openssh-client",
                "ホスト `{}` には ssh で接続しますが、`ssh` がインストールされていません。openssh-client を入れてください",
                self.name
            )),
            Some(Err(other)) => Some(other.to_string()),
            _ => None,
        };
        Err(Some(not_started.unwrap_or_else(|| self.refusal())))
    }

    fn refusal(&self) -> String {
        trouble::no_connection(&self.name, &self.address, &self.state.said.borrow())
    }

    /// Whether it still stands, as far as is known.
    pub(super) fn lives(&self) -> bool {
        self.state.ended.borrow().is_none()
    }

    /// A call of `ssh` over this connection; its input is its caller's.
    pub(super) fn spec(&self, command: &str) -> Spec {
        let path = self.socket.display().to_string();
        let own = ["-T", "-S", &path, "-o", "ControlMaster=no", "-o", "ClearAllForwardings=yes"];
        let mut spec = Spec::new("ssh", self.address.arguments(&own, Some(command)), own_marker());
        spec.env.push(self.marker.clone());
        spec
    }

    /// A socket here that leads to a place as that host sees it: `host:port`, or the path of a socket. `file` is the
    /// name of the socket here.
    ///
    /// # Errors
    /// When ssh or the host does not allow it.
    pub async fn way(&self, to: &str, file: &str) -> Result<PathBuf, String> {
        if let Some(known) = self.ways.borrow().get(to) {
            return Ok(known.clone());
        }
        let folder = self.folder.join(format!("w{}", &random()[..8]));
        let local = folder.join(file);
        let fail = |why: String| {
            let name = &self.name;
            crate::t!(
                "no way through the host `{name}` to `{to}`: {why}; its sshd must allow forwarding (AllowTcpForwarding, \
                 AllowStreamLocalForwarding)",
                "ホスト `{name}` 経由で `{to}` に接続できません: {why}。sshd が転送を許可しているか（AllowTcpForwarding、\
                 AllowStreamLocalForwarding）確かめてください"
            )
        };
        std::fs::create_dir(&folder).map_err(|e| fail(e.to_string()))?;
        let path = self.socket.display().to_string();
        let forward = format!("{}:{to}", local.display());
        let own = ["-S", &path, "-O", "forward", "-L", &forward];
        let mut said = process::Capture::new(SAID);
        let spec = Spec::new("ssh", self.address.arguments(&own, None), own_marker());
        let sink: &mut process::Sink<'_> = &mut |stream, bytes| {
            said.take(stream, bytes);
            Ok(())
        };
        let exit =
            process::run(spec, |_, _| (), sink, Stop::never()).await.map_err(|e| fail(e.to_string()))?;
        if exit.ended != Ended::Code(0) || !local.exists() {
            return Err(fail(said.err_text()));
        }
        self.ways.borrow_mut().insert(to.to_string(), local.clone());
        Ok(local)
    }

    /// Ends it, and with it all that goes over it.
    pub(super) async fn close(&self) {
        self.stopper.stop(StopReason::Cancelled);
        let life = self.life.borrow_mut().take();
        if let Some(life) = life {
            drop(life.await);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Dropping the life of a child kills it.
        if let Some(life) = self.life.borrow_mut().take() {
            life.abort();
        }
    }
}

/// The master from its start to its end. `lifeline` closes with it, or with this whole program.
async fn live(spec: Spec, key: String, state: Rc<State>, stop: Stop, lifeline: os_pipe::PipeWriter) {
    let sink: &mut process::Sink<'_> = &mut |stream, bytes| {
        let mut said = state.said.borrow_mut();
        let text = String::from_utf8_lossy(bytes);
        if said.len() < SAID {
            said.push_str(&text);
        }
        if stream == Stream::Out && !state.ready.get() && said.contains(&key) {
            state.ready.set(true);
            said.clear();
            state.changed.notify_waiters();
        }
        Ok(())
    };
    let ended = process::run(spec, |_, _| (), sink, stop).await;
    drop(lifeline);
    *state.ended.borrow_mut() = Some(ended.map(drop));
    state.changed.notify_waiters();
}

/// By which the processes of one `ssh` (a ProxyCommand, say) are found again.
pub(super) fn own_marker() -> (String, String) {
    ("TOBAN_SSH".to_string(), format!("{};", random()))
}

/// 32 hexadecimal digits nobody can guess.
pub(super) fn random() -> String {
    let half = || std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}
