//! Inputs: what the operator supplies, checked against what the playbook declares; and where secrets come from.
//! It asks nobody and knows no plan.

mod given;
mod secret_command;
mod secret_file;
mod secrets;

pub use crate::model::check_input as check;
pub use given::{Given, Mistake, from_file, missing, parse_pair, resolve};
pub use secrets::{Prompt, SecretError, Vault};
