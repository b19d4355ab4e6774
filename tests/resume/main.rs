//! Runs whose engine died, and what becomes of them: the real binary, real kills, and counters outside of it.

mod boxed;
mod cut;
mod decide;
mod full;
mod interrupt;
mod kill;
#[allow(dead_code, reason = "other tests start other servers")]
#[path = "../sql_support/server.rs"]
mod server;
#[path = "../cli/sink.rs"]
mod sink;
mod support;
