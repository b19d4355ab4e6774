//! The short forms of the language: one table, read by the normaliser and by the schema. It rewrites nothing.

/// One way to write a value shorter than in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    /// Text stands for a mapping with this key alone.
    Text(&'static str),
    /// A list stands for a mapping with this key alone.
    List(&'static str),
    /// true or false, as text, stands for a mapping with this key alone.
    Bool(&'static str),
    /// This word stands for a mapping with this key, true.
    Word(&'static str, &'static str),
}

use Short::{Bool, List, Text, Word};

/// The short forms of a type of the model.
pub fn of(name: &str) -> &'static [Short] {
    match name {
        "Shell" => &[Text("run"), List("argv")],
        "Wait" => &[Text("for")],
        "Condition" => &[Text("that"), Bool("that")],
        "ForEach" => &[Text("list"), List("list")],
        "Confirm" => &[Text("question")],
        "Stdin" => &[Text("text")],
        "StdoutFile" => &[Text("file")],
        "Names" => &[Text("names"), List("names")],
        "ComposeServices" | "ComposeUp" | "ComposePs" | "ComposeLogs" => {
            &[Text("services"), List("services")]
        }
        "Verifier" => &[Word("gzip", "gzip"), Word("zstd", "zstd"), Word("tar", "tar"), Word("json", "json")],
        "FileLatest" => &[Text("glob")],
        "FilePath" | "DiskProbe" => &[Text("path")],
        "DnsProbe" | "ProcessProbe" | "Lock" | "Named" => &[Text("name")],
        "Fail" => &[Text("message")],
        "Manual" => &[Text("instruction")],
        "PlaybookCall" => &[Text("run")],
        "Action" => &[Text("shell")],
        "Blackout" => &[Text("dates")],
        "Connection" => &[Text("url")],
        "Host" => &[Word("local", "local")],
        "Ssh" => &[Text("to")],
        "Schedule" => &[Text("cron")],
        _ => &[],
    }
}

/// Whether one item of this type may be written where a list of them is expected.
pub fn one_for_many(name: &str) -> bool {
    matches!(name, "Blackout" | "Condition" | "Lock" | "Schedule" | "Verifier" | "PruneWhat")
}

/// Whether a mapping without keys, or nothing at all, says something.
pub fn empty_will_do(name: &str) -> bool {
    !matches!(name, "" | "Blackout" | "Shell" | "Stdin" | "Wait" | "Http" | "Auth" | "Verifier" | "Compose")
}
