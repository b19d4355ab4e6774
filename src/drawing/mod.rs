//! Boxes and the lines between them laid out on a grid: layers from top to bottom, few crossings, boxes inside
//! boxes, lines that turn at right angles and pass no box. One layout serves the terminal, where a unit is a
//! column, and pages, where it is a pixel. It is pure and always gives the same answer; it does not know what the
//! boxes stand for, nor how anything is drawn.
//!
//! It is our own since the crates there are (`dagre`, `rust-sugiyama`) give curves in fractions of a pixel, which
//! no terminal can draw, and the latter knows no boxes inside boxes.

mod across;
mod flat;
mod layers;
mod lines;
mod nest;
mod ranking;
mod shapes;
#[cfg(test)]
mod tests;

pub use nest::draw;
pub use shapes::{Drawing, Link, Metrics, Place, Shape};
