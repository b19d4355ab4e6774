//! Graphs of small plans, whole.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Diagram, graph_dot, graph_mermaid, graph_svg, graph_text};
use crate::plan::Outline;
use crate::report::{Look, width};

const PLAIN: Look = Look { colour: false, unicode: true };

fn step(id: &str, inside: Option<&str>, effect: &str, needs: &[(&str, &str)]) -> Value {
    let needs: Vec<Value> = needs.iter().map(|(step, why)| json!({"step": step, "why": why})).collect();
    json!({"id": id, "depth": 0, "inside": inside, "title": id, "kind": "shell", "effect": effect, "needs": needs,
        "text": [], "on_error": "fail", "after_crash": "ask"})
}

fn diagram(steps: Vec<Value>) -> Diagram {
    let outline = json!({"playbook": "p", "title": "日次", "environment": null, "inputs": {}, "steps": steps,
        "read": 0, "change": 0, "destroy": 0});
    Diagram::of(&serde_json::from_value::<Outline>(outline).expect("an outline"))
}

fn small() -> Diagram {
    let mut gone = step("gone", Some("held"), "destroy", &[]);
    gone["title"] = json!("古いものを消す \"今\"");
    gone["asks"] = json!({"text": "?", "people": 1, "unattended": "--confirm gone"});
    diagram(vec![
        step("dump", None, "change", &[]),
        step("check", None, "read", &[("dump", "sequence")]),
        step("held", None, "read", &[("check", "written")]),
        gone,
        step("told", None, "read", &[("held", "sequence"), ("dump", "reference")]),
    ])
}

#[test]
fn boxes_and_lines_where_there_is_room() {
    insta::assert_snapshot!("boxes", graph_text(&small(), 80, PLAIN));
}

#[test]
fn a_list_with_rails_where_there_is_none() {
    insta::assert_snapshot!("rails", graph_text(&small(), 24, PLAIN));
}

#[test]
fn mermaid_has_groups_colours_and_kinds_of_lines() {
    insta::assert_snapshot!("mermaid", graph_mermaid(&small()));
}

#[test]
fn dot_has_groups_colours_and_kinds_of_lines() {
    insta::assert_snapshot!("dot", graph_dot(&small()));
}

#[test]
fn a_group_has_the_colour_of_the_worst_it_holds() {
    assert_eq!(small().parts[2].effect, crate::model::Effect::Destroy);
}

#[test]
fn hostile_titles_stay_text_in_every_form() {
    let mut bad = step("bad", None, "read", &[]);
    bad["title"] = json!("</svg><script>\"]; evil --> x \u{202e}\n%% `{{");
    let diagram = diagram(vec![bad]);
    let svg = graph_svg(&diagram);
    assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"), "{svg}");
    let mermaid = graph_mermaid(&diagram);
    assert_eq!(mermaid.matches('"').count(), 2, "{mermaid}");
    assert!(!mermaid.contains("<script") && !mermaid.contains('\u{202e}'), "{mermaid}");
    assert_eq!(graph_dot(&diagram).lines().count(), 6);
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_screen_and_every_step_is_told(
        wanted in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
        count in 1usize..30,
        columns in 60usize..120,
    ) {
        let steps = (0..count).map(|at| {
            let ids: Vec<String> = wanted.iter().filter(|(to, _)| to.index(count) == at && at > 0)
                .map(|(_, from)| format!("s{}", from.index(at))).collect();
            let needs: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "written")).collect();
            step(&format!("s{at}"), None, "read", &needs)
        });
        let diagram = diagram(steps.collect());
        let text = graph_text(&diagram, columns, PLAIN);
        prop_assert!(text.lines().all(|line| width(line) <= columns), "{text}");
        for part in &diagram.parts {
            let told = text.split(|c: char| !c.is_alphanumeric()).any(|word| word == part.id);
            prop_assert!(told, "{} in\n{text}", part.id);
        }
        prop_assert_eq!(text, graph_text(&diagram, columns, PLAIN));
    }
}
