//! Not merged yet.
use super::context::{Context, Performed};
use crate::event::Failure;
use crate::model::{Probe, Rendered};
pub async fn perform(_: &Probe<Rendered>, _: &Context<'_>) -> Performed { Err(Failure::Cancelled) }
