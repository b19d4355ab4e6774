//! What a step does on a host that ssh reaches must be something that is done there. It connects to nothing.

use super::gather::literal;
use super::site::Site;
use crate::model::{Action, Docker, Slot, Step, StepBody, System, Template, Templated};

/// The code of a step that asks of a host what is not done there. A warning, since a playbook may be for other
/// environments as well; who runs it in this one is refused before its first step.
pub const NOT_OVER_SSH: &str = "not-over-ssh";

/// Checks one step against the hosts of its system. `usual` is the host of a step that names none, as the playbook's
/// defaults have it.
pub fn check(step: &Step, usual: Option<&Slot<Templated>>, system: &System, site: &mut Site<'_>) {
    let StepBody::Act(action) = &step.body else { return };
    let named = match step.around.host.as_ref().or(usual) {
        Some(slot) => literal(slot),
        None => system.run_on.as_deref(),
    };
    let Some(name) = named else { return };
    let far = system.hosts.get(name).is_some_and(|h| !h.local && h.ssh.is_some());
    if !far {
        return;
    }
    let action = match action.as_ref() {
        Action::Named(named) => literal(&named.name).and_then(|n| system.actions.get(n)),
        own => Some(own),
    };
    let Some((key, instead)) = action.and_then(|a| not_there(a, system)) else { return };
    let title = crate::t!(
        "`{key}` is not done over ssh, and this step's host is `{name}`",
        "`{key}` は ssh 経由では実行できません（このステップのホストは `{name}`）"
    );
    let at =
        if step.around.host.is_some() { site.value(&step.id, &["host"]) } else { site.value(&step.id, &[]) };
    site.warning(NOT_OVER_SSH, at, title, Some(instead));
}

/// What is only done on this machine, and what to write instead.
fn not_there(action: &Action<Templated>, system: &System) -> Option<(&'static str, String)> {
    let from_here = crate::t!(
        "give the step `host: local` to do it from this machine, or write it as `shell`",
        "この機械から行うなら `host: local` を指定し、そのホストで行うなら `shell` で書いてください"
    );
    match action {
        Action::Http(_) => Some((
            "http",
            crate::t!(
                "give the step `host: local` to ask from this machine, or write it as `shell: curl …`",
                "この機械から問い合わせるなら `host: local` を、そのホストからなら `shell: curl …` を書いてください"
            ),
        )),
        Action::Probe(_) => Some(("probe", from_here)),
        Action::File(_) => Some(("file", from_here)),
        Action::SecretGenerate(_) => Some(("secret_generate", from_here)),
        Action::Docker(docker) if matches!(**docker, Docker::Compose(_)) => Some((
            "compose",
            crate::t!(
                "write it as `shell: [docker, compose, …]` with `cwd` of the project",
                "プロジェクトの `cwd` を指定し、`shell: [docker, compose, …]` で書いてください"
            ),
        )),
        Action::Sql(sql) => {
            let Template::Literal(name) = &sql.connection.0 else { return None };
            let name = name.expose();
            let url = system.connections.get(name).and_then(|c| c.url.as_deref()).unwrap_or(name);
            url.starts_with("sqlite:").then(|| {
                let instead = crate::t!(
                    "give the step `host: local`, or write it as `shell: [sqlite3, FILE, …]`",
                    "`host: local` を指定するか、`shell: [sqlite3, ファイル, …]` で書いてください"
                );
                ("sqlite:", instead)
            })
        }
        Action::Wait(wait) => wait.action().and_then(|reading| not_there(&reading, system)),
        _ => None,
    }
}
