//! Texts for people, as a file may hold them. Which language is taken is decided where a file is read.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::base::Lang;

/// The place of a text for people: behind it a model has one text, whatever languages the file has it in.
pub struct LocalizedText;

impl JsonSchema for LocalizedText {
    fn schema_name() -> Cow<'static, str> {
        "LocalizedText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = |lang: Lang| {
            let name = match lang {
                Lang::Ja => "In Japanese.",
                Lang::En => "In English.",
            };
            (lang.key().to_string(), serde_json::json!({ "type": "string", "description": name }))
        };
        let languages: serde_json::Map<_, _> = Lang::ALL.into_iter().map(one).collect();
        json_schema!({
            "description": "A text for people: text alone, or one text for each language. Shown is the one in the language of the \
                engine's own messages (`--lang`, `TOBAN_LANG`, else the locale), else the one there is; all of them are checked. A \
                saved plan and a run keep the language they were made in.",
            "anyOf": [
                { "type": "string" },
                { "type": "object", "properties": languages, "additionalProperties": false, "minProperties": 1 }
            ]
        })
    }
}

/// The place of facts shown with a question: behind it a model has each value behind its label.
pub struct LabelledFacts;

impl JsonSchema for LabelledFacts {
    fn schema_name() -> Cow<'static, str> {
        "LabelledFacts".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let label = generator.subschema_for::<LocalizedText>();
        json_schema!({
            "description": "Values by their labels; a label in several languages stands beside its value, and both behind a name \
                that is not shown. A template may stand in each value.",
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": { "label": label, "value": true },
                        "required": ["label", "value"],
                        "additionalProperties": false
                    },
                    true
                ]
            }
        })
    }
}
