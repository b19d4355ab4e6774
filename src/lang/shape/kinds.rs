//! The two kinds of file and their shapes, read in once. It checks no value.
//!
//! They follow from the types of the model, by way of their JSON schema. To make them anew in every process would take a
//! small command longer than all else that it does, so they stand written beside this file; a test tells when they are
//! not those of the types, and `UPDATE=1` makes it write them.

use std::sync::OnceLock;

use super::tree::Shapes;

/// The shapes of a playbook.
pub fn playbook_shapes() -> &'static Shapes {
    static SHAPES: OnceLock<Shapes> = OnceLock::new();
    SHAPES.get_or_init(|| read(include_str!("playbook.json")))
}

/// The shapes of a system file in one environment.
pub fn system_shapes() -> &'static Shapes {
    static SHAPES: OnceLock<Shapes> = OnceLock::new();
    SHAPES.get_or_init(|| read(include_str!("system.json")))
}

#[expect(clippy::expect_used, reason = "the text is a constant, and a test reads it")]
fn read(text: &str) -> Shapes {
    Shapes::of(serde_json::from_str(text).expect("shapes"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::compile::compile;
    use super::super::tree::Shape;
    use super::*;
    use crate::lang::source::PlaybookSource;
    use crate::model::System;

    /// One type a line.
    fn written(types: &[(String, Shape)]) -> String {
        let lines: Vec<String> = types.iter().map(|one| serde_json::to_string(one).expect("JSON")).collect();
        format!("[\n{}\n]\n", lines.join(",\n"))
    }

    #[test]
    fn the_shapes_that_are_written_are_those_of_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lang/shape");
        let playbook = compile(schemars::schema_for!(PlaybookSource).as_value(), "Playbook");
        let system = compile(schemars::schema_for!(System).as_value(), "System");
        for (name, types, read) in
            [("playbook.json", playbook, playbook_shapes()), ("system.json", system, system_shapes())]
        {
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(folder.join(name), written(&types)).expect("written");
                continue;
            }
            assert!(
                Shapes::of(types) == *read,
                "src/lang/shape/{name} is not that of the types; run UPDATE=1 cargo test --lib shapes"
            );
        }
    }
}
