//! Steps on another host: the real binary, the real `ssh`, and a real `sshd` on loopback.

#[allow(dead_code, reason = "other test binaries use the rest")]
#[path = "../cli/place.rs"]
mod place;
mod program;
mod resumed;
#[allow(dead_code, reason = "other test binaries use the rest")]
#[path = "../sql_support/server.rs"]
mod server;
mod shell;
mod sshd;
mod verbs;
mod ways;
