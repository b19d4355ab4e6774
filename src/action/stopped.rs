//! What a stopped attempt failed of. It stops nothing itself.

use super::Context;
use crate::base::Duration;
use crate::event::Failure;
use crate::process::StopReason;

impl Context<'_> {
    /// The failure of an attempt that was stopped for this reason.
    pub fn stopped(&self, reason: StopReason) -> Failure {
        match reason {
            StopReason::TimedOut => Failure::TimedOut {
                after_ms: self.around.timeout.as_ref().map_or(0, |t| Duration::as_millis(**t)),
            },
            StopReason::Cancelled | StopReason::Killed => Failure::Cancelled,
        }
    }
}
