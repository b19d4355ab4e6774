//! Not merged yet.
use super::context::{Context, Performed};
use crate::event::Failure;
use crate::model::{FileAction, Rendered};
pub async fn perform(_: &FileAction<Rendered>, _: &Context<'_>) -> Performed { Err(Failure::Cancelled) }
