//! Looks for what a unit that was under way when the engine died has left running on another host. It ends none of it.

use std::rc::Rc;

use crate::action::{Context, left_on_host};
use crate::event::Failure;
use crate::process::{Left, Stop};
use crate::state::UnitRef;

use super::session::Session;
use super::unit::MAX_OUTPUT;

/// What still runs of a unit on a host that ssh reaches. A unit that cannot be told any more was never sent there.
///
/// # Errors
/// When its host cannot be asked.
pub async fn left_elsewhere(session: &Session, unit: UnitRef, stop: Stop) -> Result<Vec<Left>, Failure> {
    let machine = &session.machine;
    let Ok(guess) = machine.renderer().guess(unit.node, machine.item(unit), machine) else {
        return Ok(Vec::new());
    };
    let plan = machine.plan();
    let site = plan.frames[plan.at(unit.node).frame as usize].site as usize;
    let cx = Context {
        unit: &machine.name(unit),
        attempt: machine.attempts(unit),
        around: &guess.around,
        site: &Rc::clone(&session.sites[site]),
        log: &|_, _| {},
        child: &|_, _| {},
        stop,
        max_output: MAX_OUTPUT,
        held: false,
    };
    left_on_host(&guess.action, &cx).await
}
