//! From keys to the model: one action a step, defaults where nothing is written. It checks no name.

use serde_json::Value;

use super::document::Document;
use super::source::{ACTION_KEYS, PlaybookSource, StepSource, UndoSource};
use super::yaml::Seg;
use crate::base::StepId;
use crate::diag::Diagnostic;
use crate::model::{Action, Around, Effect, Needs, Part, Playbook, Step, StepBody, Templated, Undo};

use super::effect::infer_effect;
use super::placed::Placed;
use super::read;

/// Takes a playbook and its steps over; what is wrong is noted in the document. Each step is read and taken over before
/// the next, since the keys of ten thousand of them take more memory than all else.
pub fn playbook(source: PlaybookSource, name: &str, doc: &mut Document, placed: &mut Placed) -> Playbook {
    let main = list(source.steps, &[Seg::name(Part::Steps.key())], doc, placed);
    let rescue = list(source.rescue, &[Seg::name(Part::Rescue.key())], doc, placed);
    let always = list(source.always, &[Seg::name(Part::Always.key())], doc, placed);
    let handlers = source.handlers.into_iter().map(|(name, steps)| {
        let steps = list(steps, &[Seg::name(Part::Handler.key()), Seg::name(&name)], doc, placed);
        (name, steps)
    });
    let handlers = handlers.collect();
    let d = source.defaults;
    let mut defaults = Around::<Templated>::none();
    defaults.timeout = d.timeout;
    defaults.cwd = d.cwd;
    defaults.env = d.env;
    defaults.host = d.host;
    Playbook {
        name: name.to_string(),
        title: source.title,
        description: source.description,
        owner: source.owner,
        allow: source.allow,
        schedule: source.schedule,
        locks: source.locks,
        window: source.window,
        runs_at_once: source.runs_at_once,
        inputs: source.inputs,
        vars: source.vars,
        defaults,
        default_shell: d.shell,
        steps: main,
        rescue,
        always,
        clock: source.clock,
        deadlines: source.deadlines,
        handlers,
        notifications: source.notifications,
        checklist: source.checklist,
        outputs: source.outputs,
    }
}

/// The steps of one list of a playbook.
fn list(values: Vec<Value>, at: &[Seg], doc: &mut Document, placed: &mut Placed) -> Vec<Step> {
    let mut steps = Vec::with_capacity(values.len());
    for (i, value) in values.into_iter().enumerate() {
        let here = [at, &[Seg::Index(i)]].concat();
        match read::step(doc, value, &here) {
            Some(source) => steps.extend(step(source, here, doc, placed)),
            None => placed.broken(doc, &here),
        }
    }
    steps
}

fn steps(
    sources: Vec<Option<StepSource>>,
    path: &[Seg],
    doc: &mut Document,
    placed: &mut Placed,
) -> Vec<Step> {
    let mut steps = Vec::with_capacity(sources.len());
    for (i, source) in sources.into_iter().enumerate() {
        let mut here = path.to_vec();
        here.push(Seg::Index(i));
        match source {
            Some(source) => steps.extend(step(source, here, doc, placed)),
            None => placed.broken(doc, &here),
        }
    }
    steps
}

fn step(mut source: StepSource, path: Vec<Seg>, doc: &mut Document, placed: &mut Placed) -> Option<Step> {
    let id = source.id.clone();
    placed.step(&id, path.clone());
    let actions = source.take_actions();
    let group = source.steps.take();
    let rescue = below(std::mem::take(&mut source.rescue), "rescue", &path, doc, placed);
    let always = below(std::mem::take(&mut source.always), "always", &path, doc, placed);
    let undo = source.undo.take().and_then(|undo| self::undo(*undo, &id, &path, doc));
    let body = body(actions, group, &id, &path, doc, placed)?;
    let effect = match (&source.effect, &body) {
        (Some(effect), _) => *effect,
        (None, StepBody::Act(action)) => infer_effect(action),
        (None, StepBody::Group(inner)) => inner.iter().map(|s| s.effect).max().unwrap_or(Effect::Read),
    };
    Some(Step {
        around: source.take_around(),
        id,
        title: source.title,
        body,
        effect,
        effect_declared: source.effect.is_some(),
        because: source.because,
        allow: source.allow,
        needs: source.needs.unwrap_or(Needs::Previous),
        after: source.after,
        when: source.when,
        for_each: source.for_each,
        expect: source.expect,
        ok_codes: source.ok_codes.unwrap_or_else(|| vec![0]),
        warn_codes: source.warn_codes,
        on_error: source.on_error,
        retry: source.retry,
        confirm: source.confirm,
        after_crash: source.after_crash,
        verify: source.verify,
        undo,
        rescue,
        always,
    })
}

/// A list of steps behind a key of a step.
fn below(
    sources: Vec<Option<StepSource>>,
    key: &str,
    path: &[Seg],
    doc: &mut Document,
    placed: &mut Placed,
) -> Vec<Step> {
    steps(sources, &[path, &[Seg::name(key)]].concat(), doc, placed)
}

/// How a step is taken back: by exactly one action.
fn undo(source: UndoSource, id: &StepId, path: &[Seg], doc: &mut Document) -> Option<Box<Undo>> {
    let path = [path, &[Seg::name("undo")]].concat();
    let when = source.when;
    let mut actions = source.actions();
    if actions.len() > 1 {
        let keys: Vec<&str> = actions.iter().map(Action::key).collect();
        several(id, &keys, &path, doc);
    }
    if actions.is_empty() {
        if !doc.has_mistake_within(&doc.value_span(&path)) {
            let at = doc.head(&path);
            let title = crate::t!("the `undo` of `{id}` does nothing", "`{id}` の `undo` に動作がありません");
            doc.note(Diagnostic::error("no-action", at, title).help(crate::t!(
                "give it one of shell, docker, sql, http, file",
                "shell、docker、sql、http、file のいずれかを書いてください"
            )));
        }
        return None;
    }
    Some(Box::new(Undo { when, action: actions.swap_remove(0) }))
}

/// The one thing a step does.
fn body(
    actions: Vec<Action<Templated>>,
    group: Option<Vec<Option<StepSource>>>,
    id: &StepId,
    path: &[Seg],
    doc: &mut Document,
    placed: &mut Placed,
) -> Option<StepBody> {
    let count = actions.len() + usize::from(group.is_some());
    if count > 1 {
        let keys: Vec<&str> =
            actions.iter().map(Action::key).chain(group.is_some().then_some("steps")).collect();
        several(id, &keys, path, doc);
    }
    if let Some(group) = group {
        let mut inner = path.to_vec();
        inner.push(Seg::name("steps"));
        return Some(StepBody::Group(steps(group, &inner, doc, placed)));
    }
    let first = actions.into_iter().next().map(|a| StepBody::Act(Box::new(a)));
    if first.is_none() && !doc.has_mistake_within(&doc.value_span(path)) {
        let list = ACTION_KEYS.join(", ");
        let at = doc.head(path);
        doc.note(
            Diagnostic::error(
                "no-action",
                at,
                crate::t!("the step `{id}` does nothing", "ステップ `{id}` に動作がありません"),
            )
            .help(crate::t!("give it one of {list}", "次のいずれかを書いてください: {list}")),
        );
    }
    first
}

fn several(id: &StepId, keys: &[&str], path: &[Seg], doc: &mut Document) {
    let list = keys.join(", ");
    let second = doc.key(&[path, &[Seg::name(keys[1])]].concat());
    let first = doc.key(&[path, &[Seg::name(keys[0])]].concat());
    doc.note(
        Diagnostic::error(
            "two-actions",
            second,
            crate::t!(
                "the step `{id}` has {list}: a step does exactly one thing",
                "ステップ `{id}` に {list} があります。1 ステップの動作は 1 つだけです"
            ),
        )
        .other(first, crate::t!("the first", "1 つ目"))
        .help(crate::t!("make two steps of it", "2 つのステップに分けてください")),
    );
}
