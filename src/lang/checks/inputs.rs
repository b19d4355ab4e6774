//! The inputs of a playbook as they are declared: types, limits, patterns. It is given no values.

use regex::Regex;
use serde_json::Value;

use super::site::Site;
use crate::base::{Duration, Size};
use crate::lang::yaml::Seg;
use crate::model::{InputDecl, InputType, Playbook, has_template};

/// Checks every declaration.
pub fn check(playbook: &Playbook, site: &mut Site<'_>) {
    for (name, decl) in &playbook.inputs {
        one(&[Seg::name("inputs"), Seg::name(name)], name, decl, site);
    }
}

/// Checks one declaration that stands at a path.
pub fn one(path: &[Seg], name: &str, decl: &InputDecl, site: &mut Site<'_>) {
    let at = |site: &Site<'_>, key: &str| site.doc.value(&[path, &[Seg::name(key)]].concat());
    if let Some(pattern) = &decl.pattern
        && Regex::new(pattern).is_err()
    {
        let title =
            crate::t!("`{pattern}` is not a regular expression", "`{pattern}` は正規表現ではありません");
        site.error("bad-pattern", at(site, "pattern"), title, None);
    }
    if decl.kind == InputType::Choice && decl.choices.is_empty() {
        let title =
            crate::t!("the choice `{name}` has no `choices`", "選択肢 `{name}` に `choices` がありません");
        let help = crate::t!("add `choices: [a, b]`", "`choices: [a, b]` を追加してください");
        site.error("no-choices", at(site, "type"), title, Some(help));
    }
    if decl.kind != InputType::Choice && !decl.choices.is_empty() {
        let title =
            crate::t!("`choices` belongs to the type choice", "`choices` は型 choice のためのものです");
        site.error("stray-choices", at(site, "choices"), title, Some("`type: choice`".to_string()));
    }
    if let (Some(min), Some(max)) = (decl.minimum, decl.maximum)
        && min > max
    {
        let title = crate::t!(
            "`minimum` {min} is more than `maximum` {max}",
            "`minimum` {min} が `maximum` {max} より大きいです"
        );
        site.error("empty-range", at(site, "minimum"), title, None);
    }
    if decl.from.is_some() && decl.kind != InputType::Secret {
        let title = crate::t!("`from` belongs to the type secret", "`from` は型 secret のためのものです");
        site.error("stray-from", at(site, "from"), title, None);
    }
    if let Some(default) = &decl.default
        && let Some(title) = wrong_default(name, decl, default)
    {
        site.error("wrong-default", at(site, "default"), title, None);
    }
}

fn wrong_default(name: &str, decl: &InputDecl, value: &Value) -> Option<String> {
    if value.is_null() {
        return None;
    }
    if decl.kind == InputType::Secret {
        return Some(crate::t!(
            "the secret `{name}` cannot have a default that stands in a file",
            "秘密の入力 `{name}` の既定値をファイルに書くことはできません"
        ));
    }
    if value.as_str().is_some_and(has_template) {
        return None;
    }
    let fits = fits(decl.kind, value);
    let kind = crate::model::Field::show(&value.clone());
    if !fits {
        let word = word(decl.kind);
        return Some(crate::t!(
            "the default `{kind}` of `{name}` is not of its type {word}",
            "`{name}` の既定値 `{kind}` が型 {word} に合いません"
        ));
    }
    if decl.kind == InputType::Choice && !decl.choices.iter().any(|c| Some(c.as_str()) == value.as_str()) {
        return Some(crate::t!(
            "the default `{kind}` of `{name}` is not one of its choices",
            "`{name}` の既定値 `{kind}` が選択肢にありません"
        ));
    }
    let outside = value
        .as_f64()
        .is_some_and(|n| decl.minimum.is_some_and(|min| n < min) || decl.maximum.is_some_and(|max| n > max));
    let pattern = decl.pattern.as_deref().and_then(|p| Regex::new(&format!("^(?:{p})$")).ok());
    let unmatched = pattern.zip(value.as_str()).is_some_and(|(p, text)| !p.is_match(text));
    (outside || unmatched).then(|| {
        crate::t!(
            "the default `{kind}` of `{name}` is outside its own limits",
            "`{name}` の既定値 `{kind}` が制限に合いません"
        )
    })
}

fn fits(kind: InputType, value: &Value) -> bool {
    let text = || value.as_str();
    match kind {
        InputType::String | InputType::Choice | InputType::Path | InputType::Secret => value.is_string(),
        InputType::Integer => value.is_i64() || value.is_u64(),
        InputType::Number => value.is_number(),
        InputType::Boolean => value.is_boolean(),
        InputType::Date => text().is_some_and(|t| t.parse::<jiff::civil::Date>().is_ok()),
        InputType::Time => text().is_some_and(|t| t.parse::<jiff::civil::Time>().is_ok()),
        InputType::Duration => text().is_some_and(|t| Duration::parse(t).is_ok()),
        InputType::Size => value.is_u64() || text().is_some_and(|t| Size::parse(t).is_ok()),
        InputType::Ip => text().is_some_and(|t| t.parse::<std::net::IpAddr>().is_ok()),
        InputType::Version => text().is_some_and(is_version),
    }
}

fn is_version(text: &str) -> bool {
    let digits = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    !text.is_empty() && text.split('.').take(3).all(digits) && !text.contains(char::is_whitespace)
}

fn word(kind: InputType) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
}
