//! Signals to the engine. It does not know what they lead to.

use std::time::Duration;

use tokio::signal::unix::{self, SignalKind};

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The terminal is gone.
    HangUp,
    /// Somebody wants the engine gone.
    Terminate,
}

impl Signal {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Interrupt => "SIGINT",
            Signal::HangUp => "SIGHUP",
            Signal::Terminate => "SIGTERM",
        }
    }

    /// The signal of a name; none where it is none that ends a run.
    pub fn named(name: &str) -> Option<Signal> {
        [Signal::Interrupt, Signal::HangUp, Signal::Terminate].into_iter().find(|s| s.name() == name)
    }

    /// The exit code of a program that it ended.
    pub fn exit_code(self) -> u8 {
        match self {
            Signal::HangUp => 129,
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
        }
    }
}

/// The signals as they come in.
pub struct Signals {
    interrupt: unix::Signal,
    /// None under `nohup`: whoever started the engine wants it to outlive the terminal.
    hang_up: Option<unix::Signal>,
    terminate: unix::Signal,
    /// A file at its largest allowed size is an error of its writer, not the engine's death.
    _too_large: unix::Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn listen() -> std::io::Result<Signals> {
        let hang_up = match is_ignored(libc::SIGHUP) {
            true => None,
            false => Some(unix::signal(SignalKind::hangup())?),
        };
        Ok(Signals {
            interrupt: unix::signal(SignalKind::interrupt())?,
            hang_up,
            terminate: unix::signal(SignalKind::terminate())?,
            _too_large: unix::signal(SignalKind::from_raw(libc::SIGXFSZ))?,
        })
    }

    /// One that has come already, if there is one.
    pub async fn pending(&mut self) -> Option<Signal> {
        // The runtime looks at what has come when it has nothing else to do.
        tokio::time::timeout(Duration::from_millis(1), self.next()).await.ok()
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            () = came(&mut self.hang_up) => Signal::HangUp,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

async fn came(signal: &mut Option<unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

fn is_ignored(signal: i32) -> bool {
    // SAFETY: a zeroed sigaction is one to be filled in, and nothing is changed.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_IGN
    }
}
