//! A system in one environment: what it names must be there. It knows no playbook.

use std::collections::HashMap;

use super::connections::is_address;
use super::gather::{Gather, Names};
use super::loops::Loops;
use super::names::{Known, check};
use super::site::{Site, near, segs};
use super::{lint, shape_rules, times};
use crate::diag::Diagnostic;
use crate::lang::calls::Calls;
use crate::lang::document::Document;
use crate::lang::placed::Placed;
use crate::lang::system::SystemFile;
use crate::lang::yaml::Seg;
use crate::model::System;

/// Checks a system; a mistake that several environments share is noted once.
pub fn system(system: &System, file: &mut SystemFile, environment: Option<&str>) {
    let before = std::mem::take(&mut file.doc.notes);
    let mut found = Vec::new();
    named(system, file, environment, &mut found);
    let told = super::mail::check(system).into_iter().chain(super::notices::of_system(system));
    found.extend(told.map(|(code, path, title, help)| {
        let mut d = Diagnostic::error(code, file.place(&path, environment), title);
        d.help = help;
        d
    }));
    timed(system, file, environment, &mut found);
    for d in found {
        file.doc.note(d);
    }
    actions(system, file, environment);
    lint::system(system, file, environment);
    let fresh = std::mem::replace(&mut file.doc.notes, before);
    for d in fresh {
        if !file.doc.notes.contains(&d) {
            file.doc.note(d);
        }
    }
}

fn named(system: &System, file: &SystemFile, environment: Option<&str>, found: &mut Vec<Diagnostic>) {
    let mut missing = |code, keys: &[&str], title: String, help: Option<String>| {
        let mut d = Diagnostic::error(code, file.place(&segs(keys), environment), title);
        d.help = help;
        found.push(d);
    };
    let secrets = || system.secrets.keys().map(String::as_str);
    for (name, connection) in &system.connections {
        if let Some(like) = &connection.like
            && !system.connections.contains_key(like)
        {
            let title = crate::t!("there is no connection `{like}`", "接続 `{like}` はありません");
            let help = near(like, system.connections.keys().map(String::as_str));
            missing("unknown-connection", &["connections", name, "like"], title, help);
        }
        if let Some(secret) = &connection.password
            && !system.secrets.contains_key(secret)
        {
            let title = crate::t!("there is no secret `{secret}`", "秘密 `{secret}` はありません");
            missing("unknown-secret", &["connections", name, "password"], title, near(secret, secrets()));
        }
        if connection.url.as_deref().is_some_and(|u| !is_address(u) && !crate::model::has_template(u)) {
            let title = crate::t!(
                "an address begins with postgres://, mysql:// or sqlite:",
                "接続先は postgres://、mysql://、sqlite: のいずれかで始まります"
            );
            missing("bad-address", &["connections", name, "url"], title, None);
        }
    }
    if let Some(name) = &system.default_environment
        && !file.environments().contains(name)
    {
        let title = crate::t!("there is no environment `{name}`", "環境 `{name}` がありません");
        let help = near(name, file.environments().iter().map(String::as_str));
        missing("unknown-environment", &["default_environment"], title, help);
    }
    if let Some(host) = &system.run_on
        && host != "local"
        && !system.hosts.contains_key(host)
    {
        let title = crate::t!("there is no host `{host}`", "ホスト `{host}` はありません");
        missing("unknown-host", &["run_on"], title, near(host, system.hosts.keys().map(String::as_str)));
    }
    for (name, host) in &system.hosts {
        if host.local == host.ssh.is_some() {
            let title = crate::t!(
                "a host is either `local` or has `ssh`, which says how it is reached",
                "ホストには `local` か、接続方法を示す `ssh` のどちらか一方が必要です"
            );
            missing("one-of", &["hosts", name], title, None);
        }
    }
    for (name, connection) in &system.connections {
        let host = connection.through.as_ref().and_then(|t| t.host.as_deref());
        if let Some(host) = host.filter(|h| *h != "local" && !system.hosts.contains_key(*h)) {
            let title = crate::t!("there is no host `{host}`", "ホスト `{host}` はありません");
            let help = near(host, system.hosts.keys().map(String::as_str));
            missing("unknown-host", &["connections", name, "through", "host"], title, help);
        }
    }
    for (name, secret) in &system.secrets {
        if secret.from.is_some() == secret.generate.is_some() {
            let title = crate::t!(
                "a secret has either `from` or `generate`",
                "秘密には `from` か `generate` のどちらか一方が必要です"
            );
            missing("one-of", &["secrets", name], title, None);
        }
        if let Some(generate) = &secret.generate
            && let Some(title) = wrong_length(generate.length)
        {
            missing("secret-length", &["secrets", name, "generate", "length"], title, None);
        }
    }
}

/// What is wrong with the length of a secret that is made: a short one cannot be masked.
pub(super) fn wrong_length(length: u32) -> Option<String> {
    (!(6..=65_536).contains(&length)).then(|| {
        crate::t!("a secret is made of 6 to 65536 characters", "生成する秘密は 6 から 65536 文字です")
    })
}

fn timed(system: &System, file: &SystemFile, environment: Option<&str>, found: &mut Vec<Diagnostic>) {
    if let Some(zone) = &system.timezone {
        found.extend(times::zone(zone, file.place(&segs(&["timezone"]), environment)));
    }
    for (name, window) in &system.windows {
        let at = file.place(&segs(&["windows", name, "cron"]), environment);
        found.extend(times::cron(&window.cron, at));
        for (i, blackout) in window.blackouts.iter().enumerate() {
            let mut path = segs(&["windows", name, "blackouts"]);
            path.push(Seg::Index(i));
            let place = |key: &str| file.place(&[&path[..], &[Seg::name(key)]].concat(), environment);
            found.extend(times::blackout(blackout, file.place(&path, environment), place));
        }
    }
}

/// The actions and header fields of a system hold templates of their own.
fn actions(system: &System, file: &mut SystemFile, environment: Option<&str>) {
    let calls = Calls::default();
    let (steps, loops) = (HashMap::new(), Loops::default());
    let known =
        Known { playbook: None, system: Some(system), steps, unnamed: false, loops, vars: HashMap::new() };
    let others = std::mem::take(&mut file.doc.languages.others);
    let mut gather = Gather::new(Some(system), &calls, &others);
    gather.staged(&["http", "headers"], &system.http.headers, &Names::default());
    for mut text in gather.texts {
        text.path = file.written_path(&text.path, environment);
        check(&text, &known, &mut file.doc, &mut Vec::new());
    }
    for (name, action) in &system.actions {
        let mut gather = Gather::new(Some(system), &calls, &others);
        gather.action(&["actions", name], action, &Names::default());
        for mut text in gather.texts {
            text.path = file.written_path(&text.path, environment);
            check(&text, &known, &mut file.doc, &mut Vec::new());
        }
        let base = file.written_path(&[Seg::name("actions"), Seg::name(name)], environment);
        let placed = Placed::default();
        shape_rules::of_action(action, base, &mut site(&mut file.doc, &placed));
    }
}

fn site<'a>(doc: &'a mut Document, placed: &'a Placed) -> Site<'a> {
    Site { doc, placed }
}
