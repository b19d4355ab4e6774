//! Telling people who are not there: a mail, or one POST of JSON that is not sent on to anywhere else. What cannot be
//! sent is a failure; nobody is told twice by one attempt.

use super::could::{Could, Looked};
use super::{Context, Performed, Report, http, mail};
use crate::base::Duration;
use crate::model::{Http, Notify, Rendered, Slot, Webhook};

/// How long telling a service may take.
const LIMIT: u64 = 10_000;

/// Tells them.
///
/// # Errors
/// When they cannot be told, or the attempt was stopped.
pub async fn perform(notify: &Notify<Rendered>, cx: &Context<'_>) -> Performed {
    match (&notify.mail, &notify.webhook) {
        (Some(letter), _) => mail::perform(letter, cx).await,
        (None, Some(hook)) => tell_service(hook, cx).await,
        (None, None) => Ok(Report::default()),
    }
}

/// Whether they could be told. A service that takes requests is not asked: each is taken for a message.
pub(super) async fn could_start(notify: &Notify<Rendered>, cx: &Context<'_>) -> Looked {
    match &notify.mail {
        Some(_) => mail::could_start(cx).await,
        None => Err(Could::unclear(crate::t!("it tells people, and is not tried", "通知のため、試しません"))),
    }
}

/// An answer of 400 and above is a failure.
async fn tell_service(hook: &Webhook<Rendered>, cx: &Context<'_>) -> Performed {
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
