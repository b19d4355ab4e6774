//! Text by the columns it takes on a screen: Japanese takes two a character, a combining mark none.
//!
//! Characters whose width is ambiguous (`…`, `·`, `✓`) count as one column, as terminals have it by default.
//! It knows nothing of colours: text is measured and cut before it is coloured.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The columns that text takes; escape codes take none.
pub fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

/// The text, cut to `columns` with `…` where it is longer. A letter with its marks, a flag, an emoji made of
/// several characters stay whole or go whole.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_string();
    }
    let mut kept = String::new();
    let mut taken = 1;
    for cluster in clusters(text) {
        taken += cluster.width();
        if taken > columns {
            break;
        }
        kept.push_str(cluster);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// The text in exactly `columns`: cut, or filled with spaces behind.
pub fn pad(text: &str, columns: usize) -> String {
    let mut text = fit(text, columns);
    let missing = columns.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// The text with spaces before it, up to `columns`; a longer one is cut.
pub fn pad_left(text: &str, columns: usize) -> String {
    let text = fit(text, columns);
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(&text))))
}

/// The text in lines of at most `columns`, parted at spaces and between Japanese characters, words that are longer
/// anywhere. What does not fit into `most` lines is cut with `…`.
pub fn wrap(text: &str, columns: usize, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last().map(String::as_str).unwrap_or_default();
        if width(line) + width(piece.trim_end()) <= columns {
            lines.last_mut().into_iter().for_each(|line| line.push_str(piece));
            continue;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        for cluster in clusters(piece) {
            if width(lines.last().map(String::as_str).unwrap_or_default()) + cluster.width() > columns {
                lines.push(String::new());
            }
            lines.last_mut().into_iter().for_each(|line| line.push_str(cluster));
        }
    }
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).concat();
        lines.push(fit(&rest, columns));
    }
    lines.iter().map(|line| line.trim_end().to_string()).collect()
}

/// A text in pieces behind which a line may end.
fn pieces(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        let Some((next_at, next)) = chars.peek().copied() else { break };
        let wide = |c: char| c.width() == Some(2);
        let closes = "、。，．）」』】：；！？ー々".contains(next);
        let opens = "（「『【".contains(c);
        if (c == ' ' && next != ' ') || ((wide(c) || wide(next)) && !closes && !opens && next != ' ') {
            found.push(&text[start..next_at]);
            start = next_at;
        }
    }
    found.push(&text[start..]);
    found
}

/// The pieces that must not be parted.
fn clusters(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = first_cluster(rest)?;
        let (head, tail) = rest.split_at(end);
        rest = tail;
        Some(head)
    })
}

fn first_cluster(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    let (_, mut before) = chars.next()?;
    let mut flag_is_half = is_flag_letter(before);
    for (at, c) in chars {
        let completes_flag = flag_is_half && is_flag_letter(c);
        let joined = before == JOINER || c.width() == Some(0) || is_skin_tone(c) || completes_flag;
        if !joined {
            return Some(at);
        }
        flag_is_half = false;
        before = c;
    }
    Some(text.len())
}

const JOINER: char = '\u{200d}';

fn is_flag_letter(c: char) -> bool {
    ('\u{1f1e6}'..='\u{1f1ff}').contains(&c)
}

fn is_skin_tone(c: char) -> bool {
    ('\u{1f3fb}'..='\u{1f3ff}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn japanese_is_cut_by_columns_not_by_characters() {
        assert_eq!(fit("データベースのバックアップ", 11), "データベー…");
        assert_eq!(fit("データベースのバックアップ", 10), "データベ…");
        assert_eq!(pad("日次", 6), "日次  ");
        assert_eq!(pad_left("日次", 6), "  日次");
    }

    #[test]
    fn joined_characters_stay_whole() {
        let family = "👨‍👩‍👧";
        assert_eq!(clusters(&format!("a{family}b")).collect::<Vec<_>>(), ["a", family, "b"]);
        assert_eq!(clusters("🇯🇵🇫🇷").collect::<Vec<_>>(), ["🇯🇵", "🇫🇷"]);
        assert_eq!(clusters("e\u{301}x").collect::<Vec<_>>(), ["e\u{301}", "x"]);
        assert_eq!(fit(&format!("{family}{family}{family}"), 4), format!("{family}…"));
    }

    #[test]
    fn lines_end_at_spaces_and_between_japanese_characters_but_not_before_a_full_stop() {
        assert_eq!(wrap("dump the whole database", 10, 9), ["dump the", "whole", "database"]);
        assert_eq!(wrap("データを取得する。", 8, 9), ["データを", "取得す", "る。"]);
        assert_eq!(wrap("a_very_long_identifier", 8, 9), ["a_very_l", "ong_iden", "tifier"]);
        assert_eq!(wrap("one two three four", 5, 2), ["one", "two …"]);
        assert_eq!(wrap("", 5, 2), [""]);
    }

    proptest! {
        #[test]
        fn wrapped_text_keeps_to_its_columns(text in "[ -~ぁ-ん。、]{0,60}", columns in 2usize..30) {
            prop_assert!(wrap(&text, columns, 99).iter().all(|line| width(line) <= columns));
        }

        #[test]
        fn cut_text_never_takes_more_columns_than_asked(text in "\\PC{0,40}", columns in 0usize..60) {
            prop_assert!(width(&fit(&text, columns)) <= columns);
        }

        #[test]
        fn padded_text_takes_exactly_the_columns_asked(text in "[ -~ぁ-んァ-ン一-龠]{0,40}", columns in 0usize..60) {
            prop_assert_eq!(width(&pad(&text, columns)), columns);
        }
    }
}
