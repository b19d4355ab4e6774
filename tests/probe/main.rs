//! `toban plan --probe` through the real binary: what it says of each kind of step, and that it changes nothing.

mod databases;
mod held;
mod kinds;
#[path = "../cli/place.rs"]
#[allow(dead_code)]
mod place;
#[path = "../sql_support/mod.rs"]
mod sql_support;
mod support;
