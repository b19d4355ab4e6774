//! Passwords and tokens that stand on a command line for everyone to read: in the file, in the process list, in the
//! journal. It resolves no secret.

use super::call::{Call, base_name, has_letter, is_assignment};
use super::text::looks_unfilled;
use crate::lang::shell_words::{Command, Word};

/// Flags of any program whose value is a secret.
const FLAGS: [&str; 9] = [
    "--password",
    "--passwd",
    "--token",
    "--secret",
    "--api-key",
    "--access-token",
    "--secret-key",
    "--auth-token",
    "--client-secret",
];
/// Ends of the names of variables that hold a secret.
const NAMES: [&str; 8] =
    ["PASSWORD", "PASSWD", "_PWD", "TOKEN", "SECRET", "SECRET_KEY", "API_KEY", "ACCESS_KEY"];
/// What may stand for a secret and is none.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "none", "null", "0", "1", "-"];

/// The words of a command that hold a secret as it is.
pub fn shown<'a>(command: &'a Command, call: Option<&Call<'a>>) -> Vec<&'a Word> {
    if command.words.first().is_some_and(|w| matches!(base_name(&w.text), "echo" | "printf" | "grep")) {
        return Vec::new();
    }
    let words = &command.words;
    let next = |i: usize| words.get(i + 1).is_some_and(|w| is_literal(&w.text) && !w.text.starts_with('-'));
    let mut found: Vec<&Word> = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let text = word.text.as_str();
        let flagged = text.split_once('=').is_some_and(|(f, v)| FLAGS.contains(&f) && is_literal(v));
        if flagged || (is_assignment(text) && assigns(text)) || in_place(text) {
            found.push(word);
        } else if FLAGS.contains(&text) && !takes_none(call) && next(i) {
            found.extend(words.get(i + 1));
        }
    }
    found.extend(call.and_then(of_program).filter(|w| !found.contains(w)).into_iter().collect::<Vec<_>>());
    found
}

/// `--password` of these programs asks for it, what follows is something else.
fn takes_none(call: Option<&Call<'_>>) -> bool {
    call.is_some_and(|c| {
        ["mysql", "mariadb", "mysqldump", "mariadb-dump", "mysqladmin", "psql", "pg_dump", "pg_restore"]
            .contains(&c.name)
    })
}

/// `PGPASSWORD=abc`.
fn assigns(word: &str) -> bool {
    let Some((name, value)) = word.split_once('=') else { return false };
    let name = name.to_ascii_uppercase();
    NAMES.iter().any(|end| name.ends_with(end)) && is_literal(value)
}

/// `pass:abc` of openssl.
fn in_place(word: &str) -> bool {
    word.strip_prefix("pass:").is_some_and(is_literal)
}

/// The short flags of programs that take a secret.
fn of_program<'a>(call: &Call<'a>) -> Option<&'a Word> {
    let args = call.args;
    let behind = |letter: char, login: bool| {
        args.iter().enumerate().find_map(|(i, w)| {
            let attached = w.text.strip_prefix('-').and_then(|t| t.strip_prefix(letter));
            let (word, value) = match attached {
                Some("") => args.get(i + 1).map(|next| (next, next.text.as_str()))?,
                Some(value) => (w, value),
                None => return None,
            };
            let secret = if login { value.split_once(':').map_or("", |(_, p)| p) } else { value };
            is_literal(secret).then_some(word)
        })
    };
    match call.name {
        "mysql" | "mariadb" | "mysqldump" | "mariadb-dump" | "mysqladmin" | "mysqlcheck" => {
            args.iter().find(|w| w.text.strip_prefix("-p").is_some_and(is_literal))
        }
        "curl" => behind('u', true).or_else(|| behind('U', true)).or_else(|| {
            let i = args.iter().position(|w| matches!(w.text.as_str(), "--user" | "--proxy-user"))?;
            args.get(i + 1).filter(|w| w.text.split_once(':').is_some_and(|(_, p)| is_literal(p)))
        }),
        "sshpass" => behind('p', false),
        "redis-cli" => behind('a', false),
        "docker" if call.first() == "login" => behind('p', false),
        "htpasswd" if args.iter().any(|w| has_letter(&w.text, 'b', "C")) => args.last(),
        _ => None,
    }
}

/// Whether a value is the secret itself, and not the name of one or a place for one.
pub fn is_literal(value: &str) -> bool {
    let value = value.trim_matches(['\'', '"']);
    let named = value.contains(['$', '`', '⟨', '•']) || value.contains("{{");
    let path = value.starts_with(['/', '<', '.', '@']);
    !value.is_empty() && !named && !path && !WORDS.contains(&value) && !looks_unfilled(value)
}
