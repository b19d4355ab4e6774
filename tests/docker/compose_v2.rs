//! What only version 2 of compose knows.

use serde_json::json;

use crate::compose::FILE;
use crate::support::{Lab, given};

#[test]
fn a_name_in_the_compose_file_is_found_also_where_it_is_made_of_variables() {
    let lab = Lab::new();
    let name = lab.name();
    for (head, expected) in [
        (format!("name: y{name}"), format!("y{name}")),
        (format!("name: ${{TOBAN_TEST_NAME:-x{name}}}"), format!("x{name}")),
    ] {
        std::fs::write(lab.path("docker-compose.yml"), format!("{head}\n{FILE}")).expect("written");
        lab.done(json!({ "compose": { "up": {} } }));
        let listed = given(&lab.done(json!({ "compose": { "ps": {} } })), "json");
        assert_eq!(listed[0]["project"], json!(expected));
        lab.done(json!({ "compose": { "down": {} } }));
    }
}
