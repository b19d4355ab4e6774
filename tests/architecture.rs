//! The walls of the house: which room may use which, how large a file may grow, and where things live. It
//! reads the sources as text and knows no behaviour.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms by rank. A room uses only rooms of a lower rank; rooms of equal rank do not know each other.
const RANKS: &[(u32, &[&str])] = &[
    (0, &["base"]),
    (1, &["diag"]),
    (2, &["model"]),
    (3, &["event", "template", "graph", "calendar"]),
    (4, &["lang", "process", "drawing"]),
    (5, &["plan", "inputs", "ssh", "lock"]),
    (6, &["state", "journal"]),
    (7, &["action"]),
    (8, &["runner", "report"]),
    (9, &["notify", "probe", "schedule", "web", "remote", "temporal"]),
    (10, &["cli"]),
];

/// The lines that a file may have.
const LONGEST_FILE: usize = 400;

/// A source file of the crate.
struct File {
    /// Relative to `src/`.
    path: String,
    text: String,
    /// The code: comments and the insides of literals blanked out, lines kept.
    code: String,
}

impl File {
    fn room(&self) -> Option<&str> {
        let first = self.path.split('/').next()?;
        rank(first.strip_suffix(".rs").unwrap_or(first)).map(|_| first.strip_suffix(".rs").unwrap_or(first))
    }
}

fn rank(room: &str) -> Option<u32> {
    RANKS.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(rank, _)| *rank)
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the sources can be listed") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("a source is UTF-8");
                let name = path.strip_prefix(&root).expect("below the root").display().to_string();
                found.push(File { path: name, code: code_of(&text), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 10, "the sources were found");
    found
}

/// The text with comments and the insides of strings and characters as spaces.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, literal) = token(rest, code.chars().last());
        let taken = &rest[..length.max(c.len_utf8())];
        if literal {
            code.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            code.push_str(taken);
        }
        rest = &rest[taken.len()..];
    }
    code
}

/// The length of what begins the text, and whether it is a comment or a literal.
fn token(rest: &str, before: Option<char>) -> (usize, bool) {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), true);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), true);
    }
    let prefix = rest.trim_start_matches(['b', 'c']);
    let skipped = rest.len() - prefix.len();
    if !in_word
        && skipped <= 1
        && let Some(length) = prefix.strip_prefix('r').and_then(raw_string)
    {
        return (skipped + 1 + length, true);
    }
    if rest.starts_with('"') {
        return (quoted(rest, '"'), true);
    }
    if rest.starts_with('\'') {
        return character(rest).map_or((1, false), |length| (length, true));
    }
    (0, false)
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0usize;
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..(at + 2).min(bytes.len())] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let open = rest[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    open.find(&close).map(|end| hashes + 1 + end + close.len())
}

fn quoted(rest: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == end => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// A character literal; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.chars().skip(1);
    let first = chars.next()?;
    if first == '\\' {
        return Some(quoted(rest, '\''));
    }
    (chars.next() == Some('\'')).then(|| 2 + first.len_utf8())
}

/// The rooms that code names: `crate::room…`, each room in `crate::{…}`, with their lines.
fn uses(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$')
            && !code[..at].ends_with('$')
        {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        for part in parts(rest) {
            let name: String = part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push((line, name));
        }
    }
    found
}

/// What follows `crate::`: one path, or each path of a group at its top level.
fn parts(rest: &str) -> Vec<&str> {
    let Some(group) = rest.strip_prefix('{') else { return vec![rest] };
    let (mut depth, mut start, mut parts) = (0usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

fn report(faults: &[String], rule: &str) {
    assert!(faults.is_empty(), "{rule}\n{}", faults.join("\n"));
}

#[test]
fn a_room_uses_only_rooms_of_a_lower_rank() {
    let mut faults = Vec::new();
    for file in files() {
        let Some(room) = file.room() else { continue };
        for (line, used) in uses(&file.code) {
            let (Some(own), Some(other)) = (rank(room), rank(&used)) else { continue };
            if used != room && other >= own {
                faults.push(format!(
                    "src/{}:{line}: {room} (rank {own}) uses {used} (rank {other})",
                    file.path
                ));
            }
        }
    }
    report(&faults, "a room uses only rooms of a lower rank:");
}

#[test]
fn every_module_of_the_crate_is_a_room_with_a_rank() {
    let mut faults = Vec::new();
    for file in files() {
        if file.room().is_none() && !["lib.rs", "main.rs"].contains(&file.path.as_str()) {
            faults.push(format!("src/{} belongs to no room of the table", file.path));
        }
    }
    report(&faults, "every file is in a room:");
}

#[test]
fn no_file_is_too_long() {
    let faults: Vec<String> = files()
        .iter()
        .map(|f| (f, f.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .map(|(f, lines)| format!("src/{}: {lines} lines", f.path))
        .collect();
    report(&faults, &format!("a file has at most {LONGEST_FILE} lines:"));
}

#[test]
fn every_file_begins_by_saying_what_it_does() {
    let faults: Vec<String> = files()
        .iter()
        .filter(|f| !f.text.starts_with("//! "))
        .map(|f| format!("src/{} does not begin with `//! `", f.path))
        .collect();
    report(&faults, "the first line of a file says what it does and what it does not know:");
}

#[test]
fn a_mod_file_holds_no_logic() {
    let tests = |f: &File| f.path.contains("/tests/");
    let mut faults = Vec::new();
    for file in files().iter().filter(|f| f.path.ends_with("mod.rs") && !tests(f)) {
        for (at, line) in file.code.lines().enumerate() {
            if line.split_whitespace().any(|word| word == "fn" || word == "impl") {
                faults.push(format!("src/{}:{}: {}", file.path, at + 1, line.trim()));
            }
        }
    }
    report(&faults, "mod.rs holds the room's doc and its re-exports:");
}

/// Words of code that only some rooms may use.
const OWNED: &[(&str, &[&str])] = &[
    ("petgraph", &["graph"]),
    ("minijinja", &["template"]),
    ("println!", &["report", "cli"]),
    ("eprintln!", &["report", "cli"]),
    ("dialoguer", &["cli", "report"]),
    ("process::exit", &["cli"]),
];

#[test]
fn some_things_live_in_one_room_only() {
    let mut faults = Vec::new();
    for file in files() {
        let room = file.room().unwrap_or("the crate's root");
        for (word, owners) in OWNED.iter().filter(|(_, owners)| !owners.contains(&room)) {
            for (at, _) in file.code.match_indices(word) {
                let inside_a_word = file.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                if !inside_a_word {
                    let line = file.code[..at].matches('\n').count() + 1;
                    faults.push(format!(
                        "src/{}:{line}: `{word}` belongs to {}",
                        file.path,
                        owners.join(", ")
                    ));
                }
            }
        }
    }
    report(&faults, "some things live in one room only:");
}

#[test]
fn the_reader_of_sources_sees_code_and_nothing_else() {
    let text = r####"
        //! crate::cli in a comment
        /* crate::cli /* nested */ crate::cli */
        use crate::base::{A, B};
        use crate::{diag, model::{X, Y}, event as e};
        fn f<'a>(x: &'a str) -> char { let _ = "crate::cli \" crate::cli"; let _ = r#"crate::cli "quoted""#; '"' }
        fn g() { crate::graph::x('\''); not_crate::plan(); b"crate::cli"; $crate::template::t!("crate::cli") }
    "####;
    let found: Vec<String> = uses(&code_of(text)).into_iter().map(|(_, name)| name).collect();
    assert_eq!(found, ["base", "diag", "model", "event", "graph", "template"]);
    assert_eq!(code_of(text).lines().count(), text.lines().count());
}
