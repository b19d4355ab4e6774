//! A text for people that stands in several languages: each of them is read, and one is taken.

use serde_json::{Map, Value};

use super::fit::{Broken, Fit, Fitted, Where};
use super::tree::{Def, Shape};
use crate::base::Lang;
use crate::diag::did_you_mean;
use crate::lang::yaml::Seg;

/// A text that was taken from among those of several languages.
#[derive(Debug)]
pub struct Choice {
    /// The path of the whole, in the model.
    pub path: Vec<Seg>,
    /// The language of the one that was taken.
    pub taken: Lang,
    /// Those that were not.
    pub others: Vec<(Lang, String)>,
}

impl Fit<'_> {
    /// Fits a text for people: one text, or one for each language, of which the wanted one stays; else the first.
    pub(super) fn localized(&mut self, value: &mut Value) -> Fitted {
        let Value::Object(map) = value else { return self.scalar(value, &Shape::Text) };
        let mut texts = std::mem::take(map);
        if self.null_is_absent {
            texts.retain(|_, text| !text.is_null());
        }
        if texts.is_empty() {
            return self.no_text();
        }
        let mut said = Vec::with_capacity(Lang::ALL.len());
        for (key, mut text) in texts {
            self.trail.enter(&key);
            match Lang::of_key(&key) {
                Some(lang) if self.scalar(&mut text, &Shape::Text).is_ok() => {
                    said.extend(text.as_str().map(|text| (lang, text.to_string())));
                }
                Some(_) => {}
                None => drop(self.no_language(&key)),
            }
            self.trail.leave();
        }
        if said.is_empty() {
            return Err(Broken);
        }
        let wanted = said.iter().position(|(lang, _)| *lang == self.lang);
        let (taken, text) = said.swap_remove(wanted.unwrap_or_default());
        self.choices.push(Choice { path: self.trail.path(), taken, others: said });
        *value = Value::String(text);
        Ok(())
    }

    fn no_text(&mut self) -> Fitted {
        let title = crate::t!("there is no text in any language", "どの言語の文もありません");
        let help =
            crate::t!("write `ja:`, `en:` or both", "`ja:`、`en:` のどちらか、または両方を書いてください");
        self.note(Where::Value, "empty", title, Some(help))
    }

    fn no_language(&mut self, key: &str) -> Fitted {
        let title = crate::t!("`{key}` is no language of a text", "`{key}` は文の言語として使えません");
        let near = Lang::of_locale(key).map(Lang::key);
        let near = near.or_else(|| did_you_mean(key, Lang::ALL.map(Lang::key)));
        let help = match near {
            Some(near) => crate::t!("did you mean `{near}`?", "`{near}` の間違いではありませんか？"),
            None => {
                crate::t!("the languages are `ja` and `en`", "使える言語は `ja` と `en` です")
            }
        };
        self.note(Where::Key, "unknown-language", title, Some(help))
    }
}

impl Def {
    /// Whether a mapping is not this type with its keys, but the text that may be written for it, in several languages.
    pub(super) fn is_text(&self, key: &str, map: &Map<String, Value>) -> bool {
        let Shape::Struct(fields) = &self.shape else { return false };
        self.text_key == Some(key)
            && map.keys().any(|key| Lang::of_key(key).is_some())
            && !map.keys().any(|key| fields.iter().any(|f| f.key == *key))
    }
}
