//! What a dry run shows.

use serde_json::json;

use super::scope;
use crate::model::Place;
use crate::template::{Engine, Planned};

fn plan(source: &str, place: Place) -> Planned {
    let unknown = |path: &[String]| path[0] == "steps";
    Engine::new().plan(source, place, &scope(), &unknown).expect(source)
}

fn shown(text: &str) -> Planned {
    Planned::Unknown(text.to_string())
}

#[test]
fn a_dry_run_shows_what_it_cannot_know_and_renders_the_rest() {
    assert_eq!(plan("cp {{ steps.a.file }} {{ inputs.n }}", Place::Shell), shown("cp ⟨steps.a.file⟩ '7'"));
    assert_eq!(plan("{{ steps.a.rows }}", Place::Value), shown("⟨steps.a.rows⟩"));
    assert_eq!(plan("{{- steps.a.rows | length -}} d", Place::Value), shown("⟨steps.a.rows | length⟩d"));
    assert_eq!(plan("cp {{ inputs.n }}", Place::Shell), Planned::Known(json!("cp '7'")));
    assert_eq!(plan("{{ inputs.n }}", Place::Value), Planned::Known(json!(7)));
    assert_eq!(
        plan("a{% if steps.a.x %}{{ inputs.n }}{% elif inputs.n %}c{% endif %} {{ inputs.n }}", Place::Text),
        shown("a⟨{% if steps.a.x %}{{ inputs.n }}{% elif inputs.n %}c{% endif %}⟩ 7")
    );
    assert_eq!(
        plan("{% for i in inputs.list %}{{ i }}={{ steps.a[i] }};{% endfor %}", Place::Text),
        shown("a b=⟨steps.a[i]⟩;c=⟨steps.a[i]⟩;")
    );
    assert_eq!(
        plan("{% for i in steps.a.rows %}{{ i }}{% endfor %}!", Place::Text),
        shown("⟨{% for i in steps.a.rows %}{{ i }}{% endfor %}⟩!")
    );
    assert_eq!(plan("{% set v = steps.a.x %}{{ v }} {{ v ~ 1 }}", Place::Text), shown("⟨v⟩ ⟨v ~ 1⟩"));
    assert_eq!(
        plan("SELECT {{ inputs.name }} WHERE x = {{ steps.a.x }}", Place::Sql),
        shown("SELECT ⟦\"花 子's\"⟧ WHERE x = ⟦⟨steps.a.x⟩⟧")
    );
    let whole = "{% macro m() %}{{ steps.a }}{% endmacro %}{{ m() }}";
    assert_eq!(plan(whole, Place::Text), shown(&format!("⟨{whole}⟩")));
    let unknown = |path: &[String]| path[0] == "steps";
    let expression = Engine::new().eval_plan(" steps.a.x > 1 ", &scope(), &unknown);
    assert_eq!(expression, Ok(shown("⟨steps.a.x > 1⟩")));
}
