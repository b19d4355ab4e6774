//! The checks in their order. It checks nothing itself.

use crate::lang::calls::Calls;
use crate::lang::document::Document;
use crate::lang::placed::Placed;
use crate::lang::system::SystemFile;
use crate::model::{Playbook, System};

/// Everything that can be wrong with a playbook that could be read.
pub fn all(
    _playbook: &Playbook,
    _system: Option<&System>,
    _doc: &mut Document,
    _placed: &Placed,
    _calls: &Calls,
) {
}

/// Everything that can be wrong with a system in one environment.
pub fn system(_system: &System, _file: &mut SystemFile, _environment: Option<&str>) {}
