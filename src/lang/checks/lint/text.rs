//! What stands in the text of a file, whatever the key: placeholders left in, and logins within addresses. The
//! file is looked through once, and only what is found is asked for its key.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::field::{Field, field};
use super::note::note;
use super::secret::is_literal;
use super::{LITERAL_SECRET, PLACEHOLDER};
use crate::diag::Diagnostic;
use crate::lang::document::Document;
use crate::lang::yaml::Seg;

/// Everything worth a closer look.
static FIND: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant")]
    Regex::new(concat!(
        r"://[^\s/:@'\x22]*:[^\s/@'\x22]+@",
        r"|[Aa]uthorization['\x22]?: *['\x22]?(?:[A-Z][a-z]+ )?[0-9A-Za-z._~+/=-]{6,}",
        r"|(?:X-A[Pp][Ii]-[Kk]ey|PRIVATE-TOKEN|X-Auth-Token)['\x22]?: *['\x22]?[0-9A-Za-z._~+/=-]{6,}",
        r"|\bexample\.(?:com|org|net|jp|(?:co|ne|or|ac|go)\.jp)\b|(?:://|@)[0-9A-Za-z.-]+\.(?:example|invalid)\b",
        r"|YYYY[-_/.年]?MM[-_/.月]?(?:DD)?|<[^\s<>|&;$'\x22(){}\[\]=/!?%@\\*,.:]+>",
        r"|\[[^\s\[\]]*(?:記載|記入)[^\s\[\]]*\]|\b(?:your|YOUR)[-_][0-9A-Za-z_-]+",
        // One word only where the second half is what is to be filled in: `yourls` and `yourself` are words of their own.
        r"|\b(?:your|Your|YOUR)(?i:domain|company|server|host|hostname|site|user|username|password|project|bucket|app|email)\b(?:\.[a-z]{2,6})*",
        r"|\byour\.(?:domain|company|server|host|site|email)\b(?:\.[a-z]{2,6})*",
        r"|\bCHANGE_?ME\b|\bxxx+@|/path/to/|\bTODO\b|\bFIXME\b",
    ))
    .expect("a pattern")
});

/// What a find means, should its key be one where it counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A login within an address, a token in a header.
    Secret,
    /// Left to be filled in, whatever the text is for.
    Plain,
    /// A word that explaining text may use.
    Word,
    /// A word that SQL may use as well.
    Data,
    /// `<name>`.
    Angle,
    /// A mark of unfinished work.
    Unfinished,
}

/// Whether a value looks as if it was left to be filled in.
pub fn looks_unfilled(value: &str) -> bool {
    FIND.find_iter(value).any(|m| kind(m.as_str()) != Kind::Secret)
        || value.starts_with('<')
        || value.to_ascii_lowercase().starts_with("xxx")
}

/// Looks through a file.
pub fn look(doc: &mut Document) {
    let source = doc.source.clone();
    let text = source.text.as_str();
    let mut last: Option<Range<usize>> = None;
    let mut found = Vec::new();
    for m in FIND.find_iter(text) {
        let span = m.range();
        let Some((path, node)) = doc.index.path_at(text, span.end - 1) else { continue };
        let field = field(&path);
        let Some((rule, span)) = judge(text, &node, span, field) else { continue };
        let same = last
            .as_ref()
            .is_some_and(|l| !text[l.end.min(span.start)..span.start].contains(char::is_whitespace));
        if rule == PLACEHOLDER && same && last.as_ref().is_some_and(|l| l.start >= node.start) {
            continue;
        }
        if rule == PLACEHOLDER {
            last = Some(span.clone());
        }
        found.push(told(rule, &text[span.clone()], doc.at(span.clone()), &path));
    }
    found.into_iter().for_each(|d| note(doc, d));
}

fn judge(
    text: &str,
    node: &Range<usize>,
    span: Range<usize>,
    field: Field,
) -> Option<(&'static str, Range<usize>)> {
    if field == Field::Reason || is_comment(text, node, span.start, field) {
        return None;
    }
    let (found, kind) = (&text[span.clone()], kind(&text[span.clone()]));
    let placeholder = Some((PLACEHOLDER, span.clone()));
    match kind {
        Kind::Secret => secret(found, span, field),
        Kind::Plain => placeholder,
        Kind::Unfinished if span.start == node.start || text[node.start..span.start].trim() == "'" => {
            placeholder
        }
        Kind::Unfinished => None,
        Kind::Word if matches!(field, Field::Shell | Field::Other | Field::Content) => placeholder,
        Kind::Data if field != Field::Prose => placeholder,
        Kind::Angle if matches!(field, Field::Shell | Field::Other | Field::Sql) => {
            is_name(text, node, &span).then_some(placeholder).flatten()
        }
        _ => None,
    }
}

fn kind(found: &str) -> Kind {
    match found.as_bytes() {
        [b'<', ..] => Kind::Angle,
        [b'[', ..] | [b'x', b'x', ..] | [b'C', b'H', ..] => Kind::Plain,
        [b'T', b'O', ..] | [b'F', b'I', ..] => Kind::Unfinished,
        _ if found.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("your")) => Kind::Data,
        [b':', ..] if found.ends_with('@') => Kind::Secret,
        _ if found.contains(": ") || found.contains("\":") || found.contains("':") => Kind::Secret,
        _ => Kind::Word,
    }
}

/// The secret within what was found.
fn secret(found: &str, span: Range<usize>, field: Field) -> Option<(&'static str, Range<usize>)> {
    if matches!(field, Field::Prose | Field::Sql) {
        return None;
    }
    let part = match found.strip_prefix("://") {
        Some(login) => login.trim_end_matches('@').rsplit_once(':')?.1,
        None => found.rsplit([' ', '\'', '"', ':']).next()?,
    };
    let end = if found.ends_with('@') { span.end - 1 } else { span.end };
    let scheme = matches!(part.to_ascii_lowercase().as_str(), "bearer" | "basic" | "token" | "digest");
    let at = end - part.len()..end;
    if is_literal(part) && !scheme {
        return Some((LITERAL_SECRET, at));
    }
    looks_unfilled(part).then_some((PLACEHOLDER, at))
}

/// Whether `<word>` is a name to be filled in: no element of a page, no pair of redirections, no part of a pattern.
fn is_name(text: &str, node: &Range<usize>, span: &Range<usize>) -> bool {
    const ELEMENTS: [&str; 24] = [
        "a", "b", "i", "p", "br", "hr", "h1", "h2", "h3", "li", "ul", "ol", "td", "th", "tr", "div", "pre",
        "html", "head", "body", "span", "table", "title", "meta",
    ];
    let name = &text[span.start + 1..span.end - 1];
    let before = text[..span.start].chars().next_back().unwrap_or(' ');
    let after = text[span.end..].chars().next().unwrap_or(' ');
    let closed = text[node.clone()].contains(&format!("</{name}>"));
    let letter = name.chars().next().is_some_and(char::is_alphabetic);
    let within =
        matches!(before, '?' | 'P' | 'k' | '<' | '(' | '\\') || after.is_ascii_alphanumeric() || after == '>';
    letter && !closed && !within && !ELEMENTS.contains(&name)
}

/// Whether a place is within a comment of a script or of SQL.
fn is_comment(text: &str, node: &Range<usize>, at: usize, field: Field) -> bool {
    let from = text[..at].rfind('\n').map_or(0, |i| i + 1).max(node.start);
    let line = text.get(from..at).unwrap_or_default();
    let mark = match field {
        Field::Shell => '#',
        Field::Sql => '-',
        _ => return false,
    };
    line.match_indices(mark).any(|(i, _)| {
        let before = &line[..i];
        let opens = before.is_empty() || before.ends_with(char::is_whitespace);
        let quoted = before.matches('\'').count() % 2 == 1 || before.matches('"').count() % 2 == 1;
        opens && !quoted && (mark == '#' || line[i..].starts_with("--"))
    })
}

fn told(rule: &'static str, found: &str, at: crate::diag::At, path: &[Seg]) -> Diagnostic {
    if rule == PLACEHOLDER {
        let title = crate::t!(
            "`{found}` looks like a placeholder that was never filled in",
            "`{found}` は置き換え忘れの仮の値のようです"
        );
        let help = crate::t!(
            "write the true value, an input (`{{{{ inputs.… }}}}`) or a fact of system.yaml (`{{{{ system.vars.… }}}}`)",
            "実際の値、入力（`{{{{ inputs.… }}}}`）、または system.yaml の値（`{{{{ system.vars.… }}}}`）を書いてください"
        );
        return Diagnostic::error(rule, at, title).help(help);
    }
    let title = crate::t!("a secret stands here for everyone to read", "秘密がそのまま書かれています");
    let connection = path.iter().any(|s| matches!(s, Seg::Name(n) if &**n == "connections"));
    let help = if connection {
        crate::t!(
            "leave it out of the address and write `password: NAME`, with NAME under `secrets:`",
            "アドレスから外し、`password: 名前` と書いて、その名前を `secrets:` に宣言してください"
        )
    } else {
        crate::t!(
            "declare it under `secrets:` of system.yaml and use `{{{{ secrets.NAME }}}}` in `auth`, `headers`, `env` or a connection",
            "system.yaml の `secrets:` に宣言し、`auth`、`headers`、`env`、接続で `{{{{ secrets.名前 }}}}` を使ってください"
        )
    };
    Diagnostic::error(rule, at, title).help(help)
}
