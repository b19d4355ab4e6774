//! Random playbooks driven by random answers, and the fold of what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::machine::Phase;
use super::tests::{World, plan, run_facts};
use super::{Input, Machine, UnitRef};
use crate::event::{Failure, Kind, Outcome, Reply};
use crate::template::Engine;

/// A random playbook: each step with needs among those above it.
fn random_playbook() -> impl Strategy<Value = String> {
    let step = (any::<u16>(), 0u8..8, any::<bool>(), 0u8..4);
    let steps = proptest::collection::vec(step, 1..14);
    (steps, any::<[bool; 2]>(), any::<u32>()).prop_map(|(steps, [rescue, always], ends)| {
        let mut text = String::from("title: t\n");
        if rescue {
            text.push_str("rescue:\n  - {id: r0, shell: 'true'}\n  - {id: r1, shell: 'true'}\n");
        }
        if always {
            text.push_str("always:\n  - {id: z0, shell: 'true'}\n");
            text.push_str("  - {id: z1, steps: [{id: z2, shell: 'true', undo: {shell: 'true'}}], always: [{id: z3, shell: 'true'}]}\n");
        }
        text.push_str("steps:\n");
        for (i, (mask, kind, excused, order)) in steps.iter().enumerate() {
            let above: Vec<String> =
                (0..i).filter(|j| mask >> (j % 16) & 1 == 1).map(|j| format!("s{j}")).collect();
            text.push_str(&format!("  - id: s{i}\n"));
            match order {
                0 => {}
                1 => text.push_str("    needs: above\n"),
                2 => text.push_str(&format!("    needs: []\n    after: [{}]\n", above.join(", "))),
                _ => text.push_str(&format!("    needs: [{}]\n", above.join(", "))),
            }
            if *excused {
                text.push_str("    on_error: continue\n");
            }
            text.push_str(match kind {
                0 => "    effect: destroy\n    shell: 'true'\n",
                1 => "    for_each: [1, 2, 3]\n    shell: 'true'\n",
                2 => "    retry: {attempts: 2, delay: 1s}\n    shell: 'true'\n",
                3 => "    when: 'false'\n    shell: 'true'\n",
                4 => "    for_each: {list: [1, 2, 3], max_parallel: 2, stop: [index == 1]}\n    steps:\n",
                5 => "    for_each: [1, 2]\n    steps:\n",
                _ => "    shell: 'true'\n",
            });
            let end = |n: usize| ends >> ((i * 3 + n) % 32) & 1 == 1;
            if !matches!(kind, 4 | 5) && end(0) {
                let when = if end(1) { "always" } else { "failed" };
                text.push_str(&format!("    undo: {{shell: 'true', when: {when}}}\n"));
            }
            if matches!(kind, 4 | 5) {
                text.push_str(&format!("      - {{id: s{i}a, shell: 'true', undo: {{shell: 'true'}}}}\n"));
                text.push_str(&format!("      - {{id: s{i}b, for_each: [1, 2], steps: [{{id: s{i}c, "));
                text.push_str("effect: destroy, shell: 'true'}]}\n");
                if end(0) {
                    text.push_str(&format!("    rescue: [{{id: s{i}r, shell: 'true'}}]\n"));
                }
                if end(1) {
                    text.push_str(&format!("    always: [{{id: s{i}z, shell: 'true'}}]\n"));
                }
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_run_ends_starts_nothing_too_early_and_is_the_fold_of_its_facts(
        yaml in random_playbook(),
        choices in proptest::collection::vec(any::<u8>(), 200),
        jobs in 1u32..5,
        stop_at in proptest::option::of(0usize..40),
        twice in any::<bool>(),
        ahead in 0usize..8,
    ) {
        let plan = plan(&yaml);
        let mut world = World::reserving(&plan, jobs, ahead);
        let mut turn = 0;
        while world.outcome.is_none() {
            prop_assert!(turn < 900, "the run does not end:\n{}", yaml);
            prop_assert!(world.running.len() <= jobs as usize);
            if stop_at == Some(turn) {
                world.tell(Input::Stop { by: "SIGINT".into(), at_once: false });
            }
            if twice && stop_at.is_some_and(|at| at + 3 == turn) {
                world.tell(Input::Stop { by: "SIGINT".into(), at_once: true });
            }
            one_turn(&mut world, choices[turn % choices.len()]);
            turn += 1;
        }
        prop_assert!(world.running.is_empty());
        orderly(&world);
        closed(&world);
        let mut again = Machine::new(Arc::clone(&plan), Arc::new(Engine::new()), run_facts(), jobs);
        world.events.iter().for_each(|e| again.fold(e));
        let plan = world.machine.plan();
        prop_assert_eq!(plan.nodes.len(), again.plan().nodes.len());
        for ix in 0..plan.nodes.len() as u32 {
            prop_assert_eq!(&plan.at(ix).id, &again.plan().at(ix).id);
            let (was, is) = (world.machine.node(ix).phase, again.node(ix).phase);
            let both_open = !matches!(was, Phase::Ended(_)) && !matches!(is, Phase::Ended(_));
            prop_assert!(was == is || both_open, "{:?} folded to {:?}", was, is);
        }
    }
}

/// The world answers one thing, chosen by a byte.
fn one_turn(world: &mut World, choice: u8) {
    let asked = world.asking.iter().next().copied();
    let running: Vec<UnitRef> = world.running.iter().copied().collect();
    if let Some(unit) = asked.filter(|_| choice.is_multiple_of(3) || running.is_empty()) {
        world.asking.remove(&unit);
        let reply = if choice.is_multiple_of(2) { Reply::Yes } else { Reply::No { because: "no".into() } };
        world.tell(Input::Answered { unit, reply, by: "operator".into() });
    } else if let Some(unit) = running.get(choice as usize % running.len().max(1)) {
        let failed = choice.is_multiple_of(4);
        world.report(*unit, failed.then_some(Failure::Exit { code: 1 }));
    } else {
        world.tell(Input::Wake);
    }
}

/// No attempt began before what its step needs had ended well, and facts have no gaps.
fn orderly(world: &World) {
    let plan = world.machine.plan();
    let mut ended: BTreeMap<String, Outcome> = BTreeMap::new();
    for (i, event) in world.events.iter().enumerate() {
        assert_eq!(event.seq, i as u64);
        match &event.kind {
            Kind::Opened { step, .. } => drop(ended.insert(step.to_string(), Outcome::Ok)),
            Kind::StepEnded { step, outcome, .. } => drop(ended.insert(step.to_string(), *outcome)),
            Kind::Skipped { step, .. } => drop(ended.insert(step.to_string(), Outcome::Skipped)),
            Kind::Blocked { step, .. } => drop(ended.insert(step.to_string(), Outcome::Blocked)),
            Kind::AttemptStarted { unit, .. } => {
                let node = plan.node(&unit.step).expect("a step");
                if plan.at(node).undoes.is_some() {
                    continue;
                }
                for (need, why) in plan.needs(node) {
                    let need = plan.at(need);
                    let outcome = ended.get(need.id.as_str()).copied();
                    let excused = need.step.on_error == crate::model::OnError::Continue;
                    let fine = match why {
                        crate::graph::Why::After => outcome.is_some() || stopped(world, i),
                        _ => outcome.is_some_and(|o| o.lets_follow() || (excused && o == Outcome::Failed)),
                    };
                    assert!(fine, "{} began although {} had {outcome:?}", unit, need.id);
                }
            }
            _ => {}
        }
    }
}

/// Whether the run had been stopped before a fact.
fn stopped(world: &World, before: usize) -> bool {
    world.events[..before].iter().any(|event| matches!(event.kind, Kind::Stopping { .. }))
}

/// What the end of a run is bound to: only what was done is taken back, once and the last first within its group;
/// `rescue` only where something failed; `always` whatever happened; after a stop nothing else begins.
fn closed(world: &World) {
    let plan = world.machine.plan();
    let mut begun: Vec<UnitRef> = Vec::new();
    let mut done: Vec<UnitRef> = Vec::new();
    let mut failed = false;
    let (mut stop, mut at_once) = (false, false);
    for event in &world.events {
        match &event.kind {
            Kind::Stopping { at_once: now, .. } => (stop, at_once) = (true, at_once || *now),
            Kind::AttemptStarted { unit, attempt, .. } => {
                let unit = world.machine.unit(unit).expect("a unit");
                let node = plan.at(unit.node);
                assert!(!at_once, "{} began after the second stop", node.id);
                assert!(!stop || node.closing.sure, "{} began after a stop", node.id);
                let first = !begun.contains(&unit);
                assert!(first || *attempt > 1, "{} began twice", node.id);
                begun.push(unit);
                if let Some(of) = node.undoes {
                    let of = UnitRef { node: of, item: unit.item };
                    let place = done.iter().position(|done| *done == of);
                    let place = place.unwrap_or_else(|| panic!("{} was not done", plan.at(of.node).id));
                    let beside = |other: &UnitRef| plan.at(other.node).inside == node.inside;
                    let always = |other: &UnitRef| plan.is_undone_always(other.node);
                    let later =
                        done[place + 1..].iter().filter(|other| beside(other) && !other_end(plan, other));
                    assert!(
                        later.filter(|o| !always(&of) || always(o)).count() == 0,
                        "{} was early",
                        node.id
                    );
                    assert!(failed || stop || plan.is_undone_always(of.node), "{} without need", node.id);
                    done.remove(place);
                }
                if node.part == crate::model::Part::Rescue {
                    assert!(failed && !stop, "{} rescued nothing", node.id);
                }
            }
            Kind::AttemptEnded { unit, outcome, .. } => {
                failed |= *outcome == Outcome::Failed;
                let unit = world.machine.unit(unit).expect("a unit");
                done.retain(|done| *done != unit);
                if plan.at(unit.node).undo.is_some() {
                    done.push(unit);
                }
            }
            _ => {}
        }
    }
    for id in ["z0", "z2", "z3"].map(crate::base::StepId::new) {
        let times = plan.node(&id).map(|node| begun.iter().filter(|unit| unit.node == node).count());
        assert!(at_once || times.is_none_or(|times| times == 1), "{id} ran {times:?} times");
    }
}

/// Whether a unit stands in an `always`, which what it ends does not take back.
fn other_end(plan: &crate::plan::Plan, unit: &UnitRef) -> bool {
    plan.at(unit.node).closing.lenient
}
