//! Input that wants to do harm, and input without any sense: refused quickly, never a panic.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use toban::diag::{Diagnostic, render};
use toban::lang::check;

fn checked(bytes: &[u8]) -> (Vec<Diagnostic>, Duration) {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("p.yaml"), bytes).expect("written");
    let start = Instant::now();
    let found = check("./p.yaml", None, dir.path());
    let took = start.elapsed();
    let text = render(&found, false);
    assert!(found.is_empty() || !text.is_empty());
    (found, took)
}

fn refused_quickly(text: &str, code: &str) {
    let (found, took) = checked(text.as_bytes());
    let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    assert_eq!(codes, [code]);
    assert!(took < Duration::from_millis(500), "{code}: {took:?}");
}

#[test]
fn depth_bombs_are_refused_quickly() {
    refused_quickly(&format!("title: {}", "[".repeat(200_000)), "too-deep");
    refused_quickly(&format!("title: {}", "{a: ".repeat(100_000)), "too-deep");
    let mut blocks = String::new();
    for depth in 0..2000 {
        blocks.push_str(&format!("{}a:\n", " ".repeat(depth)));
    }
    refused_quickly(&blocks, "too-deep");
}

#[test]
fn alias_bombs_are_refused_quickly() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let list = vec![format!("*a{}", i - 1); 10].join(", ");
        text.push_str(&format!("a{i}: &a{i} [{list}]\n"));
    }
    refused_quickly(&text, "alias-bomb");
    refused_quickly("a: &a [*a]\n", "alias-inside-itself");
}

#[test]
fn ten_thousand_mistakes_are_all_told_in_fair_time() {
    let mut text = String::from("title: x\nsteps:\n");
    for i in 0..3000 {
        text.push_str(&format!("  - {{ id: s{i}, shel: x, needs: [zzzzz{i}] }}\n"));
    }
    let (found, took) = checked(text.as_bytes());
    assert_eq!(found.iter().filter(|d| d.code == "unknown-key").count(), 3000);
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn a_missing_file_and_a_folder_are_told_of_in_one_sentence() {
    let dir = tempfile::tempdir().expect("a folder");
    for path in ["./nothing.yaml", "./"] {
        let found = check(path, None, dir.path());
        assert_eq!(found.len(), 1, "{path}");
        assert_eq!(found[0].code, "no-file", "{path}");
    }
    let found =
        check("cafe/daily", Some(&toban::lang::Library { root: Path::new("/nowhere").into() }), dir.path());
    assert_eq!(found[0].code, "no-playbook");
}

/// Pieces of YAML and of the language, to get past the first line of defence.
fn fragments() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "title: x\n",
        "steps:\n",
        "  - id: a\n",
        "    shell: ",
        "{{ vars.a }}",
        "\n",
        "    needs: [",
        "]",
        "'",
        "\"",
        "{",
        "}",
        "&a ",
        "*a",
        "<<: ",
        "|\n",
        ">\n",
        "- ",
        ": ",
        "#",
        "日本",
        "\t",
        "  ",
        "vars: {a: 1}\n",
        "---\n",
        "    expect: stdout ==",
        "{% if x %}",
        "    sql: {connection: 'sqlite:x', query: ",
        "!t ",
        "\u{feff}",
        "\r\n",
        "    docker: ps\n",
        "    wait: {until: ",
        "null",
        "~",
        "[]",
        "{}",
        "1e999",
        "0x",
        "steps.a.stdout",
        "? ",
        "    steps:\n",
        "      - id: b\n",
        "    for_each: [1]\n",
        "    when: 1\n",
        "\u{0}",
        "\u{2028}",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        checked(&bytes);
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,120}") {
        checked(text.as_bytes());
    }

    #[test]
    fn arbitrary_pieces_of_the_language_never_panic(text in fragments()) {
        checked(text.as_bytes());
    }

    #[test]
    fn a_playbook_cut_anywhere_or_with_a_byte_changed_never_panics(at in 0usize..3000, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = include_bytes!("good/cafe/daily.yaml").to_vec();
        let at = at.min(bytes.len() - 1);
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        checked(&bytes);
    }
}
