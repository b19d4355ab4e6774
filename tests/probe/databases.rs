//! Databases: what a probe says of statements, what the walls around a reading step hold, and that nothing changes.

use std::sync::LazyLock;

use super::place::Place;
use super::sql_support::{Step, server};
use super::support::{probe, snapshot};

static POSTGRES: LazyLock<server::Server> = LazyLock::new(server::postgres);
static MARIADB: LazyLock<server::Server> = LazyLock::new(server::mariadb);

fn postgres() -> String {
    format!("postgres://postgres@127.0.0.1:{}/postgres", POSTGRES.port)
}

fn mariadb() -> String {
    format!("mysql://root@127.0.0.1:{}/test_probe", MARIADB.port)
}

fn exec(connection: &str, script: &str) {
    Step::script(connection, script, vec![]).without_transaction().gives();
}

/// Everything in a PostgreSQL database that these tests could change.
fn state_of_postgres(connection: &str) -> String {
    let rows = Step::query(
        connection,
        "SELECT (SELECT string_agg(a::text, ',' ORDER BY a) FROM kept) AS rows, (SELECT last_value FROM counter) AS seq, \
         (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS tables, \
         (SELECT string_agg(setting, ',') FROM pg_settings WHERE source = 'configuration file') AS settings, \
         (SELECT string_agg(loid::text, ',') FROM pg_largeobject) AS objects, \
         (SELECT count(*) FROM pg_prepared_statements) AS prepared",
        vec![],
    );
    rows.gives()["rows"].to_string()
}

const POSTGRES_SETUP: &str = "DROP TABLE IF EXISTS kept; DROP SEQUENCE IF EXISTS counter; CREATE TABLE kept (a int); \
    INSERT INTO kept VALUES (1), (2); CREATE SEQUENCE counter; \
    CREATE OR REPLACE FUNCTION writes() RETURNS int LANGUAGE sql AS 'INSERT INTO kept VALUES (9) RETURNING a'; \
    CREATE OR REPLACE FUNCTION ends() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SET transaction_read_only = off'; \
      EXECUTE 'INSERT INTO kept VALUES (9)'; RETURN 1; END $$";

#[test]
fn statements_are_prepared_and_never_executed() {
    let (place, connection) = (Place::new(), postgres());
    exec(&connection, POSTGRES_SETUP);
    let maria = mariadb();
    exec(&maria.replace("test_probe", "mysql"), "CREATE DATABASE IF NOT EXISTS test_probe");
    exec(&maria, "CREATE TABLE IF NOT EXISTS kept (a int); DELETE FROM kept; INSERT INTO kept VALUES (1)");
    let lite = place.at("a.db");
    let lite = format!("sqlite:{}", lite.display());
    exec(&lite, "PRAGMA journal_mode = wal; CREATE TABLE kept (a int); INSERT INTO kept VALUES (1)");
    let steps = |name: &str, at: &str| {
        format!(
            r#"
  - {{ id: {name}_rows, needs: [], sql: {{ connection: "{at}", query: "SELECT count(*) AS n FROM kept" }} }}
  - {{ id: {name}_insert, needs: [], sql: {{ connection: "{at}", query: "INSERT INTO kept VALUES ({{{{ 5 }}}})" }} }}
  - {{ id: {name}_update, needs: [], sql: {{ connection: "{at}", query: "UPDATE kept SET a = a + 1" }} }}
  - {{ id: {name}_drop, needs: [], effect: destroy, sql: {{ connection: "{at}", query: "DROP TABLE kept" }} }}
  - {{ id: {name}_absent, needs: [], sql: {{ connection: "{at}", query: "INSERT INTO not_there VALUES (1)" }} }}
  - {{ id: {name}_wrong, needs: [], sql: {{ connection: "{at}", query: "INSERT INTO kept VALUES (" }} }}
  - {{ id: {name}_later, needs: [], sql: {{ connection: "{at}", script: "CREATE TABLE made (a int); INSERT INTO made VALUES (1)" }} }}
  - {{ id: {name}_unknown, needs: [], sql: {{ connection: "{at}", query: "INSERT INTO kept VALUES ({{{{ run.id }}}})" }} }}
  - {{ id: {name}_follows, sql: {{ connection: "{at}", query: "INSERT INTO kept VALUES ({{{{ steps.{name}_rows.rows[0].n }}}})" }} }}
"#
        )
    };
    let all = [steps("pg", &connection), steps("my", &maria), steps("lite", &lite)].concat();
    let all = format!(
        "{all}  - {{ id: no_server, needs: [], sql: {{ connection: 'postgres://postgres@127.0.0.1:1/postgres', query: INSERT INTO a VALUES (1) }} }}\n  \
         - {{ id: no_database, needs: [], sql: {{ connection: '{connection}', database: not_there, query: INSERT INTO a VALUES (1) }} }}\n"
    );
    place.file("p.yaml", "");
    let files = |place: &Place| {
        snapshot(place.path()).into_iter().filter(|(p, _)| p.contains("a.db")).collect::<Vec<_>>()
    };
    let (before, before_lite) = (state_of_postgres(&connection), files(&place));
    let before_maria = Step::query(&maria, "SELECT * FROM kept", vec![]).gives()["rows"].clone();
    let probed = probe(&place, &all, &[]);
    assert_eq!(state_of_postgres(&connection), before);
    assert_eq!(Step::query(&maria, "SELECT * FROM kept", vec![]).gives()["rows"], before_maria);
    assert_eq!(files(&place), before_lite, "no file was changed, and none appeared beside the database");
    for name in ["pg", "my", "lite"] {
        let id = |what: &str| format!("{name}_{what}");
        assert!(probed.ran(&id("rows")), "{}", probed.words(&id("rows")));
        probed.expect(&id("rows"), "yes", "\"n\"");
        probed.expect(&id("insert"), "yes", "prepares");
        probed.expect(&id("update"), "yes", "prepares");
        probed.expect(&id("drop"), if name == "lite" { "yes" } else { "cannot_know" }, "");
        probed.expect(&id("absent"), "no", "not_there");
        probed.expect(&id("wrong"), "no", "");
        probed.expect(&id("unknown"), "cannot_know", "");
        assert_ne!(probed.verdict(&id("later")), "no", "{}", probed.words(&id("later")));
        assert!(!probed.text(&id("follows")).contains('⟨'), "{}", probed.text(&id("follows")));
    }
    probed.expect("no_server", "no", "refused");
    probed.expect("no_database", "no", "not_there");
    assert_eq!(probed.code, 1);
}

/// What a reading step is refused, whoever believes it to read.
fn refused(connection: &str, statements: &[&str]) {
    for sql in statements {
        let performed = Step::query(connection, sql, vec![]).read_only().run();
        assert!(performed.is_err(), "{sql}: {performed:?}");
    }
}

#[test]
fn a_reading_step_cannot_write_into_postgresql() {
    let connection = format!("{}_walls", postgres());
    drop(Step::query(&postgres(), "CREATE DATABASE postgres_walls", vec![]).without_transaction().run());
    exec(&connection, POSTGRES_SETUP);
    let file = POSTGRES.folder.join("written");
    let before = state_of_postgres(&connection);
    let other = Step::query(&connection, "SELECT pg_backend_pid()", vec![]).value();
    refused(
        &connection,
        &[
            "WITH d AS (DELETE FROM kept RETURNING a) SELECT * FROM d",
            "SELECT * INTO other FROM kept",
            "SELECT 1; COMMIT; DROP TABLE kept",
            "COMMIT",
            "DROP TABLE kept",
            "COPY kept TO PROGRAM 'touch /tmp/toban-probe-written'",
            &format!("COPY kept TO '{}'", file.display()),
            "SET transaction_read_only = off",
            "SELECT nextval('counter')",
            "SELECT writes()",
            "SELECT ends()",
            "SELECT lo_create(0)",
            "SELECT lo_unlink(1)",
            &format!("SELECT pg_terminate_backend({other})"),
            "SELECT pg_reload_conf()",
            "SELECT set_config('transaction_read_only', 'off', false)",
            "EXPLAIN ANALYZE DELETE FROM kept",
            "SELECT * FROM kept FOR UPDATE",
            "DO $$ BEGIN DELETE FROM kept; END $$",
            "CALL writes()",
            "PREPARE x AS DELETE FROM kept",
            "VACUUM",
        ],
    );
    assert_eq!(state_of_postgres(&connection), before);
    assert!(!file.exists() && !std::path::Path::new("/tmp/toban-probe-written").exists());
}

#[test]
fn a_reading_step_cannot_write_into_mariadb() {
    let connection = mariadb().replace("test_probe", "walls");
    exec(&mariadb().replace("test_probe", "mysql"), "CREATE DATABASE IF NOT EXISTS walls");
    exec(
        &connection,
        "CREATE OR REPLACE TABLE kept (a int); INSERT INTO kept VALUES (1); CREATE OR REPLACE SEQUENCE counter; \
         CREATE OR REPLACE FUNCTION writes() RETURNS int BEGIN INSERT INTO kept VALUES (9); RETURN 1; END",
    );
    let state = || {
        let rows = Step::query(&connection, "SELECT group_concat(a) AS a FROM kept", vec![]).gives();
        let tables = Step::query(&connection, "SHOW TABLES", vec![]).gives();
        let next = Step::query(&connection, "SELECT next_not_cached_value FROM counter", vec![]).gives();
        format!("{}{}{}", rows["rows"], tables["rows"], next["rows"])
    };
    let before = state();
    let file = MARIADB.folder.join("written");
    refused(
        &connection,
        &[
            "DROP TABLE kept",
            "SELECT 1; DROP TABLE kept",
            "COMMIT",
            &format!("SELECT * FROM kept INTO OUTFILE '{}'", file.display()),
            &format!("SELECT 1 /*! INTO OUTFILE '{}' */", file.display()),
            "SELECT writes()",
            "SELECT NEXT VALUE FOR counter",
            "SELECT nextval(counter)",
            "SELECT get_lock('a', 1)",
            "DELETE FROM kept",
            "CREATE TABLE other AS SELECT 1",
            "SET autocommit = 1",
            "CALL nothing()",
            "EXPLAIN DELETE FROM kept",
            "LOAD DATA INFILE '/etc/passwd' INTO TABLE kept",
            "FLUSH TABLES",
        ],
    );
    assert_eq!(state(), before);
    assert!(!file.exists());
}

#[test]
fn a_reading_step_cannot_write_into_sqlite_nor_beside_it() {
    let place = Place::new();
    let connection = format!("sqlite:{}", place.at("a.db").display());
    exec(&connection, "CREATE TABLE kept (a int); INSERT INTO kept VALUES (1)");
    let before = snapshot(place.path());
    let beside = place.at("b.db").display().to_string();
    refused(
        &connection,
        &[
            "DROP TABLE kept",
            "INSERT INTO kept VALUES (2)",
            "WITH d AS (SELECT 1) INSERT INTO kept SELECT * FROM d",
            "SELECT 1; DELETE FROM kept",
            "COMMIT",
            &format!("ATTACH '{beside}' AS b"),
            &format!("VACUUM INTO '{beside}'"),
            "PRAGMA user_version = 7",
            "PRAGMA journal_mode = wal",
            "PRAGMA query_only = off",
            "PRAGMA writable_schema(1)",
            "CREATE TEMP TABLE x (a int)",
            "SELECT load_extension('x')",
            "REINDEX",
        ],
    );
    assert_eq!(snapshot(place.path()), before);
}

#[test]
fn what_functions_may_do_is_said() {
    let place = Place::new();
    let steps = format!(
        "  - {{ id: size, sql: {{ connection: '{}', query: \"SELECT pg_database_size('postgres') AS b\" }} }}\n",
        postgres()
    );
    let probed = probe(&place, &steps, &[]);
    probed.expect("size", "yes", "it calls pg_database_size");
}

#[test]
fn plain_plan_connects_to_nothing() {
    let place = Place::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    place.file(
        "p.yaml",
        &format!("title: t\nsteps:\n  - {{ id: a, sql: {{ connection: 'postgres://u@127.0.0.1:{port}/d', query: SELECT 1 }} }}\n  - {{ id: b, http: {{ get: 'http://127.0.0.1:{port}/' }} }}\n  - {{ id: c, shell: 'touch made', effect: read }}\n"),
    );
    let before = snapshot(place.path());
    let status = place
        .command()
        .args(["plan", "./p.yaml"])
        .stdout(std::process::Stdio::null())
        .status()
        .expect("toban");
    assert!(status.success());
    assert!(listener.accept().is_err(), "it connected");
    assert_eq!(snapshot(place.path()), before);
}
