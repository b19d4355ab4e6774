//! What the text behind a key is for: a script, SQL, prose for people, or a value. It reads no text.

use crate::lang::yaml::Seg;

/// What a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A shell script or an argument of a program.
    Shell,
    /// SQL.
    Sql,
    /// What people read.
    Prose,
    /// What is written into a file or sent.
    Content,
    /// A reason, a pattern or a condition: it may speak of anything.
    Reason,
    /// An address, a path, a name.
    Other,
}

/// What the text at a path is for: the innermost key that says so decides.
pub fn field(path: &[Seg]) -> Field {
    let names = path.iter().rev().filter_map(|seg| match seg {
        Seg::Name(name) => Some(&**name),
        Seg::Index(_) => None,
    });
    for name in names {
        return match name {
            "because" | "allow" | "pattern" | "time_format" | "when" | "expect" | "until" | "stop"
            | "assert" | "that" | "each" => Field::Reason,
            "title" | "description" | "owner" | "message" | "instruction" | "question" | "label" | "item"
            | "choices" | "role" | "manual" | "fail" => Field::Prose,
            "connection" => Field::Other,
            "query" | "script" | "sql" => Field::Sql,
            "content" | "body" | "json" | "form" | "stdin" | "text" => Field::Content,
            "run" | "shell" | "command" | "argv" | "unless" => Field::Shell,
            _ => continue,
        };
    }
    Field::Other
}
