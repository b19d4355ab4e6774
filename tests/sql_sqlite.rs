//! SQL steps against real SQLite files.

mod sql_support;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};
use sql_support::Step;
use toban::event::Failure;
use toban::process::StopReason;

const MEMORY: &str = "sqlite::memory:";

fn file() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    (folder, url)
}

#[test]
fn every_storage_class_comes_out_as_json() {
    let (_folder, url) = file();
    let sql = "create table t (i integer, r real, t text, b blob, yes boolean, j json, n numeric, none text);
        insert into t values (9007199254740993, 1.5, 'あ''', x'00ff', 1, '{\"k\":[1]}', 1.10, null);
        select *, 9e999 as inf, i from t";
    let gives = Step::script(&url, sql, vec![]).gives();
    let expected = json!({"i": 9_007_199_254_740_993_i64, "r": 1.5, "t": "あ'", "b": "00ff", "yes": true,
        "j": {"k": [1]}, "n": 1.1, "none": null, "inf": "Infinity", "i_2": 9_007_199_254_740_993_i64});
    assert_eq!(gives["rows"][0], expected);
    assert_eq!(gives["row_count"], json!(1));
    assert_eq!(gives["affected"], json!(1));
    assert_eq!(gives["columns"][0], json!("i"));
}

#[test]
fn keys_stand_in_the_order_of_the_columns() {
    let gives = Step::query(MEMORY, "select 1 as z, 2 as a, 3 as m", vec![]).gives();
    assert_eq!(gives["rows"][0].to_string(), r#"{"z":1,"a":2,"m":3}"#);
}

#[test]
fn a_result_without_rows_still_has_its_columns() {
    let gives = Step::query(MEMORY, "select 1 as a where 0", vec![]).gives();
    assert_eq!((&gives["columns"], &gives["rows"]), (&json!(["a"]), &json!([])));
}

#[test]
fn values_of_every_kind_are_bound() {
    let sql = "select {} as s, {} as n, {} as f, {} as b, {} as x, {} as j, 2 in ({}) as l, {} as w";
    let values = vec![
        json!("o'k; --"),
        json!(41),
        json!(1.5),
        json!(true),
        json!(null),
        json!({"a": [1]}),
        json!([1, 2]),
        json!(10.0),
    ];
    let gives = Step::query(MEMORY, sql, values).gives();
    let expected =
        json!({"s": "o'k; --", "n": 41, "f": 1.5, "b": 1, "x": null, "j": "{\"a\":[1]}", "l": 1, "w": 10});
    assert_eq!(gives["rows"][0], expected);
}

#[test]
fn a_script_is_kept_whole_or_not_at_all() {
    let (_folder, url) = file();
    Step::script(&url, "create table t (a integer primary key)", vec![]).gives();
    let failing =
        Step::script(&url, "insert into t values (1);\ninsert into t values ({});\nselect 1", vec![json!(1)]);
    let message = failing.failure().to_string();
    assert!(message.contains("statement 2 of 3 (line 2)") && message.contains("UNIQUE"), "{message}");
    assert_eq!(Step::query(&url, "select count(*) from t", vec![]).value(), json!(0));
    let loose = Step::script(&url, "insert into t values (1); insert into t values (1)", vec![])
        .without_transaction();
    assert!(loose.failure().to_string().contains("is kept"));
    assert_eq!(Step::query(&url, "select count(*) from t", vec![]).value(), json!(1));
}

#[test]
fn a_trigger_with_statements_of_its_own_is_one_statement() {
    let (_folder, url) = file();
    let sql = "create table a (x); create table b (x);
        create trigger t after insert on a begin insert into b values (new.x); insert into b values (case when new.x then 1 end); end;
        insert into a values (7); select count(*) from b";
    assert_eq!(Step::script(&url, sql, vec![]).value(), json!(2));
}

#[test]
fn vacuum_runs_outside_of_a_transaction_only() {
    let (_folder, url) = file();
    let script = "create table t (a); vacuum; select count(*) from t";
    assert!(matches!(Step::script(&url, script, vec![]).failure(), Failure::Rejected { .. }));
    assert_eq!(Step::script(&url, script, vec![]).without_transaction().value(), json!(0));
}

#[test]
fn a_transaction_of_the_script_s_own_is_refused_before_anything_runs() {
    let (folder, url) = file();
    let message = Step::script(&url, "create table t (a);\ncommit;\nselect 1", vec![]).failure().to_string();
    assert!(message.contains("line 2") && message.contains("transaction: false"), "{message}");
    assert!(!folder.path().join("a.db").exists());
}

#[test]
fn a_reading_step_makes_no_file_and_writes_nothing() {
    let (folder, url) = file();
    let missing = Step::query(&url, "select 1", vec![]).read_only().failure();
    assert!(matches!(missing, Failure::Unavailable { .. }), "{missing}");
    assert!(!folder.path().join("a.db").exists());

    Step::script(&url, "create table t (a); insert into t values (1)", vec![]).gives();
    let out = folder.path().join("out.db");
    for sql in [
        "insert into t values (2)".to_string(),
        "with x as (select 1) delete from t".to_string(),
        format!("vacuum into '{}'", out.display()),
        format!("attach '{}' as o", out.display()),
        "pragma user_version = 7".to_string(),
        "pragma journal_mode = wal".to_string(),
        "create temp table x (a)".to_string(),
        "select 1; drop table t".to_string(),
        "select load_extension('x')".to_string(),
    ] {
        let failure = Step::query(&url, &sql, vec![]).read_only().failure();
        assert!(matches!(failure, Failure::Rejected { .. }), "{sql}: {failure}");
    }
    assert!(!out.exists());
    let left = Step::query(&url, "select count(*) from t", vec![]).read_only();
    assert_eq!(left.value(), json!(1));
    assert_eq!(Step::query(&url, "pragma user_version", vec![]).read_only().value(), json!(0));
    assert_eq!(Step::query(&url, "pragma integrity_check", vec![]).read_only().value(), json!("ok"));
}

#[test]
fn paths_are_relative_to_the_playbook() {
    let folder = tempfile::tempdir().expect("a folder");
    Step::script("sqlite:x.db", "create table t (a)", vec![]).in_folder(folder.path()).gives();
    assert!(folder.path().join("x.db").exists());
}

const ENDLESS: &str =
    "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c";

#[test]
fn a_stop_interrupts_the_statement() {
    let begun = Instant::now();
    let step = Step::query(MEMORY, ENDLESS, vec![]);
    let failure = step
        .stopped_after(async { tokio::time::sleep(Duration::from_millis(200)).await }, StopReason::TimedOut);
    assert_eq!(failure, Failure::TimedOut { after_ms: 0 });
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn a_stop_ends_the_wait_for_another_writer() {
    let (_folder, url) = file();
    Step::script(&url, "create table t (a)", vec![]).gives();
    let other = rusqlite::Connection::open(url.trim_start_matches("sqlite:")).expect("a second connection");
    other.execute_batch("begin immediate").expect("the lock");
    let begun = Instant::now();
    let step = Step::script(&url, "insert into t values (1)", vec![]);
    let failure = step
        .stopped_after(async { tokio::time::sleep(Duration::from_millis(200)).await }, StopReason::Cancelled);
    assert_eq!(failure, Failure::Cancelled);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn rows_beyond_the_limit_are_counted_but_not_kept() {
    let mut step = Step::query(
        MEMORY,
        "with recursive c(x) as (select 1 union all select x + 1 from c where x < 5000) select x, 'aaaaaaaaaaaa' as a from c",
        vec![],
    );
    step.max_output = 1_000;
    let report = step.run().expect("it succeeds");
    assert_eq!(report.gives["row_count"], json!(5_000));
    assert!(report.gives["rows"].as_array().is_some_and(|r| !r.is_empty() && r.len() < 100));
    assert_eq!((report.warnings.len(), &report.gives["truncated"]), (1, &json!(true)));
}

#[test]
fn the_log_has_the_statement_and_the_rows_but_no_secret() {
    let step = Step::query(MEMORY, "select {} as name, length('当番') as n", vec![json!(null)])
        .with_secret("hunter22");
    let report = step.run().expect("it succeeds");
    assert_eq!(report.gives["rows"][0]["name"], json!("hunter22"));
    let log = step.log.borrow();
    assert!(log.contains("select ⟦•••⟧ as name") && log.contains("name"), "{log}");
}

#[test]
fn an_error_names_what_is_wrong() {
    let message = Step::query(MEMORY, "select nope from sqlite_schema", vec![]).failure().to_string();
    assert!(message.contains("no such column: nope") && !message.contains("offset"), "{message}");
    assert!(message.contains("line 1: select nope from sqlite_schema\n               ^"), "{message}");
    let message = Step::query(MEMORY, "select 1; select 2", vec![]).failure().to_string();
    assert!(message.contains("script"), "{message}");
    let message = Step::query("mian", "select 1", vec![]).failure().to_string();
    assert!(message.contains("mian"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_text_comes_back_byte_for_byte(text in "(?s).*|[-'\"`\\\\;$%{}/* \n\u{0}あ🙂]*") {
        let value = Step::query(MEMORY, "select {} as v", vec![Value::String(text.clone())]).value();
        prop_assert_eq!(value, Value::String(text));
    }
}
