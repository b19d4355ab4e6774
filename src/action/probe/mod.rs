//! Readings of this host, of a network, of a log. They change nothing.

mod host;
mod log;
mod log_count;
mod log_time;
mod network;
mod perform;
mod process;
mod tls;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_log;

pub use perform::perform;
