//! The names and the mistakes that are found without rendering.

use crate::template::{Form, references};

#[test]
fn every_name_in_every_branch_is_found_with_its_place() {
    let source = "{{ steps.a.stdout }} {{ steps[\"b-1\"].rc }} {% for x in vars.list if x.on %}{{ x.name }}{{ loop.index }}\
        {% else %}{{ system.x }}{% endfor %}{% set v = vars %}{{ v.hidden }} {{ vars[name].y }} \
        {% if run.id %}{{ item.rows[0].n }}{% elif inputs.q %}a{% else %}{{ secrets.s | default('x') }}{% endif %} 日本 {{ steps.z }}\
        {% macro m(p) %}{{ p }}{{ inputs.m }}{% endmacro %}{{ m(index) }}{{ x }}";
    let found = references(source, Form::Text).expect("no problem");
    let paths: Vec<String> = found
        .iter()
        .map(|r| r.path.join(".") + if r.dynamic { ".*" } else { "" } + if r.guarded { "?" } else { "" })
        .collect();
    assert_eq!(
        paths,
        [
            "steps.a.stdout",
            "steps.b-1.rc",
            "vars.list",
            "system.x",
            "vars",
            "vars.*",
            "name",
            "run.id",
            "item.rows.0.n",
            "inputs.q",
            "secrets.s?",
            "steps.z",
            "inputs.m",
            "index",
            "x",
        ]
    );
    let texts: Vec<&str> = found.iter().map(|r| &source[r.span.clone()]).collect();
    assert_eq!(texts[1], "steps[\"b-1\"].rc");
    assert_eq!(texts[5], "vars[name].y");
    assert_eq!(texts[11], "steps.z");
}

#[test]
fn a_mention_beside_the_question_whether_it_is_there_is_guarded_too() {
    let found = references("steps.a.x is defined and steps.a.x.y > 1 and steps.b > 1", Form::Expression)
        .expect("fine");
    assert_eq!(found.iter().map(|r| r.guarded).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn every_unknown_word_is_a_problem_at_its_place() {
    let source = "{{ a | uper }} {{ b is defned }} {{ rnge(3) }} {{ c.strip() }} {{ d | safe }} {% include 'x' %}{{ upper(a) }}{{ 'x' if a }}";
    let problems = references(source, Form::Text).expect_err("problems");
    let found: Vec<(&str, &str)> = problems.iter().map(|p| (p.code, &source[p.span.clone()])).collect();
    assert_eq!(
        found,
        [
            ("unknown-filter", "uper"),
            ("unknown-test", "defned"),
            ("unknown-function", "rnge"),
            ("unknown-method", "c.strip()"),
            ("unknown-filter", "safe"),
            ("unsupported-statement", "include"),
            ("unknown-function", "upper"),
            ("if-without-else", "'x' if a"),
        ]
    );
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `upper`?"));
}

#[test]
fn a_mistake_of_syntax_has_its_place_in_bytes() {
    for (source, at) in
        [("日本\n{{ a b }}", "b"), ("{% if x %}", ""), ("{{ 'open }}", ""), ("{{ a | }}", "}}")]
    {
        let problems = references(source, Form::Text).expect_err(source);
        assert_eq!(problems.len(), 1, "{source}");
        assert_eq!(problems[0].code, "template-syntax");
        assert!(source[problems[0].span.clone()].contains(at), "{source}: {:?}", problems[0]);
    }
    let problems = references("n=${#list[@]}", Form::Text).expect_err("a comment");
    assert!(problems[0].help.as_deref().is_some_and(|h| h.contains("{% raw %}${#name}{% endraw %}")));
}

#[test]
fn every_example_of_the_filter_page_is_valid() {
    for filter in crate::template::FILTERS {
        let form = if filter.example.contains("{{") { Form::Text } else { Form::Expression };
        assert_eq!(references(filter.example, form).err(), None, "{}", filter.example);
        assert!(filter.example.contains(filter.name), "{}", filter.example);
    }
}
