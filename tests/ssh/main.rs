//! Steps on another host: the real binary, the real `ssh`, and a real `sshd` on loopback.

#[path = "../cli/place.rs"]
mod place;
#[path = "../sql_support/server.rs"]
mod server;
mod shell;
mod sshd;
mod ways;
