//! One HTTP request: sent, read within bounds, told of in the log. It judges no answer beyond its status; what is
//! right is the step's `expect`.

mod answer;
mod client;
mod could;
mod perform;
mod request;
#[cfg(test)]
pub(super) mod server;
#[cfg(test)]
mod tests;

pub use could::could_start;
pub use perform::perform;
