//! Children: started, read from, and ended with everything they started. It knows nothing of steps.

mod stop;

pub use stop::{Stop, StopReason, Stopper};
