//! All inputs of a playbook against what was given, every mistake in one answer.

use std::io::Read;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::model::check_input as check;
use crate::model::{InputDecl, InputType, SecretSource};

/// A file of inputs is never larger, in bytes; a device has no end.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What was given, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// Every input that is no secret; an absent optional one is null.
    pub values: Map<String, Value>,
    /// Where each secret input comes from.
    pub secrets: IndexMap<String, SecretSource>,
    /// Required inputs that nobody gave.
    pub missing: Vec<String>,
}

/// One thing that is wrong with what was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The input.
    pub input: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Cuts `name=value` as typed behind `-i`.
///
/// # Errors
/// When there is no `=`.
pub fn parse_pair(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), Value::String(value.to_string()))),
        _ => Err(crate::t!(
            "`{text}` is no input; write NAME=VALUE",
            "`{text}` は入力ではありません。名前=値 の形で書いてください"
        )),
    }
}

/// Reads a YAML or JSON file of inputs.
///
/// # Errors
/// When it cannot be read, or holds no mapping.
pub fn from_file(path: &Path) -> Result<Map<String, Value>, String> {
    let shown = path.display();
    let unreadable = |e: std::io::Error| crate::t!("cannot read {shown}: {e}", "{shown} を読めません: {e}");
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LARGEST {
        return Err(crate::t!(
            "{shown} is larger than 64 MiB, which no inputs are",
            "{shown} は 64 MiB を超えています。入力のファイルではありません"
        ));
    }
    serde_yaml::from_str::<Map<String, Value>>(&text).map_err(|e| {
        crate::t!("{shown}: not a mapping of inputs: {e}", "{shown}: 入力の一覧ではありません: {e}")
    })
}

/// Checks what was given against what is declared. Missing inputs are listed, not mistaken: a dry run goes on
/// without them.
///
/// # Errors
/// Every mistake, in the order of the declarations, unknown names last.
pub fn resolve(
    decls: &IndexMap<String, InputDecl>,
    given: &Map<String, Value>,
) -> Result<Given, Vec<Mistake>> {
    let mut out = Given::default();
    let mut mistakes = Vec::new();
    for (name, decl) in decls {
        if decl.kind == InputType::Secret {
            secret(name, decl, given, &mut out, &mut mistakes);
            continue;
        }
        match given.get(name).or(decl.default.as_ref()) {
            Some(Value::Null) | None if is_missing(decl, given.get(name)) => out.missing.push(name.clone()),
            Some(Value::Null) | None => {
                out.values.insert(name.clone(), Value::Null);
            }
            Some(value) => match check(decl, value) {
                Ok(value) => {
                    out.values.insert(name.clone(), value);
                }
                Err(message) => mistakes.push(Mistake { input: name.clone(), message }),
            },
        }
    }
    mistakes.extend(given.keys().filter(|name| !decls.contains_key(*name)).map(|name| unknown(name, decls)));
    if mistakes.is_empty() { Ok(out) } else { Err(mistakes) }
}

/// The required inputs that nobody gave, whatever else may be wrong.
pub fn missing(decls: &IndexMap<String, InputDecl>, given: &Map<String, Value>) -> Vec<String> {
    let missing = decls.iter().filter(|(name, decl)| is_missing(decl, given.get(*name)));
    missing.map(|(name, _)| name.clone()).collect()
}

fn is_missing(decl: &InputDecl, given: Option<&Value>) -> bool {
    let absent = given.or(decl.default.as_ref()).is_none_or(Value::is_null);
    let may_be = match decl.required {
        Some(required) => !required,
        None => given.is_some_and(Value::is_null),
    };
    decl.kind != InputType::Secret && absent && !may_be
}

fn secret(
    name: &str,
    decl: &InputDecl,
    given: &Map<String, Value>,
    out: &mut Given,
    mistakes: &mut Vec<Mistake>,
) {
    if given.contains_key(name) {
        let message = crate::t!(
            "a secret is never given on the command line or in a file of inputs, where others can read it; \
             declare `from: env:NAME`, `file:PATH`, `credential:NAME`, a command or `prompt`",
            "シークレットはコマンドラインや入力ファイルでは渡せません（他人に読まれます）。\
             `from: env:名前`、`file:パス`、`credential:名前`、コマンド、または `prompt` を宣言してください"
        );
        mistakes.push(Mistake { input: name.to_string(), message });
    } else {
        let source = decl.from.clone().unwrap_or(SecretSource::Text("prompt".into()));
        out.secrets.insert(name.to_string(), source);
    }
}

fn unknown(name: &str, decls: &IndexMap<String, InputDecl>) -> Mistake {
    let meant = crate::diag::did_you_mean(name, decls.keys().map(String::as_str));
    let names = decls.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let message = match (meant, names.is_empty()) {
        (Some(meant), _) => crate::t!(
            "no such input; did you mean `{meant}`?",
            "この入力はありません。`{meant}` のことですか?"
        ),
        (None, true) => {
            crate::t!("no such input: the playbook takes none", "このプレイブックに入力はありません")
        }
        (None, false) => {
            crate::t!("no such input; there are: {names}", "この入力はありません。使えるのは: {names}")
        }
    };
    Mistake { input: name.to_string(), message }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use serde_json::{Map, Value, json};

    use super::resolve;
    use crate::model::InputDecl;

    fn decls(text: &str) -> IndexMap<String, InputDecl> {
        serde_yaml::from_str(text).expect("declarations")
    }

    fn given(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("a mapping")
    }

    #[test]
    fn every_mistake_is_named_in_one_answer() {
        let decls = decls("{keep_days: {type: integer, default: 7}, name: {type: string}}");
        let mistakes =
            resolve(&decls, &given(json!({"keep_dais": "9", "keep_days": "x"}))).expect_err("mistakes");
        let inputs: Vec<&str> = mistakes.iter().map(|m| m.input.as_str()).collect();
        assert_eq!(inputs, ["keep_days", "keep_dais"]);
        assert!(mistakes[1].message.contains("`keep_days`"), "{}", mistakes[1].message);
    }

    #[test]
    fn an_absent_optional_input_is_null_and_an_absent_required_one_is_missing() {
        let decls =
            decls("{a: {type: string}, b: {type: string, required: false}, c: {type: integer, default: 3}}");
        let given = resolve(&decls, &Map::new()).expect("no mistake");
        assert_eq!(given.missing, ["a"]);
        assert_eq!(given.values["b"], Value::Null);
        assert_eq!(given.values["c"], json!(3));
    }

    #[test]
    fn a_secret_on_the_command_line_is_refused() {
        let decls = decls("{token: {type: secret, from: 'env:TOKEN'}}");
        assert!(resolve(&decls, &given(json!({"token": "hunter22"}))).is_err());
    }
}
