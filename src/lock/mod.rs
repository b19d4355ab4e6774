//! Locks across processes and users of one host: kernel locks on files of a folder that they share. The kernel gives a
//! lock back when the engine that holds it ends, however that ends; a child does not inherit it. It records nothing.

mod error;
mod folder;
mod held;
mod kernel;
mod queue;

pub use error::LockError;
pub use folder::LockDir;
pub use held::{Held, State};
pub use kernel::{hold, is_held};
pub use queue::{Next, Queue, Want};
