//! Names of connections, hosts and actions of the system that steps use. It connects to nothing.

use super::gather::literal;
use super::site::{Site, near};
use crate::lang::calls::{Calls, part_key};
use crate::model::{Action, Slot, Step, StepBody, System, Template, Templated};

/// Checks one step against its system.
pub fn check(step: &Step, system: &System, site: &mut Site<'_>) {
    if let Some(host) = step.around.host.as_ref().and_then(literal)
        && host != "local"
        && !system.hosts.contains_key(host)
    {
        let title = crate::t!(
            "there is no host `{host}` in system.yaml",
            "system.yaml にホスト `{host}` がありません"
        );
        let help = near(host, system.hosts.keys().map(String::as_str));
        site.error("unknown-host", site.value(&step.id, &["host"]), title, help);
    }
    if let StepBody::Act(action) = &step.body {
        of_action(step, action, &[], system, site);
    }
}

fn of_action(step: &Step, action: &Action<Templated>, at: &[&str], system: &System, site: &mut Site<'_>) {
    match action {
        Action::Sql(sql) => {
            let Template::Literal(name) = &sql.connection.0 else { return };
            let name = name.expose();
            if is_address(name) || system.connections.contains_key(name) {
                return;
            }
            let title = crate::t!("there is no connection `{name}`", "接続 `{name}` はありません");
            let help = near(name, system.connections.keys().map(String::as_str)).or_else(|| {
                Some(crate::t!(
                    "add it to `connections:` of system.yaml, or write postgres://…, mysql://… or sqlite:PATH",
                    "system.yaml の `connections:` に追加するか、postgres://…、mysql://…、sqlite:PATH を書いてください"
                ))
            });
            let keys = [at, &["sql", "connection"]].concat();
            site.error("unknown-connection", site.value(&step.id, &keys), title, help);
        }
        Action::Named(named) => name(step, &named.name, system, site),
        Action::Escalate(escalate) => super::deadlines::contacts(step, escalate, at, system, site),
        Action::Notify(notify) if notify.mail.is_some() && system.mail.is_none() => {
            let title = crate::t!(
                "system.yaml has no mail server for this environment",
                "この環境の system.yaml にメールサーバーがありません"
            );
            let keys = [at, &["notify", "mail"]].concat();
            site.error("no-mail-server", site.value(&step.id, &keys), title, Some(super::notices::server()));
        }
        Action::Wait(wait) => {
            if let Some(reading) = wait.action() {
                of_action(step, &reading, &["wait"], system, site);
            }
        }
        _ => {}
    }
}

/// A call may go from a protected environment to an unprotected one, never the other way.
pub fn environment(step: &Step, system: &System, calls: &Calls, site: &mut Site<'_>) {
    let StepBody::Act(action) = &step.body else { return };
    let Action::Playbook(call) = action.as_ref() else { return };
    let protected = calls.parts.get(&part_key(call)).is_some_and(|part| part.system.protected);
    if call.environment.is_some() && protected && !system.protected {
        let title = crate::t!(
            "a call cannot lead from an unprotected environment into a protected one",
            "保護されていない環境から保護された環境の手順書は呼び出せません"
        );
        site.error("into-protected", site.value(&step.id, &["playbook", "environment"]), title, None);
    }
}

/// Whether a connection is written as its address.
pub fn is_address(text: &str) -> bool {
    ["postgres://", "postgresql://", "mysql://", "mariadb://", "sqlite:"].iter().any(|p| text.starts_with(p))
}

fn name(step: &Step, slot: &Slot<Templated>, system: &System, site: &mut Site<'_>) {
    let Some(name) = literal(slot) else {
        let title = crate::t!(
            "the name of an action cannot be computed: what it does would not be known before the run",
            "アクション名にテンプレートは使えません。実行前に内容を確かめられないためです"
        );
        let help = crate::t!(
            "write one step for each action, each with its `when`",
            "アクションごとにステップを分け、`when` で選んでください"
        );
        return site.error("computed-action", site.value(&step.id, &["action", "name"]), title, Some(help));
    };
    if system.actions.contains_key(name) {
        return;
    }
    let title = crate::t!(
        "system.yaml names no action `{name}` for this environment",
        "この環境の system.yaml に action `{name}` はありません"
    );
    let help = near(name, system.actions.keys().map(String::as_str));
    site.error("unknown-action", site.value(&step.id, &["action", "name"]), title, help);
}
