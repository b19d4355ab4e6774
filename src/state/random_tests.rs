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
    proptest::collection::vec(step, 1..14).prop_map(|steps| {
        let mut text = String::from("title: t\nsteps:\n");
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
            if matches!(kind, 4 | 5) {
                text.push_str(&format!("      - {{id: s{i}a, shell: 'true'}}\n"));
                text.push_str(&format!("      - {{id: s{i}b, for_each: [1, 2], steps: [{{id: s{i}c, "));
                text.push_str("effect: destroy, shell: 'true'}]}\n");
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
        stop_at in proptest::option::of(0usize..20),
        ahead in 0usize..8,
    ) {
        let plan = plan(&yaml);
        let mut world = World::reserving(&plan, jobs, ahead);
        let mut turn = 0;
        while world.outcome.is_none() {
            prop_assert!(turn < 900, "the run does not end:\n{}", yaml);
            prop_assert!(world.running.len() <= jobs as usize);
            if stop_at == Some(turn) {
                world.tell(Input::Stop { by: "SIGINT".into() });
            }
            one_turn(&mut world, choices[turn % choices.len()]);
            turn += 1;
        }
        prop_assert!(world.running.is_empty());
        orderly(&world);
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
                for (need, why) in plan.needs(node) {
                    let need = plan.at(need);
                    let outcome = ended.get(need.id.as_str()).copied();
                    let excused = need.step.on_error == crate::model::OnError::Continue;
                    let fine = match why {
                        crate::graph::Why::After => outcome.is_some(),
                        _ => outcome.is_some_and(|o| o.lets_follow() || (excused && o == Outcome::Failed)),
                    };
                    assert!(fine, "{} began although {} had {outcome:?}", unit, need.id);
                }
            }
            _ => {}
        }
    }
}
