//! Telling people who are not there, by a webhook: one POST of JSON that is not sent on to anywhere else. What cannot
//! be sent is a failure; nobody is told twice by one attempt.

use super::{Context, Performed, http};
use crate::base::Duration;
use crate::model::{Http, Notify, Rendered, Slot};

/// How long telling may take.
const LIMIT: u64 = 10_000;

/// Sends the request. An answer of 400 and above is a failure.
///
/// # Errors
/// When it cannot be made, or the attempt was stopped.
pub async fn perform(notify: &Notify<Rendered>, cx: &Context<'_>) -> Performed {
    let hook = &notify.webhook;
    let request = Http::<Rendered> {
        get: None,
        post: Some(Slot(hook.url.0.expose().to_string())),
        put: None,
        patch: None,
        delete: None,
        head: None,
        headers: Default::default(),
        json: Some(hook.json.clone()),
        form: Default::default(),
        body: None,
        auth: None,
        ca: None,
        timeout: Some(Slot(Duration::from_millis(LIMIT))),
        follow: Some(Slot(false)),
    };
    let mut report = http::perform(&request, cx).await?;
    // What the service answered is of no use to later steps, and its address may be a secret.
    report.gives.retain(|key, _| key == "status");
    Ok(report)
}
