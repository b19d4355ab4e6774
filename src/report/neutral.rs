//! Text from outside made safe for a terminal: no escape sequence, no control character, no hidden turn of the
//! writing direction reaches the screen. It knows nothing of secrets, which are masked before.

use std::borrow::Cow;

/// One line of output, or a title, as one safe line: escape sequences dropped, what stands before a carriage
/// return (a bar that was drawn over) dropped, tabs and line ends as spaces, other controls as `�`.
pub fn safe_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let plain = console::strip_ansi_codes(text);
    let last = plain.split('\r').rfind(|part| !part.trim().is_empty()).unwrap_or_default();
    Cow::Owned(last.chars().filter_map(line_char).collect())
}

fn line_char(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if is_direction(c) => None,
        c if is_control(c) => Some('\u{fffd}'),
        c => Some(c),
    }
}

/// Text that a person has to judge before it runs: its lines are kept, and every control character is shown as
/// its code (`\u{1b}`) so that nothing in it can hide.
pub fn safe_text(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_control(c) && c != '\n' && c != '\t') {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\t' => safe.push(c),
            c if is_control(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Whether a character moves the cursor or turns the writing direction rather than show anything.
pub(super) fn is_control(c: char) -> bool {
    c.is_control() || is_direction(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_titles_and_bars_of_a_child_become_plain_text() {
        assert_eq!(safe_line("\u{1b}[31mred\u{1b}[0m plain"), "red plain");
        assert_eq!(safe_line("\u{1b}]0;owned\u{7}title"), "title");
        assert_eq!(safe_line(" 10%\r 20%\r 30%\r"), " 30%");
        assert_eq!(safe_line("a\tb\nc"), "a b c");
        assert_eq!(safe_line("日本語のまま"), "日本語のまま");
    }

    #[test]
    fn a_preview_hides_nothing() {
        assert_eq!(safe_text("rm -rf /tmp/x \u{1b}[2K\recho hi"), "rm -rf /tmp/x \\u{1b}[2K\\u{d}echo hi");
        assert_eq!(safe_text("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(safe_text("one\n\ttwo"), "one\n\ttwo");
    }

    proptest! {
        #[test]
        fn nothing_that_moves_the_cursor_survives(text in any::<String>()) {
            prop_assert!(!safe_line(&text).chars().any(is_control));
            prop_assert!(!safe_text(&text).chars().any(|c| is_control(c) && c != '\n' && c != '\t'));
        }
    }
}
