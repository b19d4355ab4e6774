//! The filters of this language that minijinja does not have, or has otherwise. They know no place and no
//! step.

use base64::Engine as _;
use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, Value};
use sha2::{Digest, Sha256};

use super::dates;
use super::error::raise;
use super::marker::{encoded, percent};
use super::strict::{CONCAT, DEFINED, MAYBE};
use super::value::{Ident, Raw, Words, from_json, to_json, to_open_text, to_text, undefined};
use crate::base::{Duration, Size};

/// Gives an environment these filters.
pub(super) fn add(env: &mut Environment<'static>) {
    env.add_filter(DEFINED, defined);
    env.add_filter(CONCAT, concat);
    env.add_filter(MAYBE, maybe);
    env.add_filter("words", words);
    env.add_filter("raw", raw);
    env.add_filter("ident", ident);
    env.add_filter("string", string);
    env.add_filter("join", join);
    env.add_filter("tojson", tojson);
    env.add_filter("json", json);
    env.add_filter("urlencode", urlencode);
    env.add_filter("b64encode", b64encode);
    env.add_filter("sha256", sha256);
    env.add_filter("basename", basename);
    env.add_filter("dirname", dirname);
    env.add_filter("duration", duration);
    env.add_filter("seconds", seconds);
    env.add_filter("filesize", filesize);
    env.add_filter("bytes", bytes);
    env.add_filter("shift", dates::shift);
    env.add_filter("strftime", dates::strftime);
    env.add_filter("epoch", dates::epoch);
}

fn defined(value: &Value) -> Result<Value, Error> {
    if value.is_undefined() { Err(undefined()) } else { Ok(value.clone()) }
}

fn concat(left: &Value, right: &Value) -> Result<String, Error> {
    Ok(to_text(left)? + &to_text(right)?)
}

fn maybe(value: &Value, parts: Rest<Value>) -> Value {
    let mut value = value.clone();
    for part in parts.iter() {
        value = value.get_item(part).ok().filter(|v| !v.is_undefined()).unwrap_or_else(|| {
            part.as_i64().and_then(|n| value.get_attr(&n.to_string()).ok()).unwrap_or_default()
        });
    }
    value
}

fn words(value: &Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => Ok(Value::from_object(Words(value.try_iter()?.collect()))),
        _ => Err(raise(crate::t!(
            "`| words` needs a list; a single value is one word anyway",
            "`| words` にはリストが必要です。単独の値はそのままで 1 語になります"
        ))),
    }
}

fn raw(value: &Value) -> Result<Value, Error> {
    to_text(value).map(|text| Value::from_object(Raw(text)))
}

fn ident(value: &Value) -> Result<Value, Error> {
    let names = match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            value.try_iter()?.map(|n| to_open_text(&n)).collect::<Result<Vec<_>, _>>()?
        }
        _ => vec![to_open_text(value)?],
    };
    if names.is_empty() || names.iter().any(String::is_empty) {
        return Err(raise(crate::t!("a SQL name cannot be empty", "SQL の名前を空にはできません")));
    }
    let quoted: Vec<String> = names.iter().map(|n| format!("\"{}\"", n.replace('"', "\"\""))).collect();
    Ok(Value::from_object(Ident(quoted.join("."))))
}

fn string(value: &Value) -> Result<String, Error> {
    to_text(value)
}

fn join(value: &Value, separator: Option<String>, kwargs: Kwargs) -> Result<String, Error> {
    let attribute = kwargs.get::<Option<String>>("attribute")?;
    let separator = match separator {
        Some(text) => text,
        None => kwargs.get::<Option<String>>("d")?.unwrap_or_default(),
    };
    kwargs.assert_all_used()?;
    let part = |item: Value| match &attribute {
        Some(name) => to_text(&item.get_attr(name)?),
        None => to_text(&item),
    };
    Ok(value.try_iter()?.map(part).collect::<Result<Vec<_>, _>>()?.join(&separator))
}

fn tojson(value: &Value, indent: Option<usize>, kwargs: Kwargs) -> Result<String, Error> {
    let indent = indent.or(kwargs.get::<Option<usize>>("indent")?).unwrap_or(0);
    kwargs.assert_all_used()?;
    let json = to_json(value, false)?;
    let text = if indent > 0 { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) };
    text.map_err(|e| raise(e.to_string()))
}

fn json(value: &Value) -> Result<Value, Error> {
    let text = to_open_text(value)?;
    serde_json::from_str(&text)
        .map(|json| from_json(&json))
        .map_err(|e| raise(crate::t!("the text is no JSON: {e}", "JSON として読めません: {e}")))
}

fn urlencode(value: &Value) -> Result<String, Error> {
    if value.kind() == ValueKind::Map {
        let pair = |key: Value| {
            let item = value.get_item(&key)?;
            Ok(format!("{}={}", percent(&to_open_text(&key)?), encoded(&to_text(&item)?)?))
        };
        return Ok(value.try_iter()?.map(pair).collect::<Result<Vec<_>, Error>>()?.join("&"));
    }
    encoded(&to_text(value)?)
}

fn b64encode(value: &Value) -> Result<String, Error> {
    Ok(base64::engine::general_purpose::STANDARD.encode(to_open_text(value)?))
}

fn sha256(value: &Value) -> Result<String, Error> {
    Ok(Sha256::digest(to_open_text(value)?).iter().map(|b| format!("{b:02x}")).collect())
}

fn basename(value: &Value) -> Result<String, Error> {
    let path = to_open_text(value)?;
    Ok(path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_string())
}

fn dirname(value: &Value) -> Result<String, Error> {
    let path = to_open_text(value)?;
    Ok(match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/".to_string(),
        Some((folder, _)) => folder.to_string(),
        None if path.starts_with('/') => "/".to_string(),
        None => ".".to_string(),
    })
}

fn duration(value: &Value) -> Result<String, Error> {
    let seconds = f64::try_from(value.clone()).ok().filter(|s| s.is_finite() && *s >= 0.0);
    let seconds = seconds.ok_or_else(|| {
        raise(crate::t!("`| duration` needs a number of seconds", "`| duration` には秒数が必要です"))
    })?;
    Ok(Duration::from_millis((seconds * 1000.0).round() as u64).to_string())
}

fn seconds(value: &Value) -> Result<Value, Error> {
    if value.is_number() {
        return Ok(value.clone());
    }
    let millis = Duration::parse(&to_open_text(value)?).map_err(raise)?.as_millis();
    Ok(if millis % 1000 == 0 { Value::from(millis / 1000) } else { Value::from(millis as f64 / 1000.0) })
}

fn filesize(value: &Value) -> Result<String, Error> {
    let bytes =
        f64::try_from(value.clone()).ok().filter(|b| b.is_finite() && *b >= 0.0).ok_or_else(|| {
            raise(crate::t!("`| filesize` needs a number of bytes", "`| filesize` にはバイト数が必要です"))
        })?;
    let (mut size, mut unit) = (bytes, "B");
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, next);
    }
    Ok(if unit == "B" { format!("{size:.0} B") } else { format!("{size:.1} {unit}") })
}

fn bytes(value: &Value) -> Result<u64, Error> {
    Size::parse(&to_open_text(value)?).map(|size| size.0).map_err(raise)
}
