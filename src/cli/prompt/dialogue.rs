//! One question on a terminal, from its page to the reply. It blocks until there is one, and knows no run.

use console::Term;
use dialoguer::{Confirm, Input, Select};
use indexmap::IndexMap;
use serde_json::Value;

use super::evidence;
use super::page::page;
use crate::event::{Answer, Choice, Question, Reply, Unit};
use crate::model::InputDecl;
use crate::report::{Look, fit, safe_line};
use crate::t;

/// Why there is no answer.
type Lost = dialoguer::Error;

/// Asks on this terminal; whatever is not a clear yes is a no.
pub fn ask(term: &Term, look: Look, by: &str, unit: &Unit, question: &Question) -> Answer {
    let asked = show(term, look, unit, question).and_then(|()| reply(term, by, question));
    asked.unwrap_or_else(|lost| no(&because(&lost), by))
}

fn show(term: &Term, look: Look, unit: &Unit, question: &Question) -> Result<(), Lost> {
    for line in page(unit, question, look, columns(term)) {
        term.write_line(&line)?;
    }
    Ok(())
}

fn reply(term: &Term, by: &str, question: &Question) -> Result<Answer, Lost> {
    match question {
        Question::Confirm { typed, people, .. } => confirm(term, by, typed.as_deref(), *people),
        Question::Manual { evidence, .. } => manual(term, by, evidence),
        Question::Decide { choices, .. } => decide(term, by, choices),
    }
}

fn no(because: &str, by: &str) -> Answer {
    Answer { reply: Reply::No { because: because.to_string() }, by: by.to_string() }
}

fn because(lost: &Lost) -> String {
    let dialoguer::Error::IO(error) = lost;
    let word = match error.kind() {
        std::io::ErrorKind::Interrupted => "interrupted",
        _ => "end of input",
    };
    word.to_string()
}

fn columns(term: &Term) -> usize {
    usize::from(term.size().1.max(40)) - 1
}

/// Several people agree one after the other, at this one terminal, under different names.
fn confirm(term: &Term, by: &str, typed: Option<&str>, people: u32) -> Result<Answer, Lost> {
    if people < 2 {
        let yes = agree(term, typed)?;
        return Ok(if yes { yes_by(by.to_string()) } else { no(refusal(typed), by) });
    }
    let mut names: Vec<String> = Vec::new();
    for place in 1..=people {
        names.push(name(term, &names, place, people)?);
        if !agree(term, typed)? {
            return Ok(no(refusal(typed), &names.join(", ")));
        }
    }
    Ok(yes_by(names.join(", ")))
}

fn yes_by(by: String) -> Answer {
    Answer { reply: Reply::Yes, by }
}

fn refusal(typed: Option<&str>) -> &'static str {
    if typed.is_some() { "not the text asked for" } else { "said no" }
}

fn name(term: &Term, taken: &[String], place: u32, people: u32) -> Result<String, Lost> {
    let free = |given: &String| match given.trim() {
        "" => Err(t!("a name is needed", "名前を入力してください")),
        name if taken.iter().any(|other| other.eq_ignore_ascii_case(name)) => Err(t!(
            "{name} has agreed already; another person is needed",
            "{name} は承認済みです。別の人が必要です"
        )),
        _ => Ok(()),
    };
    let given: String = Input::new()
        .with_prompt(t!("Person {place} of {people}, your name", "承認者 {place}/{people} の名前"))
        .allow_empty(true)
        .validate_with(free)
        .interact_text_on(term)?;
    Ok(safe_line(given.trim()).into_owned())
}

fn agree(term: &Term, typed: Option<&str>) -> Result<bool, Lost> {
    match typed {
        Some(target) => {
            let shown = safe_line(target);
            let given: String = Input::new()
                .with_prompt(t!("Type {shown} to go on", "続けるには {shown} と入力してください"))
                .allow_empty(true)
                .interact_text_on(term)?;
            Ok(given == target)
        }
        None => {
            let prompt = t!("Go on?", "実行しますか?");
            let said = Confirm::new().with_prompt(prompt).default(false).wait_for_newline(true);
            Ok(said.interact_on_opt(term)?.unwrap_or(false))
        }
    }
}

fn manual(term: &Term, by: &str, wanted: &IndexMap<String, InputDecl>) -> Result<Answer, Lost> {
    let words = [t!("done", "実施した"), t!("not done", "実施していない"), t!("not applicable", "対象外")];
    let prompt = t!("How is it?", "結果");
    let Some(place) = Select::new().with_prompt(prompt).items(words).interact_on_opt(term)? else {
        return Ok(no("said no", by));
    };
    let answer = ["done", "not_done", "not_applicable"][place.min(2)].to_string();
    let mut evidence = IndexMap::new();
    if answer == "done" {
        for (key, decl) in wanted {
            evidence.insert(key.clone(), piece(term, key, decl)?);
        }
    }
    let note = remark(term, &t!("Note (may be empty)", "メモ (省略可)"))?;
    Ok(Answer { reply: Reply::Manual { answer, evidence, note }, by: by.to_string() })
}

fn piece(term: &Term, key: &str, decl: &InputDecl) -> Result<Value, Lost> {
    let prompt = match &decl.description {
        Some(about) => format!("{key} ({})", safe_line(about)),
        None => key.to_string(),
    };
    let text: String = Input::new()
        .with_prompt(fit(&prompt, columns(term) / 2))
        .allow_empty(true)
        .validate_with(|text: &String| evidence::read(decl, text).map(|_| ()))
        .interact_text_on(term)?;
    evidence::read(decl, &text).map_err(|why| dialoguer::Error::IO(std::io::Error::other(why)))
}

fn decide(term: &Term, by: &str, choices: &[Choice]) -> Result<Answer, Lost> {
    let room = columns(term).saturating_sub(4);
    let labels = choices.iter().map(|choice| fit(&safe_line(&choice.label), room));
    let prompt = t!("Choose", "選択");
    let chosen = Select::new().with_prompt(prompt).items(labels).max_length(12).interact_on_opt(term)?;
    let Some(choice) = chosen.and_then(|place| choices.get(place)) else {
        return Ok(no("said no", by));
    };
    let reason = remark(term, &t!("Reason", "理由"))?;
    Ok(Answer { reply: Reply::Choice { value: choice.value.clone(), reason }, by: by.to_string() })
}

fn remark(term: &Term, prompt: &str) -> Result<Option<String>, Lost> {
    let text: String = Input::new().with_prompt(prompt).allow_empty(true).interact_text_on(term)?;
    let text = safe_line(text.trim()).into_owned();
    Ok((!text.is_empty()).then_some(text))
}
