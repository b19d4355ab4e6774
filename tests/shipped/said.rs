//! What a playbook says to people, text by text. It judges none.

use toban::model::{Action, Condition, InputDecl, Playbook, Step, StepBody};

/// What is said, and where.
pub type Said = Vec<(String, String)>;

fn inputs<'a>(at: &str, decls: impl Iterator<Item = (&'a String, &'a InputDecl)>, into: &mut Said) {
    for (name, decl) in decls {
        into.extend(decl.description.iter().map(|text| (format!("{at}/{name}/description"), text.clone())));
    }
}

fn messages(at: &str, conditions: &[Condition], into: &mut Said) {
    let said = conditions.iter().filter_map(|c| c.message.as_ref());
    into.extend(said.map(|message| (format!("{at}/message"), message.show())));
}

fn action(at: &str, action: &Action, into: &mut Said) {
    let mut say = |key: &str, text: String| into.push((format!("{at}/{key}"), text));
    match action {
        Action::Manual(manual) => {
            say("question", manual.instruction.show());
            inputs(at, manual.evidence.iter(), into);
        }
        Action::Decide(decide) => {
            say("question", decide.question.show());
            decide.choices.values().for_each(|label| say("choice", label.show()));
        }
        Action::Fail(fail) => say("message", fail.message.show()),
        Action::Escalate(escalate) => say("message", escalate.message.show()),
        Action::Assert(list) => messages(at, &list.0, into),
        Action::Wait(wait) => messages(at, &wait.until, into),
        _ => {}
    }
}

fn step(step: &Step, into: &mut Said) {
    let at = step.id.to_string();
    into.extend(step.title.iter().map(|title| (format!("{at}/title"), title.show())));
    if let Some(confirm) = &step.confirm {
        into.push((format!("{at}/question"), confirm.question.show()));
        into.extend(confirm.facts.keys().map(|label| (format!("{at}/label"), label.clone())));
    }
    [&step.when, &step.expect].into_iter().for_each(|list| messages(&at, list, into));
    if let StepBody::Act(act) = &step.body {
        action(&at, act, into);
    }
    step.held().for_each(|inner| self::step(inner, into));
}

/// Every text of a playbook.
pub fn said(playbook: &Playbook) -> Said {
    let mut said = vec![("title".to_string(), playbook.title.clone())];
    said.extend(playbook.description.iter().map(|text| ("description".to_string(), text.clone())));
    said.extend(playbook.owner.iter().map(|text| ("owner".to_string(), text.clone())));
    inputs("inputs", playbook.inputs.iter(), &mut said);
    playbook.all_lists().for_each(|(_, steps)| steps.iter().for_each(|one| step(one, &mut said)));
    said.extend(playbook.checklist.iter().map(|item| ("checklist".to_string(), item.item.clone())));
    said
}

/// Whether a text has Japanese in it, names within templates aside.
pub fn is_japanese(text: &str) -> bool {
    let mut rest = text;
    let mut words = String::new();
    while let Some((before, after)) = rest.split_once("{{") {
        words.push_str(before);
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    words.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'))
}
