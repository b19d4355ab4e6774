//! Not merged yet.
use super::context::{Context, Performed};
use crate::event::Failure;
use crate::model::{Sql, Rendered};
pub async fn perform(_: &Sql<Rendered>, _: &Context<'_>, _: bool) -> Performed { Err(Failure::Cancelled) }
