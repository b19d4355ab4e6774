//! Secrets of every kind, cut in every way, against independent encoders.

use proptest::prelude::*;

use super::forms::forms;
use super::{MASK, MaskedStream, Masker};

fn streamed(masker: &Masker, text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut stream = MaskedStream::new(masker.clone());
    let mut out = Vec::new();
    let mut rest = text;
    for cut in cuts {
        let (now, later) = rest.split_at((*cut).min(rest.len()));
        stream.push(now, &mut out);
        rest = later;
    }
    stream.push(rest, &mut out);
    stream.finish(&mut out);
    out
}

fn masked(secret: &str, text: &str) -> String {
    Masker::new([secret]).mask(text).0
}

/// What a real program makes of the secret.
fn made_by(program: &str, args: &[&str], secret: &str) -> String {
    let output =
        std::process::Command::new(program).args(args).env("S", secret).env("LC_ALL", "C.UTF-8").output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e} (apt-get install {program})"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

const NASTY: &str = "p'a\"s$s w/o+r`d\\ <日本>&é!\u{1F512}";

#[test]
fn what_real_shells_make_of_a_secret_is_masked() {
    for script in [
        "printf %s \"$S\"",
        "printf %q \"$S\"",
        "printf '%s' \"${S@Q}\"",
        "printf '%s' \"${S@E}\" >/dev/null; exec 2>&1; set -x; : \"$S\"",
        "declare -p S",
        "printf %s \"$S\" | base64",
        "printf 'user:%s' \"$S\" | base64 -w0",
        "printf 'x:%s@host' \"$S\" | base64 -w0",
    ] {
        for secret in [NASTY, "plain-password", "it's", "line one\nline two's\n", "tab\there and more"] {
            let text = made_by("bash", &["-c", script], secret);
            if secret.len() < 6 && script.contains(':') {
                continue;
            }
            let (shown, changed) = Masker::new([secret]).mask(&text);
            assert!(changed && shown.contains(MASK), "{script}: {text}");
            for piece in ["assword", "日本", "line", "here and", "t's", "t\\'s"] {
                assert!(!shown.contains(piece), "{script}: {text} -> {shown}");
            }
        }
    }
}

#[test]
fn each_named_encoding_is_masked() {
    for (secret, text) in [
        ("a/b+c d日", "a%2Fb%2Bc%20d%E6%97%A5"),
        ("a/b+c d日", "a/b%2Bc%20d%E6%97%A5"),
        ("a/b+c d日", "a%2fb+c%20d%e6%97%a5"),
        ("a/b+c d日", "a/b+c+d%E6%97%A5"),
        ("a/b\"c\\日\u{1F512}", r#"a/b\"c\\日🔒"#),
        ("a/b\"c\\日\u{1F512}", r#"a\/b\"c\\日🔒"#),
        ("a/b\"c\\日\u{1F512}", r#"a/b\"c\\\u65e5\ud83d\udd12"#),
        ("a/b\"c\\日\u{1F512}", r#"a/b\"c\\\u65E5\uD83D\uDD12"#),
        ("hunter2", "aHVudGVyMg=="),
        ("hunter2", "aHVudGVyMg"),
    ] {
        assert_eq!(masked(secret, &format!("x={text};")), format!("x={MASK};"), "{text}");
    }
}

#[test]
fn each_longer_line_of_a_secret_is_masked_alone() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADAN\nshort\n-----END KEY-----\n";
    assert_eq!(masked(key, "the line MIIEvQIBADAN alone"), format!("the line {MASK} alone"));
    assert_eq!(masked(key, "short is short"), "short is short");
    assert_eq!(masked(key, &format!("<{key}>")), format!("<{MASK}>"));
}

#[test]
fn a_text_that_ends_within_a_secret_shows_none_of_it() {
    let secret = "correct horse battery";
    for cut in 1..secret.len() {
        let text = format!("it is {}", &secret[..cut]);
        let (shown, changed) = Masker::new([secret]).mask(&text);
        assert_eq!((shown.contains("correct"), changed), (cut == 7, cut >= 8), "{shown}");
        assert_eq!(streamed(&Masker::new([secret]), text.as_bytes(), &[8]), shown.as_bytes());
    }
    let json = serde_json::to_string(&"line 'one'\nline \"two\" and more").expect("JSON");
    let (shown, _) = Masker::new(["line 'one'\nline \"two\" and more"]).mask(&json[..24]);
    assert_eq!(shown, "\"•••");
}

#[test]
fn a_beginning_that_a_program_shows_is_masked_as_far_as_it_goes() {
    let secret = "correct horse battery 'staple'\nand a second line";
    for cut in 1..secret.len() {
        let text = format!("({})", &secret[..cut]);
        let (shown, changed) = Masker::new([secret]).mask(&text);
        assert_eq!(changed, cut >= 16, "{shown}");
        if changed && cut != 31 {
            assert_eq!(shown, "(•••)");
        }
        assert_eq!(streamed(&Masker::new([secret]), text.as_bytes(), &[3, 9, 5, 4]), shown.as_bytes());
    }
    let coded = "b64: Y29ycmVjdCBob3JzZSBi… url: correct%20horse%20ba…";
    assert_eq!(masked(secret, coded), "b64: •••… url: •••…");
}

#[test]
fn json_within_json_is_masked() {
    let secret = "it's \"q\" \\ 値";
    let once = serde_json::to_string(secret).expect("JSON");
    let ascii = once.replace('値', "\\u5024");
    for text in [&once, &ascii].map(|text| serde_json::to_string(text).expect("JSON")) {
        let (shown, changed) = Masker::new([secret]).mask(&text);
        assert!(changed && !shown.contains("it's"), "{text} -> {shown}");
    }
}

#[test]
fn overlapping_and_touching_secrets_leave_no_piece() {
    let masker = Masker::new(["abcdef", "defghi", "abcdefxyz"]);
    assert_eq!(masker.mask("abcdefghi").0, MASK);
    assert_eq!(masker.mask("abcdefabcdef").0, MASK);
    assert_eq!(masker.mask("-abcdefxy-").0, format!("-{MASK}xy-"));
    assert_eq!(masker.mask("-abcdefxyz-").0, format!("-{MASK}-"));
}

#[test]
fn only_what_may_begin_a_secret_is_held_back() {
    let masker = Masker::new(["hunter2!"]);
    let mut stream = MaskedStream::new(masker);
    let mut out = Vec::new();
    stream.push(b"a screen line", &mut out);
    assert_eq!(out, b"a screen line");
    stream.push(b" hunt", &mut out);
    assert_eq!(out, b"a screen line ");
    stream.push(b"ing", &mut out);
    assert_eq!(out, b"a screen line hunting");
    stream.push(b" hunter2", &mut out);
    stream.push(b"!", &mut out);
    assert_eq!(out, format!("a screen line hunting {MASK}").as_bytes());
    stream.push(b"hun", &mut out);
    stream.finish(&mut out);
    assert!(out.ends_with(b"hun"));
}

#[test]
fn without_secrets_bytes_pass_untouched() {
    let masker = Masker::new([]);
    assert!(masker.is_empty() && MaskedStream::new(masker.clone()).is_idle());
    assert_eq!(streamed(&masker, b"\xff\x00hunter2", &[3]), b"\xff\x00hunter2");
    assert_eq!(masker.mask("hunter2"), ("hunter2".to_string(), false));
}

#[test]
fn bytes_that_are_no_text_pass_beside_secrets() {
    let masker = Masker::new(["hunter2"]);
    let text = b"\xff\xfehunter2\x80\x00hunt\xff";
    for cut in 0..=text.len() {
        let expected = [b"\xff\xfe", MASK.as_bytes(), b"\x80\x00hunt\xff"].concat();
        assert_eq!(streamed(&masker, text, &[cut]), expected, "cut at {cut}");
    }
}

fn secret() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{6,12}", "[ -~]{6,40}", "[ab'\"$/+ \\\\\n日é]{6,20}", "\\PC{6,30}",]
        // A secret made of the mask's own sign would stay visible in any mask.
        .prop_filter("not the mask itself", |s| !s.contains('•'))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn no_form_of_any_secret_gets_through_however_the_stream_is_cut(
        secrets in proptest::collection::vec(secret(), 1..4),
        pieces in proptest::collection::vec((any::<u16>(), "[a-c \n]{0,8}"), 0..12),
        cuts in proptest::collection::vec(0usize..30, 0..40),
    ) {
        let all: Vec<String> = secrets.iter().flat_map(|s| forms(s)).collect();
        let text: String = pieces
            .iter()
            .map(|(n, between)| format!("{}{between}", all[usize::from(*n) % all.len()]))
            .collect();
        let masker = Masker::new(secrets.iter().map(String::as_str));
        let out = streamed(&masker, text.as_bytes(), &cuts);
        let out = String::from_utf8(out).expect("text stays text");
        for form in &all {
            prop_assert!(!out.contains(form.as_str()), "{form:?} is in {out:?}");
        }
        prop_assert_eq!(out, masker.mask(&text).0, "it does not matter how it is cut");
    }

    #[test]
    fn what_holds_no_secret_comes_through_byte_for_byte(
        secrets in proptest::collection::vec("[a-m]{6,12}", 0..4),
        text in proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), b'n'..=b'z', any::<u8>()], 0..400),
        cuts in proptest::collection::vec(0usize..30, 0..40),
    ) {
        let masker = Masker::new(secrets.iter().map(String::as_str));
        let clean = !secrets.iter().flat_map(|s| forms(s)).any(|f| {
            memchr::memmem::find(&text, f.as_bytes()).is_some()
        });
        prop_assume!(clean);
        prop_assert_eq!(streamed(&masker, &text, &cuts), text);
    }
}
