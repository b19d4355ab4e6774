//! What a server answered, read within bounds. It does not know what was asked.

use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};
use indexmap::IndexMap;
use jiff::Timestamp;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value, json};

use crate::action::certificate::Certificate;
use crate::action::trust::Trust;

/// So much of a body goes into the log.
const LOGGED: usize = 16 * 1024;

/// An answer that was read to its end, or to the bound.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its header fields by lower-case name; repeated ones are joined by `, `.
    pub headers: IndexMap<String, String>,
    /// The address that answered in the end.
    pub url: String,
    /// From the request's start to the answer's head.
    pub first_byte: Duration,
    /// Whether the body goes on beyond what was read.
    pub cut: bool,
    reason: &'static str,
    body: String,
}

/// Reads an answer; of its body at most `bound` bytes.
pub async fn read(
    mut response: Response,
    first_byte: Duration,
    bound: usize,
) -> Result<Answer, reqwest::Error> {
    let mut bytes = Vec::new();
    let mut cut = false;
    while let Some(chunk) = response.chunk().await? {
        let room = bound - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            cut = true;
            break;
        }
    }
    Ok(Answer {
        status: response.status().as_u16(),
        reason: response.status().canonical_reason().unwrap_or_default(),
        headers: headers(response.headers()),
        url: response.url().to_string(),
        first_byte,
        cut,
        body: text(&bytes, response.headers(), cut),
    })
}

impl Answer {
    /// `200 OK`.
    pub fn status_line(&self) -> String {
        format!("{} {}", self.status, self.reason).trim_end().to_string()
    }

    /// The beginning of its body for the log, ending in a line break.
    pub fn head(&self) -> String {
        let mut end = self.body.len().min(LOGGED);
        while !self.body.is_char_boundary(end) {
            end -= 1;
        }
        let mut head = self.body[..end].to_string();
        if !head.is_empty() && !head.ends_with('\n') {
            head.push('\n');
        }
        head
    }

    /// What it gives to later steps.
    pub fn gives(self) -> Map<String, Value> {
        let json =
            if self.cut { Value::Null } else { serde_json::from_str(&self.body).unwrap_or(Value::Null) };
        let mut gives = Map::new();
        gives.insert("status".into(), self.status.into());
        gives.insert("headers".into(), json!(self.headers));
        gives.insert("body".into(), self.body.into());
        gives.insert("json".into(), json);
        gives.insert("error".into(), Value::Null);
        gives
    }
}

/// What the operator is told when a body was longer than the step may give.
pub fn cut_warning(answer: &Answer) -> String {
    let bytes = answer.body.len();
    crate::t!(
        "the answer is longer than {bytes} bytes; the rest was not read (`max_output` sets the bound)",
        "応答が {bytes} バイトを超えたため、残りは読みませんでした（上限は `max_output` で変えられます）"
    )
}

/// The facts of the certificate that the server showed, and whether it is believed.
pub fn tls(trust: &Trust) -> Value {
    let Some(seen) = trust.seen() else { return Value::Null };
    let Ok(certificate) = Certificate::read(&seen.leaf) else { return Value::Null };
    let mut gives = certificate.gives(Timestamp::now());
    gives.insert("verified".into(), seen.refused.is_none().into());
    Value::Object(gives)
}

fn headers(fields: &HeaderMap) -> IndexMap<String, String> {
    let mut all: IndexMap<String, String> = IndexMap::new();
    for (name, value) in fields {
        let value = String::from_utf8_lossy(value.as_bytes());
        all.entry(name.as_str().to_string())
            .and_modify(|before| {
                before.push_str(", ");
                before.push_str(&value);
            })
            .or_insert_with(|| value.to_string());
    }
    all
}

/// The body as text, by the character set that its type names; UTF-8 where it names none.
fn text(bytes: &[u8], fields: &HeaderMap, cut: bool) -> String {
    let encoding = fields.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).and_then(charset).unwrap_or(UTF_8);
    let mut decoder = encoding.new_decoder();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len()));
    // A decoder that is not told that this is the end leaves half a character out.
    let _ = decoder.decode_to_string(bytes, &mut text, !cut);
    text
}

fn charset(content_type: &str) -> Option<&'static Encoding> {
    content_type
        .split(';')
        .skip(1)
        .find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        })
        .and_then(|label| Encoding::for_label(label.as_bytes()))
}
