//! Leads each kind of call to its file. It knows no call itself.

use crate::action::{Context, Performed};
use crate::model::{Docker, Rendered};

use super::{compose, exec, inspect, lifecycle, lists, logs, prune, run, stats};

/// Performs one call to the engine, or one verb of compose, and waits for its end.
///
/// # Errors
/// Why nothing came of it: the engine does not answer, a container or image is not there, the engine said no. A
/// command that ran and did not succeed is no error but a report that holds its failure.
pub async fn perform(action: &Docker<Rendered>, cx: &Context<'_>) -> Performed {
    if let Some(reason) = cx.stop.reason() {
        return Err(exec::stopped(reason, cx));
    }
    match action {
        Docker::Exec(what) => exec::perform(what, cx).await,
        Docker::Run(what) => run::perform(what, cx).await,
        Docker::Start(what) => lifecycle::start(what, cx).await,
        Docker::Stop(what) => lifecycle::stop(what, cx).await,
        Docker::Restart(what) => lifecycle::restart(what, cx).await,
        Docker::Rm(what) => lifecycle::remove(what, cx).await,
        Docker::Logs(what) => logs::perform(what, cx).await,
        Docker::Inspect(what) => inspect::perform(what, cx).await,
        Docker::Ps(what) => lists::containers(what, cx).await,
        Docker::Stats(what) => stats::perform(what, cx).await,
        Docker::Prune(what) => prune::perform(what, cx).await,
        Docker::Images(what) => lists::images(what, cx).await,
        Docker::Volumes(what) => lists::volumes(what, cx).await,
        Docker::Networks(what) => lists::networks(what, cx).await,
        Docker::Compose(what) => compose::perform(what, cx).await,
    }
}
