//! Schedules: whether their times come, whether a run that nobody watches has all it needs. It schedules nothing.

use std::collections::BTreeMap;

use super::lint::{SCHEDULE_ASKS, SCHEDULE_INPUTS, note};
use super::site::{Site, near};
use super::times;
use crate::base::StepId;
use crate::diag::Diagnostic;
use crate::lang::calls::{Calls, part_key};
use crate::lang::document::Document;
use crate::lang::guards::Guards;
use crate::lang::load::Loaded;
use crate::lang::yaml::Seg;
use crate::model::{Action, Effect, Playbook, Schedule, Slot, Step, StepBody, Template, check_input};

/// A step that asks a person: its name, the key of a schedule that answers it, and what has to stand behind its name.
struct Asking {
    name: String,
    key: &'static str,
    typed: Typed,
}

/// What has to be typed to agree to a step.
enum Typed {
    /// Nothing.
    No,
    /// This.
    Text(String),
    /// What only a run knows.
    Some,
}

impl Asking {
    /// Whether what a schedule agrees to is this step, and its target where that is wanted.
    fn is_agreed_by(&self, text: &str) -> bool {
        let given = text.split_once('=').map(|(_, value)| value);
        let fits = match &self.typed {
            Typed::No => true,
            Typed::Text(wanted) => given == Some(wanted),
            Typed::Some => given.is_some(),
        };
        fits && plain(named(text)) == self.name
    }

    /// How a schedule agrees to it.
    fn agreed(&self) -> String {
        match &self.typed {
            Typed::No => self.name.clone(),
            Typed::Text(wanted) => format!("{}={wanted}", self.name),
            Typed::Some => format!("{}=…", self.name),
        }
    }
}

/// Steps that are looked through for questions, and the environment in which they would be asked.
#[derive(Clone, Copy)]
struct Within<'a> {
    parts: &'a BTreeMap<String, Loaded>,
    guards: &'a Guards,
    environment: Option<&'a str>,
    prefix: &'a str,
}

/// Checks every schedule of a playbook.
pub fn check(playbook: &Playbook, calls: &Calls, guards: &Guards, site: &mut Site<'_>) {
    for (i, schedule) in playbook.schedule.iter().enumerate() {
        let environment = schedule.environment.as_deref().or(guards.default_environment());
        let within = Within { parts: &calls.parts, guards, environment, prefix: "" };
        let mut asking = Vec::new();
        playbook.lists().into_iter().for_each(|(_, steps)| asks(steps, within, &mut asking));
        let found = times::cron(&schedule.cron, site.doc.value(&path(i, &["cron"])));
        site.doc.notes.extend(found);
        inputs(playbook, i, schedule, site);
        answers(i, schedule, &asking, site);
        unanswered(i, schedule, &asking, site);
    }
}

/// Checks that the environments of schedules are there.
pub fn environments(playbook: &Playbook, names: &[String], doc: &mut Document) {
    for (i, schedule) in playbook.schedule.iter().enumerate() {
        let Some(name) = schedule.environment.as_ref().filter(|name| !names.contains(name)) else { continue };
        let title = crate::t!("there is no environment `{name}`", "環境 `{name}` がありません");
        let mut d = Diagnostic::error("unknown-environment", doc.value(&path(i, &["environment"])), title);
        d.help = near(name, names.iter().map(String::as_str));
        doc.note(d);
    }
}

fn path(index: usize, keys: &[&str]) -> Vec<Seg> {
    let mut path = vec![Seg::name("schedule"), Seg::Index(index)];
    path.extend(keys.iter().map(|key| Seg::name(key)));
    path
}

/// The inputs of a schedule against those that are declared.
fn inputs(playbook: &Playbook, i: usize, schedule: &Schedule, site: &mut Site<'_>) {
    for (name, value) in &schedule.inputs {
        let at = path(i, &["inputs", name]);
        let Some(decl) = playbook.inputs.get(name) else {
            let title = crate::t!("there is no input `{name}`", "入力 `{name}` はありません");
            let help = near(name, playbook.inputs.keys().map(String::as_str));
            site.error("unknown-input", site.doc.key(&at), title, help);
            continue;
        };
        if let Err(wrong) = check_input(decl, value) {
            let title = crate::t!("`{name}`: {wrong}", "`{name}`: {wrong}");
            site.error("wrong-input", site.doc.value(&at), title, None);
        }
    }
    let needed = playbook.inputs.iter().filter(|(name, decl)| {
        decl.required.unwrap_or(decl.default.is_none())
            && decl.from.is_none()
            && !schedule.inputs.contains_key(*name)
    });
    let missing: Vec<&str> = needed.map(|(name, _)| name.as_str()).collect();
    if !missing.is_empty() {
        let list = missing.join(", ");
        let title = crate::t!(
            "the schedule does not give what is required: {list}",
            "必須の入力が予定に指定されていません: {list}"
        );
        let help = crate::t!(
            "add `inputs:` to it, or a `default:` to the input: nobody is there to be asked",
            "予定に `inputs:` を、または入力に `default:` を書いてください。予定の実行では誰にも質問できません"
        );
        note(
            site.doc,
            Diagnostic::error(SCHEDULE_INPUTS, site.doc.value(&path(i, &["cron"])), title).help(help),
        );
    }
}

/// Answers to steps that do not ask.
fn answers(i: usize, schedule: &Schedule, asking: &[Asking], site: &mut Site<'_>) {
    let mut stray = |key: &'static str, name: &str, at: Vec<Seg>| {
        if !asking.iter().any(|step| step.key == key && step.name == plain(name)) {
            let title =
                crate::t!("no step `{name}` asks that", "`{name}` はその質問をするステップではありません");
            let names = asking.iter().filter(|step| step.key == key).map(|step| step.name.as_str());
            site.error("no-question", site.doc.value(&at), title, near(&plain(name), names));
        }
    };
    for (n, text) in schedule.confirm.iter().enumerate() {
        let mut at = path(i, &["confirm"]);
        at.push(Seg::Index(n));
        stray("confirm", named(text), at);
    }
    schedule.choose.keys().for_each(|name| stray("choose", name, path(i, &["choose", name])));
    schedule.answer.keys().for_each(|name| stray("answer", name, path(i, &["answer", name])));
}

/// Steps that ask and that the schedule does not answer.
fn unanswered(i: usize, schedule: &Schedule, asking: &[Asking], site: &mut Site<'_>) {
    let answered = |step: &&Asking| match step.key {
        "confirm" => schedule.confirm.iter().any(|text| step.is_agreed_by(text)),
        "choose" => schedule.choose.keys().any(|name| plain(name) == step.name),
        _ => schedule.answer.keys().any(|name| plain(name) == step.name),
    };
    let open: Vec<&Asking> = asking.iter().filter(|step| !answered(step)).collect();
    let Some(first) = open.first() else { return };
    let list = open.iter().map(|step| step.agreed()).collect::<Vec<_>>().join(", ");
    let title = crate::t!(
        "a scheduled run asks nobody and ends not confirmed: {list}",
        "予定の実行では誰にも確認できず、未承認で終わります: {list}"
    );
    let example = match first.key {
        "confirm" => format!("confirm: [{}]", first.agreed()),
        key => format!("{key}: {{ {}: … }}", first.name),
    };
    let help = crate::t!(
        "agree to it in the schedule by its name, with the target where one has to be typed (`{example}`), or allow `{SCHEDULE_ASKS}` with a reason",
        "予定の中で名前を、対象の入力が必要なものは対象も付けて挙げて同意する（`{example}`）か、理由を書いて `{SCHEDULE_ASKS}` を許可してください"
    );
    note(site.doc, Diagnostic::warning(SCHEDULE_ASKS, site.doc.value(&path(i, &["cron"])), title).help(help));
}

/// The name in `restore/swap=TARGET`.
fn named(text: &str) -> &str {
    text.split_once('=').map_or(text, |(name, _)| name)
}

/// A name without the items of loops.
fn plain(name: &str) -> String {
    StepId::new(name).without_items().as_str().to_string()
}

/// The steps that ask, those of called playbooks included.
fn asks(steps: &[Step], within: Within<'_>, into: &mut Vec<Asking>) {
    for step in steps {
        let name = format!("{}{}", within.prefix, step.id);
        if let StepBody::Act(action) = &step.body {
            match action.as_ref() {
                Action::Playbook(call) => {
                    if let Some(called) = within.parts.get(&part_key(call)) {
                        let inside = Within {
                            parts: &called.parts,
                            guards: &called.guards,
                            environment: call.environment.as_deref().or(within.environment),
                            prefix: &format!("{name}/"),
                        };
                        called.playbook.lists().into_iter().for_each(|(_, steps)| asks(steps, inside, into));
                    }
                }
                Action::Manual(_) => into.push(Asking { name, key: "answer", typed: Typed::No }),
                Action::Decide(_) => into.push(Asking { name, key: "choose", typed: Typed::No }),
                _ if step.confirm.is_some() || step.effect == Effect::Destroy => {
                    into.push(Asking { name, key: "confirm", typed: typed(step, within) });
                }
                _ => {}
            }
        }
        // Only the iterations of a loop have names of their own.
        let held = step.for_each.is_some().then(|| format!("{}{}/", within.prefix, step.id));
        let held = Within { prefix: held.as_deref().unwrap_or(within.prefix), ..within };
        step.lists().into_iter().for_each(|(_, steps)| asks(steps, held, into));
    }
}

/// What has to be typed: what the step itself asks for, else the target where destroying is protected.
fn typed(step: &Step, within: Within<'_>) -> Typed {
    match step.confirm.as_ref().and_then(|confirm| confirm.typed.as_ref()) {
        Some(Slot(Template::Literal(text))) => Typed::Text(text.clone()),
        Some(Slot(Template::Source(_))) => Typed::Some,
        None if step.effect == Effect::Destroy => within
            .guards
            .target(within.environment)
            .map_or(Typed::No, |target| Typed::Text(target.to_string())),
        None => Typed::No,
    }
}
