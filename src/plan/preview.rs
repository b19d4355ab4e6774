//! An action as one text, at whatever stage it is: for the plan, the question before it, and the journal. It shows
//! no secret, since no stage can show one.

use super::preview_docker::docker_text;
use super::preview_plain::{pairs, plain, scalar, unstage};
use crate::model::{
    Action, Args, Around, Condition, Decide, Escalate, Http, Letter, Manual, Notify, Otherwise, PlaybookCall,
    Shell, Slot, Sql, Stage, Stdin, StdoutFile, System, Wait,
};

/// The text of an action and what surrounds it. The same action gives the same text in a plan and in a run, but for
/// what stands in `⟨…⟩` there. Its time limit and whether it is sensitive are told beside it.
pub fn preview<S: Stage>(action: &Action<S>, around: &Around<S>, system: &System) -> String {
    let mut text = action_text(action, around, system);
    let mut add = |label: &str, line: String| text.push_str(&format!("\n{label}: {line}"));
    option_lines(action).into_iter().for_each(|(label, line)| add(label, line));
    host_line(action, around, system).into_iter().for_each(|line| add("host", line));
    around_lines(around).into_iter().for_each(|(label, line)| add(label, line));
    text
}

fn action_text<S: Stage>(action: &Action<S>, around: &Around<S>, system: &System) -> String {
    match action {
        Action::Shell(shell) => shell_text(shell),
        Action::Sql(sql) => sql_text(sql),
        Action::Http(http) => http_text(http),
        Action::Docker(docker) => docker_text(docker, around, system),
        Action::Manual(manual) => manual_text(manual),
        Action::Decide(decide) => decide_text(decide),
        Action::Fail(fail) => fail.message.show(),
        Action::Notify(notify) => notify_text(notify),
        Action::Escalate(escalate) => escalate_text(escalate, system),
        Action::Assert(assert) => assert.0.iter().map(condition_text).collect::<Vec<_>>().join("\n"),
        Action::Wait(wait) => wait_text(wait, around, system),
        Action::Playbook(call) => call_text(call),
        Action::Named(named) => named.name.show(),
        Action::Probe(_) | Action::File(_) | Action::SecretGenerate(_) => plain(action),
    }
}

fn notify_text<S: Stage>(notify: &Notify<S>) -> String {
    let letter = notify.mail.as_ref().map(letter_text);
    let post = notify.webhook.as_ref().map(|hook| {
        let json = unstage(serde_json::to_value(&hook.json).unwrap_or_default());
        format!("POST {}\n{json}", hook.url.show())
    });
    let when = (notify.when_changed == Some(true)).then(|| "when changed".to_string());
    letter.into_iter().chain(post).chain(when).collect::<Vec<_>>().join("\n")
}

/// What people are told, and who they are in their order.
fn escalate_text<S: Stage>(escalate: &Escalate<S>, system: &System) -> String {
    let mut lines = vec![escalate.message.show().trim_end().to_string()];
    lines.extend(escalate.subject.as_ref().map(|s| format!("subject: {}", s.show())));
    for (i, contact) in escalate.whom(&system.contacts).iter().enumerate() {
        let name = contact.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let ways: Vec<&str> =
            [&contact.mail, &contact.webhook].into_iter().flatten().map(String::as_str).collect();
        let within = contact.acknowledge_within.map_or_else(|| "5m".to_string(), |d| d.to_string());
        lines.push(format!(
            "{}. {}{name}: {} (acknowledge within {within})",
            i + 1,
            contact.role,
            ways.join(", ")
        ));
    }
    lines.join("\n")
}

/// A mail as its reader sees it.
fn letter_text<S: Stage>(letter: &Letter<S>) -> String {
    let mut lines = Vec::new();
    for (name, list) in [("to", &letter.to), ("cc", &letter.cc), ("bcc", &letter.bcc)] {
        if !list.is_empty() {
            let list: Vec<String> = list.iter().map(Slot::show).collect();
            lines.push(format!("{name}: {}", list.join(", ")));
        }
    }
    lines.extend(letter.reply_to.as_ref().map(|r| format!("reply to: {}", r.show())));
    lines.push(format!("subject: {}", letter.subject.show()));
    lines.extend(letter.body.as_ref().map(|body| format!("\n{}", body.show().trim_end())));
    lines.join("\n")
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
pub(super) fn words<S: Stage>(args: &Args<S>) -> String {
    let words = args.0.iter().map(Slot::show).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn sql_text<S: Stage>(sql: &Sql<S>) -> String {
    let database = sql.database.as_ref().map(|d| format!("/{}", d.show())).unwrap_or_default();
    let transaction = match sql.transaction.as_ref().map(Slot::show).as_deref() {
        None | Some("true") => String::new(),
        Some("false") => ", no transaction".to_string(),
        Some(unknown) => format!(", transaction: {unknown}"),
    };
    let text = [&sql.query, &sql.script].into_iter().flatten().map(Slot::show).collect::<Vec<_>>().join("\n");
    let file = sql.file.as_ref().map(|f| format!("\\i {}", f.show())).unwrap_or_default();
    format!("[{}{database}{transaction}] {}{file}", sql.connection.show(), text.trim_end())
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
        text.push_str(&format!("\n{}", scalar(json)));
    }
    for (name, value) in &http.form {
        text.push_str(&format!("\n{name}={}", value.show()));
    }
    if let Some(body) = &http.body {
        text.push_str(&format!("\n{}", body.show()));
    }
    text
}

fn manual_text<S: Stage>(manual: &Manual<S>) -> String {
    let mut lines = vec![manual.instruction.show()];
    lines.extend(manual.link.as_ref().map(|link| format!("link: {}", link.show())));
    lines.extend(manual.evidence.iter().map(|(name, decl)| format!("evidence {name}: {}", pairs(decl))));
    lines.join("\n")
}

fn decide_text<S: Stage>(decide: &Decide<S>) -> String {
    let mut lines = vec![decide.question.show()];
    lines.extend(decide.choices.iter().map(|(value, label)| format!("- {value}: {}", label.show())));
    lines
        .extend(decide.from.as_ref().map(|f| format!("- {}: {} (of {})", f.value, f.label, scalar(&f.list))));
    lines.join("\n")
}

fn wait_text<S: Stage>(wait: &Wait<S>, around: &Around<S>, system: &System) -> String {
    let watched = wait.action().map(|action| action_text(&action, around, system));
    let until: Vec<String> = wait.until.iter().map(condition_text).collect();
    match (&wait.r#for, watched) {
        (_, Some(watched)) => format!("{watched}\nuntil: {}", until.join(" and ")),
        (Some(time), None) => time.show(),
        (None, None) => String::new(),
    }
}

fn condition_text(condition: &Condition) -> String {
    let mut text = condition.that.clone();
    text.extend(condition.each.as_ref().map(|each| format!(" for each of {}", scalar(each))));
    if condition.otherwise == Otherwise::Warn {
        text.push_str(", else a warning");
    }
    text.extend(condition.message.as_ref().map(|message| format!(": {}", message.show())));
    text
}

fn call_text<S: Stage>(call: &PlaybookCall<S>) -> String {
    let mut lines = vec![call.run.clone()];
    lines.extend(call.inputs.iter().map(|(name, value)| format!("{name}: {}", scalar(value))));
    lines.extend(call.environment.as_ref().map(|name| format!("environment: {name}")));
    lines.join("\n")
}

/// How a request is made, and how often a reading is.
fn option_lines<S: Stage>(action: &Action<S>) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    match action {
        Action::Http(http) => http_lines(http, &mut lines),
        Action::Wait(wait) => {
            wait.http.iter().for_each(|http| http_lines(http, &mut lines));
            lines.extend(wait.every.as_ref().map(|v| ("every", v.show())));
            lines.extend(wait.limit.as_ref().map(|v| ("limit", v.show())));
        }
        _ => {}
    }
    lines
}

fn http_lines<S: Stage>(http: &Http<S>, lines: &mut Vec<(&'static str, String)>) {
    lines.extend(http.ca.as_ref().map(|v| ("trusts", v.show())));
    lines.extend(http.timeout.as_ref().map(|v| ("answer within", v.show())));
    lines.extend(http.follow.as_ref().map(|v| ("follow redirects", v.show())));
}

/// The host of a step that does something, where it is named or another one than this machine, and how it is reached.
fn host_line<S: Stage>(action: &Action<S>, around: &Around<S>, system: &System) -> Option<String> {
    let own = around.host.as_ref().map(Slot::show);
    let acts = !matches!(
        action,
        Action::Manual(_)
            | Action::Decide(_)
            | Action::Assert(_)
            | Action::Fail(_)
            | Action::Playbook(_)
            | Action::Notify(_)
            | Action::Escalate(_)
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
    lines.extend(around.stdout.as_ref().map(|v| ("stdout", stdout_text(v))));
    lines.extend(around.unless.as_ref().map(|v| ("unless", v.show())));
    lines.extend(around.creates.as_ref().map(|v| ("creates", v.show())));
    lines.extend(around.max_output.as_ref().map(|v| ("max output", scalar(v))));
    lines
}

fn stdin_text<S: Stage>(stdin: &Stdin<S>) -> String {
    match (&stdin.text, &stdin.file) {
        (Some(text), _) => text.show(),
        (None, Some(file)) => {
            let packed = stdin.decompress.map(|c| format!(" ({})", scalar(&c))).unwrap_or_default();
            format!("< {}{packed}", file.show())
        }
        (None, None) => String::new(),
    }
}

fn stdout_text<S: Stage>(stdout: &StdoutFile<S>) -> String {
    let packed = stdout.compress.map(|c| scalar(&c));
    let mode = stdout.mode.as_ref().map(|mode| format!("mode {}", mode.show()));
    let how: Vec<String> = packed.into_iter().chain(mode).collect();
    let how = if how.is_empty() { String::new() } else { format!(" ({})", how.join(", ")) };
    format!("{}{how}", stdout.file.show())
}
