//! What a power cut would leave at the start of every unit, and which units are reserved. The machines of all tests of
//! this room are held against the former.

use std::collections::BTreeSet;

use super::tests::{World, steps};
use super::{Input, UnitRef};
use crate::event::Kind;

/// Whoever reads what a power cut leaves knows that the unit may have begun, and that all it waited for ended.
pub(super) fn is_on_disk(world: &World, unit: UnitRef) {
    let name = world.machine.name(unit);
    let (mut may_have_begun, mut ended) = (BTreeSet::new(), BTreeSet::new());
    for event in &world.events[..world.synced] {
        match &event.kind {
            Kind::Reserved { units } => {
                may_have_begun.retain(|(_, began)| *began);
                may_have_begun.extend(units.iter().map(|unit| (unit, false)));
            }
            Kind::AttemptStarted { unit, .. } => {
                may_have_begun.remove(&(unit, false));
                may_have_begun.insert((unit, true));
            }
            Kind::AttemptEnded { unit, .. } => drop(may_have_begun.remove(&(unit, true))),
            Kind::StepEnded { step, .. }
            | Kind::Opened { step, .. }
            | Kind::Skipped { step, .. }
            | Kind::Blocked { step, .. } => drop(ended.insert(step)),
            _ => {}
        }
    }
    assert!(may_have_begun.iter().any(|(known, _)| **known == name), "{name} is not on disk");
    let plan = world.machine.plan();
    for (need, _) in plan.needs(unit.node) {
        let need = &plan.at(need).id;
        assert!(ended.contains(need), "{name} starts, and a power cut forgets the end of {need}");
    }
}

#[test]
fn units_that_were_reserved_start_without_a_sync_of_their_own() {
    let body: String = (0..6).map(|i| format!("  - {{id: s{i}, needs: [], shell: 'true'}}\n")).collect();
    let mut world = World::reserving(&steps(&body), 2, 3);
    assert!(world.machine.has_reserved());
    let synced = world.synced;
    for id in ["s0", "s1", "s2"] {
        world.succeed(id);
    }
    assert_eq!((world.runs(), world.synced), (vec!["s3".to_string(), "s4".to_string()], synced));
    assert!(!world.machine.has_reserved());
    world.succeed("s3");
    assert_eq!(world.synced, world.events.len());
}

#[test]
fn items_that_run_one_by_one_are_not_reserved_and_a_stop_reserves_nothing() {
    let one_by_one = steps("  - {id: a, for_each: {list: [1, 2, 3, 4], max_parallel: 1}, shell: 'true'}\n");
    assert!(!World::reserving(&one_by_one, 2, 3).machine.has_reserved());
    let mut world = World::reserving(&steps("  - {id: a, for_each: [1, 2, 3, 4], shell: 'true'}\n"), 1, 3);
    assert!(world.machine.has_reserved());
    world.tell(Input::Stop { by: "SIGINT".into() });
    let taken_back = world.machine.reserve(3, world.now);
    assert_eq!(taken_back.map(|e| e.kind), Some(Kind::Reserved { units: Vec::new() }));
    assert!(!world.machine.has_reserved());
}
