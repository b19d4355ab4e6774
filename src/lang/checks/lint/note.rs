//! Notes what a rule found, once, with how to allow it.

use crate::diag::Diagnostic;
use crate::lang::document::Document;

/// Notes a finding; what stands behind an anchor is found wherever it is used, and told of once.
pub fn note(doc: &mut Document, diagnostic: Diagnostic) {
    let diagnostic = diagnostic.rule();
    let known = doc.notes.iter().any(|d| d.code == diagnostic.code && d.at == diagnostic.at);
    if !known {
        doc.note(diagnostic);
    }
}
