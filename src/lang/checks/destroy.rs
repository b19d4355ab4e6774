//! Steps that plainly destroy and do not say so. What an unknown program does is not its business.

use std::ops::Range;

use super::lint::{UNMARKED_DESTROY, command_of};
use super::site::{Site, within};
use crate::diag::{At, Diagnostic};
use crate::lang::effect::{infer_effect, sql_source};
use crate::lang::shell_words::{Command, commands};
use crate::lang::sql_words;
use crate::model::{
    Action, Args, Compose, ComposeVerb, Docker, Effect, FileAction, PruneWhat, Shell, Sql, Step, StepBody,
    Template, Templated,
};

/// Programs that run SQL which they read or are given.
const CLIENTS: [&str; 5] = ["psql", "mysql", "mariadb", "sqlite3", "pg_restore"];
/// Programs that run a command which they are given as text.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "ssh", "eval", "su", "xargs"];

/// Whether a script names anything that this looks for: most name nothing, and are not taken apart.
fn names_any(script: &str) -> bool {
    script.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| {
        matches!(
            word,
            "rm" | "down"
                | "volume"
                | "prune"
                | "push"
                | "migrate"
                | "dropdb"
                | "psql"
                | "mysql"
                | "mariadb"
                | "sqlite3"
                | "pg_restore"
        )
    })
}

/// Checks one step.
pub fn check(step: &Step, site: &mut Site<'_>) {
    let StepBody::Act(action) = &step.body else { return };
    if step.effect == Effect::Read && step.effect_declared {
        reads(step, action, site);
    }
    let answered = match step.effect {
        Effect::Destroy => true,
        Effect::Change => step.because.is_some(),
        Effect::Read => false,
    };
    if answered {
        return;
    }
    if let Some((what, keys, part)) = destroyed(step, action) {
        let id = &step.id;
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let at = match part {
            Some((script, part)) => within(site.doc, &site.path(id, &keys), &script, part),
            None => site.value(id, &keys),
        };
        let title = crate::t!(
            "`{id}` destroys ({what}) and does not say so",
            "`{id}` は破壊的です（{what}）が宣言がありません"
        );
        let help = crate::t!(
            "write `effect: destroy`; or, on an `effect: change` step, `because:` with the reason why nothing is lost",
            "`effect: destroy` と書くか、失われるものが無い理由を `effect: change` と `because:` で書いてください"
        );
        site.doc.note(Diagnostic::error(UNMARKED_DESTROY, at, title).help(help).rule());
    }
}

/// A step declared `read` whose action certainly does more.
fn reads(step: &Step, action: &Action<Templated>, site: &mut Site<'_>) {
    let uncertain = match action {
        Action::Shell(_) | Action::Named(_) | Action::Playbook(_) | Action::Http(_) => true,
        Action::Docker(docker) => match docker.as_ref() {
            Docker::Exec(_) | Docker::Run(_) => true,
            Docker::Compose(c) => {
                c.verbs().iter().all(|v| matches!(v, ComposeVerb::Exec(_) | ComposeVerb::Run(_)))
            }
            _ => false,
        },
        Action::Sql(sql) => sql.file.is_some(),
        _ => false,
    };
    if uncertain || infer_effect(action) == Effect::Read {
        return;
    }
    let at: At = site.value(&step.id, &["effect"]);
    let id = &step.id;
    let (title, help) = match action {
        Action::Sql(_) => (
            crate::t!(
                "the SQL of `{id}` is not plainly a reading",
                "`{id}` の SQL は読み取りと言い切れません"
            ),
            crate::t!(
                "`effect: read` takes one SELECT, WITH … SELECT, SHOW or EXPLAIN, without INTO or SET",
                "`effect: read` にできるのは SELECT、WITH … SELECT、SHOW、EXPLAIN の 1 文だけです（INTO や SET は不可）"
            ),
        ),
        _ => (
            crate::t!(
                "`{id}` changes something and is declared `read`",
                "`{id}` は変更を行うのに `read` と宣言されています"
            ),
            crate::t!("remove `effect: read`", "`effect: read` を削除してください"),
        ),
    };
    site.error("not-reading", at, title, Some(help));
}

/// What is destroyed, the keys of the place, and the part of a script.
type Found = Option<(String, Vec<String>, Option<(String, Range<usize>)>)>;

fn at(what: impl Into<String>, keys: &[&str]) -> Found {
    Some((what.into(), keys.iter().map(|k| k.to_string()).collect(), None))
}

/// What a step plainly destroys, and the keys of the place.
fn destroyed(step: &Step, action: &Action<Templated>) -> Found {
    let fed = step.around.stdin.as_ref().is_some_and(|s| s.file.is_some());
    match action {
        Action::Shell(shell) => of_shell(shell, fed),
        Action::Sql(sql) => of_sql(sql),
        Action::Docker(docker) => of_docker(docker, fed),
        Action::File(FileAction::Remove(f)) => {
            let recursive = f.recursive.as_ref().is_some_and(|r| r.0 != Template::Literal(false));
            if recursive { at("remove, recursive", &["file", "remove", "recursive"]) } else { None }
        }
        _ => None,
    }
}

fn of_shell(shell: &Shell<Templated>, fed: bool) -> Found {
    if let Some(run) = &shell.run {
        let script = run.show();
        if !names_any(&script) {
            return None;
        }
        let all = commands(&script);
        let alone = all.len() == 1;
        let (what, command) = all.iter().find_map(|c| Some((of_command(c, fed && alone)?, c)))?;
        let (first, last) = (command.words.first()?, command.words.last()?);
        let (what, keys, _) = at(what, &["shell", "run"])?;
        return Some((what, keys, Some((script.clone(), first.at.start..last.at.end))));
    }
    shell.argv.as_ref().and_then(|a| of_args(a, fed)).and_then(|w| at(w, &["shell", "argv"]))
}

fn of_sql(sql: &Sql<Templated>) -> Found {
    let key = if sql.query.is_some() { "query" } else { "script" };
    let what = sql_words::destroys(&sql_source(sql)?)?;
    at(what, &["sql", key])
}

fn of_docker(docker: &Docker<Templated>, fed: bool) -> Found {
    match docker {
        Docker::Exec(exec) => of_args(&exec.command, fed).and_then(|w| at(w, &["docker", "exec", "command"])),
        Docker::Run(run) => {
            let what = run.command.as_ref().and_then(|c| of_args(c, fed))?;
            at(what, &["docker", "run", "command"])
        }
        Docker::Prune(prune) if prune.what.contains(&PruneWhat::Volumes) => {
            at("prune of volumes", &["docker", "prune", "what"])
        }
        Docker::Compose(compose) => of_compose(compose, fed),
        _ => None,
    }
}

fn of_compose(compose: &Compose<Templated>, fed: bool) -> Found {
    compose.verbs().into_iter().find_map(|verb| match verb {
        ComposeVerb::Down(down) => {
            let volumes = down.volumes.as_ref().is_some_and(|v| v.0 != Template::Literal(false));
            if volumes { at("down with volumes", &["docker", "compose", "down", "volumes"]) } else { None }
        }
        ComposeVerb::Exec(exec) => {
            of_args(&exec.command, fed).and_then(|w| at(w, &["docker", "compose", "exec", "command"]))
        }
        ComposeVerb::Run(run) => {
            let what = run.command.as_ref().and_then(|c| of_args(c, fed))?;
            at(what, &["docker", "compose", "run", "command"])
        }
        _ => None,
    })
}

fn of_args(args: &Args<Templated>, fed: bool) -> Option<String> {
    of_command(&command_of(args), fed)
}

/// What a simple command plainly destroys.
fn of_command(command: &Command, fed: bool) -> Option<String> {
    let words: Vec<&str> = command.words.iter().map(|w| w.text.as_str()).collect();
    let name = |w: &str| w.rsplit('/').next().unwrap_or_default().to_string();
    let first = name(words.first()?);
    if first == "echo" || first == "printf" {
        return None;
    }
    if words.iter().any(|w| SHELLS.contains(&name(w).as_str())) {
        let inner = command.words.iter().skip(1).filter(|w| w.quoted && w.text.contains(char::is_whitespace));
        let found = inner.flat_map(|w| commands(&w.text)).find_map(|c| of_command(&c, false));
        let told = command.here.iter().flat_map(|h| commands(&h.text));
        let found = found.or_else(|| told.into_iter().find_map(|c| of_command(&c, false)));
        if found.is_some() {
            return found;
        }
    }
    for (i, word) in words.iter().enumerate() {
        let found = of_program(&name(word), &words[i + 1..], command, fed);
        if found.is_some() {
            return found;
        }
    }
    None
}

fn of_program(program: &str, rest: &[&str], command: &Command, fed: bool) -> Option<String> {
    let flag = |short: char, long: &str| {
        rest.iter()
            .any(|w| *w == long || (w.starts_with('-') && !w.starts_with("--") && w[1..].contains(short)))
    };
    let has = |w: &str| rest.contains(&w);
    match program {
        "rm" if flag('r', "--recursive") || flag('R', "--recursive") => Some("rm -r".into()),
        "down" if flag('v', "--volumes") && command.words.iter().any(|w| w.text.contains("compose")) => {
            Some("down -v".into())
        }
        "volume" if has("prune") || has("rm") => Some("docker volume prune".into()),
        "system" if has("prune") && has("--volumes") => Some("prune of volumes".into()),
        "push" if command.words.iter().any(|w| w.text == "git") => {
            let plus = rest.iter().any(|w| w.starts_with('+'));
            let forced = flag('f', "--force") || rest.iter().any(|w| w.starts_with("--force-with-lease"));
            (plus || forced).then(|| "git push --force".into())
        }
        "migrate" if has("--fake") => Some("migrate --fake".into()),
        "dropdb" => Some("dropdb".into()),
        client if CLIENTS.contains(&client) => of_client(client, rest, command, fed),
        _ => None,
    }
}

fn of_client(client: &str, rest: &[&str], command: &Command, fed: bool) -> Option<String> {
    let sql = rest.iter().find_map(|w| sql_words::destroys(w.strip_prefix("--command=").unwrap_or(w)));
    let here = command.here.as_ref().and_then(|h| sql_words::destroys(&h.text));
    if let Some(what) = sql.or(here) {
        return Some(what.to_string());
    }
    let load = match client {
        "pg_restore" => rest.iter().any(|w| *w == "-d" || w.starts_with("--dbname")),
        _ => command.piped || command.from_file || fed,
    };
    load.then(|| crate::t!("a dump loaded into a database", "データベースへのダンプの読み込み"))
}
