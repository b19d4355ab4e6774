//! Whole models rendered and previewed.

use serde_json::{Value, json};

use super::scope;
use crate::model::{Action, Around, Field, Known, Planned, Rendered, Staged, Templated};
use crate::template::{Engine, Preview, Render};

fn render(action: Value) -> Result<Action<Rendered>, (String, String)> {
    let action: Action<Templated> = serde_json::from_value(action).expect("an action");
    action.stage(&mut Render::new(&Engine::new(), &scope())).map_err(|e| (e.path, e.message))
}

fn preview(action: Value) -> Action<Planned> {
    let action: Action<Templated> = serde_json::from_value(action).expect("an action");
    let unknown = |path: &[String]| path[0] == "steps";
    let engine = Engine::new();
    let scope = scope();
    action.stage(&mut Preview::new(&engine, &scope, &unknown)).expect("a preview")
}

#[test]
fn each_slot_gets_the_type_that_it_has() {
    let action = json!({"file": {"prune": {
        "glob": "/b/{{ inputs.n }}*", "older_than": "{{ inputs.n }}d", "keep_at_least": "{{ inputs.n }}"
    }}});
    let rendered = serde_json::to_value(render(action).expect("renders")).expect("serialises");
    assert_eq!(
        rendered,
        json!({"file": {"prune": {"glob": "/b/7*", "older_than": "7d", "keep_at_least": 7}}})
    );
}

#[test]
fn an_error_names_the_keys_of_its_value() {
    let (path, message) =
        render(json!({"file": {"prune": {"glob": "{{ inputs.nam }}", "older_than": "1d"}}}))
            .expect_err("fails");
    assert_eq!(path, "file.prune.glob");
    assert!(message.contains("`inputs.nam` is not defined here"), "{message}");
    for value in ["{{ inputs.nothing }}", "{{ inputs.list }}", "{{ inputs }}"] {
        let (path, message) = render(json!({"fail": {"message": value}})).expect_err(value);
        assert_eq!(path, "fail.message");
        assert!(message.starts_with("text is needed here"), "{message}");
    }
    let (path, _) = render(json!({"shell": {"argv": ["ls", "{{ inputs.nothing }}"]}})).expect_err("fails");
    assert_eq!(path, "shell.argv.1");
}

#[test]
fn a_slot_for_text_takes_a_number_and_a_list_is_spliced_into_arguments() {
    let Ok(Action::Fail(fail)) = render(json!({"fail": {"message": "{{ inputs.on }}"}})) else {
        panic!("renders")
    };
    assert_eq!(*fail.message, "true");
    let argv = json!({"shell": {"argv": ["a", "{{ inputs.list }}", "{{ inputs.n }}", "x{{ inputs.n }}"]}});
    let Ok(Action::Shell(shell)) = render(argv) else { panic!("renders") };
    assert_eq!(shell.argv.expect("arguments").words(), ["a", "a b", "c", "7", "x7"]);
}

#[test]
fn secrets_reach_the_environment_and_sql_and_show_nowhere() {
    let around: Around<Templated> =
        serde_json::from_value(json!({"env": {"P": "{{ secrets.db }}", "N": "{{ inputs.n }}"}}))
            .expect("surroundings");
    let around = around.stage(&mut Render::new(&Engine::new(), &scope())).expect("renders");
    assert_eq!(around.env["P"].expose(), "p\u{e9}ss'word");
    assert_eq!(around.env["N"].expose(), "7");
    assert!(!format!("{around:?}").contains("word"));
    let Ok(Action::Sql(sql)) =
        render(json!({"sql": {"connection": "main", "query": "SELECT {{ secrets.db }}"}}))
    else {
        panic!("renders")
    };
    assert_eq!(sql.query.expect("a query").0.show(), "SELECT ⟦•••⟧");
}

#[test]
fn a_preview_keeps_what_it_knows_and_shows_what_it_cannot() {
    let Action::Shell(shell) = preview(json!({"shell": {"run": "cp {{ steps.a.file }} {{ inputs.n }}"}}))
    else {
        panic!("a shell")
    };
    assert_eq!(shell.run.expect("a script").0, Known::No("cp ⟨steps.a.file⟩ '7'".into()));
    let Action::Sql(sql) =
        preview(json!({"sql": {"connection": "main", "query": "SELECT {{ steps.a.x }}, {{ inputs.n }}"}}))
    else {
        panic!("sql")
    };
    assert_eq!(sql.query.expect("a query").show(), "SELECT ⟦⟨steps.a.x⟩⟧, ⟦7⟧");
    let action = json!({"file": {"prune": {"glob": "x", "older_than": "{{ steps.a.days }}d"}}});
    let shown = serde_json::to_value(preview(action)).expect("serialises");
    assert_eq!(shown["file"]["prune"]["older_than"], json!({"⟨unknown⟩": "⟨steps.a.days⟩d"}));
}
