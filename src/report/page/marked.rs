//! Text of a plan in a page: escaped, with what only a run can know, what is masked and what would be invisible
//! marked for the eye.

use maud::{Markup, html};

use crate::base::MASK;
use crate::report::neutral::is_control;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Plain(&'a str),
    /// `⟨…⟩`
    Unknown(&'a str),
    /// `•••`
    Masked,
    /// A character that would move the cursor or turn the writing direction.
    Hidden(char),
}

/// Text as it may stand in a page.
pub fn marked(text: &str) -> Markup {
    html! {
        @for piece in pieces(text) {
            @match piece {
                Piece::Plain(text) => (text),
                Piece::Unknown(text) => mark class="unknown" { (text) },
                Piece::Masked => mark class="masked" { (MASK) },
                Piece::Hidden(c) => mark class="hidden" { (c.escape_unicode().to_string()) },
            }
        }
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_special(rest)) {
        if at > 0 {
            pieces.push(Piece::Plain(&rest[..at]));
        }
        let (piece, length) = special(&rest[at..]);
        pieces.push(piece);
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

fn is_special(text: &str) -> impl FnMut(char) -> bool {
    // The mask is three characters long: only all of them together are special.
    let mut left = text;
    move |c| {
        let here = left;
        left = &left[c.len_utf8().min(left.len())..];
        c == '⟨' || here.starts_with(MASK) || is_hidden(c)
    }
}

fn is_hidden(c: char) -> bool {
    is_control(c) && c != '\n' && c != '\t'
}

/// The special piece that a text begins with, and its length.
fn special(text: &str) -> (Piece<'_>, usize) {
    if text.starts_with(MASK) {
        return (Piece::Masked, MASK.len());
    }
    let c = text.chars().next().unwrap_or_default();
    if is_hidden(c) {
        return (Piece::Hidden(c), c.len_utf8());
    }
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '⟨' => depth += 1,
            '⟩' if depth == 1 => {
                let length = at + c.len_utf8();
                return (Piece::Unknown(&text[..length]), length);
            }
            '⟩' => depth -= 1,
            c if is_hidden(c) || c == '\n' => break,
            _ => {}
        }
    }
    (Piece::Plain(&text[..c.len_utf8()]), c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_only_a_run_knows_what_is_masked_and_what_hides_is_marked() {
        assert_eq!(
            marked("echo ⟨steps.a⟩ ••• \u{202e}x </script>").into_string(),
            "echo <mark class=\"unknown\">⟨steps.a⟩</mark> <mark class=\"masked\">•••</mark> \
             <mark class=\"hidden\">\\u{202e}</mark>x &lt;/script&gt;"
        );
        assert_eq!(pieces("⟨a ⟨b⟩ c⟩"), [Piece::Unknown("⟨a ⟨b⟩ c⟩")]);
        assert_eq!(pieces("⟨open\n•"), [Piece::Plain("⟨"), Piece::Plain("open\n•")]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_opens_a_tag(text in any::<String>()) {
            let html = marked(&text).into_string();
            let bare = html.replace("<mark class=\"unknown\">", "").replace("<mark class=\"masked\">", "")
                .replace("<mark class=\"hidden\">", "").replace("</mark>", "");
            prop_assert!(!bare.contains(['<', '>', '"']));
            prop_assert!(!bare.chars().any(is_hidden));
        }
    }
}
