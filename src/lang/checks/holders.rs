//! What a group or the call of a playbook cannot have: keys that only mean something where one action is performed.
//! Left out in silence, a `confirm` would be a question that nobody is asked.

use super::site::Site;
use crate::model::{Action, AfterCrash, Step, StepBody};

/// Checks one step.
pub fn check(step: &Step, site: &mut Site<'_>) {
    let called = match &step.body {
        StepBody::Group(_) => false,
        StepBody::Act(action) if matches!(**action, Action::Playbook(_)) => true,
        StepBody::Act(_) => return,
    };
    for key in of_an_action(step) {
        let title = match called {
            true => crate::t!(
                "`{key}` has no meaning on a step that calls a playbook",
                "`{key}` は playbook を呼び出すステップには書けません"
            ),
            false => {
                crate::t!(
                    "`{key}` has no meaning on a group of steps",
                    "`{key}` は steps を持つグループには書けません"
                )
            }
        };
        let at = site.doc.key(&site.path(&step.id, &[key]));
        site.error("not-on-a-group", at, title, Some(instead(key, called)));
    }
}

/// The keys of a step that belong to its action. `after_crash: ask` is what holds without it.
fn of_an_action(step: &Step) -> Vec<&'static str> {
    let around = &step.around;
    let given = [
        ("confirm", step.confirm.is_some()),
        ("expect", !step.expect.is_empty()),
        ("ok_codes", step.ok_codes != [0]),
        ("warn_codes", !step.warn_codes.is_empty()),
        ("retry", step.retry.is_some()),
        ("after_crash", step.after_crash != AfterCrash::Ask),
        ("verify", step.verify.is_some()),
        ("host", around.host.is_some()),
        ("run_as", around.run_as.is_some()),
        ("cwd", around.cwd.is_some()),
        ("env", !around.env.is_empty()),
        ("stdin", around.stdin.is_some()),
        ("stdout", around.stdout.is_some()),
        ("timeout", around.timeout.is_some()),
        ("unless", around.unless.is_some()),
        ("creates", around.creates.is_some()),
        ("sensitive", around.sensitive.is_some()),
        ("max_output", around.max_output.is_some()),
    ];
    given.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
}

/// The way out.
fn instead(key: &str, called: bool) -> String {
    match key {
        "confirm" if called => crate::t!(
            "put a `decide` or `manual` step above it, or the `confirm` on the first step of that playbook that needs it",
            "上に `decide` か `manual` のステップを置くか、呼び出す playbook の中のステップに `confirm` を書いてください"
        ),
        "confirm" => crate::t!(
            "put the `confirm` on the step in it that needs it, or a `decide` step above the group",
            "中の該当ステップに `confirm` を書くか、グループの上に `decide` のステップを置いてください"
        ),
        "expect" => crate::t!(
            "put it on the step that gives the result, or add a step with `assert:` below",
            "結果を出すステップに書くか、下に `assert:` のステップを加えてください"
        ),
        "host" | "run_as" | "cwd" | "env" | "timeout" => crate::t!(
            "write it on each step in it, or under `defaults:` of the playbook that holds those steps",
            "中の各ステップに書くか、そのステップを持つ playbook の `defaults:` に書いてください"
        ),
        _ => crate::t!("write it on the steps in it that need it", "中の該当ステップに書いてください"),
    }
}
