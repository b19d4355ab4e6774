//! The mail server of a system and its contacts. It connects to nothing.

use super::notices::Wrong;
use super::site::{near, segs};
use crate::model::{Mail, System, is_mail_address};

/// What is wrong with them in one environment.
pub(super) fn check(system: &System) -> Vec<Wrong> {
    let mut all = system.mail.as_ref().map_or_else(Vec::new, |mail| of_mail(mail, system));
    for (i, contact) in system.contacts.iter().enumerate() {
        let wrong = contact.mail.as_ref().filter(|mail| !is_mail_address(mail));
        all.extend(wrong.map(|wrong| no_address(wrong, &["contacts", &i.to_string(), "mail"])));
    }
    all
}

fn of_mail(mail: &Mail, system: &System) -> Vec<Wrong> {
    let mut all: Vec<Wrong> = Vec::new();
    if let Err(title) = mail.reached() {
        all.push(("bad-address", segs(&["mail", "server"]), title, None));
    }
    if !is_mail_address(&mail.from) {
        all.push(no_address(&mail.from, &["mail", "from"]));
    }
    if let Some(secret) = mail.password.as_ref().filter(|name| !system.secrets.contains_key(*name)) {
        let title = crate::t!("there is no secret `{secret}`", "秘密 `{secret}` はありません");
        let help = near(secret, system.secrets.keys().map(String::as_str));
        all.push(("unknown-secret", segs(&["mail", "password"]), title, help));
    }
    if mail.user.is_some() != mail.password.is_some() {
        let title = crate::t!(
            "a login has both `user` and `password`",
            "ログインには `user` と `password` の両方が必要です"
        );
        all.push(("one-of", segs(&["mail"]), title, None));
    }
    all
}

/// What is no mail address.
pub(super) fn no_address(text: &str, keys: &[&str]) -> Wrong {
    let title = crate::t!("`{text}` is no mail address", "`{text}` はメールアドレスではありません");
    ("bad-address", segs(keys), title, None)
}
