//! An action as one text, at whatever stage it is: for the plan, the question before it, and the journal. It shows
//! no secret, since no stage can show one.

use serde_json::Value;

use crate::model::{
    Action, Args, Around, Compose, ComposeServices, ComposeVerb, Docker, Http, Shell, Slot, Sql, Stage,
    Stdin, System, quoted,
};

/// The text of an action and what surrounds it. The same action gives the same text in a plan and in a run, but for
/// what stands in `⟨…⟩` there.
pub fn preview<S: Stage>(action: &Action<S>, around: &Around<S>, system: &System) -> String {
    let mut text = action_text(action);
    text.extend(host_line(action, around, system).map(|line| format!("\nhost: {line}")));
    for (label, line) in around_lines(around) {
        text.push_str(&format!("\n{label}: {line}"));
    }
    text
}

fn action_text<S: Stage>(action: &Action<S>) -> String {
    match action {
        Action::Shell(shell) => shell_text(shell),
        Action::Sql(sql) => sql_text(sql),
        Action::Http(http) => http_text(http),
        Action::Docker(docker) => docker_text(docker),
        Action::Manual(manual) => manual.instruction.show(),
        Action::Decide(decide) => decide.question.show(),
        Action::Fail(fail) => fail.message.show(),
        Action::Assert(assert) => {
            let that: Vec<&str> = assert.0.iter().map(|c| c.that.as_str()).collect();
            that.join("\n")
        }
        Action::Wait(wait) => {
            let watched = wait.action().map(|a| action_text(&a));
            let until: Vec<&str> = wait.until.iter().map(|c| c.that.as_str()).collect();
            match (&wait.r#for, watched) {
                (_, Some(watched)) => format!("{watched}\nuntil: {}", until.join(" and ")),
                (Some(time), None) => time.show(),
                (None, None) => String::new(),
            }
        }
        Action::Playbook(call) => call.run.clone(),
        Action::Named(named) => named.name.show(),
        Action::Probe(_) | Action::File(_) | Action::SecretGenerate(_) => plain(action),
    }
}

fn shell_text<S: Stage>(shell: &Shell<S>) -> String {
    if let Some(argv) = &shell.argv {
        return words(argv);
    }
    let script = shell.run.as_ref().map(Slot::show).unwrap_or_default();
    let script = script.trim_end_matches('\n');
    match &shell.with {
        Some(with) => format!("[{}] {script}", with.join(" ")),
        None => script.to_string(),
    }
}

/// Arguments as a person would have to type them. A list that is spliced in may give none.
fn words<S: Stage>(args: &Args<S>) -> String {
    let words = args.0.iter().map(Slot::show).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn sql_text<S: Stage>(sql: &Sql<S>) -> String {
    let database = sql.database.as_ref().map(|d| format!("/{}", d.show())).unwrap_or_default();
    let text = [&sql.query, &sql.script].into_iter().flatten().map(Slot::show).collect::<Vec<_>>().join("\n");
    let file = sql.file.as_ref().map(|f| format!("\\i {}", f.show())).unwrap_or_default();
    format!("[{}{database}] {}{file}", sql.connection.show(), text.trim_end())
}

fn http_text<S: Stage>(http: &Http<S>) -> String {
    let mut text = String::new();
    for (method, url) in http.targets() {
        text.push_str(&format!("{} {}", method.name(), url.show()));
    }
    for (name, value) in &http.headers {
        text.push_str(&format!("\n{name}: {}", value.show()));
    }
    if let Some(auth) = &http.auth {
        let shown = match (&auth.bearer, &auth.basic) {
            (Some(bearer), _) => format!("Bearer {}", bearer.show()),
            (None, Some(basic)) => format!("Basic {}:{}", basic.user.show(), basic.password.show()),
            (None, None) => String::new(),
        };
        text.push_str(&format!("\nauthorization: {shown}"));
    }
    if let Some(json) = &http.json {
        text.push_str(&format!("\n{}", unstage(serde_json::to_value(json).unwrap_or_default())));
    }
    for (name, value) in &http.form {
        text.push_str(&format!("\n{name}={}", value.show()));
    }
    if let Some(body) = &http.body {
        text.push_str(&format!("\n{}", body.show()));
    }
    text
}

fn docker_text<S: Stage>(docker: &Docker<S>) -> String {
    match docker {
        Docker::Exec(exec) => format!("docker exec {} {}", exec.container.show(), words(&exec.command)),
        Docker::Run(run) => {
            let args = run.command.as_ref().map(words).unwrap_or_default();
            format!("docker run {} {args}", run.image.show())
        }
        Docker::Compose(compose) => compose_text(compose),
        other => plain(other),
    }
}

/// A compose call much as it would be typed.
fn compose_text<S: Stage>(compose: &Compose<S>) -> String {
    let mut text = String::from("docker compose");
    let mut option = |name: &str, value: String| text.push_str(&format!(" {name} {}", quoted(&value)));
    compose.project_dir.iter().for_each(|v| option("--project-directory", v.show()));
    compose.files.iter().for_each(|v| option("-f", v.show()));
    compose.project.iter().for_each(|v| option("-p", v.show()));
    for verb in compose.verbs() {
        text.push(' ');
        match verb {
            ComposeVerb::Exec(exec) => {
                text.push_str(&format!("exec {} {}", exec.service.show(), words(&exec.command)));
            }
            ComposeVerb::Run(run) => {
                let args = run.command.as_ref().map(words).unwrap_or_default();
                text.push_str(&format!("run {} {args}", run.service.show()));
            }
            ComposeVerb::Up(what) => text.push_str(&plain(&keyed("up", what))),
            ComposeVerb::Down(what) => text.push_str(&plain(&keyed("down", what))),
            ComposeVerb::Logs(what) => text.push_str(&plain(&keyed("logs", what))),
            ComposeVerb::Ps(what) => text.push_str(&plain(&keyed("ps", what))),
            ComposeVerb::Config(what) => text.push_str(&plain(&keyed("config", what))),
            ComposeVerb::Stop(what) => text.push_str(&services("stop", what)),
            ComposeVerb::Start(what) => text.push_str(&services("start", what)),
            ComposeVerb::Restart(what) => text.push_str(&services("restart", what)),
            ComposeVerb::Pull(what) => text.push_str(&services("pull", what)),
            ComposeVerb::Build(what) => text.push_str(&services("build", what)),
        }
    }
    text
}

fn services<S: Stage>(verb: &str, what: &ComposeServices<S>) -> String {
    let names: Vec<String> = what.services.iter().map(Slot::show).collect();
    format!("{verb} {}", names.join(" "))
}

fn keyed<T: serde::Serialize>(key: &str, value: &T) -> Value {
    serde_json::json!({ key: value })
}

/// Any other action as `verb key: value, …`, on one line.
fn plain<T: serde::Serialize>(action: &T) -> String {
    let mut value = unstage(serde_json::to_value(action).unwrap_or_default());
    let mut words = Vec::new();
    while let Value::Object(map) = &value {
        let Some((key, inner)) = map.iter().next() else { break };
        if map.len() > 1 || !inner.is_object() {
            break;
        }
        words.push(key.clone());
        let inner = inner.clone();
        value = inner;
    }
    let rest = match value {
        Value::Object(map) => {
            map.iter().map(|(k, v)| format!("{k}: {}", scalar(v))).collect::<Vec<_>>().join(", ")
        }
        other => scalar(&other),
    };
    format!("{} {rest}", words.join(" ")).trim().to_string()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A planned value without the marks of its stage.
fn unstage(value: Value) -> Value {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key("⟨known⟩") => map["⟨known⟩"].clone(),
        Value::Object(map) if map.len() == 1 && map.contains_key("⟨unknown⟩") => map["⟨unknown⟩"].clone(),
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, unstage(v))).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(unstage).collect()),
        other => other,
    }
}

/// The host of a step that does something, where it is named or another one than this machine, and how it is reached.
fn host_line<S: Stage>(action: &Action<S>, around: &Around<S>, system: &System) -> Option<String> {
    let own = around.host.as_ref().map(Slot::show);
    let acts = !matches!(
        action,
        Action::Manual(_) | Action::Decide(_) | Action::Assert(_) | Action::Fail(_) | Action::Playbook(_)
    );
    let name = own.clone().or_else(|| system.run_on.clone().filter(|_| acts))?;
    let ssh =
        system.hosts.get(&name).filter(|h| !h.local).and_then(|h| Some((h.ssh.as_ref()?, h.become_root)));
    let Some((ssh, become_root)) = ssh else { return own };
    let port = ssh.port.map(|p| format!(" -p {p}")).unwrap_or_default();
    let root = become_root.filter(|_| around.run_as.is_none()).map_or("", |_| ", sudo");
    Some(format!("{name} (ssh {}{port}{root})", ssh.to))
}

fn around_lines<S: Stage>(around: &Around<S>) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    lines.extend(around.run_as.as_ref().map(|v| ("run as", v.show())));
    lines.extend(around.cwd.as_ref().map(|v| ("in", v.show())));
    lines.extend(around.env.iter().map(|(name, value)| ("env", format!("{name}={}", value.show()))));
    lines.extend(around.stdin.as_ref().map(|v| ("stdin", stdin_text(v))));
    lines.extend(around.stdout.as_ref().map(|v| {
        let packed =
            v.compress.map(|c| format!(" ({})", scalar(&serde_json::to_value(c).unwrap_or_default())));
        ("stdout", format!("{}{}", v.file.show(), packed.unwrap_or_default()))
    }));
    lines.extend(around.unless.as_ref().map(|v| ("unless", v.show())));
    lines.extend(around.creates.as_ref().map(|v| ("creates", v.show())));
    lines
}

fn stdin_text<S: Stage>(stdin: &Stdin<S>) -> String {
    match (&stdin.text, &stdin.file) {
        (Some(text), _) => text.show(),
        (None, Some(file)) => format!("< {}", file.show()),
        (None, None) => String::new(),
    }
}
