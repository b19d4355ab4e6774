//! The leave to act. Only the machine makes one, and performing an action uses it up.

use crate::event::Unit;

/// Leave to perform one attempt at one unit. It exists only after the attempt is on disk.
#[derive(Debug)]
pub struct Permit {
    unit: Unit,
    attempt: u32,
}

impl Permit {
    pub(super) fn grant(unit: Unit, attempt: u32) -> Permit {
        Permit { unit, attempt }
    }

    /// What may be performed.
    pub fn unit(&self) -> &Unit {
        &self.unit
    }

    /// Which attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}
