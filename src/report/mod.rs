//! A run as people and programs see it: on a terminal, as plain lines, as JSON lines, or only what went wrong;
//! and the pieces of text the screens share (tables, outcome words, widths). It decides nothing about the run
//! and cannot fail it.

mod area;
mod board;
mod canvas;
mod changes;
mod finding;
mod fold;
mod graph;
mod heading;
mod json;
mod layout;
mod look;
mod neutral;
mod note;
mod open;
mod outline;
mod outline_step;
mod page;
mod paper;
mod plain;
mod quiet;
mod seconds;
mod sink;
mod summary;
mod table;
mod tail;
mod terminal;
mod width;
mod words;

pub use board::Trouble;
pub use changes::changes_text;
pub use graph::{Diagram, graph_dot, graph_mermaid, graph_svg, graph_text};
pub use heading::{Heading, Progress, StepInfo};
pub use look::Look;
pub use neutral::{safe_line, safe_text};
pub use note::occasion;
pub use open::reporter;
pub use outline::{effect_word, outline_text};
pub use page::{PlanHead, plan_html, plan_markdown};
pub use paper::{Beside, Report, log_line, report_html, report_junit, report_markdown};
pub use seconds::format_seconds;
pub use summary::troubles_of;
pub use table::{Limits, cell, table};
pub use width::{fit, pad, width};
pub use words::{counts_text, outcome_word, run_outcome_word};
