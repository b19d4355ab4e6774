//! Answers from the command line, and where they do not answer, the terminal. It never assumes a yes.

use std::future::Future;
use std::pin::Pin;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::answers::{Answers, of_unit};
use super::evidence;
use super::terminal::TerminalOperator;
use crate::event::{Answer, Choice, Operator, Question, Reply, Unit};
use crate::model::InputDecl;
use crate::report::cell;
use crate::t;

/// Answers by flags first, then on the terminal where there is one; else with no.
pub struct FlagOperator {
    answers: Answers,
    by: String,
    then: Option<TerminalOperator>,
}

/// What the flags say to a question: an answer, or why they have none.
type Said = Result<Reply, String>;

impl FlagOperator {
    /// Flags in the name of `by`, with the terminal behind them where there is one.
    pub fn new(answers: Answers, by: &str, then: Option<TerminalOperator>) -> FlagOperator {
        FlagOperator { answers, by: by.to_string(), then }
    }

    /// What the flags say to a question.
    ///
    /// # Errors
    /// Why they do not answer it: `no terminal` where no flag names the step.
    pub fn by_flag(&self, unit: &Unit, question: &Question) -> Said {
        match question {
            Question::Confirm { typed, people, .. } => self.confirm(unit, typed.as_deref(), *people),
            Question::Decide { choices, .. } => self.decide(unit, choices),
            Question::Manual { evidence, .. } => self.manual(unit, evidence),
        }
    }

    fn confirm(&self, unit: &Unit, typed: Option<&str>, people: u32) -> Said {
        let given = of_unit(&self.answers.confirm, unit).ok_or_else(no_terminal)?;
        if people > 1 {
            return Err(t!(
                "{people} people have to agree, at a terminal",
                "{people} 名の承認が端末で必要です"
            ));
        }
        match (typed, given.as_deref()) {
            (Some(target), Some(value)) if value == target => Ok(Reply::Yes),
            (None, _) => Ok(Reply::Yes),
            (Some(target), Some(value)) => Err(t!(
                "--confirm {unit} says `{value}`, the target is `{target}`",
                "--confirm {unit} の値 `{value}` は対象 `{target}` と違います"
            )),
            (Some(target), None) => Err(t!(
                "the target has to be named: --confirm {unit}={target}",
                "対象の名前が必要です: --confirm {unit}={target}"
            )),
        }
    }

    fn decide(&self, unit: &Unit, choices: &[Choice]) -> Said {
        let given = of_unit(&self.answers.choose, unit).ok_or_else(no_terminal)?;
        let chosen = choices.iter().find(|choice| cell(&choice.value) == *given);
        chosen.map(|choice| Reply::Choice { value: choice.value.clone(), reason: None }).ok_or_else(|| {
            let all = choices.iter().map(|c| cell(&c.value)).collect::<Vec<_>>().join(", ");
            t!(
                "--choose {unit} says `{given}`, the choices are: {all}",
                "--choose {unit} の値 `{given}` は選択肢にありません: {all}"
            )
        })
    }

    fn manual(&self, unit: &Unit, wanted: &IndexMap<String, InputDecl>) -> Said {
        let given = of_unit(&self.answers.answer, unit).ok_or_else(no_terminal)?;
        read_manual(given, wanted).map_err(|why| t!("--answer {unit}: {why}", "--answer {unit}: {why}"))
    }
}

fn no_terminal() -> String {
    "no terminal".to_string()
}

/// `done`, `not_done`, `not_applicable`, `key=value,key=value`, or JSON: the evidence, or an object with
/// `answer`, `evidence` and `note`.
fn read_manual(text: &str, wanted: &IndexMap<String, InputDecl>) -> Said {
    let (answer, given, note) = match text.trim() {
        json if json.starts_with('{') => from_json(json)?,
        word if is_answer(word) => (word.to_string(), Map::new(), None),
        pairs => ("done".to_string(), from_pairs(pairs)?, None),
    };
    let evidence = if answer == "done" { check(given, wanted)? } else { IndexMap::new() };
    Ok(Reply::Manual { answer, evidence, note })
}

fn is_answer(word: &str) -> bool {
    matches!(word, "done" | "not_done" | "not_applicable")
}

/// The answer, the evidence as it was given, and a note.
type Given = (String, Map<String, Value>, Option<String>);

fn from_json(text: &str) -> Result<Given, String> {
    let map: Map<String, Value> =
        serde_json::from_str(text).map_err(|e| t!("not JSON: {e}", "JSON ではありません: {e}"))?;
    if !map.contains_key("answer") && !map.get("evidence").is_some_and(Value::is_object) {
        return Ok(("done".to_string(), map, None));
    }
    let answer = map.get("answer").map_or("done", |value| value.as_str().unwrap_or_default());
    if !is_answer(answer) {
        return Err(t!(
            "the answer is done, not_done or not_applicable",
            "答えは done、not_done、not_applicable のいずれかです"
        ));
    }
    let evidence = map.get("evidence").and_then(Value::as_object).cloned().unwrap_or_default();
    let note = map.get("note").and_then(Value::as_str).map(str::to_string);
    Ok((answer.to_string(), evidence, note))
}

fn from_pairs(text: &str) -> Result<Map<String, Value>, String> {
    let pair = |part: &str| {
        let (key, value) = part.split_once('=')?;
        Some((key.trim().to_string(), Value::from(value.trim())))
    };
    text.split(',').map(pair).collect::<Option<_>>().ok_or_else(|| {
        t!(
            "write done, not_done, not_applicable, or the evidence as key=value,key=value or JSON",
            "done、not_done、not_applicable、または証跡を key=value,key=value か JSON で書いてください"
        )
    })
}

fn check(
    given: Map<String, Value>,
    wanted: &IndexMap<String, InputDecl>,
) -> Result<IndexMap<String, Value>, String> {
    if let Some(key) = given.keys().find(|key| !wanted.contains_key(*key)) {
        return Err(t!("`{key}` is not asked for", "`{key}` は求められていません"));
    }
    let read = |(key, decl): (&String, &InputDecl)| {
        let text = given.get(key).filter(|value| !value.is_null()).map(plain).unwrap_or_default();
        let value = evidence::read(decl, &text).map_err(|why| format!("{key}: {why}"))?;
        Ok((key.clone(), value))
    };
    wanted.iter().map(read).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

impl Operator for FlagOperator {
    fn ask<'a>(
        &'a self,
        unit: &'a Unit,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Answer> + 'a>> {
        let said = self.by_flag(unit, question);
        match (said, &self.then) {
            (Err(_), Some(terminal)) => terminal.ask(unit, question),
            (Ok(reply), _) => Box::pin(std::future::ready(Answer { reply, by: self.by.clone() })),
            (Err(because), None) => {
                let reply = Reply::No { because };
                Box::pin(std::future::ready(Answer { reply, by: self.by.clone() }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::StepId;
    use serde_json::json;

    fn said(flag: &str, value: &str, question: &Question) -> Said {
        let given = [format!("ask{value}")];
        let pick = |name: &str| if name == flag { &given[..] } else { &[] };
        let answers = Answers::parse(pick("confirm"), pick("choose"), pick("answer")).expect("answers");
        FlagOperator::new(answers, "佐藤", None).by_flag(&Unit::step(StepId::new("ask")), question)
    }

    fn confirm(typed: Option<&str>, people: u32) -> Question {
        let (text, preview, typed) = (String::new(), String::new(), typed.map(str::to_string));
        Question::Confirm { text, preview, facts: IndexMap::new(), typed, people }
    }

    #[test]
    fn a_flag_confirms_only_the_target_it_names() {
        assert_eq!(said("confirm", "", &confirm(None, 1)), Ok(Reply::Yes));
        assert_eq!(said("confirm", "=refnet", &confirm(Some("refnet"), 1)), Ok(Reply::Yes));
        for (value, question) in [
            ("=other", confirm(Some("refnet"), 1)),
            ("", confirm(Some("refnet"), 1)),
            ("=refnet ", confirm(Some("refnet"), 1)),
            ("", confirm(None, 2)),
        ] {
            assert!(said("confirm", value, &question).is_err(), "{value}");
        }
        assert_eq!(said("choose", "=x", &confirm(None, 1)), Err("no terminal".to_string()));
    }

    #[test]
    fn a_choice_is_one_of_those_offered() {
        let choices = vec![
            Choice { value: json!("restore"), label: "復元する".into() },
            Choice { value: json!(3), label: "三番".into() },
        ];
        let question = Question::Decide { text: String::new(), choices };
        assert_eq!(said("choose", "=3", &question), Ok(Reply::Choice { value: json!(3), reason: None }));
        assert!(said("choose", "=復元する", &question).is_err_and(|why| why.contains("restore, 3")));
    }

    #[test]
    fn evidence_is_checked_as_if_it_were_typed() {
        let decl = serde_json::from_str(r#"{"type":"integer","minimum":0}"#).expect("a declaration");
        let evidence = IndexMap::from([("red".to_string(), decl)]);
        let question = Question::Manual { instruction: String::new(), link: None, evidence };
        let done = |note: Option<&str>| {
            let evidence = IndexMap::from([("red".to_string(), json!(0))]);
            Ok(Reply::Manual { answer: "done".into(), evidence, note: note.map(str::to_string) })
        };
        assert_eq!(said("answer", "=red=0", &question), done(None));
        assert_eq!(said("answer", r#"={"red": 0}"#, &question), done(None));
        let full = r#"={"answer": "done", "evidence": {"red": 0}, "note": "良好"}"#;
        assert_eq!(said("answer", full, &question), done(Some("良好")));
        let not = Reply::Manual { answer: "not_done".into(), evidence: IndexMap::new(), note: None };
        assert_eq!(said("answer", "=not_done", &question), Ok(not));
        for wrong in ["=done", "=red=-1", "=blue=1", "=maybe", "={", r#"={"answer": "perhaps"}"#] {
            assert!(said("answer", wrong, &question).is_err(), "{wrong}");
        }
    }
}
