//! Toban (当番, "the one on duty"): a runbook engine.
//!
//! Text becomes a model, the model becomes a plan, the plan is driven by a pure state machine whose
//! facts are first written, then shown, and only then allowed to act. The modules are rooms; a room
//! imports only rooms of a lower rank (`tests/architecture.rs` holds the table).

pub mod action;
pub mod base;
pub mod calendar;
pub mod cli;
pub mod diag;
pub mod drawing;
pub mod event;
pub mod graph;
pub mod inputs;
pub mod journal;
pub mod lang;
pub mod lock;
pub mod model;
pub mod notify;
pub mod plan;
pub mod probe;
pub mod process;
pub mod report;
pub mod runner;
pub mod schedule;
pub mod ssh;
pub mod state;
pub mod template;
