//! What is expected and what was found, as people say it. It checks nothing.

use serde_json::Value;

use super::tree::Shape;

/// What a shape is called in "expected …".
pub fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Text | Shape::Localized => crate::t!("text", "文字列"),
        Shape::Argument => crate::t!("text or a number", "文字列か数値"),
        Shape::Names => crate::t!("a name or a list of names", "名前か名前のリスト"),
        Shape::Bool => crate::t!("true or false", "true か false"),
        Shape::Integer(0, i64::MAX | 0xffff_ffff) => crate::t!("a whole number from 0", "0 以上の整数"),
        Shape::Integer(0, to) => crate::t!("a whole number from 0 to {to}", "0 から {to} までの整数"),
        Shape::Integer(..) => crate::t!("a whole number", "整数"),
        Shape::Number => crate::t!("a number", "数値"),
        Shape::Duration => crate::t!("a length of time such as 30s or 2h", "30s や 2h のような時間の長さ"),
        Shape::Size => crate::t!("a size such as 64KiB", "64KiB のようなサイズ"),
        Shape::StepId => crate::t!("the id of a step", "ステップの id"),
        Shape::Needs => crate::t!("a list of step ids, or `above`", "ステップ id のリストか `above`"),
        Shape::SecretSource => crate::t!(
            "env:NAME, file:PATH, credential:NAME, prompt or {{command: […]}}",
            "env:NAME、file:PATH、credential:NAME、prompt、{{command: […]}} のいずれか"
        ),
        Shape::Words(words) => {
            let list = words.join(", ");
            crate::t!("one of {list}", "{list} のいずれか")
        }
        Shape::Templated(inner) => expected(inner),
        Shape::List(_) => crate::t!("a list", "リスト"),
        Shape::Any => crate::t!("a value", "値"),
        Shape::TextOrMap => crate::t!("text or a mapping", "文字列かマッピング"),
        Shape::Map(_) | Shape::Facts | Shape::Def(_) | Shape::Struct(_) | Shape::OneOf(_) => {
            crate::t!("a mapping (`key: value`)", "マッピング（`キー: 値`）")
        }
    }
}

/// What a value of the file is called in "found …".
pub fn found(value: &Value) -> String {
    match value {
        Value::Null => crate::t!("nothing", "空の値"),
        Value::Bool(b) => crate::t!("`{b}` (true or false)", "`{b}`（真偽値）"),
        Value::Number(n) => crate::t!("the number {n}", "数値 {n}"),
        Value::String(text) if text.chars().count() <= 40 && !text.contains('\n') => {
            crate::t!("the text `{text}`", "文字列 `{text}`")
        }
        Value::String(_) => crate::t!("text", "文字列"),
        Value::Array(_) => crate::t!("a list", "リスト"),
        Value::Object(_) => crate::t!("a mapping", "マッピング"),
    }
}

/// Names for people, no more than will be read.
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
