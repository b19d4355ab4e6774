//! What the system adds to a step when it is performed: a connection's address, a compose project, a host. It looks
//! nothing up outside the system file.

use super::node::Frame;
use super::told::ToldFact;
use crate::model::{Action, Around, Connection, Docker, Planned, System, Through};

/// The facts of the system that an action is performed with.
pub(super) fn facts(action: &Action<Planned>, around: &Around<Planned>, frame: &Frame) -> Vec<ToldFact> {
    let mut facts = Vec::new();
    of_action(action, &frame.system, &mut facts);
    if let Action::Wait(wait) = action
        && let Some(reading) = wait.action()
    {
        of_action(&reading, &frame.system, &mut facts);
    }
    let runs_here = matches!(action, Action::Shell(_) | Action::File(_) | Action::Probe(_));
    if let (None, Some(host)) = (&around.host, &frame.system.run_on)
        && runs_here
    {
        add(&mut facts, "run_on", host.clone());
    }
    facts
}

fn add(facts: &mut Vec<ToldFact>, name: impl Into<String>, value: String) {
    facts.push(ToldFact { name: name.into(), value });
}

fn of_action(action: &Action<Planned>, system: &System, facts: &mut Vec<ToldFact>) {
    match action {
        Action::Sql(sql) => {
            let name = sql.connection.show();
            if let Some(connection) = connection(&name, system) {
                add(facts, format!("connections.{name}"), told_connection(&connection, system));
            }
        }
        Action::Http(http) => {
            let defaults = &system.http;
            if let (None, Some(timeout)) = (&http.timeout, &defaults.timeout) {
                add(facts, "http.timeout", timeout.to_string());
            }
            if let (None, Some(ca)) = (&http.ca, &defaults.ca) {
                add(facts, "http.ca", ca.clone());
            }
        }
        Action::Notify(_) | Action::Escalate(_) => {
            if let (true, Some(mail)) = (action.sends_mail(), &system.mail) {
                let login = mail.user.as_ref().map(|user| format!(", user {user}")).unwrap_or_default();
                add(facts, "mail", format!("{}, from {}{login}", mail.server, mail.from));
            }
        }
        Action::Docker(docker) => {
            if let Docker::Compose(compose) = &**docker {
                let defaults = &system.compose;
                if let (None, Some(dir)) = (&compose.project_dir, &defaults.project_dir) {
                    add(facts, "compose.project_dir", dir.clone());
                }
                if let (None, Some(project)) = (&compose.project, &defaults.project) {
                    add(facts, "compose.project", project.clone());
                }
                if compose.files.is_empty() && !defaults.files.is_empty() {
                    add(facts, "compose.files", defaults.files.join(", "));
                }
            }
        }
        _ => {}
    }
}

/// A connection of the system with what it takes over by `like`; none for an address.
pub(super) fn connection(name: &str, system: &System) -> Option<Connection> {
    let mut found = system.connections.get(name)?.clone();
    // A ring of `like` ends here; the run says what is wrong with it.
    for _ in 0..system.connections.len() {
        let Some(more) = found.like.take().and_then(|next| system.connections.get(&next)) else { break };
        found = Connection {
            url: found.url.or_else(|| more.url.clone()),
            like: more.like.clone(),
            database: found.database.or_else(|| more.database.clone()),
            password: found.password.or_else(|| more.password.clone()),
            through: found.through.or_else(|| more.through.clone()),
        };
    }
    Some(found)
}

fn told_connection(connection: &Connection, system: &System) -> String {
    let mut parts: Vec<String> = connection.url.iter().map(|url| without_password(url)).collect();
    parts.extend(connection.database.iter().map(|database| format!("database {database}")));
    if let Some(name) = &connection.password {
        let source = system.secrets.get(name).map(super::tell_secrets::declared).unwrap_or_default();
        parts.push(format!("password {} ({source})", crate::base::MASK));
    }
    parts.extend(connection.through.iter().map(told_way));
    parts.join(", ")
}

fn told_way(way: &Through) -> String {
    let named = |kind: &str, map: &indexmap::IndexMap<String, String>| {
        let parts: Vec<String> = map.iter().map(|(key, value)| format!("{key} {value}")).collect();
        format!("through {kind} {}", parts.join(" "))
    };
    let compose = way.compose.as_ref().map(|map| named("compose", map));
    let container = way.container.as_ref().map(|map| named("container", map));
    let host = way.host.as_ref().map(|host| format!("through host {host}"));
    compose.or(container).or(host).unwrap_or_default()
}

/// An address whose password does not show.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some(at) = rest[..end].rfind('@') else { return url.to_string() };
    match rest[..at].split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:{}{}", crate::base::MASK, &rest[at..]),
        None => url.to_string(),
    }
}
