//! Cuts a script into its statements. It does not know whether they are right.

use super::token::{Dialect, Token, TokenKind, tokens};

/// One statement of a script: its place in bytes, without the semicolon, and its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its first byte, comments before it not counted.
    pub start: usize,
    /// The byte behind its last token.
    pub end: usize,
    /// Its tokens, with places in the whole script.
    pub tokens: Vec<Token>,
}

impl Statement {
    /// Its `n`-th token as an upper-case keyword, or nothing where it is none.
    pub fn word(&self, sql: &str, n: usize) -> String {
        match self.tokens.get(n) {
            Some(token) if token.kind == TokenKind::Word => token.text(sql).to_ascii_uppercase(),
            _ => String::new(),
        }
    }
}

/// The statements of a script in order; empty ones are left out. Semicolons inside strings, comments and the
/// bodies of triggers, procedures and functions end nothing.
pub fn split(sql: &str, dialect: Dialect) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut current = Vec::new();
    let mut block = Block::default();
    for token in tokens(sql, dialect) {
        if token.is_symbol(sql, ";") && block.depth == 0 {
            close(&mut current, &mut found);
            block = Block::default();
            continue;
        }
        block.see(sql, &token);
        current.push(token);
    }
    close(&mut current, &mut found);
    found
}

fn close(current: &mut Vec<Token>, found: &mut Vec<Statement>) {
    if let (Some(first), Some(last)) = (current.first(), current.last()) {
        let (start, end) = (first.start, last.end);
        found.push(Statement { start, end, tokens: std::mem::take(current) });
    }
}

/// How deep a statement is inside `BEGIN … END`.
#[derive(Default)]
struct Block {
    seen: usize,
    /// The statement may have a body: `CREATE … TRIGGER`, or MariaDB's `BEGIN NOT ATOMIC`.
    routine: bool,
    creates: bool,
    begins: bool,
    after_end: bool,
    depth: usize,
}

impl Block {
    fn see(&mut self, sql: &str, token: &Token) {
        self.seen += 1;
        let word =
            if token.kind == TokenKind::Word { token.text(sql).to_ascii_uppercase() } else { String::new() };
        let after_end = std::mem::take(&mut self.after_end);
        match word.as_str() {
            "CREATE" if self.seen == 1 => self.creates = true,
            "BEGIN" if self.seen == 1 => self.begins = true,
            "NOT" if self.begins && self.seen == 2 => (self.routine, self.depth) = (true, 1),
            "TRIGGER" | "PROCEDURE" | "FUNCTION" | "EVENT" if self.creates => self.routine = true,
            "BEGIN" if self.routine => self.depth += 1,
            "CASE" if self.depth > 0 && !after_end => self.depth += 1,
            "IF" | "LOOP" | "WHILE" | "REPEAT" | "FOR" if after_end => self.depth += 1,
            "END" if self.depth > 0 => (self.depth, self.after_end) = (self.depth - 1, true),
            _ => {}
        }
    }
}

/// Whether a statement would begin or end a transaction, or take it out of our hands.
pub fn ends_transaction(sql: &str, statement: &Statement) -> bool {
    let (first, second) = (statement.word(sql, 0), statement.word(sql, 1));
    match first.as_str() {
        "BEGIN" => second != "NOT",
        "COMMIT" | "END" | "ABORT" | "XA" => true,
        "ROLLBACK" => !statement.tokens.iter().any(|t| t.is(sql, "TO")),
        "START" | "PREPARE" => second == "TRANSACTION",
        "SET" => statement.tokens.iter().any(|t| t.is(sql, "AUTOCOMMIT")),
        "LOCK" | "UNLOCK" => second == "TABLES",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Dialect, ends_transaction, split};

    fn cut(sql: &str, dialect: Dialect) -> Vec<&str> {
        split(sql, dialect).iter().map(|s| &sql[s.start..s.end]).collect()
    }

    #[test]
    fn semicolons_in_strings_and_comments_end_nothing() {
        let sql = "-- a;\nselect ';', \";\" /* ; */; ;\nselect $$;$$;";
        assert_eq!(cut(sql, Dialect::Postgres), ["select ';', \";\"", "select $$;$$"]);
    }

    #[test]
    fn the_body_of_a_trigger_is_one_statement() {
        let sql = "create trigger t after insert on a begin update b set x = case when 1 then 2 end; delete from c; end; select 1";
        assert_eq!(cut(sql, Dialect::Sqlite).len(), 2);
    }

    #[test]
    fn the_body_of_a_procedure_needs_no_delimiter() {
        let sql = "create procedure p() begin if 1 then select 1; end if; case when 1 then select 2; end case; \
                   while 0 do begin end; end while; end; select 3";
        assert_eq!(cut(sql, Dialect::MySql).len(), 2);
        let sql = "create function f() returns int begin atomic select 1; select 2; end; select 3";
        assert_eq!(cut(sql, Dialect::Postgres).len(), 2);
    }

    #[test]
    fn a_transaction_block_is_no_body() {
        assert_eq!(cut("begin; insert into a values (1); end; select 1", Dialect::Sqlite).len(), 4);
    }

    #[test]
    fn statements_that_end_a_transaction_are_known() {
        for (sql, ends) in [
            ("commit", true),
            ("/* x */ ROLLBACK", true),
            ("rollback to savepoint a", false),
            ("start transaction", true),
            ("savepoint a", false),
            ("set autocommit = 1", true),
            ("begin not atomic select 1; end", false),
            ("select 'commit'", false),
        ] {
            let found = split(sql, Dialect::MySql);
            assert_eq!(ends_transaction(sql, &found[0]), ends, "{sql}");
        }
    }
}
