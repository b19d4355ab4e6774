//! What comes before what: order, needs, layers, cycles over compact ids. petgraph lives here and nowhere
//! else. It does not know what a node stands for.

mod cycle;
mod dag;

#[cfg(test)]
mod tests;

pub use cycle::Cycle;
pub use dag::{Graph, Why};
