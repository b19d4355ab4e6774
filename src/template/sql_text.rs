//! Reads SQL just far enough to know whether a value can be bound at a point. It knows the quoting of
//! PostgreSQL, MySQL and SQLite, and no grammar.

use super::check::{Emitted, Finding, Reader};

/// What the text is inside of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Inside {
    Code,
    /// `'…'`, with a backslash escaping when it began with `E'`.
    Literal {
        backslash: bool,
    },
    /// `"…"` or `` `…` ``.
    Name(char),
    /// `-- …` to the end of the line.
    LineComment,
    /// `/* … */`, nested as PostgreSQL nests them.
    BlockComment(usize),
    /// `$tag$ … $tag$`.
    Dollar(String),
}

/// SQL read so far.
#[derive(Clone, Debug)]
pub(super) struct SqlText {
    inside: Inside,
    /// The last characters of the code, to see what a value is glued to.
    before: String,
}

impl SqlText {
    pub(super) fn new() -> SqlText {
        SqlText { inside: Inside::Code, before: String::new() }
    }

    /// Takes what begins `rest` and gives its length in bytes.
    fn take(&mut self, rest: &str) -> usize {
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let (next, length) = match &self.inside {
            Inside::Code => return self.code(rest, first),
            Inside::Literal { backslash: true } if rest.starts_with('\\') => {
                return first + rest[first..].chars().next().map_or(0, char::len_utf8);
            }
            Inside::Literal { .. } if rest.starts_with("''") => return 2,
            Inside::Literal { .. } if rest.starts_with('\'') => (Inside::Code, 1),
            Inside::Name(quote) if rest.starts_with(*quote) => (Inside::Code, 1),
            Inside::LineComment if rest.starts_with('\n') => (Inside::Code, 1),
            Inside::BlockComment(depth) if rest.starts_with("/*") => (Inside::BlockComment(depth + 1), 2),
            Inside::BlockComment(1) if rest.starts_with("*/") => (Inside::Code, 2),
            Inside::BlockComment(depth) if rest.starts_with("*/") => (Inside::BlockComment(depth - 1), 2),
            Inside::Dollar(tag) if rest.starts_with(tag.as_str()) => (Inside::Code, tag.len()),
            _ => return first,
        };
        self.inside = next;
        self.before = " ".to_string();
        length
    }

    fn code(&mut self, rest: &str, first: usize) -> usize {
        let escaping = self.before.ends_with(['e', 'E'])
            && !self.before.chars().rev().nth(1).is_some_and(|c| c.is_alphanumeric() || c == '_');
        let (next, length) = match rest.as_bytes().first() {
            Some(b'\'') => (Inside::Literal { backslash: escaping }, 1),
            Some(b'"') => (Inside::Name('"'), 1),
            Some(b'`') => (Inside::Name('`'), 1),
            Some(b'-') if rest.starts_with("--") => (Inside::LineComment, 2),
            Some(b'/') if rest.starts_with("/*") => (Inside::BlockComment(1), 2),
            Some(b'$') if !self.glued_before() => match dollar_tag(rest) {
                Some(tag) => (Inside::Dollar(tag.to_string()), tag.len()),
                None => return self.keep(rest, first),
            },
            _ => return self.keep(rest, first),
        };
        self.inside = next;
        length
    }

    fn keep(&mut self, rest: &str, first: usize) -> usize {
        if self.before.len() > 8 {
            self.before = self.before.chars().last().into_iter().collect();
        }
        self.before.push_str(&rest[..first]);
        first
    }

    fn glued_before(&self) -> bool {
        self.before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$')
    }

    fn inside_words(&self) -> Option<String> {
        Some(match &self.inside {
            Inside::Code => return None,
            Inside::Literal { .. } => crate::t!("inside a literal '…'", "文字列リテラル '…' の中"),
            Inside::Name(_) => crate::t!("inside a quoted name", "引用符付きの名前の中"),
            Inside::LineComment | Inside::BlockComment(_) => crate::t!("inside a comment", "コメントの中"),
            Inside::Dollar(tag) => crate::t!("inside a literal {tag}…{tag}", "リテラル {tag}…{tag} の中"),
        })
    }
}

/// `$$` or `$tag$` at the front of the text.
fn dollar_tag(rest: &str) -> Option<&str> {
    let end = rest[1..].find('$')? + 2;
    let tag = &rest[1..end - 1];
    let name = tag.chars().all(|c| c.is_alphanumeric() || c == '_');
    (name && !tag.starts_with(|c: char| c.is_ascii_digit())).then_some(&rest[..end])
}

impl Reader for SqlText {
    const BLOCKS: bool = false;

    fn same(&self, other: &SqlText) -> bool {
        self.inside == other.inside
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let length = self.take(rest);
            rest = &rest[length.min(rest.len())..];
        }
    }

    fn value(&mut self, value: Emitted<'_>) -> Vec<Finding> {
        if value.filter == Some("raw") {
            self.before = " ".to_string();
            return vec![Finding::raw()];
        }
        if value.filter == Some("words") {
            let message = crate::t!("`| words` is for shell scripts", "`| words` はシェル用です");
            let help = crate::t!(
                "loop over the list: {{% for x in list %}}{{{{ x }}}}{{% if not loop.last %}}, {{% endif %}}{{% endfor %}}",
                "リストを繰り返してください: {{% for x in list %}}{{{{ x }}}}{{% if not loop.last %}}, {{% endif %}}{{% endfor %}}"
            );
            return vec![Finding::error("filter-place", message, help)];
        }
        let glued = self.glued_before() || value.after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let found = match self.inside_words() {
            Some(place) => Some(inside(&self.inside, &place, value.source)),
            None if glued => Some(glued_to_a_name(value.source)),
            None => None,
        };
        self.before = "\"".to_string();
        found.into_iter().collect()
    }

    fn open(&self) -> Option<String> {
        self.inside_words()
    }
}

fn inside(inside: &Inside, place: &str, source: &str) -> Finding {
    let message = crate::t!("a value cannot stand {place}", "{place}に値は書けません");
    let help = match inside {
        Inside::Name(_) => crate::t!(
            "write the whole name as `{{{{ {source} | ident }}}}`, without quotes around it",
            "名前全体を引用符なしで `{{{{ {source} | ident }}}}` と書いてください"
        ),
        Inside::LineComment | Inside::BlockComment(_) => crate::t!(
            "take it out of the comment; `{{# … #}}` is a comment of the template",
            "コメントから外してください。テンプレートのコメントは `{{# … #}}` です"
        ),
        _ => crate::t!(
            "the value is bound and needs no quotes: `{{{{ {source} }}}}`; with text around it: `{{{{ '…' ~ ({source}) ~ '…' }}}}`",
            "値はバインドされるので引用符は不要です: `{{{{ {source} }}}}`。前後に文字がある場合は `{{{{ '…' ~ ({source}) ~ '…' }}}}`"
        ),
    };
    Finding::error("value-in-quotes", message, help)
}

fn glued_to_a_name(source: &str) -> Finding {
    let message =
        crate::t!("a bound value cannot be a part of a name", "バインドされる値を名前の一部にはできません");
    let help = crate::t!(
        "build the whole name: `{{{{ ('…' ~ ({source})) | ident }}}}`",
        "名前全体を組み立ててください: `{{{{ ('…' ~ ({source})) | ident }}}}`"
    );
    Finding::error("value-in-name", message, help)
}
