//! Cuts SQL into tokens: words, names, strings, parameters. It does not know what they mean.

/// The family of SQL a text is written in: they differ in strings, comments and quoted names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A keyword or a bare name.
    Word,
    /// A quoted name.
    Name,
    /// A string, of any kind of quotes.
    Text,
    /// A number.
    Number,
    /// A placeholder of a parameter.
    Param,
    /// Any other single character.
    Symbol,
    /// A comment that MySQL executes: `/*! … */`.
    Executable,
    /// A string, name or comment that never ends.
    Unclosed,
}

/// A token and its place, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
}

impl Token {
    /// Its text in `sql`, the text it was cut from.
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        &sql[self.start..self.end]
    }

    /// Whether it is this keyword, in any case.
    pub fn is(&self, sql: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }

    /// Whether it is this one character.
    pub fn is_symbol(&self, sql: &str, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text(sql) == symbol
    }
}

/// The tokens of a text, without its comments.
pub fn tokens(sql: &str, dialect: Dialect) -> Vec<Token> {
    let mut lexer = Lexer { sql, bytes: sql.as_bytes(), at: 0, dialect };
    let mut found = Vec::new();
    while lexer.at < lexer.bytes.len() {
        let start = lexer.at;
        if let Some(kind) = lexer.next_kind() {
            found.push(Token { kind, start, end: lexer.at });
        }
        debug_assert!(lexer.at > start);
    }
    found
}

struct Lexer<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
}

impl Lexer<'_> {
    /// Goes over one token, or over white space or a comment, which are none.
    fn next_kind(&mut self) -> Option<TokenKind> {
        use Dialect::{MySql, Postgres, Sqlite};
        let byte = self.bytes[self.at];
        match (byte, self.dialect) {
            (b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c, _) => self.skip(1),
            (b'-', _) if self.starts_line_comment() => self.line_comment(),
            (b'#', MySql) => self.line_comment(),
            (b'/', _) if self.peek(1) == b'*' => self.block_comment(),
            (b'\'', d) => Some(self.quoted(b'\'', d == MySql, TokenKind::Text)),
            (b'"', MySql) => Some(self.quoted(b'"', true, TokenKind::Text)),
            (b'"', _) | (b'`', MySql | Sqlite) => Some(self.quoted(byte, false, TokenKind::Name)),
            (b'[', Sqlite) => Some(self.quoted(b']', false, TokenKind::Name)),
            (b'$', Postgres) => Some(self.dollar()),
            (b'?', MySql | Sqlite) => Some(self.param()),
            (b'$' | b':' | b'@', Sqlite) if is_word(self.peek(1)) => Some(self.param()),
            (b'e' | b'E', Postgres) if self.peek(1) == b'\'' => {
                self.at += 1;
                Some(self.quoted(b'\'', true, TokenKind::Text))
            }
            (b'0'..=b'9', _) => Some(self.run(TokenKind::Number, |b| is_word(b) || b == b'.')),
            (b, _) if is_word(b) => Some(self.run(TokenKind::Word, |b| is_word(b) || b == b'$')),
            _ => self.symbol(),
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip(&mut self, bytes: usize) -> Option<TokenKind> {
        self.at += bytes;
        None
    }

    fn symbol(&mut self) -> Option<TokenKind> {
        self.at += self.sql[self.at..].chars().next().map_or(1, char::len_utf8);
        Some(TokenKind::Symbol)
    }

    fn run(&mut self, kind: TokenKind, more: impl Fn(u8) -> bool) -> TokenKind {
        while self.at < self.bytes.len() && more(self.bytes[self.at]) {
            self.at += 1;
        }
        kind
    }

    fn param(&mut self) -> TokenKind {
        self.at += 1;
        match self.dialect {
            Dialect::MySql => TokenKind::Param,
            _ => self.run(TokenKind::Param, is_word),
        }
    }

    /// MySQL takes `--` for a comment only before white space, since `5--1` is 6 there.
    fn starts_line_comment(&self) -> bool {
        self.peek(1) == b'-' && (self.dialect != Dialect::MySql || self.peek(2) <= b' ')
    }

    fn line_comment(&mut self) -> Option<TokenKind> {
        self.at = memchr::memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |n| self.at + n + 1);
        None
    }

    fn block_comment(&mut self) -> Option<TokenKind> {
        let executable = self.dialect == Dialect::MySql
            && (self.bytes[self.at + 2..].starts_with(b"!") || self.bytes[self.at + 2..].starts_with(b"M!"));
        self.at += 2;
        let mut depth = 1;
        while depth > 0 {
            match (self.peek(0), self.peek(1)) {
                _ if self.at >= self.bytes.len() => return Some(TokenKind::Unclosed),
                (b'*', b'/') => (depth, self.at) = (depth - 1, self.at + 2),
                (b'/', b'*') if self.dialect == Dialect::Postgres => {
                    (depth, self.at) = (depth + 1, self.at + 2)
                }
                _ => self.at += 1,
            }
        }
        executable.then_some(TokenKind::Executable)
    }

    /// A quoted text from its opening to its closing quote, which stands for itself when doubled.
    fn quoted(&mut self, close: u8, backslash: bool, kind: TokenKind) -> TokenKind {
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'\\' if backslash => self.at += 2,
                b if b == close && close != b']' && self.peek(1) == close => self.at += 2,
                b if b == close => {
                    self.at += 1;
                    return kind;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
        TokenKind::Unclosed
    }

    /// `$1`, `$tag$ … $tag$`, or a lone dollar.
    fn dollar(&mut self) -> TokenKind {
        let rest = &self.bytes[self.at + 1..];
        let tag = rest.iter().take_while(|b| is_word(**b)).count();
        if tag > 0 && rest[0].is_ascii_digit() {
            self.at += 1;
            return self.run(TokenKind::Param, |b| b.is_ascii_digit());
        }
        if rest.get(tag) != Some(&b'$') {
            self.at += 1;
            return TokenKind::Symbol;
        }
        let fence = &self.bytes[self.at..self.at + tag + 2];
        let body = self.at + fence.len();
        match memchr::memmem::find(&self.bytes[body..], fence) {
            Some(n) => {
                self.at = body + n + fence.len();
                TokenKind::Text
            }
            None => {
                self.at = self.bytes.len();
                TokenKind::Unclosed
            }
        }
    }
}

/// Whether a byte belongs to a word; every byte of a character beyond ASCII does.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::{Dialect, TokenKind, tokens};

    fn cut(sql: &str, dialect: Dialect) -> Vec<(TokenKind, &str)> {
        tokens(sql, dialect).iter().map(|t| (t.kind, t.text(sql))).collect()
    }

    #[test]
    fn a_backslash_escapes_only_where_the_dialect_says_so() {
        let sql = r"'a\' ; b'";
        assert_eq!(cut(sql, Dialect::MySql), [(TokenKind::Text, sql)]);
        assert_eq!(cut(sql, Dialect::Postgres)[0], (TokenKind::Text, r"'a\'"));
        assert_eq!(cut(r"E'a\' ; b'", Dialect::Postgres), [(TokenKind::Text, r"E'a\' ; b'")]);
    }

    #[test]
    fn dollar_quotes_hold_anything_but_their_own_fence() {
        let sql = "$f$ ; ' $x$ -- $f$ $1";
        assert_eq!(
            cut(sql, Dialect::Postgres),
            [(TokenKind::Text, "$f$ ; ' $x$ -- $f$"), (TokenKind::Param, "$1")]
        );
    }

    #[test]
    fn comments_are_no_tokens_but_mysql_runs_some() {
        assert_eq!(cut("/* a /* b */ c */ x -- y", Dialect::Postgres), [(TokenKind::Word, "x")]);
        assert_eq!(cut("# a\nx", Dialect::MySql), [(TokenKind::Word, "x")]);
        assert_eq!(cut("/*!50000 DROP */", Dialect::MySql)[0].0, TokenKind::Executable);
        assert_eq!(cut("5--1", Dialect::MySql).len(), 4);
    }

    #[test]
    fn what_never_ends_is_told() {
        for sql in ["'a", "\"a", "/* a", "$$ a"] {
            assert_eq!(cut(sql, Dialect::Postgres), [(TokenKind::Unclosed, sql)], "{sql}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut_without_panic_and_in_order(sql in "(?s).{0,60}|['\"`$;a-z\\-/*\\\\\\[\\]?:@ \n]{0,40}") {
            for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
                let mut end = 0;
                for token in tokens(&sql, dialect) {
                    proptest::prop_assert!(token.start >= end && token.end > token.start);
                    proptest::prop_assert!(sql.get(token.start..token.end).is_some());
                    end = token.end;
                }
            }
        }
    }
}
