//! The shape of the language, which follows from the types of the model: what may stand where, which short forms
//! are allowed, and every mistake of a value against it at once. It knows nothing of meaning.

#[cfg(test)]
mod compile;
mod facts;
mod fit;
mod forms;
mod kinds;
mod localized;
mod short;
mod trail;
mod tree;
mod words;

pub use fit::{Broken, Fit, Mistake, Where};
pub use kinds::{playbook_shapes, system_shapes};
pub use localized::Choice;
pub use short::{Short, empty_will_do, of as short_of, one_for_many};
pub use tree::Shapes;
