//! Values in places without quoting of their own: text, arguments, paths, headers, URLs. It only knows the
//! filters that do not belong there.

use super::check::{Emitted, Finding, Reader};

/// Text in which a value stands as it is.
#[derive(Clone, Debug)]
pub(super) struct PlainText;

impl Reader for PlainText {
    const BLOCKS: bool = true;

    fn same(&self, _: &PlainText) -> bool {
        true
    }

    fn text(&mut self, _: &str) {}

    fn value(&mut self, value: Emitted<'_>) -> Vec<Finding> {
        let Some(name @ ("words" | "ident" | "raw")) = value.filter else { return Vec::new() };
        let message = crate::t!("`| {name}` has no meaning here", "`| {name}` はここでは意味がありません");
        let help = crate::t!(
            "`words` is for shell scripts, `ident` for SQL, `raw` for both; leave it out",
            "`words` はシェル用、`ident` は SQL 用、`raw` はその両方です。外してください"
        );
        vec![Finding::error("filter-place", message, help)]
    }

    fn open(&self) -> Option<String> {
        None
    }
}
