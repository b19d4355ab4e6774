//! One reading, ended by the run's stop. It does not know how any of them is taken.

use super::{host, log, network, process, tls};
use crate::action::{Context, Performed, Report};
use crate::event::{Failure, Gives};
use crate::model::{Probe, Rendered};

/// Takes one reading.
///
/// # Errors
/// When it cannot be taken; that a port is closed or a name unknown is a reading.
pub async fn perform(probe: &Probe<Rendered>, cx: &Context<'_>) -> Performed {
    let mut stop = cx.stop.clone();
    let report = tokio::select! {
        biased;
        reason = stop.stopped() => Err(cx.stopped(reason)),
        report = reading(probe, cx) => report,
    }?;
    for (key, value) in report.gives.iter().filter(|(_, value)| !value.is_array()) {
        cx.note(&format!("{key}: {value}"));
    }
    Ok(report)
}

async fn reading(probe: &Probe<Rendered>, cx: &Context<'_>) -> Performed {
    match probe {
        Probe::Disk(it) => apart(host::disk(cx.path(&it.path))).await,
        Probe::Memory(_) => host::memory().map(given),
        Probe::Load(_) => host::load().map(given),
        Probe::Tls(it) => tls::probe(it, cx).await,
        Probe::Tcp(it) => Ok(given(network::tcp(&it.host, *it.port).await)),
        Probe::Dns(it) => Ok(given(network::dns(&it.name).await)),
        Probe::Process(it) => apart(process::named(it.name.to_string())).await,
        Probe::Log(it) => log::probe(it, cx).await,
    }
}

/// On a thread of its own: a file system that is gone can hold a reading for ever.
async fn apart(reading: impl FnOnce() -> Result<Gives, Failure> + Send + 'static) -> Performed {
    let joined = tokio::task::spawn_blocking(reading).await;
    joined.unwrap_or_else(|e| Err(Failure::Rejected { message: e.to_string() })).map(given)
}

fn given(gives: Gives) -> Report {
    Report { gives, ..Report::default() }
}

/// What a reading needs is not there.
pub fn unavailable(message: String) -> Failure {
    Failure::Unavailable { message }
}
