//! Makes statements of an author's SQL text and its values. It refuses what only a client program knows
//! (`\connect`, `DELIMITER`), and knows no server.

use serde_json::Value;

use super::statement::{Piece, Statement};
use crate::base::sql::{self, Dialect, Token, TokenKind, ends_transaction, split};
use crate::event::Failure;
use crate::model::{Bind, SqlText};

/// The place of a value in the composed text.
struct Hole {
    start: usize,
    end: usize,
    bind: usize,
}

/// The statements of a text, in order.
///
/// # Errors
/// When the text holds something that is no SQL of a server, or a value where none can stand.
pub(super) fn statements(
    text: &SqlText,
    dialect: Dialect,
    in_transaction: bool,
) -> Result<Vec<Statement>, Failure> {
    let (whole, holes) = compose(text, dialect);
    let mut found = Vec::new();
    let mut line = (0, 1);
    for cut in split(&whole, dialect) {
        line = (cut.start, line.1 + whole[line.0..cut.start].matches('\n').count());
        let held: Vec<&Hole> = holes.iter().filter(|h| h.start >= cut.start && h.end <= cut.end).collect();
        check(&whole, &cut, &held, dialect, line.1)?;
        if in_transaction && ends_transaction(&whole, &cut) {
            return Err(own_transaction(&whole[cut.start..cut.end], line.1));
        }
        found.push(statement(&whole, &cut, &held, text, dialect, line.1)?);
    }
    Ok(found)
}

fn compose(text: &SqlText, dialect: Dialect) -> (String, Vec<Hole>) {
    let (mut whole, mut holes) = (String::new(), Vec::new());
    for (i, part) in text.parts.iter().enumerate() {
        if i > 0 {
            let start = whole.len();
            match dialect {
                Dialect::Postgres => whole.push_str(&format!("${i}")),
                Dialect::MySql => whole.push('?'),
                Dialect::Sqlite => whole.push_str(&format!("?{i}")),
            }
            holes.push(Hole { start, end: whole.len(), bind: i - 1 });
        }
        whole.push_str(part);
    }
    (whole, holes)
}

fn check(
    whole: &str,
    cut: &sql::Statement,
    holes: &[&Hole],
    dialect: Dialect,
    line: usize,
) -> Result<(), Failure> {
    let refuse = |message: String| Err(Failure::Rejected { message });
    if cut.tokens.iter().any(|t| t.kind == TokenKind::Unclosed) {
        return refuse(crate::t!(
            "the SQL at line {line} opens a string, a quoted name or a comment that never ends",
            "SQL の {line} 行目で始まる文字列・引用名・コメントが閉じられていません"
        ));
    }
    let stands = |h: &Hole| {
        cut.tokens.iter().any(|t| t.kind == TokenKind::Param && (t.start, t.end) == (h.start, h.end))
    };
    if !holes.iter().all(|h| stands(h)) {
        return refuse(crate::t!(
            "line {line} of the SQL has a value inside a string, a comment or a quoted name; a value stands for itself: write = {{{{ x }}}} without quotes",
            "SQL の {line} 行目で、値が文字列・コメント・引用名の中にあります。引用符なしで = {{{{ x }}}} と書いてください"
        ));
    }
    if let Some(token) = foreign_parameter(whole, cut, holes, dialect) {
        let text = token.text(whole);
        return refuse(crate::t!(
            "`{text}` at line {line} of the SQL is a parameter without a value; write the value as {{{{ … }}}}",
            "SQL の {line} 行目の `{text}` は値のない引数です。値は {{{{ … }}}} で書いてください"
        ));
    }
    let first = cut.tokens.first().map_or("", |t| t.text(whole));
    if first == "\\"
        || first.eq_ignore_ascii_case("DELIMITER")
        || (first == "." && dialect == Dialect::Sqlite)
    {
        let text = whole[cut.start..cut.end].lines().next().unwrap_or_default();
        return refuse(crate::t!(
            "`{text}` at line {line} is a command of a client program, not SQL; leave it out (bodies of procedures need no DELIMITER here)",
            "{line} 行目の `{text}` は SQL ではなくクライアント専用の命令です。削除してください(プロシージャ本体に DELIMITER は不要です)"
        ));
    }
    let has = |word: &str| cut.tokens.iter().any(|t| t.is(whole, word));
    if dialect == Dialect::Postgres && first.eq_ignore_ascii_case("COPY") && (has("STDIN") || has("STDOUT")) {
        return refuse(crate::t!(
            "COPY with STDIN or STDOUT (line {line}) needs psql; use a shell or docker step for it, or a query that gives rows",
            "STDIN/STDOUT を使う COPY({line} 行目)には psql が必要です。shell か docker の手順を使ってください"
        ));
    }
    Ok(())
}

/// A placeholder of the author's own, which would silently be NULL or take another's value.
fn foreign_parameter<'a>(
    whole: &str,
    cut: &'a sql::Statement,
    holes: &[&Hole],
    dialect: Dialect,
) -> Option<&'a Token> {
    let own = matches!(cut.word(whole, 0).as_str(), "CREATE" | "PREPARE");
    if own || (dialect == Dialect::Postgres && holes.is_empty()) {
        return None;
    }
    cut.tokens.iter().find(|t| t.kind == TokenKind::Param && !holes.iter().any(|h| h.start == t.start))
}

fn own_transaction(text: &str, line: usize) -> Failure {
    let text = text.lines().next().unwrap_or_default();
    Failure::Rejected {
        message: crate::t!(
            "`{text}` at line {line} would end the transaction that the engine holds around the SQL; leave it out, or set transaction: false and write BEGIN and COMMIT yourself",
            "{line} 行目の `{text}` は、エンジンが張ったトランザクションを終わらせてしまいます。削除するか、transaction: false にして BEGIN と COMMIT を自分で書いてください"
        ),
    }
}

fn statement(
    whole: &str,
    cut: &sql::Statement,
    holes: &[&Hole],
    text: &SqlText,
    dialect: Dialect,
    line: usize,
) -> Result<Statement, Failure> {
    let mut made = Statement {
        pieces: Vec::new(),
        binds: Vec::new(),
        line,
        words: cut
            .tokens
            .iter()
            .filter(|t| t.kind == TokenKind::Word)
            .map(|t| t.text(whole).to_ascii_uppercase())
            .collect(),
    };
    let mut at = cut.start;
    for hole in holes {
        let before: Vec<&Token> = cut.tokens.iter().filter(|t| t.end <= hole.start).collect();
        let typed = before.last().filter(|t| dialect == Dialect::Postgres && names_a_type(whole, &before, t));
        let until = typed.map_or(hole.start, |t| t.start);
        made.pieces.push(Piece::Text(whole[at..until].to_string()));
        match (typed, &text.binds[hole.bind]) {
            (Some(keyword), bind) => {
                made.pieces.push(Piece::Unsent(whole[keyword.start..hole.start].to_string()));
                made.pieces.push(Piece::Cast(keyword.text(whole).to_string()));
                made.binds.push(bind.clone());
            }
            (None, Bind::Plain(Value::Array(items))) if in_list(whole, &before) => {
                spread(&mut made, items, before.last().is_some_and(|t| t.is_symbol(whole, "(")), line)?;
            }
            (None, bind) => {
                made.pieces.push(Piece::Value);
                made.binds.push(bind.clone());
            }
        }
        at = hole.end;
    }
    made.pieces.push(Piece::Text(whole[at..cut.end].to_string()));
    Ok(made)
}

/// `interval {{ x }}`: PostgreSQL takes a type before a literal, but not before a parameter.
fn names_a_type(whole: &str, before: &[&Token], last: &Token) -> bool {
    const TYPES: &[&str] = &["INTERVAL", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMETZ"];
    let previous = before.len().checked_sub(2).map(|i| before[i]);
    TYPES.iter().any(|t| last.is(whole, t))
        && !previous.is_some_and(|p| p.is_symbol(whole, ".") || p.is_symbol(whole, ":") || p.is(whole, "AS"))
}

/// `IN {{ list }}` or `IN ({{ list }}`.
fn in_list(whole: &str, before: &[&Token]) -> bool {
    match before {
        [.., last] if last.is(whole, "IN") => true,
        [.., previous, last] => previous.is(whole, "IN") && last.is_symbol(whole, "("),
        _ => false,
    }
}

/// A list of `IN` becomes one value an item.
fn spread(made: &mut Statement, items: &[Value], bracketed: bool, line: usize) -> Result<(), Failure> {
    if items.is_empty() {
        return Err(Failure::Rejected {
            message: crate::t!(
                "the list for IN at line {line} of the SQL is empty, and SQL has no empty list; skip the step with `when` in that case",
                "SQL の {line} 行目の IN に渡すリストが空です。SQL に空のリストはありません。その場合は `when` で手順を省いてください"
            ),
        });
    }
    let mut put = |text: &str| made.pieces.push(Piece::Text(text.to_string()));
    if !bracketed {
        put("(");
    }
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            made.pieces.push(Piece::Text(", ".to_string()));
        }
        made.pieces.push(Piece::Value);
        made.binds.push(Bind::Plain(item.clone()));
    }
    if !bracketed {
        made.pieces.push(Piece::Text(")".to_string()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::statements;
    use crate::base::sql::Dialect;
    use crate::model::{Bind, SqlText};

    fn text(parts: &[&str], binds: Vec<serde_json::Value>) -> SqlText {
        SqlText {
            parts: parts.iter().map(ToString::to_string).collect(),
            binds: binds.into_iter().map(Bind::Plain).collect(),
        }
    }

    fn sent(parts: &[&str], binds: Vec<serde_json::Value>, dialect: Dialect) -> Vec<String> {
        let found = statements(&text(parts, binds), dialect, true).expect("statements");
        found.iter().map(|s| s.sent(|i| format!("${i}"))).collect()
    }

    #[test]
    fn values_are_counted_anew_in_each_statement() {
        let sql = sent(
            &["select ", "; -- x\nselect ", " + ", ""],
            vec![json!(1), json!(2), json!(3)],
            Dialect::Postgres,
        );
        assert_eq!(sql, ["select $1", "select $1 + $2"]);
    }

    #[test]
    fn a_list_for_in_becomes_one_value_an_item() {
        let sql = sent(&["select 1 in (", ")"], vec![json!([1, 2])], Dialect::Sqlite);
        assert_eq!(sql, ["select 1 in ($1, $2)"]);
        let sql = sent(&["select 1 in ", ""], vec![json!([1])], Dialect::Sqlite);
        assert_eq!(sql, ["select 1 in ($1)"]);
        assert!(statements(&text(&["select 1 in (", ")"], vec![json!([])]), Dialect::Sqlite, true).is_err());
    }

    #[test]
    fn a_type_before_a_value_becomes_a_cast_of_it() {
        let sql = sent(&["select now() - interval ", ""], vec![json!("1 day")], Dialect::Postgres);
        assert_eq!(sql, ["select now() -          CAST($1 AS interval)"]);
    }

    #[test]
    fn what_is_no_sql_or_ends_our_transaction_is_refused_with_its_line() {
        for (sql, dialect) in [
            ("select 1;\n\\connect x", Dialect::Postgres),
            ("select 1;\nDELIMITER ;;", Dialect::MySql),
            ("select 1;\ncommit", Dialect::Postgres),
            ("select 1;\nselect 'a", Dialect::Postgres),
            ("select 1;\nselect ?2", Dialect::Sqlite),
            ("select 1;\ncopy t from stdin", Dialect::Postgres),
        ] {
            let message = statements(&SqlText::plain(sql), dialect, true).expect_err(sql).to_string();
            assert!(message.contains("line 2") || message.contains("(line 2)"), "{message}");
        }
        assert!(statements(&SqlText::plain("begin; commit"), Dialect::Postgres, false).is_ok());
    }

    #[test]
    fn a_value_inside_a_string_is_refused() {
        assert!(statements(&text(&["select '", "'"], vec![json!(1)]), Dialect::Postgres, true).is_err());
    }

    #[test]
    fn a_place_is_found_in_the_shown_text() {
        let found =
            statements(&text(&["\nselect ", ",\n  nope"], vec![json!("あ")]), Dialect::Postgres, true);
        let statement = &found.expect("statements")[0];
        let at = statement.sent(|i| format!("${i}")).find("nope").expect("a place");
        let spot = statement.spot(at, |i| format!("${i}"));
        assert_eq!((spot.line, spot.text.as_str(), spot.before), (3, "  nope", 2));
    }
}
