//! Tells contacts one after another until one of them acknowledges. Who cannot be reached is not waited for.

use std::time::Duration;

use serde_json::{Value, json};

use super::acknowledge::{Acknowledgement, Waiting};
use super::could::{Could, Looked};
use super::{Context, Performed, Report, mail, notify};
use crate::base::Confidential;
use crate::event::{Failure, Gives};
use crate::model::{Contact, Escalate, Letter, Notify, Rendered, Slot, Tree, Webhook};

/// How long somebody has where their contact does not say.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How often it is looked whether somebody has acknowledged.
const LOOK: Duration = Duration::from_millis(200);

/// Tells them.
///
/// # Errors
/// When nobody acknowledges, or the attempt was stopped.
pub async fn perform(escalate: &Escalate<Rendered>, cx: &Context<'_>) -> Performed {
    let waiting =
        Waiting::begin(&cx.site.scratch_dir, &format!("{}.{}", cx.unit, cx.attempt)).map_err(|e| {
            Failure::Unavailable {
                message: crate::t!("nobody could acknowledge: {e}", "確認を受け取れません: {e}"),
            }
        })?;
    let mut told: Vec<String> = Vec::new();
    let mut stop = cx.stop.clone();
    for contact in escalate.whom(&cx.site.system.contacts) {
        let name = name(contact);
        if !tell(escalate, contact, cx).await? {
            continue;
        }
        told.push(name.clone());
        let within = contact.acknowledge_within.map_or(PATIENCE, |d| d.std());
        let limit = crate::base::Duration::from_millis(u64::try_from(within.as_millis()).unwrap_or(u64::MAX));
        // Whoever sits before the run sees this line, and may take it over too.
        let run = &cx.site.marker.1;
        cx.note(&crate::t!(
            "toban acknowledge {run} takes it over ({name} has {limit} to do so)",
            "toban acknowledge {run} で確認できます（{name} の確認を {limit} まで待ちます）"
        ));
        let said = tokio::select! {
            biased;
            reason = stop.stopped() => return Err(cx.stopped(reason)),
            said = word(&waiting, within) => said,
        };
        if let Some(said) = said {
            cx.note(&crate::t!("{} acknowledges", "{} が確認しました", said.by));
            return Ok(report(told, Some(said)));
        }
    }
    let message = match told.is_empty() {
        true => crate::t!("nobody could be told", "誰にも通知できませんでした"),
        false => crate::t!("nobody acknowledged: {}", "誰も確認しませんでした: {}", told.join(", ")),
    };
    Ok(Report { failure: Some(Failure::Declared { message }), ..report(told, None) })
}

/// What somebody says within this time.
async fn word(waiting: &Waiting, within: Duration) -> Option<Acknowledgement> {
    let heard = async {
        loop {
            if let Some(said) = waiting.said() {
                return said;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(within, heard).await.ok()
}

/// Whether a contact could be told by any way they have.
async fn tell(escalate: &Escalate<Rendered>, contact: &Contact, cx: &Context<'_>) -> Result<bool, Failure> {
    let (subject, text) = words(escalate, contact, cx);
    let letter = contact.mail.as_ref().map(|to| Letter {
        to: vec![Slot(Confidential::plain(to))],
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: None,
        subject: Slot(subject.clone()),
        body: Some(Slot(text.clone())),
    });
    let hook = contact.webhook.as_ref().map(|url| Webhook {
        url: Slot(Confidential::plain(url)),
        json: Tree::Leaf(Slot(json!({ "text": format!("{subject}\n{text}") }))),
    });
    let by_mail = letter.map(|letter| Notify { mail: Some(letter), webhook: None, when_changed: None });
    let by_hook = hook.map(|hook| Notify { mail: None, webhook: Some(hook), when_changed: None });
    let name = name(contact);
    let mut reached = false;
    for way in by_mail.into_iter().chain(by_hook) {
        let went = notify::perform(&way, cx).await.and_then(|r| r.failure.map_or(Ok(()), Err));
        match went {
            Ok(()) => reached = true,
            Err(Failure::Cancelled) => return Err(Failure::Cancelled),
            Err(late @ Failure::TimedOut { .. }) => return Err(late),
            Err(why) => {
                cx.note(&crate::t!("{name} could not be told: {why}", "{name} に通知できません: {why}"))
            }
        }
    }
    Ok(reached)
}

fn words(escalate: &Escalate<Rendered>, contact: &Contact, cx: &Context<'_>) -> (String, String) {
    let run = &cx.site.marker.1;
    let system = cx.site.system.title.clone().unwrap_or_default();
    let usual = || crate::t!("[escalation] {system} {run}", "[エスカレーション] {system} {run}");
    let subject = escalate.subject.as_ref().map_or_else(usual, |s| s.0.clone());
    let (message, name) = (escalate.message.0.trim_end(), name(contact));
    let text = crate::t!(
        "{message}\n\nto: {name}\nrun: {run}\nTo acknowledge: toban acknowledge {run}\n",
        "{message}\n\n宛先: {name}\n実行: {run}\n確認するには: toban acknowledge {run}\n"
    );
    (subject, text)
}

fn name(contact: &Contact) -> String {
    match &contact.name {
        Some(name) => format!("{} ({name})", contact.role),
        None => contact.role.clone(),
    }
}

fn report(told: Vec<String>, said: Option<Acknowledgement>) -> Report {
    let (by, note) = said.map_or((Value::Null, Value::Null), |said| (said.by.into(), said.note.into()));
    let gives: Gives = [("by", by), ("note", note), ("told", told.into())]
        .map(|(key, value)| (key.to_string(), value))
        .into_iter()
        .collect();
    Report { gives, ..Report::default() }
}

/// Whether anybody could be told: those who have a mail address, by asking the server.
pub(super) async fn could_start(escalate: &Escalate<Rendered>, cx: &Context<'_>) -> Looked {
    match escalate.whom(&cx.site.system.contacts).iter().any(|c| c.mail.is_some()) {
        true => mail::could_start(cx).await,
        false => {
            Err(Could::unclear(crate::t!("it tells people, and is not tried", "通知のため、試しません")))
        }
    }
}
