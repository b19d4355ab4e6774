//! The two kinds of file and their shapes, compiled once. It checks no value.

use std::sync::OnceLock;

use super::compile::Shapes;
use crate::lang::source::PlaybookSource;
use crate::model::System;

/// The shapes of a playbook.
pub fn playbook_shapes() -> &'static Shapes {
    static SHAPES: OnceLock<Shapes> = OnceLock::new();
    SHAPES.get_or_init(|| Shapes::compile(schemars::schema_for!(PlaybookSource).as_value(), "Playbook"))
}

/// The shapes of a system file in one environment.
pub fn system_shapes() -> &'static Shapes {
    static SHAPES: OnceLock<Shapes> = OnceLock::new();
    SHAPES.get_or_init(|| Shapes::compile(schemars::schema_for!(System).as_value(), "System"))
}
