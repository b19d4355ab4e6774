//! The report of a run for those who were not there: one document, written as Markdown, as an HTML page, as JSON, as
//! JUnit XML. It knows a run only by its facts.

mod attempts;
mod bars;
mod boxes;
mod deviations;
mod document;
mod gather;
mod html;
mod junit;
mod line;
mod markdown;
mod timeline;
mod words;

pub use document::{Beside, Report};
pub use html::report_html;
pub use junit::report_junit;
pub use line::log_line;
pub use markdown::report_markdown;
