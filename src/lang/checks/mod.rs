//! What a model may say and still be wrong: ids, order, names, types of inputs, effects. Each check has a file.

mod all;
mod environments;

pub use all::{all, system};
pub use environments::unknown_environment;
