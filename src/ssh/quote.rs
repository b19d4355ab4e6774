//! Text as one word of a POSIX shell, on one line. It does not know what the word is for.

/// A word that every POSIX shell reads as exactly this text. A line break in it is taken from the variable `n`, so
/// that the word itself has none.
pub fn word(text: &str) -> String {
    let quoted = text.replace('\'', r"'\''").replace('\n', r#"'"$n"'"#);
    format!("'{quoted}'")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::word;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_text_is_read_as_itself_on_one_line(text in "[^\0]{0,40}") {
            let word = word(&text);
            prop_assert!(!word.contains('\n'));
            let script = format!("n=$(printf '\\nx');n=${{n%x}};printf %s {word}");
            let out = Command::new("sh").args(["-c", &script]).output().expect("sh");
            prop_assert_eq!(String::from_utf8(out.stdout).expect("UTF-8"), text);
        }
    }
}
