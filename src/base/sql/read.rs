//! Whether a statement only reads, by its words: an allow-list. What functions do inside it cannot know; the
//! read-only session that such a statement runs in is the second wall.

use super::split::{Statement, split};
use super::token::{Dialect, TokenKind};

/// Whether the text is one statement that only reads, whichever of the dialects it is written in.
pub fn is_read_statement(sql: &str) -> bool {
    [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite].iter().all(|dialect| is_read(sql, *dialect))
}

/// The functions that a text calls and that are not plain arithmetic of the database: what they do, its words do not
/// tell.
pub fn functions(sql: &str, dialect: Dialect) -> Vec<String> {
    const PLAIN: &[&str] = &[
        "abs",
        "any",
        "array",
        "array_agg",
        "as",
        "avg",
        "bool_and",
        "bool_or",
        "by",
        "cast",
        "ceil",
        "char_length",
        "coalesce",
        "concat",
        "count",
        "count_if",
        "date",
        "date_trunc",
        "datetime",
        "decimal",
        "exists",
        "extract",
        "filter",
        "floor",
        "from",
        "greatest",
        "group_concat",
        "if",
        "ifnull",
        "in",
        "interval",
        "json_agg",
        "lag",
        "lead",
        "least",
        "left",
        "length",
        "lower",
        "ltrim",
        "max",
        "min",
        "now",
        "nullif",
        "numeric",
        "on",
        "or",
        "and",
        "over",
        "partition",
        "rank",
        "replace",
        "right",
        "round",
        "row_number",
        "rtrim",
        "select",
        "string_agg",
        "substr",
        "substring",
        "sum",
        "to_char",
        "total",
        "trim",
        "upper",
        "using",
        "values",
        "varchar",
        "where",
        "with",
        "not",
        "union",
        "all",
        "case",
        "when",
        "then",
        "else",
        "like",
        "between",
        "distinct",
        "having",
    ];
    let mut found: Vec<String> = Vec::new();
    for statement in split(sql, dialect) {
        for pair in statement.tokens.windows(2) {
            let name = pair[0].text(sql).trim_matches(['"', '`']).to_ascii_lowercase();
            let called =
                matches!(pair[0].kind, TokenKind::Word | TokenKind::Name) && pair[1].is_symbol(sql, "(");
            if called && !PLAIN.contains(&name.as_str()) && !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// Whether the text is one statement of this dialect that only reads.
pub fn is_read(sql: &str, dialect: Dialect) -> bool {
    let statements = split(sql, dialect);
    let [statement] = statements.as_slice() else { return false };
    let plain = |kind| !matches!(kind, TokenKind::Executable | TokenKind::Unclosed);
    if !statement.tokens.iter().all(|t| plain(t.kind)) {
        return false;
    }
    let head =
        statement.tokens.iter().find(|t| !t.is_symbol(sql, "(")).map(|t| t.text(sql).to_ascii_uppercase());
    match head.as_deref() {
        Some("SELECT" | "WITH" | "VALUES" | "TABLE") => only_reads(sql, statement),
        Some("SHOW") => dialect != Dialect::Sqlite,
        Some("EXPLAIN" | "DESCRIBE" | "DESC") => {
            only_reads(sql, statement) && !explains_a_change(sql, statement)
        }
        Some("PRAGMA") => dialect == Dialect::Sqlite && reading_pragma(sql, statement),
        _ => false,
    }
}

/// Words that make a query write or lock, wherever they stand.
const WRITING: &[&str] = &["INTO", "INSERT", "UPDATE", "DELETE", "MERGE"];

/// Functions whose very purpose is a side effect; a `*` stands for any ending.
const ACTING: &[&str] = &[
    "nextval",
    "setval",
    "set_config",
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_switch_wal",
    "pg_promote",
    "pg_create_*",
    "pg_drop_*",
    "pg_stat_reset*",
    "pg_stat_statements_reset",
    "pg_file_*",
    "pg_logical_*",
    "pg_replication_*",
    "pg_advisory_*",
    "pg_try_advisory_*",
    "pg_notify",
    "lo_*",
    "dblink*",
    "pg_backup_*",
    "pg_start_backup",
    "pg_stop_backup",
    "pg_wal_replay_*",
    "pg_log_*",
    "pg_logfile_*",
    "pg_copy_*",
    "pg_sync_*",
    "pg_restore_*",
    "pg_set_*",
    "pg_clear_*",
    "pg_import_system_collations",
    "ts_stat",
    "sys_exec",
    "sys_eval",
    "sys_set",
    "query_to_xml*",
    "get_lock",
    "release_lock",
    "release_all_locks",
    "load_extension",
    "writefile",
    "edit",
];

fn only_reads(sql: &str, statement: &Statement) -> bool {
    let tokens = &statement.tokens;
    let after_dot = |i: usize| i > 0 && tokens[i - 1].is_symbol(sql, ".");
    let called = |i: usize| tokens.get(i + 1).is_some_and(|t| t.is_symbol(sql, "("));
    tokens.iter().enumerate().all(|(i, token)| match token.kind {
        TokenKind::Word | TokenKind::Name => {
            let word = token.text(sql);
            let bare = token.kind == TokenKind::Word && !after_dot(i);
            let writes = bare && WRITING.iter().any(|w| word.eq_ignore_ascii_case(w));
            let locks = bare
                && tokens.get(i + 1).is_some_and(|next| {
                    word.eq_ignore_ascii_case("FOR") && (next.is(sql, "SHARE") || next.is(sql, "KEY"))
                        || word.eq_ignore_ascii_case("LOCK") && next.is(sql, "IN")
                });
            !(writes || locks || called(i) && acts(word))
        }
        _ => true,
    })
}

fn acts(name: &str) -> bool {
    let name = name.trim_matches(['"', '`']).to_ascii_lowercase();
    ACTING.iter().any(|f| match f.strip_suffix('*') {
        Some(stem) => name.starts_with(stem),
        None => name == *f,
    })
}

/// `EXPLAIN ANALYZE` runs what it explains.
fn explains_a_change(sql: &str, statement: &Statement) -> bool {
    const CHANGING: &[&str] =
        &["CREATE", "DROP", "ALTER", "TRUNCATE", "EXECUTE", "CALL", "DECLARE", "REFRESH", "DO"];
    statement.tokens.iter().any(|t| {
        CHANGING.iter().any(|w| t.is(sql, w))
            || (t.is(sql, "REPLACE") && !sql[t.end..].trim_start().starts_with('('))
    })
}

/// Pragmas that check and describe, with an argument; any of the second list only without.
fn reading_pragma(sql: &str, statement: &Statement) -> bool {
    const CHECKS: &[&str] = &[
        "integrity_check",
        "quick_check",
        "foreign_key_check",
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "table_info",
        "table_list",
        "table_xinfo",
    ];
    const SETTINGS: &[&str] = &[
        "application_id",
        "auto_vacuum",
        "cache_size",
        "collation_list",
        "compile_options",
        "data_version",
        "database_list",
        "encoding",
        "foreign_keys",
        "freelist_count",
        "function_list",
        "journal_mode",
        "journal_size_limit",
        "max_page_count",
        "mmap_size",
        "module_list",
        "page_count",
        "page_size",
        "pragma_list",
        "query_only",
        "schema_version",
        "synchronous",
        "user_version",
    ];
    let mut tokens = &statement.tokens[1..];
    if tokens.get(1).is_some_and(|t| t.is_symbol(sql, ".")) {
        tokens = &tokens[2..];
    }
    let Some((name, rest)) = tokens.split_first() else { return false };
    let name = name.text(sql).to_ascii_lowercase();
    let sets = rest.iter().any(|t| t.is_symbol(sql, "="));
    CHECKS.contains(&name.as_str()) && !sets || SETTINGS.contains(&name.as_str()) && rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{Dialect, is_read, is_read_statement};

    #[test]
    fn statements_that_only_read_pass() {
        for sql in [
            "select count(*) from t where a = 'insert into'",
            "WITH x AS (SELECT 1) SELECT * FROM x;",
            "(select 1) union (select 2)",
            "values (1)",
            "select replace(a, 'x', 'y'), t.update from t -- delete",
            "explain select 1",
            "/* a */ select 1",
        ] {
            assert!(is_read_statement(sql), "{sql}");
        }
        assert!(is_read("show tables", Dialect::MySql));
        assert!(is_read("explain (analyze, buffers) select 1", Dialect::Postgres));
        assert!(is_read("pragma main.integrity_check(10)", Dialect::Sqlite));
        assert!(is_read("pragma user_version", Dialect::Sqlite));
    }

    #[test]
    fn statements_that_write_lock_or_set_do_not() {
        for sql in [
            "",
            "select 1; select 2",
            "select * into x from t",
            "select * from t into outfile '/tmp/x'",
            "with d as (delete from t returning *) select * from d",
            "select * from t for update",
            "select * from t for key share",
            "select * from t lock in share mode",
            "set a = 1",
            "drop table t",
            "explain analyze delete from t",
            "explain analyze create table x as select 1",
            "select nextval('s')",
            "select pg_catalog.\"set_config\"('a', 'b', false)",
            "select pg_terminate_backend(1)",
            "call p()",
            "vacuum into 'x'",
            "attach 'x' as y",
            "pragma user_version = 5",
            "pragma journal_mode(wal)",
            "pragma wal_checkpoint",
            "select 1 /*! into outfile 'x' */",
            "select 'a",
        ] {
            assert!(!is_read_statement(sql), "{sql}");
        }
    }
}
