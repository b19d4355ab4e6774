//! The way to the engine: where it is, and a connection that speaks its version. It knows no call.

use std::path::Path;
use std::time::Duration;

use bollard::API_DEFAULT_VERSION;
use bollard::Docker;

use super::{marker, refusal};
use crate::action::Context;
use crate::action::host::{Place, There};
use crate::event::{Failure, Stream};
use crate::process::Sink;
use crate::ssh::Command;

/// How long the engine may take to say which version it speaks, in seconds.
const GREETING: u64 = 15;
/// How long it may take to begin an answer, in seconds.
const ANSWER: u64 = 120;

/// A connected engine.
#[derive(Clone)]
pub struct Engine {
    /// The client, in the version that both speak.
    pub docker: Docker,
    /// Whether the engine's processes may be this machine's.
    pub local: bool,
}

impl Engine {
    /// The same engine, for a call that may take `seconds` longer than usual.
    pub fn patient(&self, seconds: u64) -> Docker {
        self.docker.clone().with_timeout(Duration::from_secs(ANSWER.saturating_add(seconds)))
    }
}

/// Where the engine is: `DOCKER_HOST`, else the usual socket.
pub fn host() -> String {
    let usual = || "unix:///var/run/docker.sock".to_string();
    std::env::var("DOCKER_HOST").ok().filter(|h| !h.is_empty()).unwrap_or_else(usual)
}

/// Connects, and finds the version that both sides speak.
///
/// # Errors
/// The engine is not there, does not let us in, or is reached by a way that is not known here.
pub async fn connect(cx: &Context<'_>) -> Result<Engine, Failure> {
    let (host, far) = match cx.place()? {
        Place::Here { .. } => (host(), None),
        Place::There(there) => (beyond(&there, cx).await?, Some(there.name.to_string())),
    };
    let (docker, local) = open(&host)?;
    let local = local && far.is_none();
    let host = far.map_or(host, |name| format!("its socket on the host {name}"));
    let docker = docker.negotiate_version().await.map_err(|e| refusal::of_engine(&e, &host))?;
    tracing::debug!(host, api = %docker.client_version(), "Docker engine answers");
    Ok(Engine { docker: docker.with_timeout(Duration::from_secs(ANSWER)), local })
}

/// A socket here that leads to the engine's on the host of the step: the one that programs there use.
async fn beyond(there: &There<'_>, cx: &Context<'_>) -> Result<String, Failure> {
    let connection = cx.connect(there).await?;
    let script = "printf %s \"${DOCKER_HOST:-unix:///var/run/docker.sock}\"";
    let words = ["sh", "-c", script].map(String::from).to_vec();
    let mut said = Vec::new();
    let sink: &mut Sink<'_> = &mut |stream, bytes| {
        if stream == Stream::Out {
            said.extend_from_slice(bytes);
        }
        Ok(())
    };
    let command = Command::new(words, (marker::NAME.to_string(), marker::value(cx)));
    let asked = connection.run(&command, |_, _| (), sink, cx.stop.clone()).await;
    asked.map_err(|message| Failure::Unavailable { message })?;
    let host = String::from_utf8_lossy(&said).into_owned();
    let to = host.strip_prefix("unix://").or_else(|| host.strip_prefix("tcp://"));
    let way = connection.way(to.ok_or_else(|| refusal::of_scheme(&host))?, "docker.sock").await;
    let socket = way.map_err(|message| Failure::Unavailable { message })?;
    Ok(format!("unix://{}", socket.display()))
}

fn open(host: &str) -> Result<(Docker, bool), Failure> {
    if let Some(path) = host.strip_prefix("unix://") {
        may_reach(Path::new(path)).map_err(|e| refusal::of_socket(&e, path))?;
        let docker = Docker::connect_with_unix(host, GREETING, API_DEFAULT_VERSION);
        return docker.map(|d| (d, true)).map_err(|e| refusal::of_engine(&e, host));
    }
    if !(host.starts_with("tcp://") || host.starts_with("http://")) {
        return Err(refusal::of_scheme(host));
    }
    if std::env::var("DOCKER_TLS_VERIFY").is_ok_and(|v| !v.is_empty()) {
        return Err(refusal::of_tls(host));
    }
    let docker = Docker::connect_with_http(host, GREETING, API_DEFAULT_VERSION);
    docker.map(|d| (d, false)).map_err(|e| refusal::of_engine(&e, host))
}

/// The client only says that a socket "was not found", also when a folder above it is closed to us.
fn may_reach(socket: &Path) -> std::io::Result<()> {
    std::fs::metadata(socket).map(|_| ())
}
