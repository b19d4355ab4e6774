//! The mark by which one attempt's processes are found again, in a container or on the host. It ends none.

use crate::action::Context;
use crate::event::Unit;

/// The variable that is different for every attempt.
pub const NAME: &str = "TOBAN_ATTEMPT";

/// The label of containers that an attempt made.
pub const LABEL: &str = "dev.toban.attempt";

/// The mark's value.
pub fn value(cx: &Context<'_>) -> String {
    of_attempt(&cx.site.marker.1, cx.unit, cx.attempt).1
}

/// The variable that marks what an attempt of a run starts in containers, with its value. That ends in `;` so that
/// attempt 1 is not found in attempt 11.
pub fn of_attempt(run: &str, unit: &Unit, attempt: u32) -> (String, String) {
    (NAME.to_string(), format!("{run} {unit} {attempt};"))
}

/// What stands in the environment of each process of the attempt.
pub fn entry(cx: &Context<'_>) -> String {
    format!("{NAME}={}", value(cx))
}

/// The environment of the attempt's processes: the step's own, the run's mark and the attempt's mark.
pub fn environment(cx: &Context<'_>) -> Vec<(String, String)> {
    let own = cx.around.env.iter().map(|(name, value)| (name.clone(), value.0.expose().to_string()));
    own.chain([cx.site.marker.clone(), (NAME.to_string(), value(cx))]).collect()
}

/// The same, as the engine takes it.
pub fn assignments(cx: &Context<'_>) -> Vec<String> {
    environment(cx).into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}
