//! What a SQL text of a playbook plainly does, before its dialect is known: read, destroy, or neither. It parses no
//! SQL; what a statement truly is, the action asks again in the dialect of its server.

use crate::base::sql::{Dialect, Statement, TokenKind, is_read, split};

const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite];

/// Whether a text is one statement that only reads, in some dialect.
pub fn is_reading(text: &str) -> bool {
    let text = without_templates(text);
    // What looks like a comment elsewhere is run by MySQL.
    let hidden = text.contains("/*!") && !is_read(&text, Dialect::MySql);
    !hidden && DIALECTS.iter().any(|dialect| is_read(&text, *dialect))
}

/// The word for what a text plainly destroys, in whichever dialect.
pub fn destroys(text: &str) -> Option<&'static str> {
    let text = without_templates(text);
    DIALECTS.iter().find_map(|dialect| {
        split(&text, *dialect).iter().find_map(|statement| destroyed_by(&words(&text, statement)))
    })
}

/// The text with a value where a template gives one.
fn without_templates(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = [("{{", "}}", "NULL"), ("{%", "%}", " "), ("{#", "#}", " ")]
            .into_iter()
            .find(|(open, _, _)| rest.starts_with(open));
        match found {
            Some((_, close, instead)) => {
                plain.push_str(instead);
                rest = rest.find(close).map_or("", |end| &rest[end + close.len()..]);
            }
            None => {
                plain.push('{');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The bare words of a statement, in capitals.
fn words(text: &str, statement: &Statement) -> Vec<String> {
    let bare = statement.tokens.iter().filter(|token| token.kind == TokenKind::Word);
    bare.map(|token| token.text(text).to_uppercase()).collect()
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
