//! Schedules: whether their times come, whether a run that nobody watches has all it needs. It schedules nothing.

use super::lint::{SCHEDULE_ASKS, SCHEDULE_INPUTS, note};
use super::site::{Site, near};
use super::times;
use crate::base::StepId;
use crate::diag::Diagnostic;
use crate::lang::calls::{Calls, part_key};
use crate::lang::document::Document;
use crate::lang::load::Loaded;
use crate::lang::yaml::Seg;
use crate::model::{Action, Effect, Playbook, Schedule, Step, StepBody, check_input};

/// A step that asks a person: its name, and the key of a schedule that answers it.
struct Asking {
    name: String,
    key: &'static str,
}

/// Checks every schedule of a playbook.
pub fn check(playbook: &Playbook, calls: &Calls, site: &mut Site<'_>) {
    if playbook.schedule.is_empty() {
        return;
    }
    let mut asking = Vec::new();
    playbook
        .lists()
        .into_iter()
        .for_each(|(_, steps)| asks(steps, "", &|call| calls.parts.get(call), &mut asking));
    for (i, schedule) in playbook.schedule.iter().enumerate() {
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
        "confirm" => schedule.confirm.iter().any(|text| plain(named(text)) == step.name),
        "choose" => schedule.choose.keys().any(|name| plain(name) == step.name),
        _ => schedule.answer.keys().any(|name| plain(name) == step.name),
    };
    let open: Vec<&Asking> = asking.iter().filter(|step| !answered(step)).collect();
    let Some(first) = open.first() else { return };
    let list = open.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(", ");
    let title = crate::t!(
        "a scheduled run asks nobody and ends not confirmed: {list}",
        "予定の実行では誰にも確認できず、未承認で終わります: {list}"
    );
    let example = match first.key {
        "confirm" => format!("confirm: [{}]", first.name),
        key => format!("{key}: {{ {}: … }}", first.name),
    };
    let help = crate::t!(
        "agree to it in the schedule by its name (`{example}`), or allow `{SCHEDULE_ASKS}` with a reason",
        "予定の中で名前を挙げて同意する（`{example}`）か、理由を書いて `{SCHEDULE_ASKS}` を許可してください"
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
fn asks<'a>(
    steps: &'a [Step],
    within: &str,
    part: &dyn Fn(&str) -> Option<&'a Loaded>,
    into: &mut Vec<Asking>,
) {
    for step in steps {
        let name = format!("{within}{}", step.id);
        if let StepBody::Act(action) = &step.body {
            match action.as_ref() {
                Action::Playbook(call) => {
                    if let Some(called) = part(&part_key(call)) {
                        let inside = |key: &str| called.parts.get(key);
                        let lists = called.playbook.lists();
                        lists
                            .into_iter()
                            .for_each(|(_, steps)| asks(steps, &format!("{name}/"), &inside, into));
                    }
                }
                Action::Manual(_) => into.push(Asking { name, key: "answer" }),
                Action::Decide(_) => into.push(Asking { name, key: "choose" }),
                _ if step.confirm.is_some() || step.effect == Effect::Destroy => {
                    into.push(Asking { name, key: "confirm" });
                }
                _ => {}
            }
        }
        // Only the iterations of a loop have names of their own.
        let held = if step.for_each.is_some() { format!("{within}{}/", step.id) } else { within.to_string() };
        step.lists().into_iter().for_each(|(_, steps)| asks(steps, &held, part, into));
    }
}
