//! A plan as a document for those who review it: one HTML page that fetches and runs nothing, or Markdown for a
//! ticket. It knows a plan only as it is told.

mod facts;
mod html;
mod markdown;
mod marked;
mod shell;
mod step;

pub use facts::PlanHead;
pub use html::plan_html;
pub use markdown::plan_markdown;
pub(super) use marked::marked;
pub(super) use shell::page;
