//! Readings of a host, a network or a log, as a playbook writes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::place::at;
use super::stage::Slot;
use crate::base::Duration;

staged_enum! {
    /// One reading; it changes nothing.
    pub enum Probe {
        /// How full the file system of a path is.
        "disk" Disk(DiskProbe<S>),
        /// Memory of the host.
        "memory" Memory(MemoryProbe),
        /// Load averages of the host.
        "load" Load(LoadProbe),
        /// The certificate of a server or of a file.
        "tls" Tls(TlsProbe<S>),
        /// Whether a TCP port answers.
        "tcp" Tcp(TcpProbe<S>),
        /// What a name resolves to.
        "dns" Dns(DnsProbe<S>),
        /// Processes by name.
        "process" Process(ProcessProbe<S>),
        /// How often a pattern stands in a log.
        "log" Log(LogProbe<S>),
    }
}

staged! {
    /// Gives `used_percent`, `total`, `used`, `available` (bytes), `inodes_used_percent`, `mount`.
    pub struct DiskProbe {
        /// Any path on the file system.
        path: Slot<S, String, { at::PATH }>,
    }
}
/// Gives `total`, `available`, `used` (bytes), `used_percent`, `swap_total`, `swap_used`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryProbe {}
/// Gives `one`, `five`, `fifteen`, `cpus` and `per_cpu` (the one-minute load a processor).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadProbe {}
unstaged!(MemoryProbe, LoadProbe);

staged! {
    /// Gives `days_left`, `not_before`, `not_after`, `subject`, `issuer`, `names`, `self_signed`, `verified`, `error`.
    /// Works for expired, self-signed and wrongly named certificates too.
    pub struct TlsProbe {
        /// The server's host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<Slot<S>>,
        /// The server's port. Default: 443.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<Slot<S, u16>>,
        /// The name asked for, where it is not the host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server_name: Option<Slot<S>>,
        /// A PEM file, instead of a server.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<Slot<S, String, { at::PATH }>>,
    }
}
staged! {
    /// Gives `open`, `elapsed_ms`, `error`.
    pub struct TcpProbe {
        /// The host.
        host: Slot<S>,
        /// The port.
        port: Slot<S, u16>,
    }
}
staged! {
    /// Gives `addresses`, `elapsed_ms`, `error`.
    pub struct DnsProbe {
        /// The name to resolve.
        name: Slot<S>,
    }
}
staged! {
    /// Gives `count`, `pids`, `memory` (resident bytes of all), `cpu_seconds`, `commands`.
    pub struct ProcessProbe {
        /// The name of the program, as in `/proc/PID/comm` or the last part of its path.
        name: Slot<S>,
    }
}
staged! {
    /// Gives `count` (matching lines), `lines` (the last 100 of them), `scanned`, `by_level`.
    pub struct LogProbe {
        /// A log file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<Slot<S, String, { at::PATH }>>,
        /// A container whose log is read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        container: Option<Slot<S>>,
        /// A unit of the systemd journal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        journal: Option<Slot<S>>,
        /// A regular expression; a line that matches is counted.
        pattern: Slot<S>,
        /// Only lines not older than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Slot<S, Duration>>,
        /// How a line's time is written (strftime); needed for `since` on a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_format: Option<Slot<S>>,
    }
}

/// Where a log probe reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogSource<'a> {
    File(&'a str),
    Container(&'a str),
    Journal(&'a str),
}
