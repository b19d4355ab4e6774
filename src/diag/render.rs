//! Diagnostics as a person reads them.

use super::Diagnostic;

/// All of them as text, in the order given; with colours for a terminal.
pub fn render(diagnostics: &[Diagnostic], colour: bool) -> String {
    let _ = colour;
    let mut text = String::new();
    for d in diagnostics {
        if let Some(at) = &d.at {
            let (line, column) = at.line_column();
            text.push_str(&format!("error: {}\n --> {}:{line}:{column}\n", d.title, at.source.path));
        } else {
            text.push_str(&format!("error: {}\n", d.title));
        }
    }
    text
}
