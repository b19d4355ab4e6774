//! Takes secrets out of facts before they are written or shown. It does not know how a secret came into a text:
//! through the output of an earlier step, mostly.

use std::borrow::Cow;

use serde_json::Value;

use crate::base::{Masker, Secret};
use crate::event::{Event, Failure, Gives, Kind, Question, Reply};
use crate::inputs::Vault;

use super::short;

/// So much of what sensitive steps gave is looked for, in bytes: searching for more would cost more than the run.
const MOST: usize = 64 * 1024;
/// Shorter texts of sensitive steps are not looked for: half of every log would be masked.
const SHORTEST: usize = 6;

/// The masker over every secret that was used so far, and what sensitive steps gave.
#[derive(Default)]
pub(super) struct Hush {
    masker: Masker,
    known: usize,
    sensitive: Vec<String>,
}

impl Hush {
    /// The masker, with the secrets that were resolved since it was last asked for.
    pub fn masker(&mut self, vault: &Vault) -> &Masker {
        let secrets = vault.masked();
        let known = secrets.len() + self.sensitive.len();
        if known != self.known {
            let sensitive = self.sensitive.iter().map(String::as_str);
            self.masker = Masker::new(secrets.iter().map(Secret::expose).chain(sensitive));
            self.known = known;
        }
        &self.masker
    }

    /// What a sensitive step gave is masked wherever a later step shows it.
    pub fn learn(&mut self, gives: &Gives) {
        let mut room = MOST.saturating_sub(self.sensitive.iter().map(String::len).sum());
        let mut texts = Vec::new();
        gives.values().for_each(|value| collect(value, &mut texts));
        for text in texts {
            let text = text.trim();
            let new = text.chars().count() >= SHORTEST && !self.sensitive.iter().any(|known| known == text);
            if new && text.len() <= room {
                room -= text.len();
                self.sensitive.push(text.to_string());
            }
        }
    }

    /// The facts as they may be written and shown.
    pub fn facts<'e>(&mut self, events: &'e [Event], vault: &Vault) -> Cow<'e, [Event]> {
        let silent = self.masker(vault).is_empty();
        if silent && !events.iter().any(short::is_long) {
            return Cow::Borrowed(events);
        }
        let mut events = events.to_vec();
        if !silent {
            events.iter_mut().for_each(|event| self.fact(&mut event.kind));
        }
        events.iter_mut().for_each(short::shorten);
        Cow::Owned(events)
    }

    fn fact(&self, kind: &mut Kind) {
        match kind {
            Kind::Skipped { because: text, .. }
            | Kind::AttemptStarted { preview: text, .. }
            | Kind::OutsideWindow { reason: text, .. }
            | Kind::Stopping { by: text, .. } => self.text(text),
            Kind::Expanded { items, withheld, .. } => {
                let changed = items.iter_mut().zip(0..).filter_map(|(item, i)| self.mask(item).then_some(i));
                withheld.extend(changed);
            }
            Kind::Asked { question, .. } => {
                self.shown(question);
                self.answers_to(question);
            }
            Kind::Answered { reply, .. } => self.reply(reply),
            Kind::AttemptEnded { failure, warnings, gives, withheld, .. } => {
                self.failure(failure.as_mut());
                warnings.iter_mut().for_each(|w| self.text(w));
                self.gives(gives, withheld);
            }
            Kind::Opened { inputs: gives, withheld, .. } | Kind::StepEnded { gives, withheld, .. } => {
                self.gives(gives, withheld);
            }
            Kind::NotStarted { failure, .. } => self.failure(failure.as_mut()),
            Kind::Notified { told, .. } => told.iter_mut().for_each(|one| self.failure(one.failure.as_mut())),
            Kind::Resolved { reason, gives, .. } => {
                reason.iter_mut().for_each(|r| self.text(r));
                self.gives(gives, &mut Vec::new());
            }
            Kind::CancelAsked { reason, .. } => reason.iter_mut().for_each(|r| self.text(r)),
            Kind::Resumed { .. }
            | Kind::LockBusy { .. }
            | Kind::LockTaken { .. }
            | Kind::LockRefused { .. }
            | Kind::FoundUnknown { .. }
            | Kind::RunStarted { .. }
            | Kind::Reserved { .. }
            | Kind::ChildStarted { .. }
            | Kind::RetryPlanned { .. }
            | Kind::Closing
            | Kind::Notifying { .. }
            | Kind::Breached { .. }
            | Kind::Blocked { .. }
            | Kind::RunEnded { .. } => {}
        }
    }

    /// What a person reads of a question. What an answer is compared with stays as it is.
    pub fn shown(&self, question: &mut Question) {
        match question {
            Question::Confirm { text, preview, facts, .. } => {
                self.text(text);
                self.text(preview);
                facts.values_mut().for_each(|v| self.value(v));
            }
            Question::Manual { instruction, link, .. } => {
                self.text(instruction);
                link.iter_mut().for_each(|l| self.text(l));
            }
            Question::Decide { text, choices } => {
                self.text(text);
                choices.iter_mut().for_each(|c| self.text(&mut c.label));
            }
        }
    }

    fn answers_to(&self, question: &mut Question) {
        match question {
            Question::Confirm { typed, .. } => typed.iter_mut().for_each(|t| self.text(t)),
            Question::Decide { choices, .. } => choices.iter_mut().for_each(|c| self.value(&mut c.value)),
            Question::Manual { .. } => {}
        }
    }

    fn reply(&self, reply: &mut Reply) {
        match reply {
            Reply::Yes => {}
            Reply::No { because } => self.text(because),
            Reply::Manual { evidence, note, .. } => {
                evidence.values_mut().for_each(|v| self.value(v));
                note.iter_mut().for_each(|n| self.text(n));
            }
            Reply::Choice { value, reason } => {
                self.value(value);
                reason.iter_mut().for_each(|r| self.text(r));
            }
        }
    }

    fn failure(&self, failure: Option<&mut Failure>) {
        match failure {
            Some(
                Failure::Expectation { message }
                | Failure::Unavailable { message }
                | Failure::Rejected { message }
                | Failure::Template { message }
                | Failure::Unplanned { message }
                | Failure::Declared { message },
            ) => self.text(message),
            Some(
                Failure::Exit { .. } | Failure::Signal { .. } | Failure::TimedOut { .. } | Failure::Cancelled,
            )
            | None => {}
        }
    }

    /// What holds a secret is not stored, but named: nothing may go on with its mask in place of it.
    fn gives(&self, gives: &mut Gives, withheld: &mut Vec<String>) {
        gives.retain(|key, value| {
            let changed = self.mask(value);
            if changed && !withheld.contains(key) {
                withheld.push(key.clone());
            }
            !changed
        });
    }

    fn value(&self, value: &mut Value) {
        self.mask(value);
    }

    fn text(&self, text: &mut String) {
        self.mask_text(text);
    }

    /// Masks a value, and says whether that changed it.
    fn mask(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => self.mask_text(text),
            Value::Array(items) => items.iter_mut().fold(false, |changed, item| self.mask(item) | changed),
            Value::Object(map) => {
                let mut changed = false;
                let entries = std::mem::take(map).into_iter().map(|(mut key, mut value)| {
                    changed |= self.mask_text(&mut key) | self.mask(&mut value);
                    (key, value)
                });
                *map = entries.collect();
                changed
            }
            // A secret of digits alone can come out of a database as a number.
            Value::Number(number) => {
                let (masked, changed) = self.masker.mask(&number.to_string());
                if changed {
                    *value = Value::String(masked);
                }
                changed
            }
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn mask_text(&self, text: &mut String) -> bool {
        let (masked, changed) = self.masker.mask(text);
        if changed {
            *text = masked;
        }
        changed
    }
}

/// Every text within a value.
fn collect<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Array(items) => items.iter().for_each(|v| collect(v, into)),
        Value::Object(map) => map.values().for_each(|v| collect(v, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::base::StepId;
    use crate::event::{Choice, Outcome, Unit};

    const SECRET: &str = "hunter22";

    fn vault() -> Vault {
        let decls: IndexMap<_, _> =
            serde_yaml::from_str("{secrets.x: {from: {command: [echo, hunter22]}}}").expect("declarations");
        let marker = ("TOBAN_RUN".to_string(), "a-test".to_string());
        let vault = Vault::new(decls, "/".into(), marker, Box::new(|_| Box::pin(std::future::ready(None))));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(vault.look_up("secrets.x", crate::process::Stop::never())).expect("the secret");
        vault
    }

    fn unit() -> Unit {
        Unit::step(StepId::new("a"))
    }

    fn leaky() -> Vec<Kind> {
        let text = || format!("it is {SECRET}.");
        let failure = || Some(Failure::Expectation { message: text() });
        let gives = || json!({"a": [{SECRET: text()}]}).as_object().cloned().expect("a map");
        let choice = Choice { value: json!(SECRET), label: text() };
        vec![
            Kind::Skipped { step: StepId::new("a"), because: text(), left_out: false },
            Kind::Expanded {
                step: StepId::new("a"),
                items: vec![json!(1), json!(SECRET)],
                withheld: Vec::new(),
            },
            Kind::Asked {
                unit: unit(),
                question: Question::Confirm {
                    text: text(),
                    preview: text(),
                    facts: IndexMap::from([("f".to_string(), json!(text()))]),
                    typed: Some(SECRET.into()),
                    people: 1,
                },
            },
            Kind::Asked { unit: unit(), question: Question::Decide { text: text(), choices: vec![choice] } },
            Kind::Asked {
                unit: unit(),
                question: Question::Manual {
                    instruction: text(),
                    link: Some(text()),
                    evidence: IndexMap::new(),
                },
            },
            Kind::Answered { unit: unit(), reply: Reply::No { because: text() }, by: "x".into() },
            Kind::Answered {
                unit: unit(),
                reply: Reply::Choice { value: json!(SECRET), reason: Some(text()) },
                by: "x".into(),
            },
            Kind::AttemptStarted { unit: unit(), attempt: 1, preview: text(), stands: None },
            Kind::AttemptEnded {
                unit: unit(),
                attempt: 1,
                outcome: Outcome::Failed,
                failure: failure(),
                warnings: vec![text()],
                gives: gives(),
                withheld: Vec::new(),
                log: None,
                seconds: 0.0,
            },
            Kind::Opened { step: StepId::new("a"), inputs: gives(), withheld: Vec::new(), clock: None },
            Kind::StepEnded {
                step: StepId::new("a"),
                outcome: Outcome::Ok,
                seconds: 0.0,
                gives: gives(),
                withheld: Vec::new(),
            },
            Kind::NotStarted { unit: unit(), outcome: Outcome::Failed, failure: failure() },
            Kind::Notified {
                about: crate::model::Occasion::Failure,
                unit: None,
                told: vec![crate::event::Told { by: "mail".into(), failure: failure() }],
            },
            Kind::Stopping { by: text(), at_once: false },
            Kind::Resolved {
                unit: unit(),
                how: crate::event::Resolution::ByHand,
                by: "x".into(),
                reason: Some(text()),
                gives: gives(),
            },
        ]
    }

    #[test]
    fn no_fact_tells_a_secret() {
        for kind in leaky() {
            let events = [Event { seq: 0, at: Timestamp::UNIX_EPOCH, kind }];
            let before = serde_json::to_string(&events).expect("JSON");
            assert!(before.contains(SECRET), "{before}");
            let after = serde_json::to_string(&Hush::default().facts(&events, &vault())).expect("JSON");
            let told = after.contains("•••") || after.contains(r#""withheld":["a"]"#);
            assert!(!after.contains(SECRET) && told, "{after}");
        }
    }

    #[test]
    fn what_is_not_stored_is_named() {
        let masked = |kind: Kind| {
            let events = [Event { seq: 0, at: Timestamp::UNIX_EPOCH, kind }];
            serde_json::to_value(Hush::default().facts(&events, &vault())).expect("JSON")[0].clone()
        };
        let [step, gives] = [json!("a"), json!({"open": 1, "held": {"deep": [SECRET]}})];
        let kind = |text: Value| serde_json::from_value(text).expect("a fact");
        let opened = masked(kind(json!({"kind": "opened", "step": step, "inputs": gives})));
        assert_eq!((&opened["inputs"], &opened["withheld"]), (&json!({"open": 1}), &json!(["held"])));
        let ended =
            json!({"kind": "step_ended", "step": step, "outcome": "ok", "seconds": 0.0, "gives": gives});
        let ended = masked(kind(ended));
        assert_eq!((&ended["gives"], &ended["withheld"]), (&json!({"open": 1}), &json!(["held"])));
        let items = json!([1, SECRET, {"x": SECRET}]);
        let expanded = masked(kind(json!({"kind": "expanded", "step": step, "items": items})));
        assert_eq!(expanded["items"], json!([1, "•••", {"x": "•••"}]));
        assert_eq!(expanded["withheld"], json!([1, 2]));
    }

    #[test]
    fn a_person_is_shown_no_secret_and_can_still_answer() {
        let mut hush = Hush::default();
        hush.masker(&vault());
        let mut question = Question::Confirm {
            text: SECRET.into(),
            preview: SECRET.into(),
            facts: IndexMap::new(),
            typed: Some(SECRET.into()),
            people: 1,
        };
        hush.shown(&mut question);
        let Question::Confirm { text, preview, typed, .. } = question else { panic!("a confirmation") };
        assert_eq!((text.as_str(), preview.as_str(), typed.as_deref()), ("•••", "•••", Some(SECRET)));
    }
}
