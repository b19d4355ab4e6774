//! What every command that starts something needs: a runtime of one thread, and signals listened to before anything exists
//! that they could leave half done. It starts nothing itself.

use tokio::runtime::{Builder, Runtime};

use super::error::Error;
use crate::runner::Signals;

/// The runtime, and the signals to this process from now on.
///
/// # Errors
/// When the machine gives none.
pub fn engine() -> Result<(Runtime, Signals), Error> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|e| {
        Error::state(crate::t!("the engine cannot start: {e}", "エンジンを起動できません: {e}"))
    })?;
    let signals = runtime.block_on(async { Signals::listen() }).map_err(|e| {
        Error::state(crate::t!("cannot listen to signals: {e}", "シグナルを受け取れません: {e}"))
    })?;
    Ok((runtime, signals))
}
