//! Diagnostics as a person reads them, and as JSON for programs. It does not know what they are about.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use super::{At, Diagnostic, Severity};

/// All of them as text, in the order given; with colours for a terminal.
///
/// The header gives `path:line:column`, the column in characters; marks stand under wide characters rightly.
pub fn render(diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let texts: Vec<String> = diagnostics.iter().map(|d| one(&renderer, d)).collect();
    let mut text = texts.join("\n\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn one(renderer: &Renderer, d: &Diagnostic) -> String {
    let level = match d.severity {
        Severity::Error => Level::ERROR.with_name(crate::t!("error", "エラー")),
        Severity::Warning => Level::WARNING.with_name(crate::t!("warning", "警告")),
    };
    let mut title = level.primary_title(plain(&d.title));
    if d.is_rule {
        title = title.id(d.code);
    }
    let mut group = match &d.at {
        Some(at) => title.elements(snippets(at, d)),
        None => return without_place(renderer, title, d),
    };
    if let Some(help) = &d.help {
        let help_level = Level::HELP.with_name(crate::t!("help", "ヒント"));
        group = group.element(help_level.message(plain(help)));
    }
    renderer.render(&[group])
}

/// What is about no place in a file: a title, and help below it.
fn without_place(renderer: &Renderer, title: annotate_snippets::Title<'_>, d: &Diagnostic) -> String {
    let text = renderer.render(&[Group::with_title(title)]);
    let help = crate::t!("help", "ヒント");
    d.help.as_ref().map_or(text.clone(), |told| format!("{text}\n{help}: {}", plain(told)))
}

/// One snippet a file: the first holds the place itself.
fn snippets<'a>(at: &'a At, d: &'a Diagnostic) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let same = |other: &&super::Label| other.at.source.path == at.source.path;
    let mut first = vec![(at, AnnotationKind::Primary, d.label.as_str())];
    first.extend(d.others.iter().filter(same).map(|o| (&o.at, AnnotationKind::Context, o.text.as_str())));
    let mut all = vec![snippet(&first)];
    for other in d.others.iter().filter(|o| !same(o)) {
        all.push(snippet(&[(&other.at, AnnotationKind::Context, other.text.as_str())]));
    }
    all
}

/// The lines of a file that marks stand in, from the first to the last, and no more: a file may be long.
fn snippet<'a>(
    marks: &[(&'a At, AnnotationKind, &'a str)],
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (source, spans): (_, Vec<Range<usize>>) =
        (&marks[0].0.source, marks.iter().map(|m| on_boundaries(m.0)).collect());
    let text = source.text.as_str();
    let from = spans.iter().map(|s| s.start).min().unwrap_or(0);
    let to = spans.iter().map(|s| s.end).max().unwrap_or(0);
    let from = text[..from].rfind('\n').map_or(0, |i| i + 1);
    let to = text[to..].find('\n').map_or(text.len(), |i| to + i);
    let line = text[..from].bytes().filter(|b| *b == b'\n').count() + 1;
    let mut snippet = Snippet::source(&text[from..to]).line_start(line).path(source.path.as_str());
    for ((_, kind, label), span) in marks.iter().zip(spans) {
        let annotation = kind.span(span.start - from..span.end - from);
        snippet =
            snippet.annotation(if label.is_empty() { annotation } else { annotation.label(plain(label)) });
    }
    snippet
}

/// The span moved to the nearest character boundaries, within the text, and cut at the end of its first line.
fn on_boundaries(at: &At) -> Range<usize> {
    let text = &at.source.text;
    let floor = |mut i: usize| {
        i = i.min(text.len());
        while !text.is_char_boundary(i) {
            i -= 1;
        }
        i
    };
    let (start, end) = (floor(at.span.start), floor(at.span.end.max(at.span.start)));
    let line = text[start..end].find('\n').map_or(end, |i| start + i);
    start..line
}

/// Text of a playbook may hold control characters; a terminal must not get them.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

impl Diagnostic {
    /// The diagnostic for programs: `path line column code rule severity title help`; `rule` is null where no rule can be
    /// looked up or allowed.
    pub fn to_json(&self) -> Value {
        let place = self.at.as_ref().map(|at| (at.source.path.clone(), at.line_column()));
        json!({
            "path": place.as_ref().map(|p| p.0.clone()),
            "line": place.as_ref().map(|p| p.1.0),
            "column": place.as_ref().map(|p| p.1.1),
            "code": self.code,
            "rule": self.is_rule.then_some(self.code),
            "severity": self.severity,
            "title": self.title,
            "help": self.help,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::render;
    use crate::diag::{At, Diagnostic, Source};

    fn at(text: &str, part: &str) -> At {
        let source = Arc::new(Source { path: "p.yaml".into(), text: text.into() });
        let start = text.find(part).expect("the part is there");
        At { source, span: start..start + part.len() }
    }

    #[test]
    fn a_mark_stands_under_its_place_behind_wide_characters() {
        let place = at("title: a\nitem: {項目: 確認, shel: x}\n", "shel");
        let text =
            render(&[Diagnostic::error("unknown-key", place, "unknown key").help("write `shell`")], false);
        insta::assert_snapshot!(text, @r"
        error: unknown key
         --> p.yaml:2:16
          |
        2 | item: {項目: 確認, shel: x}
          |                    ^^^^
          |
          = help: write `shell`
        ");
    }

    #[test]
    fn the_json_of_a_diagnostic_counts_characters_not_bytes() {
        let place = at("項目: 確認\n", "確認");
        let json = Diagnostic::error("wrong-type", place, "no").to_json();
        assert_eq!(json["column"], 5);
        assert_eq!(json["line"], 1);
        assert_eq!(json["severity"], "error");
    }

    #[test]
    fn places_outside_the_text_and_inside_a_character_do_no_harm() {
        let source = Arc::new(Source { path: "p.yaml".into(), text: "日本".into() });
        for span in [1..2, 0..99, 50..60, 6..6] {
            let text = render(&[Diagnostic::error("x", At { source: source.clone(), span }, "t")], false);
            assert!(text.contains("p.yaml:1:"), "{text}");
        }
    }
}
