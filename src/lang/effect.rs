//! What an action certainly does to the world. What is not certain is a change.

use super::sql_words::is_reading;
use crate::model::{
    Action, Compose, ComposeVerb, Docker, Effect, FileAction, Http, HttpMethod, Sql, Template, Templated,
};

/// The effect that an action has by its kind: read where that is certain, else change.
pub fn infer_effect(action: &Action<Templated>) -> Effect {
    let reads = match action {
        Action::Probe(_) | Action::Manual(_) | Action::Decide(_) | Action::Assert(_) | Action::Wait(_) => {
            true
        }
        Action::Http(http) => http_reads(http),
        Action::Docker(docker) => docker_reads(docker),
        Action::File(file) => file_reads(file),
        Action::Sql(sql) => sql_reads(sql),
        Action::Fail(_) => true,
        Action::Shell(_) | Action::SecretGenerate(_) | Action::Playbook(_) => false,
        Action::Named(_) | Action::Notify(_) | Action::Escalate(_) => false,
    };
    if reads { Effect::Read } else { Effect::Change }
}

fn http_reads(http: &Http<Templated>) -> bool {
    let targets = http.targets();
    !targets.is_empty() && targets.iter().all(|(m, _)| matches!(m, HttpMethod::Get | HttpMethod::Head))
}

fn docker_reads(docker: &Docker<Templated>) -> bool {
    match docker {
        Docker::Ps(_) | Docker::Logs(_) | Docker::Inspect(_) | Docker::Stats(_) => true,
        Docker::Images(_) | Docker::Volumes(_) | Docker::Networks(_) => true,
        Docker::Compose(compose) => compose_reads(compose),
        _ => false,
    }
}

fn compose_reads(compose: &Compose<Templated>) -> bool {
    let verbs = compose.verbs();
    let reads = |v: &ComposeVerb<'_, _>| {
        matches!(v, ComposeVerb::Ps(_) | ComposeVerb::Logs(_) | ComposeVerb::Config(_))
    };
    !verbs.is_empty() && verbs.iter().all(reads)
}

fn file_reads(file: &FileAction<Templated>) -> bool {
    matches!(
        file,
        FileAction::Read(_)
            | FileAction::Stat(_)
            | FileAction::List(_)
            | FileAction::Latest(_)
            | FileAction::Checksum(_)
    )
}

fn sql_reads(sql: &Sql<Templated>) -> bool {
    sql.script.is_none() && sql.file.is_none() && sql_source(sql).is_some_and(|text| is_reading(&text))
}

/// The text of a SQL step as the file has it; none where it stands in a file of its own.
pub fn sql_source(sql: &Sql<Templated>) -> Option<String> {
    match &sql.query.as_ref().or(sql.script.as_ref())?.0 {
        Template::Source(text) => Some(text.clone()),
        Template::Literal(text) => Some(text.text(|_| "NULL".to_string())),
    }
}
