//! Any text that goes through a template into a shell, an argument list or a SQL value comes out byte for
//! byte, as the real bash and the real SQLite see it.

use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::json;
use toban::model::{Args, Bind, Place, Rendered, SqlText, Staged, Templated};
use toban::template::{Engine, Render, Scope, check_place};

/// Runs a script and gives the texts that it printed, each ended by a NUL.
fn bash(script: &str) -> Vec<Vec<u8>> {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .output()
        .expect("bash is needed; it is in the package `bash`");
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    let mut texts: Vec<Vec<u8>> = output.stdout.split(|b| *b == 0).map(<[u8]>::to_vec).collect();
    assert_eq!(texts.pop().as_deref(), Some(&[][..]), "the output ends with a NUL");
    texts
}

fn scope(text: &str, list: &[String]) -> Scope {
    let mut scope = Scope::new();
    scope.set("inputs", json!({"v": text, "l": list}));
    scope
}

/// Text of every kind that has ever broken out of a quoting.
fn text() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "",
        "'",
        "''",
        "\"",
        "`id`",
        "$(id)",
        "${HOME}",
        "$HOME",
        "$((1+1))",
        "-rf",
        "--",
        "-n",
        "*",
        "?",
        "[a-z]",
        "~",
        "\\",
        "\\'",
        "'\\''",
        "\n",
        "\r\n",
        "\t",
        " ",
        "a b",
        ";rm -rf /",
        "&& id",
        "| id",
        "> x",
        "#",
        "!",
        "!!",
        "{a,b}",
        "{{ x }}",
        "{% if %}",
        "日本語",
        "当番",
        "👩‍👩‍👧",
        "é",
        "\u{202e}",
        "\u{a0}",
        "\u{7f}",
        "\u{1}",
        "%s",
        "%n",
        "\\0",
        "\\n",
        "EOF",
        "$'\\x41'",
        "⟨x⟩",
        "•••",
    ])
    .prop_map(str::to_string);
    let any = any::<String>().prop_map(|s| s.replace('\0', ""));
    prop::collection::vec(prop_oneof![3 => nasty, 1 => any], 0..5).prop_map(|parts| parts.concat())
}

const SCRIPT: &str = "printf '%s\\0' {{ inputs.v }} pre{{ inputs.v }}'post' {{ inputs.l | words }} end
x={{ inputs.v }}
printf '%s\\0' \"$x\" \"$(printf '%s' \"$(printf '%sx' {{ inputs.v }})\")\"
{% for i in inputs.l %}{% if loop.first %}printf '%s\\0' \"a\"{{ i }}{% endif %}
{% endfor %}case {{ inputs.v }} in {{ inputs.v }}) printf 'same\\0' ;; *) printf 'other\\0' ;; esac
(printf '%s\\0' {{ 'é' ~ inputs.v }})
printf '%s\\0' \"$(a=( {{ inputs.v }} ); printf '%sx' \"${a[0]}\")\"
[[ {{ inputs.v }} == \"$x\" ]] && printf 'equal\\0'";

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_one_word_of_bash(v in text(), l in prop::collection::vec(text(), 0..4)) {
        let script = Engine::new().render(SCRIPT, Place::Shell, &scope(&v, &l)).expect("renders");
        let got = bash(script.as_str().expect("text"));
        let mut expected = vec![v.clone(), format!("pre{v}post")];
        expected.extend(l.iter().cloned());
        expected.extend(["end".to_string(), v.clone(), format!("{v}x")]);
        expected.extend(l.first().map(|i| format!("a{i}")));
        expected.extend(["same".to_string(), format!("é{v}"), format!("{v}x"), "equal".to_string()]);
        let expected: Vec<Vec<u8>> = expected.into_iter().map(String::into_bytes).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn any_text_is_one_argument_of_a_program(v in text(), l in prop::collection::vec(text(), 0..4)) {
        let written = json!(["%s\\0", "{{ inputs.v }}", "a{{ inputs.v }}b", "{{ inputs.l }}", "end"]);
        let args: Args<Templated> = serde_json::from_value(written).expect("arguments");
        let (engine, scope) = (Engine::new(), scope(&v, &l));
        let args: Args<Rendered> = args.stage(&mut Render::new(&engine, &scope)).expect("renders");
        let output = Command::new("printf").args(args.words()).output().expect("printf is in `coreutils`");
        let mut expected = vec![v.clone(), format!("a{v}b")];
        expected.extend(l);
        expected.push("end".to_string());
        let expected: Vec<u8> = expected.into_iter().flat_map(|t| (t + "\0").into_bytes()).collect();
        prop_assert_eq!(output.stdout, expected);
    }
}

fn sqlite(sql: &SqlText) -> Vec<String> {
    let db = rusqlite::Connection::open_in_memory().expect("SQLite is built in");
    db.execute_batch("CREATE TABLE \"a\"\"b\" (x TEXT)").expect("creates");
    let binds: Vec<String> = sql.binds.iter().map(bound).collect();
    let mut statement = db.prepare(&sql.text(|n| format!("?{n}"))).expect("prepares");
    let count = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..count).map(|i| row.get(i)).collect::<Result<Vec<String>, _>>();
    statement.query_row(rusqlite::params_from_iter(binds), row).expect("one row")
}

fn bound(bind: &Bind) -> String {
    match bind {
        Bind::Plain(serde_json::Value::String(text)) => text.clone(),
        Bind::Plain(other) => panic!("{other} is no text"),
        Bind::Secret(text) => text.expose().to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_one_bound_value_of_sqlite(v in text(), l in prop::collection::vec(text(), 1..4)) {
        let source = "SELECT {{ inputs.v }}, 'it''s' || {{ inputs.v ~ '!' }}, (SELECT count(*) || '' FROM {{ 'a\"b' | ident }})\
            {% for i in inputs.l %}, {{ i }}{% endfor %} -- done";
        prop_assert_eq!(check_place(source, Place::Sql), []);
        let sql = Engine::new().render_sql(source, &scope(&v, &l)).expect("renders");
        let mut expected = vec![v.clone(), format!("it's{v}!"), "0".to_string()];
        expected.extend(l);
        prop_assert_eq!(sqlite(&sql), expected);
    }

    #[test]
    fn any_name_is_one_name_of_sqlite(name in text().prop_filter("a name", |n| !n.is_empty())) {
        let sql = Engine::new().render_sql("SELECT 1 AS {{ inputs.v | ident }}", &scope(&name, &[])).expect("renders");
        let db = rusqlite::Connection::open_in_memory().expect("SQLite is built in");
        let statement = db.prepare(&sql.text(|n| format!("?{n}"))).expect("prepares");
        prop_assert_eq!(statement.column_names(), [name.as_str()]);
    }

    #[test]
    fn no_source_makes_a_template_panic(source in "(\\{\\{|\\}\\}|\\{%|%\\}|\\{#|[a-z.|'\"$()`\\\\<\n ~\\[\\]-]|if |for x in |endif|endfor|set x = |日){0,24}") {
        let (engine, scope) = (Engine::new(), scope("v", &[]));
        for place in [Place::Text, Place::Shell, Place::Sql] {
            for problem in check_place(&source, place) {
                prop_assert!(source.get(problem.span).is_some());
            }
            if let Err(error) = engine.render(&source, place, &scope) {
                prop_assert!(error.span.clone().is_none_or(|s| source.get(s).is_some()), "{}", error);
                prop_assert!(!error.message.is_empty());
            }
            let _ = engine.plan(&source, place, &scope, &|path| path[0] == "x");
        }
        for form in [toban::template::Form::Text, toban::template::Form::Expression] {
            for problem in toban::template::references(&source, form).err().into_iter().flatten() {
                prop_assert!(source.get(problem.span).is_some());
            }
        }
    }
}

#[test]
fn what_the_check_finds_right_is_right_for_bash_too() {
    assert_eq!(check_place(SCRIPT, Place::Shell), []);
}
