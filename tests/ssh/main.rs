//! Steps on another host: the real binary, the real `ssh`, and a real `sshd` on loopback.

#[path = "../cli/place.rs"]
mod place;
mod shell;
#[path = "../sql_support/server.rs"]
mod server;
mod sshd;
mod ways;
