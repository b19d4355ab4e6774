//! The text of a saved plan and the digest over it. It does not judge what the plan says.

use std::io::Read;
use std::path::Path;

use super::form::{FORMAT, Saved};
use crate::plan::sha256_hex;

/// No plan is larger, in bytes; a device has no end.
pub const LARGEST: u64 = 256 * 1024 * 1024;

/// The beginning of every saved plan, spaces left out.
const MARK: &str = "{\"toban_plan\":";
/// What stands in place of the digest while it is computed.
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Why a file is no saved plan that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Puts the digest into a plan and gives its text.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn seal(saved: &mut Saved) -> Result<String, Unreadable> {
    saved.digest = ZEROS.to_string();
    let told = |e: serde_json::Error| {
        Unreadable(crate::t!("the plan cannot be written: {e}", "計画を書き出せません: {e}"))
    };
    let mut text = serde_json::to_string_pretty(saved).map_err(told)?;
    text.push('\n');
    saved.digest = sha256_hex(text.as_bytes());
    Ok(text.replacen(ZEROS, &saved.digest, 1))
}

/// Whether a file is a saved plan, by its first bytes. What cannot be read is none.
pub fn is_saved(path: &Path) -> bool {
    // A pipe or a device would be waited for, or changed by looking at it.
    if !std::fs::metadata(path).is_ok_and(|m| m.is_file()) {
        return false;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(256).read_to_end(&mut head));
    let solid: Vec<u8> = head.into_iter().filter(|b| !b.is_ascii_whitespace()).collect();
    read.is_ok() && solid.starts_with(MARK.as_bytes())
}

/// The plan in the bytes of a file, once its digest is proved.
///
/// # Errors
/// When it is larger than any plan, no UTF-8, not whole, of another version, or not what was saved.
pub fn parse(bytes: Vec<u8>) -> Result<Saved, Unreadable> {
    if bytes.len() as u64 > LARGEST {
        return Err(Unreadable(crate::t!(
            "it is larger than 256 MiB, which no saved plan is",
            "256 MiB を超えています。保存された計画ではありません"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Unreadable(crate::t!("it is not UTF-8 at byte {at}", "{at} バイト目が UTF-8 ではありません"))
    })?;
    check_version(&text)?;
    let saved: Saved = serde_json::from_str(&text).map_err(|e| broken(&e))?;
    check_digest(&text, &saved)?;
    Ok(saved)
}

fn broken(e: &serde_json::Error) -> Unreadable {
    if e.is_eof() {
        return Unreadable(crate::t!(
            "it is cut off: it ends within the plan",
            "途中で切れています（計画の終わりまでありません）"
        ));
    }
    Unreadable(crate::t!("it was changed after it was saved: {e}", "保存後に変更されています: {e}"))
}

/// Another version may have any form behind its first key.
fn check_version(text: &str) -> Result<(), Unreadable> {
    let solid: String = text.chars().take(256).filter(|c| !c.is_ascii_whitespace()).collect();
    let digits: String =
        solid.strip_prefix(MARK).unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
    match digits.parse::<u32>() {
        Ok(FORMAT) => Ok(()),
        Ok(other) => Err(Unreadable(crate::t!(
            "it has the form {other}, and this engine reads form {FORMAT}; make the plan anew with this engine",
            "形式 {other} の計画です。このエンジンは形式 {FORMAT} を読みます。計画を作り直してください"
        ))),
        Err(_) => Err(Unreadable(crate::t!("it is no saved plan", "保存された計画ではありません"))),
    }
}

fn check_digest(text: &str, saved: &Saved) -> Result<(), Unreadable> {
    let head = format!("\"digest\": \"{}\"", saved.digest);
    let zeroed = text.replacen(&head, &format!("\"digest\": \"{ZEROS}\""), 1);
    let found = sha256_hex(zeroed.as_bytes());
    if found == saved.digest {
        return Ok(());
    }
    let named = &saved.digest;
    Err(Unreadable(crate::t!(
        "it was changed after it was saved: its digest is {found}, and it names {named}",
        "保存後に変更されています。ダイジェストは {found} ですが、{named} と書かれています"
    )))
}
