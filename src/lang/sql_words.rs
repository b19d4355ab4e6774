//! The words of a SQL text, without its literals, comments and templates. It parses no SQL; it only tells
//! apart what plainly reads, what plainly destroys, and the rest.

/// The statements of a text, each as its words in capitals; punctuation is left out but `(`, `)` and `=`.
pub fn statements(text: &str) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(skip) = skipped(rest) {
            rest = &rest[skip..];
        } else if c == ';' {
            all.push(Vec::new());
            rest = &rest[1..];
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            push(&mut all, rest[..end].to_uppercase());
            rest = &rest[end..];
        } else {
            if matches!(c, '(' | ')' | '=') {
                push(&mut all, c.to_string());
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    all.retain(|s| !s.is_empty());
    all
}

fn push(all: &mut [Vec<String>], word: String) {
    if let Some(last) = all.last_mut() {
        last.push(word);
    }
}

/// How many bytes at the front are a literal, a comment, a quoted name or a template.
fn skipped(rest: &str) -> Option<usize> {
    let until = |from: usize, end: &str| {
        rest.get(from..).and_then(|r| r.find(end)).map_or(rest.len(), |i| from + i + end.len())
    };
    if rest.starts_with("--") || rest.starts_with('#') && !rest.starts_with("#>") {
        return Some(until(1, "\n"));
    }
    // `/*! … */` is run by MySQL: it is no comment.
    if rest.starts_with("/*!") {
        return Some(3);
    }
    for (open, close) in [("/*", "*/"), ("{{", "}}"), ("{%", "%}"), ("{#", "#}")] {
        if rest.starts_with(open) {
            return Some(until(2, close));
        }
    }
    match rest.as_bytes().first()? {
        b'\'' => Some(until(1, "'")),
        b'"' => Some(until(1, "\"")),
        b'`' => Some(until(1, "`")),
        b'$' => dollar_quoted(rest),
        _ => None,
    }
}

fn dollar_quoted(rest: &str) -> Option<usize> {
    let end = rest[1..].find('$')? + 2;
    let tag = &rest[..end];
    let word = tag[1..end - 1].chars().all(|c| c.is_alphanumeric() || c == '_');
    let starts_with_digit = tag[1..].starts_with(|c: char| c.is_ascii_digit());
    if !word || starts_with_digit {
        return None;
    }
    Some(rest[end..].find(tag).map_or(rest.len(), |i| end + i + end))
}

/// Whether a text is one statement that reads: from an allow-list, and without a word that writes.
pub fn is_reading(text: &str) -> bool {
    let all = statements(text);
    let [words] = all.as_slice() else { return false };
    let Some(first) = words.iter().find(|w| *w != "(") else { return false };
    let reads = match first.as_str() {
        "SELECT" | "WITH" | "TABLE" | "VALUES" | "SHOW" | "DESCRIBE" | "DESC" => true,
        "EXPLAIN" => !words.iter().any(|w| w == "ANALYZE" || w == "ANALYSE"),
        "PRAGMA" => !words.iter().any(|w| w == "="),
        _ => false,
    };
    let writes = ["INTO", "INSERT", "UPDATE", "DELETE", "MERGE", "SET", "LOCK", "NEXTVAL", "SETVAL", "CALL"];
    reads && !words.iter().any(|w| writes.contains(&w.as_str()))
}

/// The word for what a text plainly destroys, if it does.
pub fn destroys(text: &str) -> Option<&'static str> {
    statements(text).iter().find_map(|words| destroyed_by(words))
}

fn destroyed_by(words: &[String]) -> Option<&'static str> {
    let word = |i: usize| words.get(i).map(String::as_str).unwrap_or_default();
    let has = |w: &str| words.iter().any(|x| x == w);
    match word(0) {
        "DROP" => Some("DROP"),
        "TRUNCATE" => Some("TRUNCATE"),
        "DELETE" if !has("WHERE") => Some("DELETE without WHERE"),
        "WITH" if has("DELETE") && !has("WHERE") => Some("DELETE without WHERE"),
        "ALTER" if has("DROP") => Some("ALTER … DROP"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{destroys, is_reading};

    #[test]
    fn only_one_statement_of_the_allow_list_reads() {
        for text in [
            "SELECT 1",
            "select 'drop table x; delete' as a -- into\n",
            "WITH a AS (SELECT 1) SELECT * FROM a;",
            "SHOW TABLES",
            "EXPLAIN SELECT 1",
            "(SELECT 1) UNION (SELECT 2)",
            "SELECT count(*) FROM t WHERE a = {{ vars.into }}",
            "SELECT $$delete from x$$",
        ] {
            assert!(is_reading(text), "{text}");
        }
        for text in [
            "SELECT 1; SELECT 2",
            "SELECT * INTO x FROM y",
            "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
            "EXPLAIN ANALYZE DELETE FROM t WHERE 1=1",
            "UPDATE t SET a = 1",
            "SELECT nextval('s')",
            "VACUUM",
            "PRAGMA journal_mode = wal",
            "SELECT 1 /*! INTO OUTFILE '/x' */",
            "",
        ] {
            assert!(!is_reading(text), "{text}");
        }
    }

    #[test]
    fn what_destroys_is_told_from_what_only_names_it() {
        assert_eq!(destroys("select 1; DROP TABLE x"), Some("DROP"));
        assert_eq!(destroys("truncate a"), Some("TRUNCATE"));
        assert_eq!(destroys("DELETE FROM t"), Some("DELETE without WHERE"));
        assert_eq!(destroys("DELETE FROM t WHERE id = 1"), None);
        assert_eq!(destroys("SELECT 'DROP TABLE x'"), None);
        assert_eq!(destroys("INSERT INTO log VALUES ('truncate')"), None);
    }
}
