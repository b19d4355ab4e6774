//! Rendering and evaluating, as a playbook's author meets them.

use serde_json::{Value, json};

use super::scope;
use crate::base::Confidential;
use crate::model::Place;
use crate::template::{Engine, FILTERS, TESTS};

fn render(source: &str, place: Place) -> Result<Value, String> {
    Engine::new().render(source, place, &scope()).map_err(|e| e.message)
}

fn text(source: &str) -> String {
    match render(source, Place::Text) {
        Ok(Value::String(text)) => text,
        other => format!("{other:?}"),
    }
}

fn fails(source: &str, place: Place, with: &str) {
    let message = render(source, place).expect_err(source);
    assert!(message.contains(with), "{source}: {message}");
}

#[test]
fn a_whole_expression_keeps_its_type_and_other_text_is_text() {
    assert_eq!(render("{{ inputs.n }}", Place::Value), Ok(json!(7)));
    assert_eq!(render("{{ inputs.list }}", Place::Argv), Ok(json!(["a b", "c"])));
    assert_eq!(render("{{ inputs.nothing }}", Place::Value), Ok(json!(null)));
    assert_eq!(render(" {{ inputs.n }}", Place::Value), Ok(json!(" 7")));
    assert_eq!(render("no template\n", Place::Text), Ok(json!("no template\n")));
    assert_eq!(render("{{ inputs.n }}", Place::Shell), Ok(json!("'7'")));
}

#[test]
fn true_is_written_true_wherever_it_becomes_text() {
    assert_eq!(text("on={{ inputs.on }}"), "on=true");
    assert_eq!(text("{{ 'on=' ~ inputs.on }}"), "on=true");
    assert_eq!(text("{{ [inputs.on, false] | join('/') }}"), "true/false");
    assert_eq!(render("{{ inputs.on }}", Place::Shell), Ok(json!("'true'")));
}

#[test]
fn nothing_undefined_goes_by_unseen() {
    for source in [
        "x {{ inputs.nam }}",
        "x {{ 'a' ~ inputs.nam }}",
        "x {{ inputs.nam | upper }}",
        "x {{ inputs.nam | tojson }}",
        "x {{ [inputs.nam] | length }}",
        "x {{ inputs.nam == 1 }}",
        "x {{ 1 in inputs.nam }}",
        "x {{ 'y' if inputs.nam else 'z' }}",
        "{% if inputs.nam %}y{% endif %}",
        "{% set y = inputs.nam %}",
        "{% for y in inputs.nam %}{% endfor %}",
        "x {{ {'a': inputs.nam} | length }}",
        "x {{ not inputs.nam }}",
        "{{ inputs.nam }}",
        "x {{ inputs.nam.deeper }}",
        "x {{ inputs['nam'][0] }}",
    ] {
        let error = Engine::new().render(source, Place::Text, &scope()).expect_err(source);
        assert!(error.message.contains("`inputs.nam` is not defined here"), "{source}: {error}");
        assert!(error.message.contains("did you mean `inputs.name`"), "{source}: {error}");
        let span = error.span.expect("a place");
        assert!(source[span.clone()].starts_with("inputs"), "{source}: {}", &source[span]);
    }
    fails("{{ nobody }}", Place::Text, "`nobody` is not defined here");
}

#[test]
fn what_may_be_missing_can_be_asked_for_at_any_depth() {
    assert_eq!(text("{{ inputs.a.b.c | default('none') }}"), "none");
    assert_eq!(text("{{ inputs.a.b is defined }}{{ inputs.n is defined }}"), "falsetrue");
    assert_eq!(text("x{{ inputs.nothing | default('none', true) }}"), "xnone");
    assert_eq!(text("{{ steps.dump.rows[0].n | default(5) }}{{ steps.dump.rows[9].n | default(5) }}"), "15");
}

#[test]
fn text_refuses_null_lists_and_mappings_and_says_what_to_write() {
    fails("x {{ inputs.nothing }}", Place::Text, "null");
    fails("x {{ inputs.list }}", Place::Text, "| join(', ')");
    fails("x {{ inputs }}", Place::Text, "| tojson");
    fails("x {{ inputs.list }}", Place::Shell, "| words");
    fails("x {{ range }}", Place::Text, "function");
}

#[test]
fn in_a_shell_every_value_is_one_quoted_word() {
    assert_eq!(render("echo {{ inputs.name }}", Place::Shell), Ok(json!(r#"echo '花 子'"'"'s'"#)));
    assert_eq!(render("rm {{ inputs.list | words }}", Place::Shell), Ok(json!("rm 'a b' 'c'")));
    assert_eq!(render("rm {{ [] | words }}x{{ '' }}", Place::Shell), Ok(json!("rm x''")));
    assert_eq!(render("rm {{ '-rf /' | raw }}", Place::Shell), Ok(json!("rm -rf /")));
    assert_eq!(render("x {{ inputs.list | tojson }}", Place::Shell), Ok(json!(r#"x '["a b","c"]'"#)));
    fails("echo {{ secrets.db }}", Place::Shell, "secret");
    fails("echo {{ 'a' ~ secrets.db }}", Place::Shell, "secret");
}

#[test]
fn in_sql_every_value_is_bound_and_a_name_is_quoted() {
    let sql = Engine::new()
        .render_sql("SELECT {{ inputs.n }}, {{ inputs.name ~ '!' }} FROM {{ 'a\"b' | ident }} WHERE p = {{ secrets.db }}", &scope())
        .expect("renders");
    assert_eq!(sql.text(|n| format!("${n}")), r#"SELECT $1, $2 FROM "a""b" WHERE p = $3"#);
    let shown = serde_json::to_string(&sql.binds).expect("serialises");
    assert_eq!(shown, r#"[{"Plain":7},{"Plain":"花 子's!"},{"Secret":"•••"}]"#);
    assert!(matches!(&sql.binds[2], crate::model::Bind::Secret(s) if s.expose() == "p\u{e9}ss'word"));
}

#[test]
fn a_secret_comes_out_only_where_it_may_and_never_in_what_is_shown() {
    let engine = Engine::new();
    let text =
        engine.render_confidential("Bearer {{ secrets.db }}", Place::Header, &scope()).expect("renders");
    assert_eq!((text.expose(), text.shown()), ("Bearer p\u{e9}ss'word", "Bearer •••"));
    let text = engine.render_confidential("{{ 'x' ~ secrets.db }}", Place::Env, &scope()).expect("renders");
    assert_eq!((text.expose(), text.shown()), ("xp\u{e9}ss'word", "x•••"));
    for source in [
        "{{ secrets.db }}",
        "a {{ secrets.db }}",
        "{{ secrets.db | tojson }}",
        "{{ secrets }}",
        "{{ [secrets.db] }}",
    ] {
        fails(source, Place::Value, "secret");
    }
    for source in
        ["{{ ('x' ~ secrets.db) | upper }}", "{{ secrets.db | b64encode }}", "{{ ('x' ~ secrets.db)[0:3] }}"]
    {
        let error = engine.render_confidential(source, Place::Env, &scope()).expect_err(source);
        assert!(!error.message.contains("word"), "{error}");
    }
    assert!(engine.eval("secrets.db", &scope()).is_err());
    assert!(!format!("{:?}", scope()).contains("word"));
}

#[test]
fn a_secret_is_percent_encoded_once_it_is_put_in_and_is_shown_as_ever() {
    let engine = Engine::new();
    for (source, exposed, shown) in [
        ("{{ secrets.db | urlencode }}", "p%C3%A9ss%27word", "•••"),
        ("u://a:{{ secrets.db | urlencode }}@h", "u://a:p%C3%A9ss%27word@h", "u://a:•••@h"),
        ("{{ ('a b' ~ secrets.db) | urlencode }}", "a%20bp%C3%A9ss%27word", "a%20b•••"),
        ("{{ {'k': secrets.db} | urlencode }}", "k=p%C3%A9ss%27word", "k=•••"),
    ] {
        let text = engine.render_confidential(source, Place::Env, &scope()).expect(source);
        assert_eq!((text.expose(), text.shown()), (exposed, shown), "{source}");
    }
    let twice = "{{ secrets.db | urlencode | urlencode }}";
    let error = engine.render_confidential(twice, Place::Env, &scope()).expect_err(twice);
    assert!(error.message.contains("| urlencode"), "{error}");
    fails("{{ secrets.db | urlencode }}", Place::Value, "secret");
    fails("{{ secrets.db | urlencode }}", Place::Shell, "secret");
}

#[test]
fn a_nul_is_refused_and_cannot_forge_a_secret() {
    let mut scope = scope();
    scope.set("evil", json!({"x": "\u{0}s0\u{0}", "fine": 1}));
    let engine = Engine::new();
    assert!(engine.render_confidential("{{ evil.x }}", Place::Env, &scope).is_err());
    assert!(engine.render("{{ evil.x }}", Place::Value, &scope).is_err());
    assert_eq!(engine.render("{{ evil.fine }}", Place::Value, &scope), Ok(json!(1)));
    assert!(engine.render("a\u{0}b", Place::Text, &scope).is_err());
}

#[test]
fn a_header_takes_no_line_break_and_a_url_no_white_space() {
    fails("X: {{ 'a\\nb' }}", Place::Header, "line break");
    fails("{{ 'a\\nb' }}", Place::Header, "line break");
    fails("https://h/?q={{ inputs.name }}", Place::Url, "| urlencode");
    assert_eq!(
        render("https://h/?q={{ 'a b/ん' | urlencode }}", Place::Url),
        Ok(json!("https://h/?q=a%20b%2F%E3%82%93"))
    );
    let mut scope = scope();
    scope.secret("secrets", "broken", Confidential::new("a\r\nb".into(), "•••".into()));
    assert!(Engine::new().render_confidential("{{ secrets.broken }}", Place::Header, &scope).is_err());
}

#[test]
fn conditions_hold_or_do_not_and_text_is_none() {
    let engine = Engine::new();
    let holds = |e: &str| engine.holds(e, &scope()).map_err(|e| e.message);
    assert_eq!(holds("inputs.n > 5 and 'x.gz' in steps.dump.file"), Ok(true));
    assert_eq!(holds("steps.dump.rows[0].n > 1"), Ok(false));
    assert_eq!(holds("inputs.nothing"), Ok(false));
    assert_eq!(holds("steps.dump.rows | length == 1 or steps.dump.rows[5].n > 1"), Ok(true));
    assert!(holds("inputs.name").is_err_and(|m| m.contains("compare it")));
    assert!(holds("{{ inputs.on }}").is_err_and(|m| m.contains("without braces")));
    assert!(holds("").is_err());
}

#[test]
fn a_template_cannot_run_for_ever_or_read_files() {
    for source in [
        "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
        "{{ range(10000000) | length }}",
        "{% macro r(n) %}{{ r(n + 1) }}{% endmacro %}{{ r(0) }}",
        "{% include '/etc/passwd' %}",
        "{{ debug() }}",
        "{{ self.x() }}",
    ] {
        assert!(render(source, Place::Text).is_err(), "{source}");
    }
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(render(&deep, Place::Text).is_err());
}

#[test]
fn every_documented_filter_and_test_is_there_and_no_other() {
    let env = crate::template::environment::build();
    for filter in FILTERS {
        let there = env.compile_expression_owned(format!("'{}' is filter", filter.name)).expect("compiles");
        assert!(there.eval(()).expect("evaluates").is_true(), "{}", filter.name);
    }
    for test in TESTS {
        let there = env.compile_expression_owned(format!("'{test}' is test")).expect("compiles");
        assert!(there.eval(()).expect("evaluates").is_true(), "{test}");
    }
    for gone in ["safe", "escape", "e", "pprint", "attr"] {
        assert!(render(&format!("{{{{ 'x' | {gone} }}}}"), Place::Text).is_err(), "{gone}");
    }
}

#[test]
fn the_filters_do_what_their_page_says() {
    for (expression, expected) in [
        ("'/a/b.gz' | basename", json!("b.gz")),
        ("'/a/b.gz' | dirname", json!("/a")),
        ("'/a' | dirname", json!("/")),
        ("5400 | duration", json!("1h30m")),
        ("'26h' | seconds", json!(93600)),
        ("steps.dump.size | filesize", json!("1.5 KiB")),
        ("'10MB' | bytes", json!(10_000_000)),
        ("'abc' | sha256", json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
        ("'é' | b64encode", json!("w6k=")),
        ("('{\"v\": [1]}' | json).v[0]", json!(1)),
        ("run.started | shift('-1d') | strftime('%Y%m%d')", json!("20260228")),
        ("run.started | epoch", json!(1_772_308_800)),
        ("'2026-03-01T05:00:00+09:00' | strftime('%H:%M')", json!("05:00")),
        ("{'a': 1, 'b': 'x y'} | urlencode", json!("a=1&b=x%20y")),
        ("[{'n': 'a'}, {'n': 'b'}] | join('+', attribute='n')", json!("a+b")),
        ("{'b': 1} | tojson", json!("{\"b\":1}")),
    ] {
        assert_eq!(Engine::new().eval(expression, &scope()), Ok(expected), "{expression}");
    }
}

#[test]
fn ten_thousand_templates_render_quickly() {
    let (engine, scope) = (Engine::new(), scope());
    let before = std::time::Instant::now();
    for n in 0..10_000 {
        let source = format!("echo {n} {{{{ inputs.name }}}} {{{{ steps.dump.rows[0].n }}}}");
        engine.render(&source, Place::Shell, &scope).expect("renders");
    }
    assert!(before.elapsed().as_secs() < 20, "took {:?}", before.elapsed());
}
