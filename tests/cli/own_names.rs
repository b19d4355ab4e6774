//! `vars` that are made of the results of steps: waited for, shown as unknown in a plan, and of no harm where their step
//! did not run and nobody asks for them.

use crate::place::Place;

const PLAY: &str = "title: t
vars:
  size: '{{ steps.measure.json.bytes }}'
  twice: '{{ vars.size * 2 }}'
steps:
  - { id: tell, needs: [], shell: 'echo {{ vars.twice }}', expect: \"stdout == '84'\" }
  - { id: measure, needs: [], effect: read, shell: 'echo ''{\"bytes\":42}''' }
  - { id: judged, needs: [], effect: read, shell: echo 42, expect: json == vars.size }
outputs: { twice: '{{ vars.twice }}' }
";

#[test]
fn whoever_uses_a_name_waits_for_the_steps_that_it_is_made_of() {
    let place = Place::new();
    place.file("inner.yaml", PLAY);
    place.file("play.yaml", "title: t\nsteps:\n  - { id: in, playbook: { run: inner.yaml } }\n  - { id: see, effect: read, shell: 'echo {{ steps.in.twice }}', expect: \"stdout == '84'\" }\n");
    let plan = place.toban(&["plan", "inner.yaml"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.out.contains("echo ⟨vars.twice⟩"), "{plan:?}");
    assert!(plan.out.find("measure") < plan.out.find("tell"), "in the order of the run: {plan:?}");
    let said = place.toban(&["run", "inner.yaml", "--progress", "plain"]);
    assert_eq!(place.ends(), "judged=ok measure=ok tell=ok", "{said:?}");
    let said = place.toban(&["run", "play.yaml", "--progress", "plain"]);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_name_whose_step_did_not_run_is_null_in_a_condition_and_an_error_only_where_it_is_used() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t
inputs: { go: { type: boolean, default: false } }
vars: { size: '{{ steps.measure.stdout }}' }
steps:
  - { id: measure, needs: [], when: inputs.go, shell: echo 1 }
  - { id: asks, needs: [], when: vars.size is none, shell: echo fine }
  - { id: uses, needs: [], shell: 'echo {{ vars.size }}' }
",
    );
    let said = place.toban(&["run", "play.yaml", "--progress", "plain"]);
    assert_eq!(place.ends(), "asks=ok measure=skipped uses=failed", "{said:?}");
    assert!(said.out.contains("steps.measure"), "the failure names what is missing: {said:?}");
}
