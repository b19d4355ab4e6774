//! Deadlines, the handlers they lead to, and whom an escalation reaches. It measures no time.

use super::loops::{Loops, hidden};
use super::site::{Site, near, segs};
use crate::base::StepId;
use crate::model::{Escalate, Playbook, STOP, Step, System, Templated};

/// Checks the deadlines and handlers of a playbook.
pub(super) fn check(playbook: &Playbook, site: &mut Site<'_>) {
    let loops = Loops::of(playbook);
    for (i, deadline) in playbook.deadlines.iter().enumerate() {
        let number = i.to_string();
        let keys = |key: &'static str| segs(&["deadlines", &number, key]);
        for (key, id) in [("until", &deadline.until), ("from", &deadline.from)] {
            if let Some(id) = id {
                step(id, keys(key), playbook, &loops, site);
            }
        }
        let name = &deadline.otherwise;
        if name == STOP || playbook.handlers.contains_key(name) {
            continue;
        }
        let title = crate::t!("there is no handler `{name}`", "ハンドラー `{name}` はありません");
        let names = playbook.handlers.keys().map(String::as_str).chain([STOP]);
        let help = near(name, names).or_else(|| {
            Some(crate::t!(
                "add it under `handlers:`, or write `stop`",
                "`handlers:` に追加するか、`stop` と書いてください"
            ))
        });
        site.error("unknown-handler", site.doc.value(&keys("otherwise")), title, help);
    }
    handlers(playbook, site);
}

fn handlers(playbook: &Playbook, site: &mut Site<'_>) {
    for (name, steps) in &playbook.handlers {
        let path = segs(&["handlers", name]);
        if name == STOP {
            let title = crate::t!(
                "`stop` stops the run and cannot name a handler",
                "`stop` は実行の中止を表すため、ハンドラー名には使えません"
            );
            site.error("reserved-name", site.doc.key(&path), title, None);
        } else if !playbook.deadlines.iter().any(|d| d.handler() == Some(name)) {
            let title = crate::t!(
                "no deadline leads to the handler `{name}`",
                "ハンドラー `{name}` を使う期限がありません"
            );
            let help = crate::t!(
                "name it in the `otherwise` of a deadline, or take it away",
                "期限の `otherwise` に書くか、削除してください"
            );
            site.error("unused-handler", site.doc.key(&path), title, Some(help));
        }
        if steps.is_empty() && !site.doc.has_mistake_within(&site.doc.value_span(&path)) {
            let title =
                crate::t!("the handler `{name}` does nothing", "ハンドラー `{name}` に動作がありません");
            site.error("empty", site.doc.value(&path), title, None);
        }
    }
}

fn step(
    id: &StepId,
    path: Vec<crate::lang::yaml::Seg>,
    playbook: &Playbook,
    loops: &Loops<'_>,
    site: &mut Site<'_>,
) {
    if let Some(looped) = loops.hides(id.as_str(), None) {
        let (title, help) = hidden(id.as_str(), looped);
        return site.error("inside-a-loop", site.doc.value(&path), title, Some(help));
    }
    if !site.placed.has(id.as_str()) {
        if !site.placed.has_unnamed() {
            let title = crate::t!("no step has the id `{id}`", "id が `{id}` のステップはありません");
            let help = near(id.as_str(), site.placed.ids());
            site.error("unknown-id", site.doc.value(&path), title, help);
        }
        return;
    }
    if playbook.handlers.values().flatten().any(|s| holds(s, id)) {
        let title = crate::t!(
            "`{id}` is a step of a handler: it begins only when a deadline has passed",
            "`{id}` はハンドラーのステップで、期限を過ぎてから始まります"
        );
        site.error("step-of-a-handler", site.doc.value(&path), title, None);
    }
}

fn holds(step: &Step, id: &StepId) -> bool {
    step.id == *id || step.held().any(|inner| holds(inner, id))
}

/// Whom an escalation reaches: somebody, each of them by some way.
pub(super) fn contacts(
    step: &Step,
    escalate: &Escalate<Templated>,
    at: &[&str],
    system: &System,
    site: &mut Site<'_>,
) {
    let keys = |more: &[&str]| -> Vec<String> {
        let all = at.iter().chain(&["escalate"]).chain(more);
        all.map(|key| (*key).to_string()).collect()
    };
    let place = |more: &[&str], site: &Site<'_>| {
        let keys = keys(more);
        site.value(&step.id, &keys.iter().map(String::as_str).collect::<Vec<_>>())
    };
    for (i, role) in escalate.contacts.iter().enumerate() {
        if system.contacts.iter().all(|c| c.role != *role) {
            let title = crate::t!("no contact has the role `{role}`", "役割 `{role}` の連絡先はありません");
            let help = near(role, system.contacts.iter().map(|c| c.role.as_str()));
            let at = place(&["contacts", &i.to_string()], site);
            site.error("unknown-contact", at, title, help);
        }
    }
    let whom = escalate.whom(&system.contacts);
    if system.contacts.is_empty() {
        let title = crate::t!(
            "system.yaml has no `contacts` for this environment: nobody is told",
            "この環境の system.yaml に `contacts` がなく、誰にも届きません"
        );
        let help = crate::t!(
            "add `contacts: [{{ role: On duty, mail: ops@example.org, acknowledge_within: 5m }}]`",
            "`contacts: [{{ role: 当番, mail: ops@example.org, acknowledge_within: 5m }}]` を追加してください"
        );
        site.error("no-contacts", place(&[], site), title, Some(help));
    }
    for contact in &whom {
        let role = &contact.role;
        if contact.mail.is_none() && contact.webhook.is_none() {
            let title = crate::t!(
                "the contact `{role}` has neither `mail` nor `webhook`",
                "連絡先 `{role}` に `mail` も `webhook` もありません"
            );
            site.error("no-way-to-tell", place(&[], site), title, None);
        }
    }
    if system.mail.is_none() && whom.iter().any(|c| c.mail.is_some()) {
        let title = crate::t!(
            "system.yaml has no mail server for this environment",
            "この環境の system.yaml にメールサーバーがありません"
        );
        site.error("no-mail-server", place(&[], site), title, Some(super::notices::server()));
    }
}
