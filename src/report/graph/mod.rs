//! The steps of a plan as a graph: drawn in the terminal and as SVG, or written for Mermaid and Graphviz. Effects
//! have colours and words, groups and playbooks are boxes around their steps, lines tell why one step follows
//! another. It knows a plan only as it is told.

mod art;
mod boxes;
mod diagram;
mod dot;
mod mermaid;
mod rails;
mod svg;
#[cfg(test)]
mod tests;

pub use boxes::graph_text;
pub use diagram::{Diagram, why_word};
pub(crate) use diagram::{effect_name, own_title};
pub use dot::graph_dot;
pub use mermaid::graph_mermaid;
pub(crate) use svg::{STYLE as GRAPH_STYLE, legend};
pub use svg::{graph_svg, page_svg};
