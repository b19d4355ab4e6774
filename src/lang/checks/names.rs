//! The names that templates and expressions use: whether they are there, in every branch, and whether a secret
//! may stand where it is used. It renders nothing.

use std::collections::HashMap;

use serde_json::Value;

use super::gather::Text;
use super::loops::{Loops, hidden};
use super::order::Mention;
use super::outputs::{ALWAYS, Outputs};
use super::site::{near, within};
use crate::base::StepId;
use crate::diag::{Diagnostic, Severity};
use crate::lang::document::Document;
use crate::model::{InputType, Playbook, System};
use crate::template::{Problem, Reference, check_place, references};

/// What a secret may go through: they do not have to see it.
const TAKE_SECRETS: [&str; 6] = ["urlencode", "join", "string", "raw", "default", "d"];

const ROOTS: [&str; 6] = ["inputs", "vars", "system", "secrets", "run", "steps"];
const RUN: [&str; 10] = [
    "id",
    "stamp",
    "started",
    "operator",
    "environment",
    "state",
    "dir",
    "scratch_dir",
    "findings",
    "previous",
];
const SYSTEM: [&str; 9] =
    ["title", "timezone", "vars", "thresholds", "urls", "compose", "target", "protected", "run_on"];

/// The names that are there.
pub struct Known<'a> {
    /// The playbook; none for texts of a system file.
    pub playbook: Option<&'a Playbook>,
    /// The system, if it could be read.
    pub system: Option<&'a System>,
    /// What each step gives; a step that could not be read gives anything.
    pub steps: HashMap<&'a str, Outputs>,
    /// Whether a step without a readable id stands somewhere.
    pub unnamed: bool,
    /// The loops over steps.
    pub loops: Loops<'a>,
    /// The steps whose results each variable is made of.
    pub vars: HashMap<String, Vec<StepId>>,
}

/// A name that is not there.
struct Unknown {
    code: &'static str,
    title: String,
    help: Option<String>,
}

type Checked = Result<(), Box<Unknown>>;

/// Checks one text; what it mentions of other steps is added to `mentions`.
pub fn check(text: &Text, known: &Known<'_>, doc: &mut Document, mentions: &mut Vec<Mention>) {
    let found = match references(&text.source, text.form) {
        Ok(found) => found,
        Err(problems) => {
            problems.into_iter().for_each(|p| problem(text, p, doc));
            return;
        }
    };
    if text.form == crate::template::Form::Text {
        check_place(&text.source, text.place).into_iter().for_each(|p| problem(text, p, doc));
    }
    for reference in &found {
        let parts: Vec<&str> = reference.path.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["steps", id, ..] => mentions.extend(known.mention(id, text)),
            ["vars", name, ..] => {
                let made_of = known.vars.get(*name).into_iter().flatten();
                mentions.extend(made_of.filter_map(|id| known.mention(id.as_str(), text)));
            }
            _ => {}
        }
        if let Err(unknown) = known.check(&parts, reference, text) {
            let at = within(doc, &text.path, &text.source, reference.span.clone());
            let mut d = Diagnostic::error(unknown.code, at, unknown.title);
            d.help = unknown.help;
            once(doc, d);
        }
    }
}

fn problem(text: &Text, problem: Problem, doc: &mut Document) {
    let at = within(doc, &text.path, &text.source, problem.span);
    let mut d = Diagnostic::error(problem.code, at, problem.message);
    d.help = problem.help;
    d.severity = if problem.warning { Severity::Warning } else { Severity::Error };
    once(doc, d);
}

/// A value behind an anchor is checked wherever it is used, and told of once.
fn once(doc: &mut Document, d: Diagnostic) {
    if !doc.notes.contains(&d) {
        doc.note(d);
    }
}

fn unknown<'n>(
    code: &'static str,
    title: String,
    given: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Checked {
    Err(Box::new(Unknown { code, title, help: near(given, names) }))
}

fn too_early() -> Checked {
    Err(Box::new(Unknown {
        code: "unknown-name",
        title: crate::t!(
            "results of steps are not there yet: this is read before the first step",
            "ステップの結果はまだありません（最初のステップの前に評価されます）"
        ),
        help: Some(crate::t!("use it in the step itself", "ステップの中で使ってください")),
    }))
}

impl Known<'_> {
    /// That the step of a text waits for another, which the text names.
    fn mention(&self, id: &str, text: &Text) -> Option<Mention> {
        let step = text.step.as_ref()?;
        let waits = self.steps.contains_key(id)
            && !(text.names.own.is_some() && id == step.as_str())
            && !text.names.ended
            && self.hidden(id, text).is_none()
            && !(text.names.within && self.loops.holds(step, id));
        waits.then(|| (step.clone(), StepId::new(id)))
    }

    fn check(&self, parts: &[&str], reference: &Reference, text: &Text) -> Checked {
        let names = &text.names;
        if let Some(own) = &names.own
            && (own.open || own.names.iter().any(|n| n == parts[0]) || ALWAYS.contains(&parts[0]))
        {
            return self.evidence(own, parts);
        }
        match parts {
            ["inputs", name, ..] => self.input(name, text, reference),
            ["vars", name, ..] if names.no_steps && self.vars.contains_key(*name) => too_early(),
            ["vars", name, ..] => self.var(name),
            ["system", rest @ ..] => self.system(rest, reference),
            ["secrets", name, ..] => self.secret(name, text, reference),
            ["run", name, ..] if !RUN.contains(name) => {
                let title = crate::t!("`run` has no `{name}`", "`run` に `{name}` はありません");
                unknown("unknown-name", title, name, RUN)
            }
            ["steps", ..] if names.no_steps => too_early(),
            ["steps", id, rest @ ..] => {
                if let Some(looped) = self.hidden(id, text) {
                    let (title, help) = hidden(id, looped);
                    return Err(Box::new(Unknown { code: "inside-a-loop", title, help: Some(help) }));
                }
                self.step(id, rest, reference)
            }
            ["item" | "index", ..] if names.item => Ok(()),
            [root, ..] if ROOTS.contains(root) && self.has_root(root) => Ok(()),
            [root, ..] => self.root(root, reference, text),
            [] => Ok(()),
        }
    }

    /// The loop that hides a step from a text.
    fn hidden(&self, id: &str, text: &Text) -> Option<&StepId> {
        let own = text.step.as_ref().filter(|step| text.names.within && self.loops.holds(step, id));
        if own.is_some() { None } else { self.loops.hides(id, text.step.as_ref()) }
    }

    fn has_root(&self, root: &str) -> bool {
        self.playbook.is_some() || matches!(root, "system" | "secrets" | "run")
    }

    fn root(&self, root: &str, reference: &Reference, text: &Text) -> Checked {
        if reference.guarded {
            return Ok(());
        }
        let title = match root {
            "item" | "index" => crate::t!(
                "`{root}` is only there in a step with `for_each`",
                "`{root}` は `for_each` のあるステップの中でだけ使えます"
            ),
            _ => crate::t!("there is no name `{root}` here", "ここに `{root}` という名前はありません"),
        };
        let own = text.names.own.as_ref().map_or(&[][..], |o| o.names.as_slice());
        let names = own.iter().map(|n| n.as_ref()).chain(ROOTS);
        let help = near(root, names).or_else(|| {
            let list = own.iter().map(|n| n.as_ref()).chain(ROOTS).collect::<Vec<_>>().join(", ");
            Some(crate::t!("the names here are {list}", "ここで使える名前は {list} です"))
        });
        Err(Box::new(Unknown { code: "unknown-name", title, help }))
    }

    fn evidence(&self, own: &Outputs, parts: &[&str]) -> Checked {
        match parts {
            ["evidence", name, ..] if !own.open && !own.evidence.iter().any(|e| e == name) => {
                let title =
                    crate::t!("no evidence `{name}` is asked for", "証跡 `{name}` は求められていません");
                unknown("unknown-name", title, name, own.evidence.iter().map(String::as_str))
            }
            _ => Ok(()),
        }
    }

    fn input(&self, name: &str, text: &Text, reference: &Reference) -> Checked {
        let Some(playbook) = self.playbook else { return self.root_missing("inputs") };
        match playbook.inputs.get(name) {
            Some(decl) if decl.kind == InputType::Secret => secret_place(name, text, reference),
            Some(_) => Ok(()),
            None => {
                let title = crate::t!("there is no input `{name}`", "入力 `{name}` はありません");
                unknown("unknown-input", title, name, playbook.inputs.keys().map(String::as_str))
            }
        }
    }

    fn root_missing(&self, root: &str) -> Checked {
        let title = crate::t!(
            "`{root}` belongs to a playbook and is not there in a system file",
            "`{root}` は手順書のもので、システムファイルでは使えません"
        );
        Err(Box::new(Unknown { code: "unknown-name", title, help: None }))
    }

    fn var(&self, name: &str) -> Checked {
        let Some(playbook) = self.playbook else { return self.root_missing("vars") };
        if playbook.vars.contains_key(name) {
            return Ok(());
        }
        let title = crate::t!("there is no variable `{name}`", "変数 `{name}` はありません");
        unknown("unknown-var", title, name, playbook.vars.keys().map(String::as_str))
    }

    fn secret(&self, name: &str, text: &Text, reference: &Reference) -> Checked {
        let Some(system) = self.system else { return Ok(()) };
        if system.secrets.contains_key(name) {
            return secret_place(name, text, reference);
        }
        let title = crate::t!("there is no secret `{name}`", "秘密 `{name}` はありません");
        unknown("unknown-secret", title, name, system.secrets.keys().map(String::as_str))
    }

    fn system(&self, parts: &[&str], reference: &Reference) -> Checked {
        let Some(system) = self.system else { return Ok(()) };
        match parts {
            ["vars", rest @ ..] => facts("vars", rest, &system.vars, reference),
            ["thresholds", rest @ ..] => facts("thresholds", rest, &system.thresholds, reference),
            ["urls", name, ..] if !system.urls.contains_key(*name) && !reference.guarded => {
                let title = crate::t!("there is no system.urls.{name}", "system.urls.{name} はありません");
                unknown("unknown-name", title, name, system.urls.keys().map(String::as_str))
            }
            [name, ..] if !SYSTEM.contains(name) => {
                let title = crate::t!("`system` has no `{name}`", "`system` に `{name}` はありません");
                unknown("unknown-name", title, name, SYSTEM)
            }
            _ => Ok(()),
        }
    }

    fn step(&self, id: &str, rest: &[&str], reference: &Reference) -> Checked {
        if self.playbook.is_none() {
            return self.root_missing("steps");
        }
        let Some(outputs) = self.steps.get(id) else {
            if self.unnamed {
                return Ok(());
            }
            let title = crate::t!("no step has the id `{id}`", "id が `{id}` のステップはありません");
            return unknown("unknown-id", title, id, self.steps.keys().copied());
        };
        let rest = match (outputs.loops, rest) {
            (true, ["items", index, rest @ ..]) if index.parse::<usize>().is_ok() => rest,
            (true, ["items", ..]) => return Ok(()),
            (_, rest) => rest,
        };
        let looped = outputs.loops && rest.len() < reference.path.len().saturating_sub(2);
        match rest {
            [] => Ok(()),
            [name, ..] if ALWAYS.contains(name) || outputs.open || reference.guarded => Ok(()),
            [name, ..] if (looped || !outputs.loops) && outputs.names.iter().any(|n| n == name) => {
                self.evidence(outputs, rest)
            }
            [name, ..] if outputs.loops && !looped => {
                let title = crate::t!(
                    "`{id}` is a loop: it gives `items`, not `{name}`",
                    "`{id}` は繰り返しです。`{name}` ではなく `items` を持ちます"
                );
                let help = format!("steps.{id}.items[0].{name}");
                Err(Box::new(Unknown { code: "unknown-output", title, help: Some(help) }))
            }
            [name, ..] => {
                let title = crate::t!("`{id}` does not give `{name}`", "`{id}` は `{name}` を持ちません");
                let all = || outputs.names.iter().map(|n| n.as_ref()).chain(ALWAYS);
                let list = all().collect::<Vec<_>>().join(", ");
                let help = near(name, all())
                    .unwrap_or_else(|| crate::t!("it gives {list}", "`{id}` が持つのは {list} です"));
                Err(Box::new(Unknown { code: "unknown-output", title, help: Some(help) }))
            }
        }
    }
}

fn facts(
    group: &str,
    parts: &[&str],
    facts: &indexmap::IndexMap<String, Value>,
    reference: &Reference,
) -> Checked {
    let Some((name, rest)) = parts.split_first() else { return Ok(()) };
    if reference.guarded {
        return Ok(());
    }
    let Some(mut value) = facts.get(*name) else {
        let title = crate::t!("there is no system.{group}.{name}", "system.{group}.{name} はありません");
        return unknown("unknown-name", title, name, facts.keys().map(String::as_str));
    };
    for part in rest {
        let Value::Object(map) = value else { return Ok(()) };
        let Some(next) = map.get(*part) else {
            let title = crate::t!(
                "system.{group}.{name} has no `{part}`",
                "system.{group}.{name} に `{part}` はありません"
            );
            return unknown("unknown-name", title, part, map.keys().map(String::as_str));
        };
        value = next;
    }
    Ok(())
}

/// A secret may only go where nobody reads it.
fn secret_place(name: &str, text: &Text, reference: &Reference) -> Checked {
    if text.form == crate::template::Form::Text && text.place.allows_secrets() {
        return secret_filters(name, reference);
    }
    let title = crate::t!("the secret `{name}` may not stand here", "秘密 `{name}` はここでは使えません");
    let help = crate::t!(
        "secrets go into env, stdin, auth, headers, a SQL value or a connection; in a shell use env and \"$NAME\"",
        "秘密は env、stdin、auth、headers、SQL の値、connection で使えます。シェルでは env と \"$NAME\" を使ってください"
    );
    Err(Box::new(Unknown { code: "secret-place", title, help: Some(help) }))
}

/// Whatever has to see a value cannot work on a secret.
fn secret_filters(name: &str, reference: &Reference) -> Checked {
    let Some(filter) = reference.filters.iter().find(|f| !TAKE_SECRETS.contains(&f.as_str())) else {
        return Ok(());
    };
    let title = crate::t!(
        "the secret `{name}` cannot go through `| {filter}`",
        "秘密 `{name}` に `| {filter}` は使えません"
    );
    let help = crate::t!(
        "a secret can be joined with text or go through `| urlencode`; let the command itself do more",
        "秘密にできるのは文字列との連結と `| urlencode` だけです。それ以外の加工はコマンドの中で行ってください"
    );
    Err(Box::new(Unknown { code: "secret-filter", title, help: Some(help) }))
}
