//! SQL steps against a real PostgreSQL, started by the tests.

mod sql_support;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};
use sql_support::Step;
use sql_support::server::{Server, free_port, postgres};
use toban::event::Failure;
use toban::model::Connection;
use toban::process::StopReason;

static SERVER: LazyLock<Server> = LazyLock::new(postgres);

fn url() -> String {
    format!("postgres://postgres@127.0.0.1:{}/postgres", SERVER.port)
}

fn query(sql: &str, values: Vec<Value>) -> Step {
    Step::query(&url(), sql, values)
}

fn script(sql: &str, values: Vec<Value>) -> Step {
    Step::script(&url(), sql, values)
}

/// Each with what it must come out as.
fn every_type() -> Vec<(&'static str, Value)> {
    vec![
        ("1::int2", json!(1)),
        ("(-2147483648)::int4", json!(-2_147_483_648_i64)),
        ("9223372036854775807::int8", json!(i64::MAX)),
        ("1259::oid", json!(1259)),
        ("1.50::numeric(10,3)", json!(1.5)),
        ("12345678901234567890.123::numeric", json!("12345678901234567890.123")),
        ("'NaN'::numeric", json!("NaN")),
        ("1.1::float4", json!(1.1)),
        ("0.1::float8", json!(0.1)),
        ("'Infinity'::float8", json!("Infinity")),
        ("'-Infinity'::float4", json!("-Infinity")),
        ("'NaN'::float8", json!("NaN")),
        ("true", json!(true)),
        ("null::int", json!(null)),
        ("'あ'::text", json!("あ")),
        ("'x'::varchar(3)", json!("x")),
        ("'x'::char(3)", json!("x  ")),
        ("'n'::name", json!("n")),
        ("'c'::\"char\"", json!("c")),
        ("'\\x00ff'::bytea", json!("00ff")),
        ("'2024-01-02'::date", json!("2024-01-02")),
        ("'03:04:05.6'::time", json!("03:04:05.6")),
        ("'03:04:05+09'::timetz", json!("03:04:05+09")),
        ("'2024-01-02 03:04:05.678'::timestamp", json!("2024-01-02T03:04:05.678")),
        ("'2024-01-02 03:04:05+09'::timestamptz", json!("2024-01-01T18:04:05Z")),
        ("'infinity'::timestamptz", json!("infinity")),
        ("'1 day 02:00'::interval", json!("1 day 02:00:00")),
        ("'00000000-0000-0000-0000-000000000001'::uuid", json!("00000000-0000-0000-0000-000000000001")),
        ("'{\"k\": [1, null]}'::json", json!({"k": [1, null]})),
        ("'{\"k\": [1, null]}'::jsonb", json!({"k": [1, null]})),
        ("'10.0.0.1/8'::inet", json!("10.0.0.1/8")),
        ("'10.0.0.0/8'::cidr", json!("10.0.0.0/8")),
        ("'08:00:2b:01:02:03'::macaddr", json!("08:00:2b:01:02:03")),
        ("'[1,5)'::int4range", json!("[1,5)")),
        ("'{[1,5),[7,9)}'::int4multirange", json!("{[1,5),[7,9)}")),
        ("12.34::money", json!("$12.34")),
        ("'101'::bit(3)", json!("101")),
        ("'10101'::varbit", json!("10101")),
        ("point(1,2)", json!("(1,2)")),
        ("'<a/>'::xml", json!("<a/>")),
        ("'fat & rat'::tsquery", json!("'fat' & 'rat'")),
        ("'a b'::tsvector", json!("'a' 'b'")),
        ("'pg_class'::regclass", json!("pg_class")),
        ("'0/16B3748'::pg_lsn", json!("0/16B3748")),
        ("array['x',null,'a \"b']::text[]", json!(["x", null, "a \"b"])),
        ("array[[1,2],[3,4]]", json!([[1, 2], [3, 4]])),
        ("'{}'::int[]", json!([])),
        ("array[1.5::numeric, 2]", json!([1.5, 2])),
        ("array['{\"a\":1}'::jsonb]", json!([{"a": 1}])),
        ("array['2024-01-02 03:04:05+00'::timestamptz]", json!(["2024-01-02T03:04:05Z"])),
        ("array[box '(1,1),(0,0)', box '(2,2),(0,0)']", json!(["(1,1),(0,0)", "(2,2),(0,0)"])),
        ("'sad'::mood", json!("sad")),
        ("array['sad','ok']::mood[]", json!(["sad", "ok"])),
        ("row(1,'a b')::pair", json!("(1,\"a b\")")),
        ("array[row(1,'a')::pair]", json!(["(1,a)"])),
        ("5::positive", json!(5)),
        ("array[5]::positive[]", json!([5])),
        ("row(1,2)", json!("(1,2)")),
        ("'1 2'::int2vector", json!("1 2")),
        ("pg_sleep(0)", json!(null)),
    ]
}

static TYPES: LazyLock<()> = LazyLock::new(|| {
    let sql = "create type mood as enum ('sad', 'ok'); create type pair as (n int, t text);
        create domain positive as int check (value > 0)";
    script(sql, vec![]).gives();
});

#[test]
fn every_type_comes_out_as_json_with_and_without_bound_values() {
    LazyLock::force(&TYPES);
    let types = every_type();
    let list: Vec<String> = types.iter().enumerate().map(|(i, (sql, _))| format!("{sql} as c{i}")).collect();
    let list = list.join(", ");
    let mut without = query("select 1", vec![]);
    without.sql.query = Some(toban::model::Slot(toban::model::SqlText::plain(format!("select {list}"))));
    let mut with = query("select 1", vec![]);
    let parts = vec![format!("select {list} where 1 = "), String::new()];
    let binds = vec![toban::model::Bind::Plain(json!(1))];
    with.sql.query = Some(toban::model::Slot(toban::model::SqlText { parts, binds }));
    for step in [without, with] {
        let gives = step.gives();
        for (i, (sql, expected)) in types.iter().enumerate() {
            assert_eq!(&gives["rows"][0][format!("c{i}")], expected, "{sql}");
        }
    }
}

#[test]
fn values_take_the_type_their_place_has() {
    LazyLock::force(&TYPES);
    for (sql, value, expected) in [
        ("select 1 where 5 = {}", json!(5), json!(1)),
        ("select 1 where 5 = {}", json!("5"), json!(1)),
        ("select count(*) from generate_series(1, 9) limit {}", json!(1.0), json!(9)),
        ("select 'x' where 'a-b' like {}", json!("a%"), json!("x")),
        ("select 1 where now() > {}", json!("2024-01-01T00:00:00+09:00"), json!(1)),
        ("select 1 where '2024-01-02'::date = {}", json!("2024-01-02"), json!(1)),
        (
            "select ('2024-01-02'::timestamp - interval {})::text",
            json!("1 day"),
            json!("2024-01-01 00:00:00"),
        ),
        ("select ({}::interval)::text", json!("7 days"), json!("7 days")),
        ("select 1 where 'sad'::mood = {}", json!("sad"), json!(1)),
        ("select 3 = any({})", json!([1, 2, 3]), json!(true)),
        ("select 'b' in ({})", json!(["a", "b"]), json!(true)),
        ("select 3 in {}", json!([3]), json!(true)),
        ("select array_length({}::text[], 1)", json!(["a\"", null, "c,}"]), json!(3)),
        ("select {}::jsonb -> 'a'", json!({"a": [1, "x"]}), json!([1, "x"])),
        ("select jsonb_build_object('k', {})", json!("v"), json!({"k": "v"})),
        ("select jsonb_build_object('k', {})", json!(5), json!({"k": 5})),
        ("select {}", json!("plain"), json!("plain")),
        ("select coalesce({}, 'none')", json!(null), json!("none")),
        ("select {} is null", json!(null), json!(true)),
        ("select not {}", json!(false), json!(true)),
        ("select {}::numeric", json!(0.1), json!(0.1)),
        ("select {}::char(3)", json!("abc"), json!("abc")),
        ("select oid::int from pg_class where oid = {}", json!(1259), json!(1259)),
        ("select relname from pg_class where oid = {}::regclass", json!("pg_class"), json!("pg_class")),
        ("select '10.0.0.1'::inet << {}", json!("10.0.0.0/8"), json!(true)),
    ] {
        let given = query(sql, vec![value.clone()]).value();
        assert_eq!(given, expected, "{sql} with {value}");
    }
}

#[test]
fn values_are_bound_in_statements_that_cannot_be_prepared_too() {
    script("create role someone", vec![]).gives();
    script("alter role someone password {}", vec![json!("it's \\' ; drop role someone --")]).gives();
    let made = "create temp table made as select {}::text as t, {} as n; select t from made";
    assert_eq!(script(made, vec![json!("x'y\\"), json!(-5)]).value(), json!("x'y\\"));
    let plan = query("explain select * from pg_class where relname = {}", vec![json!("a'b")]).gives();
    assert!(plan["row_count"].as_u64().is_some_and(|n| n > 0));
    let procedure = "create procedure twice(inout n int) language sql as 'select n * 2'; call twice({})";
    assert_eq!(script(procedure, vec![json!(21)]).value(), json!(42));
}

#[test]
fn rows_of_a_returning_clause_and_counts_of_changes_are_given() {
    let sql = "create temp table t (id serial, v text); insert into t (v) values ({}), ({}) returning id, v";
    let gives = script(sql, vec![json!("a"), json!("b")]).gives();
    assert_eq!(gives["rows"], json!([{"id": 1, "v": "a"}, {"id": 2, "v": "b"}]));
    assert_eq!((&gives["affected"], &gives["row_count"]), (&json!(2), &json!(2)));
    let gives = query("select relname, oid from pg_class where relname = {}", vec![json!("none")]).gives();
    assert_eq!((&gives["columns"], &gives["affected"]), (&json!(["relname", "oid"]), &json!(0)));
    assert_eq!(query("select 1 as a where false", vec![]).gives()["columns"], json!(["a"]));
}

#[test]
fn a_script_is_kept_whole_or_not_at_all() {
    script("create table atomic (a int primary key)", vec![]).gives();
    let failing = script("insert into atomic values (1);\n\ninsert into atomic values ({});", vec![json!(1)]);
    let message = failing.failure().to_string();
    assert!(message.contains("statement 2 of 2 (line 3)") && message.contains("23505"), "{message}");
    assert!(message.contains("Nothing of the script is kept"), "{message}");
    assert_eq!(query("select count(*) from atomic", vec![]).value(), json!(0));
    let constraint = "create table late (a int references atomic deferrable initially deferred)";
    script(constraint, vec![]).gives();
    let message = script("insert into late values (5)", vec![]).failure().to_string();
    assert!(message.contains("could not be committed"), "{message}");
}

#[test]
fn vacuum_runs_with_transaction_false() {
    let sql = "create table vacuumed (a int); insert into vacuumed values (1); vacuum analyze vacuumed; select a from vacuumed";
    assert!(script(sql, vec![]).failure().to_string().contains("VACUUM"));
    assert_eq!(script(sql, vec![]).without_transaction().value(), json!(1));
    query("vacuum vacuumed", vec![]).gives();
}

#[test]
fn a_transaction_of_the_script_s_own_is_refused() {
    for sql in [
        "create table evil (a int); commit; select 1",
        "rollback",
        "begin; select 1",
        "prepare transaction 'x'",
    ] {
        let message = script(sql, vec![]).failure().to_string();
        assert!(message.contains("transaction: false"), "{message}");
    }
    assert_eq!(query("select to_regclass('evil')::text", vec![]).value(), json!(null));
    let own = "begin; create table own (a int); commit; select count(*) from own";
    assert_eq!(script(own, vec![]).without_transaction().value(), json!(0));
}

#[test]
fn a_reading_step_cannot_write() {
    script("create table guarded (a int); insert into guarded values (1); create sequence counted", vec![])
        .gives();
    script(
        "create function sneaky() returns int language plpgsql as $$ begin delete from guarded; return 1; end $$",
        vec![],
    )
    .gives();
    for sql in [
        "select * into stolen from guarded",
        "with d as (delete from guarded returning a) select * from d",
        "delete from guarded",
        "select sneaky()",
        "select nextval('counted')",
        "select setval('counted', 9)",
        "select * from guarded for update",
        "explain analyze delete from guarded",
        "set default_transaction_read_only = off",
        "select set_config('transaction_read_only', 'off', false)",
        "select 1; delete from guarded",
        "copy guarded to program 'cat'",
        "do $$ begin delete from guarded; end $$",
        "create table made (a int)",
        "truncate guarded",
    ] {
        let failure = query(sql, vec![]).read_only().failure();
        assert!(matches!(failure, Failure::Rejected { .. }), "{sql}: {failure}");
    }
    assert_eq!(
        query("select count(*) from guarded where a = {}", vec![json!(1)]).read_only().value(),
        json!(1)
    );
    assert_eq!(
        query("select jsonb_build_object('k', {})", vec![json!("v")]).read_only().value(),
        json!({"k": "v"})
    );
    assert_eq!(query("show server_encoding", vec![]).read_only().value(), json!("UTF8"));
}

fn running(marker: &str) -> u64 {
    let sql = "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and query like {} and state <> 'idle'";
    query(sql, vec![json!(format!("%{marker}%"))]).value().as_u64().expect("a count")
}

async fn until_running(marker: &'static str) {
    let begun = Instant::now();
    loop {
        let count = tokio::task::spawn_blocking(move || running(marker)).await.expect("a count");
        if count == 1 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it never ran");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_stop_ends_the_statement_on_the_server() {
    let step = query("select pg_sleep(600), 'stop_me_1'", vec![]);
    assert_eq!(
        step.stopped_after(until_running("stop_me_1"), StopReason::TimedOut),
        Failure::TimedOut { after_ms: 0 }
    );
    assert_eq!(running("stop_me_1"), 0);

    let sql =
        "create table half (a int); insert into half values (1); select pg_sleep(600), 'stop_me_2'; select 1";
    let step = script(sql, vec![]);
    assert_eq!(step.stopped_after(until_running("stop_me_2"), StopReason::Cancelled), Failure::Cancelled);
    assert_eq!(running("stop_me_2"), 0);
    assert_eq!(query("select to_regclass('half')::text", vec![]).value(), json!(null));
}

#[test]
fn a_statement_with_values_is_stopped_as_well() {
    let step = query("select pg_sleep({})", vec![json!(600)]);
    let failure = step.stopped_after(until_running("EXECUTE toban_statement"), StopReason::Killed);
    assert_eq!(failure, Failure::Cancelled);
    assert_eq!(running("EXECUTE toban_statement"), 0);
}

#[test]
fn a_statement_that_ignores_the_cancel_loses_its_session() {
    let sql = "do $$ begin loop begin perform pg_sleep(600), 'stop_me_3'; exception when query_canceled then null; end; end loop; end $$";
    let step = query(sql, vec![]);
    assert_eq!(step.stopped_after(until_running("stop_me_3"), StopReason::Cancelled), Failure::Cancelled);
    let begun = Instant::now();
    while running("stop_me_3") > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "it still runs");
    }
}

#[test]
fn an_error_shows_its_place_code_and_hint_but_no_driver_s_words() {
    let message =
        query("select 1,\n  nmae from (select {} as name) s", vec![json!("あ")]).failure().to_string();
    assert!(message.contains("column \"nmae\" does not exist (42703)"), "{message}");
    assert!(message.contains("line 2:   nmae from (select ⟦\"あ\"⟧ as name) s\n          ^"), "{message}");
    assert!(message.contains("hint: Perhaps you meant"), "{message}");
    let message = query("selec 1", vec![]).failure().to_string();
    assert!(message.contains("line 1: selec 1\n        ^"), "{message}");
    assert!(!message.contains("at line") && !message.contains("Error"), "{message}");
    let message =
        query("select {}::int", vec![json!(null)]).with_secret("not-a-number").failure().to_string();
    assert!(message.contains("•••") && !message.contains("not-a-number"), "{message}");
}

#[test]
fn what_the_server_says_beside_its_rows_is_in_the_log() {
    let step = query("do $$ begin raise notice 'hello %', 'there'; raise warning 'careful'; end $$", vec![]);
    step.gives();
    let log = step.log.borrow();
    assert!(log.contains("hello there") && log.contains("careful"), "{log}");
}

#[test]
fn no_connection_is_told_in_plain_words_without_the_password() {
    let port = SERVER.port;
    let missing =
        Step::query(&format!("postgres://postgres@127.0.0.1:{port}/nope"), "select 1", vec![]).failure();
    assert!(missing.to_string().contains("no such database"), "{missing}");
    let nobody =
        Step::query(&format!("postgres://nobody:s3cr3t@127.0.0.1:{port}/postgres"), "select 1", vec![])
            .failure();
    assert!(
        nobody.to_string().contains("refused the login") && !nobody.to_string().contains("s3cr3t"),
        "{nobody}"
    );
    let silent = Step::query(&format!("postgres://a:s3cr3t@127.0.0.1:{}/x", free_port()), "select 1", vec![])
        .failure();
    assert!(
        silent.to_string().contains("no database answers") && !silent.to_string().contains("s3cr3t"),
        "{silent}"
    );
    for failure in [missing, nobody, silent] {
        assert!(matches!(failure, Failure::Unavailable { .. }));
    }
}

#[test]
fn named_connections_take_over_from_each_other_and_reach_unix_sockets() {
    script("create role \"ユーザー\" login password {}", vec![json!("pa'ss word\\")]).gives();
    let mut step = Step::query("other", "select current_user || '@' || current_database()", vec![]);
    let socket = SERVER.folder.display().to_string().replace('/', "%2F");
    let main = Connection {
        url: Some(format!(
            "postgres://%E3%83%A6%E3%83%BC%E3%82%B6%E3%83%BC@{socket}:{}/postgres",
            SERVER.port
        )),
        password: Some("db_password".into()),
        ..Connection::default()
    };
    let other =
        Connection { like: Some("main".into()), database: Some("template1".into()), ..Connection::default() };
    step.system.connections.insert("main".into(), main);
    step.system.connections.insert("other".into(), other);
    step.system.timezone = Some("Asia/Tokyo".into());
    assert_eq!(step.value(), json!("ユーザー@template1"));
    let at = format!("postgres://postgres@/postgres?host={}&port={}", SERVER.folder.display(), SERVER.port);
    let mut zoned = Step::query(&at, "select '2024-01-01 00:00+00'::timestamptz", vec![]);
    zoned.system.timezone = Some("Asia/Tokyo".into());
    assert_eq!(zoned.value(), json!("2024-01-01T09:00:00+09:00"));
}

#[test]
fn connections_are_encrypted_and_a_certificate_can_be_demanded() {
    let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    for (mode, ssl) in [("prefer", true), ("require", true), ("disable", false)] {
        assert_eq!(
            Step::query(&format!("{}?sslmode={mode}", url()), sql, vec![]).value(),
            json!(ssl),
            "{mode}"
        );
    }
    let failure = Step::query(&format!("{}?sslmode=verify-full", url()), sql, vec![]).failure();
    assert!(matches!(failure, Failure::Unavailable { .. }), "{failure}");
    assert!(
        failure.to_string().contains("certificate") && failure.to_string().contains("sslmode"),
        "{failure}"
    );
}

#[test]
fn a_great_result_is_counted_but_kept_within_the_limit() {
    let mut step = query("select g, repeat('x', 100) from generate_series(1, {}) g", vec![json!(100_000)]);
    step.max_output = 10_000;
    let report = step.run().expect("it succeeds");
    assert_eq!((&report.gives["row_count"], report.warnings.len()), (&json!(100_000), 1));
    assert!(report.gives["rows"].as_array().is_some_and(|rows| rows.len() < 100));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_text_comes_back_byte_for_byte(texts in prop::collection::vec("[^\u{0}]*|[-'\"`\\\\;$%{}/* \n1あ🙂]*", 20)) {
        let holes = vec!["{}::text"; texts.len()].join(", ");
        let values: Vec<Value> = texts.iter().cloned().map(Value::String).collect();
        let step = query(&format!("select jsonb_build_array({holes})"), values.clone());
        prop_assert_eq!(step.value(), Value::Array(values.clone()));
        let literal = query(&format!("explain (format json) select jsonb_build_array({holes})"), values);
        prop_assert_eq!(literal.gives()["row_count"].clone(), json!(1));
        let one = Value::String(texts.concat());
        let made = script("create temp table t as select {} as v; select v from t", vec![one.clone()]);
        prop_assert_eq!(made.value(), one);
    }
}
