//! Answers given on the command line, each for a step by its name. It does not know which steps ask.

use std::collections::BTreeMap;

use crate::base::StepId;
use crate::event::Unit;
use crate::t;

/// What `--confirm`, `--choose` and `--answer` say, by `step`, `playbook/step`, or `loop[2]/step` in one iteration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// `--confirm STEP[=TARGET]`
    pub confirm: BTreeMap<String, Option<String>>,
    /// `--choose STEP=VALUE`
    pub choose: BTreeMap<String, String>,
    /// `--answer STEP=VALUE`
    pub answer: BTreeMap<String, String>,
}

impl Answers {
    /// The answers from the flags' values.
    ///
    /// # Errors
    /// Says which value is no answer, or names a step twice.
    pub fn parse(confirm: &[String], choose: &[String], answer: &[String]) -> Result<Answers, String> {
        let mut answers = Answers::default();
        for text in confirm {
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (text.as_str(), None),
            };
            put(&mut answers.confirm, "--confirm", name, value)?;
        }
        for text in choose {
            let (name, value) = both("--choose", text)?;
            put(&mut answers.choose, "--choose", name, value)?;
        }
        for text in answer {
            let (name, value) = both("--answer", text)?;
            put(&mut answers.answer, "--answer", name, value)?;
        }
        Ok(answers)
    }

    /// Flags that answer none of these questions, as they were given: `--confirm swp`. Each question is the flag
    /// that answers it and its step, `loop[*]/step` in a loop over steps. A step that loops itself asks once, so that
    /// an item is never asked about.
    pub fn unknown(&self, questions: &[(&str, StepId)]) -> Vec<String> {
        let known = |flag: &str, name: &str| questions.iter().any(|(f, id)| *f == flag && is_meant(name, id));
        let confirm = self.confirm.keys().map(|name| ("--confirm", name));
        let choose = self.choose.keys().map(|name| ("--choose", name));
        let answer = self.answer.keys().map(|name| ("--answer", name));
        confirm
            .chain(choose)
            .chain(answer)
            .filter(|(flag, name)| !known(flag, name))
            .map(|(flag, name)| format!("{flag} {name}"))
            .collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.confirm.is_empty() && self.choose.is_empty() && self.answer.is_empty()
    }
}

/// The answer for a unit: that for the item, else that for its step, else that for its step in every iteration.
pub fn of_unit<'a, T>(answers: &'a BTreeMap<String, T>, unit: &Unit) -> Option<&'a T> {
    let of_step = || answers.get(unit.step.as_str());
    let of_any = || answers.get(unit.step.without_items().as_str());
    answers.get(&unit.to_string()).or_else(of_step).or_else(of_any)
}

/// Whether a name means a step, which may stand in a loop: with the number of each iteration, or with none.
fn is_meant(name: &str, id: &StepId) -> bool {
    let starred = |part: &str| match part.split_once('[') {
        Some((step, _)) => format!("{step}[*]"),
        None => part.to_string(),
    };
    let in_any: Vec<String> = name.split('/').map(starred).collect();
    id.as_str() == in_any.join("/") || id.without_items().as_str() == name
}

fn both<'a>(flag: &str, text: &'a str) -> Result<(&'a str, String), String> {
    let parts = text.split_once('=').filter(|(_, value)| !value.is_empty());
    parts.map(|(name, value)| (name, value.to_string())).ok_or_else(|| {
        t!(
            "`{flag} {text}` gives no answer; write {flag} STEP=VALUE",
            "`{flag} {text}` には答えがありません。{flag} STEP=VALUE の形で書いてください"
        )
    })
}

fn put<T>(to: &mut BTreeMap<String, T>, flag: &str, name: &str, value: T) -> Result<(), String> {
    if !is_name(name) {
        return Err(t!(
            "`{flag} {name}` does not name a step; write for example {flag} restore/swap or {flag} swap[2]",
            "`{flag} {name}` はステップの名前ではありません。例: {flag} restore/swap、{flag} swap[2]"
        ));
    }
    match to.insert(name.to_string(), value) {
        None => Ok(()),
        Some(_) => Err(t!("`{flag}` answers `{name}` twice", "`{flag}` が `{name}` に二回答えています")),
    }
}

fn is_name(name: &str) -> bool {
    name.split('/').all(|part| {
        let (step, item) = part.split_at(part.find('[').unwrap_or(part.len()));
        let digits = item.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let item_is_good =
            item.is_empty() || digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
        item_is_good && StepId::is_valid(step)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn flags_name_a_step_and_perhaps_its_item() {
        let confirm = texts(&["restore/swap=refnet=1", "drop[2]", "clean"]);
        let given = Answers::parse(&confirm, &texts(&["which=restore"]), &[]).expect("answers");
        assert_eq!(given.confirm["restore/swap"], Some("refnet=1".to_string()));
        let second = Unit::item(StepId::new("drop"), 2);
        let any = Unit::item(StepId::new("clean"), 7);
        assert_eq!(of_unit(&given.confirm, &second), Some(&None));
        assert_eq!(of_unit(&given.confirm, &any), Some(&None));
        assert_eq!(of_unit(&given.confirm, &Unit::item(StepId::new("drop"), 3)), None);
        let asked = |flag, id| (flag, StepId::new(id));
        let questions =
            [asked("--confirm", "drop"), asked("--confirm", "restore/swap"), asked("--answer", "which")];
        assert_eq!(given.unknown(&questions), ["--confirm clean", "--confirm drop[2]", "--choose which"]);
    }

    #[test]
    fn a_step_in_a_loop_is_answered_for_one_iteration_or_for_all() {
        let given =
            Answers::parse(&texts(&["restore[2]/swap=a", "clean/drop=b"]), &[], &[]).expect("answers");
        let of = |id: &str| of_unit(&given.confirm, &Unit::step(StepId::new(id))).cloned().flatten();
        assert_eq!(of("restore[2]/swap").as_deref(), Some("a"));
        assert_eq!(of("restore[1]/swap"), None);
        assert_eq!(of("clean[7]/drop").as_deref(), Some("b"));
        let questions = ["restore[*]/swap", "clean[*]/drop"].map(|id| ("--confirm", StepId::new(id)));
        assert!(given.unknown(&questions).is_empty());
        assert_eq!(given.unknown(&questions[..1]), ["--confirm clean/drop"]);
    }

    #[test]
    fn a_flag_that_is_no_answer_says_how_to_write_it() {
        for (confirm, choose, answer) in [
            (vec!["=x"], vec![], vec![]),
            (vec!["a b"], vec![], vec![]),
            (vec!["a[x]"], vec![], vec![]),
            (vec!["a[]"], vec![], vec![]),
            (vec!["a", "a=1"], vec![], vec![]),
            (vec![], vec!["a"], vec![]),
            (vec![], vec![], vec!["a="]),
        ] {
            let said = Answers::parse(&texts(&confirm), &texts(&choose), &texts(&answer));
            assert!(said.is_err(), "{confirm:?} {choose:?} {answer:?}");
        }
    }
}
