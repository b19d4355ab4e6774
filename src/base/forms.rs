//! The forms in which a secret can turn up in text. It searches nothing.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// A shorter piece of a secret would be found everywhere.
const SHORTEST_PIECE: usize = 6;

/// All forms of a secret: itself and each of its longer lines, raw and in every usual encoding.
pub(super) fn forms(secret: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let lines = secret.lines().flat_map(|l| [l, l.trim()]).filter(|l| l.chars().count() >= SHORTEST_PIECE);
    for text in [secret].into_iter().chain(lines) {
        forms.push(text.to_string());
        base64(text, &mut forms);
        percent(text, &mut forms);
        json(text, &mut forms);
        shell(text, &mut forms);
    }
    forms.retain(|f| !f.is_empty());
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// The whole with and without padding and line breaks, and what stays the same when the secret stands at any place
/// of a longer text.
fn base64(text: &str, forms: &mut Vec<String>) {
    for engine in [STANDARD, URL_SAFE] {
        let whole = engine.encode(text);
        for width in [64, 76] {
            let lines: Vec<String> = whole.as_bytes().chunks(width).map(ascii).collect();
            forms.push(lines.join("\n"));
            forms.push(lines.join("\r\n"));
        }
        for before in 0..3 {
            let shifted = engine.encode([&[0; 3][..before], text.as_bytes()].concat());
            // A character of base64 holds six bits: those with bits of the neighbours are left out.
            let (first, last) = ((before * 8).div_ceil(6), (before + text.len()) * 8 / 6);
            if last >= first + SHORTEST_PIECE {
                forms.push(shifted[first..last].to_string());
            }
        }
        forms.push(whole.trim_end_matches('=').to_string());
        forms.push(whole);
    }
}

fn ascii(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// RFC 3986 and what differs from it in practice: which signs stay as they are, how a blank is written, and the case
/// of the digits.
fn percent(text: &str, forms: &mut Vec<String>) {
    for plain in ["-_.~", "-_.~/", "-_.~+", "-_.~/+", "-_.*", "-_.!~*'()", "-_.!~*'();/?:@&=+$,#"] {
        for blank in ["%20", "+"] {
            for upper in [true, false] {
                forms.push(text.bytes().map(|b| percent_byte(b, plain, blank, upper)).collect());
            }
        }
    }
}

fn percent_byte(byte: u8, plain: &str, blank: &str, upper: bool) -> String {
    match byte {
        b' ' => blank.to_string(),
        b if b.is_ascii_alphanumeric() || plain.as_bytes().contains(&b) => char::from(b).to_string(),
        b if upper => format!("%{b:02X}"),
        b => format!("%{b:02x}"),
    }
}

/// Inside a JSON string: other characters as they are, or all of them as `\uXXXX`; with `\/`, and with `<>&` escaped
/// as some do for web pages; and JSON inside a JSON string.
fn json(text: &str, forms: &mut Vec<String>) {
    let raw = in_json(text);
    for upper in [false, true] {
        let ascii = escaped(&raw, upper, |c| !c.is_ascii() || c == '\x7f');
        for variant in [&raw, &ascii] {
            forms.push(variant.replace('/', "\\/"));
            forms.push(escaped(variant, upper, |c| "<>&'".contains(c)));
        }
        forms.push(in_json(&ascii));
        forms.push(ascii);
    }
    forms.push(in_json(&raw));
    forms.push(raw);
}

/// Between the quotes of a JSON string.
fn in_json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_string()
}

fn escaped(text: &str, upper: bool, which: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !which(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
        }
    }
    out
}

/// Inside the quotes that shells and languages put around a word: `'\''`, `'"'"'`, double quotes, backslashes, and
/// bash's `$'…'` with other characters as they are or in octal.
fn shell(text: &str, forms: &mut Vec<String>) {
    forms.push(text.replace('\'', r"'\''"));
    forms.push(text.replace('\'', r#"'"'"'"#));
    forms.push(backslashed(text, |c| "\"$`\\".contains(c)));
    forms.push(backslashed(text, |c| {
        c.is_ascii() && !c.is_ascii_alphanumeric() && !"_-./:=@%^,+".contains(c)
    }));
    forms.push(backslashed(text, |c| c.is_ascii() && !c.is_ascii_alphanumeric() && !"_-./:@%+".contains(c)));
    forms.push(bash_q(text));
    for octal in [false, true] {
        forms.push(text.chars().map(|c| ansi_c(c, octal)).collect());
    }
}

/// What bash's `%q` makes of a word of one line.
fn bash_q(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut before = None;
    for c in text.chars() {
        let special = match c {
            '#' => before.is_none(),
            '~' => matches!(before, None | Some(':' | '=')),
            c => " '\"\\|&;()<>!{}*[]?^$`,".contains(c),
        };
        out.extend(special.then_some('\\'));
        out.push(c);
        before = Some(c);
    }
    out
}

fn backslashed(text: &str, which: impl Fn(char) -> bool) -> String {
    text.chars().flat_map(|c| which(c).then_some('\\').into_iter().chain([c])).collect()
}

fn ansi_c(c: char, octal: bool) -> String {
    match c {
        '\n' => "\\n".into(),
        '\t' => "\\t".into(),
        '\r' => "\\r".into(),
        '\x1b' => "\\E".into(),
        '\'' | '\\' => format!("\\{c}"),
        c if c.is_ascii_control() || (octal && !c.is_ascii()) => {
            c.encode_utf8(&mut [0; 4]).bytes().map(|b| format!("\\{b:03o}")).collect()
        }
        c => c.to_string(),
    }
}
