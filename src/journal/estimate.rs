//! How long a playbook took before, from the journals of its last good runs. It opens them for reading only.

use super::{Liveness, StateDir, read, summary};
use crate::event::{Event, Kind, Outcome, RunOutcome};
use crate::plan::Estimate;

/// So many runs are enough for a median.
const ENOUGH: usize = 5;

/// So many runs of any playbook are looked at: a dry run is not to read years of them.
const LOOKED_AT: usize = 200;

/// How long a playbook took in its last good runs in an environment; none where there is none. A run that cannot be
/// read is left out: a dry run is not the place to mend it.
pub fn estimate(state: &StateDir, playbook: &str, environment: Option<&str>) -> Option<Estimate> {
    let runs = state.runs().ok()?;
    let good = runs.into_iter().take(LOOKED_AT).filter_map(|id| {
        let folder = state.run(&id);
        let gist = summary(&folder).ok()?;
        let same = gist.playbook == playbook && gist.environment.as_deref() == environment;
        let done = matches!(gist.outcome, Some(RunOutcome::Ok | RunOutcome::Warned));
        (same && done && gist.liveness == Liveness::Finished).then_some(())?;
        let events = read(&folder).ok()?;
        // A run of some of the steps tells nothing of how long all of them take.
        let whole = !events.iter().any(|event| matches!(event.kind, Kind::Skipped { left_out: true, .. }));
        whole.then_some(((gist.seconds - waited(&events)).max(0.0), events))
    });
    let good: Vec<(f64, Vec<Event>)> = good.take(ENOUGH).collect();
    let mut steps = std::collections::BTreeMap::<String, Vec<f64>>::new();
    for event in good.iter().flat_map(|(_, events)| events) {
        if let Kind::StepEnded { step, outcome: Outcome::Ok | Outcome::Warned, seconds, .. } = &event.kind {
            steps.entry(step.to_string()).or_default().push(*seconds);
        }
    }
    Some(Estimate {
        runs: good.len(),
        seconds: median(good.iter().map(|(seconds, _)| *seconds).collect())?,
        steps: steps.into_iter().filter_map(|(id, all)| Some((id, median(all)?))).collect(),
    })
}

/// How long a run waited for its locks, which says nothing of how long the next one takes.
fn waited(events: &[Event]) -> f64 {
    let one = |event: &Event| match event.kind {
        Kind::LockTaken { waited, .. } => waited,
        _ => 0.0,
    };
    events.iter().map(one).sum()
}

/// The middle one; of two in the middle, the lower.
fn median(mut all: Vec<f64>) -> Option<f64> {
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_middle_of_none_is_none() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(1.0));
    }
}
