//! Whom a system or a playbook tells of its runs: addresses that are none, ways that lead nowhere. It tells nobody.

use super::site::{Site, near, segs};
use crate::lang::yaml::Seg;
use crate::model::{NoticeHook, Notifications, Playbook, System, is_mail_address};

/// One mistake: a stable name, the keys of the place, what is wrong, a way out.
pub(super) type Wrong = (&'static str, Vec<Seg>, String, Option<String>);

/// What is wrong with the notifications of a system in one environment.
pub(super) fn of_system(system: &System) -> Vec<Wrong> {
    system.notifications.as_ref().map_or_else(Vec::new, |own| {
        let mut wrong = written(own, Some(system));
        let silent = own.mail.is_none() && own.webhook.is_none();
        if silent && !own.on.as_ref().is_some_and(Vec::is_empty) {
            wrong.push(no_way());
        }
        wrong
    })
}

/// The same of a playbook, which may have its ways from its system.
pub(super) fn of_playbook(playbook: &Playbook, system: Option<&System>, site: &mut Site<'_>) {
    let Some(own) = &playbook.notifications else { return };
    let mut wrong = written(own, system);
    let theirs = system.and_then(|s| s.notifications.as_ref());
    let silent = own.mail.is_none()
        && own.webhook.is_none()
        && theirs.is_none_or(|t| t.mail.is_none() && t.webhook.is_none());
    if silent && system.is_some() && !own.on.as_ref().is_some_and(Vec::is_empty) {
        wrong.push(no_way());
    }
    for (code, path, title, help) in wrong {
        let at = site.doc.value(&path);
        site.error(code, at, title, help);
    }
}

fn no_way() -> Wrong {
    let title = crate::t!(
        "nobody is told: there is neither `mail` nor `webhook`",
        "`mail` も `webhook` もないため、誰にも通知されません"
    );
    let help =
        crate::t!("add one of them, or write `on: []`", "どちらかを追加するか、`on: []` と書いてください");
    ("no-way-to-tell", segs(&["notifications"]), title, Some(help))
}

fn written(own: &Notifications, system: Option<&System>) -> Vec<Wrong> {
    let mut all = Vec::new();
    if let Some(mail) = &own.mail {
        for (key, list) in [("to", &mail.to), ("cc", &mail.cc)] {
            for (i, one) in list.iter().enumerate().filter(|(_, one)| !is_mail_address(one)) {
                all.push(super::mail::no_address(one, &["notifications", "mail", key, &i.to_string()]));
            }
        }
        if mail.to.is_empty() {
            let title = crate::t!("`to` is empty: nobody is told", "`to` が空です。誰にも届きません");
            all.push(("empty", segs(&["notifications", "mail", "to"]), title, None));
        }
        if system.is_some_and(|s| s.mail.is_none()) {
            let title = crate::t!(
                "system.yaml has no mail server for this environment",
                "この環境の system.yaml にメールサーバーがありません"
            );
            all.push(("no-mail-server", segs(&["notifications", "mail"]), title, Some(server())));
        }
    }
    all.extend(own.webhook.as_ref().and_then(|hook| of_hook(hook, system)));
    all
}

/// What to add where a mail has no server.
pub(super) fn server() -> String {
    crate::t!(
        "add `mail: {{ server: smtp://host:587, from: … }}`",
        "`mail: {{ server: smtp://ホスト:587, from: … }}` を追加してください"
    )
}

fn of_hook(hook: &NoticeHook, system: Option<&System>) -> Option<Wrong> {
    let path = |key: &str| segs(&["notifications", "webhook", key]);
    match (&hook.url, &hook.secret) {
        (Some(url), None) if url.starts_with("https://") || url.starts_with("http://") => None,
        (Some(_), None) => {
            let title = crate::t!(
                "an address begins with https:// or http://",
                "アドレスは https:// か http:// で始まります"
            );
            Some(("bad-address", path("url"), title, None))
        }
        (None, Some(name)) if system.is_some_and(|s| !s.secrets.contains_key(name)) => {
            let title = crate::t!("there is no secret `{name}`", "秘密 `{name}` はありません");
            let names = system.iter().flat_map(|s| s.secrets.keys().map(String::as_str));
            Some(("unknown-secret", path("secret"), title, near(name, names)))
        }
        (None, Some(_)) => None,
        _ => {
            let title = crate::t!(
                "a webhook has either `url` or `secret`",
                "webhook には `url` か `secret` のどちらか一方が必要です"
            );
            Some(("one-of", segs(&["notifications", "webhook"]), title, None))
        }
    }
}
