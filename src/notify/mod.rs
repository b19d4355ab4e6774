//! Tells people of a run who are not there, by mail and by a webhook. It decides neither whether nor when.

mod send;
mod words;

pub use send::Crier;
