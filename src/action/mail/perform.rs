//! The mail of a `notify` step. It speaks no SMTP itself.

use serde_json::json;

use super::post::Post;
use super::talk::{Office, deliver, this_machine};
use crate::action::{Context, Performed, Report};
use crate::base::Confidential;
use crate::event::Failure;
use crate::model::{Letter, Rendered, Slot, at};

/// Sends the letter.
///
/// # Errors
/// When it cannot be written or is not taken, or the attempt was stopped.
pub async fn perform(letter: &Letter<Rendered>, cx: &Context<'_>) -> Performed {
    let office = office(cx)?;
    let posted =
        post(letter, &office, cx).write(&this_machine()).map_err(|message| Failure::Rejected { message })?;
    let count = posted.to.len();
    cx.note(&format!("> {} ({count})", office.mail.server));
    let mut stop = cx.stop.clone();
    let (status, said) = tokio::select! {
        biased;
        reason = stop.stopped() => return Err(cx.stopped(reason)),
        said = deliver(&office, &posted) => said?,
    };
    cx.note(&format!("< {status} {said}"));
    Ok(Report { gives: [("status".to_string(), json!(status))].into_iter().collect(), ..Report::default() })
}

/// The mail server of the system, with the password, which was looked up before.
///
/// # Errors
/// When the system has none.
pub(super) fn office<'a>(cx: &'a Context<'_>) -> Result<Office<'a>, Failure> {
    let mail = cx.site.system.mail.as_ref().ok_or_else(|| Failure::Unavailable {
        message: crate::t!(
            "this environment has no mail server: add `mail:` to system.yaml",
            "この環境にメールサーバーがありません。system.yaml に `mail:` を書いてください"
        ),
    })?;
    let password = mail.password.as_deref().map(|name| (cx.site.secret)(name)).transpose()?;
    Ok(Office { mail, password, base_dir: &cx.site.base_dir })
}

fn post(letter: &Letter<Rendered>, office: &Office<'_>, cx: &Context<'_>) -> Post {
    let list = |slots: &[Slot<Rendered, Confidential, { at::HEADER }>]| {
        slots.iter().map(|one| one.0.clone()).collect()
    };
    Post {
        from: office.mail.from.clone(),
        to: list(&letter.to),
        cc: list(&letter.cc),
        bcc: list(&letter.bcc),
        reply_to: letter.reply_to.as_ref().map(|r| r.0.clone()),
        subject: letter.subject.0.clone(),
        body: letter.body.as_ref().map(|b| b.0.clone()).unwrap_or_default(),
        id: format!("{}.{}.{}", cx.site.marker.1, cx.unit, cx.attempt),
    }
}
