//! Readers that go away, output without end, and arguments that are no text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::place::{Place, said};

/// Runs a line of bash in the place; `$TOBAN` is the binary.
fn bash(place: &Place, script: &str) -> crate::place::Said {
    said(place.around("bash").args(["-c", script]).output().expect("bash"))
}

#[test]
fn a_reader_that_goes_away_ends_no_run() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t\nsteps:\n  - { id: a, shell: sleep 0.3 }\n  - { id: b, shell: echo b >> b.count }\n  - { id: c, shell: echo c >> c.count }\n",
    );
    for how in ["plain", "json", "quiet", "tty"] {
        let script = format!(
            "\"$TOBAN\" run play.yaml --progress {how} 2>err.{how} | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
        );
        assert_eq!(bash(&place, &script).out, "0\n", "{how}");
        assert_eq!(place.text(&format!("err.{how}")), "", "{how}");
        assert_eq!(place.ends(), "a=ok b=ok c=ok", "{how}");
    }
    assert_eq!((place.lines("b.count"), place.lines("c.count")), (4, 4));
}

#[test]
fn a_reader_that_goes_away_is_no_error_of_any_command() {
    let place = Place::new();
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: seq 100000 }\n");
    assert_eq!(place.toban(&["run", "play.yaml"]).code, 0);
    for command in [
        "runs",
        "status",
        "logs",
        "logs last a",
        "list --playbooks .",
        "completions bash",
        "completions zsh",
        "schema",
        "schema reference",
        "--help",
        "plan play.yaml",
        "show play.yaml",
    ] {
        let script = format!("\"$TOBAN\" {command} | true; echo ${{PIPESTATUS[0]}}");
        let said = bash(&place, &script);
        assert_eq!((said.out.as_str(), said.err.as_str()), ("0\n", ""), "{command}");
    }
}

#[test]
fn closed_standard_streams_end_no_run() {
    let place = Place::new();
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: echo a; echo a >&2 }\n");
    for streams in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let said =
            bash(&place, &format!("\"$TOBAN\" -v run play.yaml --progress plain {streams}; echo $? > code"));
        assert_eq!(place.text("code"), "0\n", "{streams} {said:?}");
        assert_eq!(place.ends(), "a=ok", "{streams}");
    }
    let wrong = bash(&place, "\"$TOBAN\" rnu 2>&-; echo $?");
    assert_eq!(wrong.out, "2\n");
}

#[test]
fn a_full_standard_output_ends_no_run() {
    let place = Place::new();
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: echo a }\n");
    let said = bash(&place, "\"$TOBAN\" run play.yaml --progress plain >/dev/full");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(place.ends(), "a=ok");
}

#[test]
fn arguments_that_are_no_text_are_told_and_not_panicked_about() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t\ninputs: { x: { type: string } }\nsteps:\n  - { id: a, shell: 'echo {{ inputs.x }}' }\n",
    );
    let odd = OsStr::from_bytes(b"a=\xff\xfe");
    for args in [
        vec![odd],
        vec![OsStr::new("run"), odd],
        vec![OsStr::new("run"), OsStr::new("play.yaml"), OsStr::new("-i"), odd],
        vec![OsStr::new("--lang"), odd, OsStr::new("list")],
    ] {
        let said = said(place.command().args(&args).output().expect("toban starts"));
        assert_eq!(said.code, 2, "{args:?} {said:?}");
        assert!(said.err.starts_with("error: ") && !said.err.contains("panicked"), "{said:?}");
    }
    let shown = said(
        place
            .command()
            .args(["-i", "x=\u{1b}[31mred\u{1b}[0m", "run", "nothing\u{1b}[2J"])
            .output()
            .expect("it starts"),
    );
    assert!(!shown.err.contains('\u{1b}'), "control characters reach no terminal: {shown:?}");
}

#[test]
fn ten_megabytes_of_input_reach_a_child_by_stdin_and_never_by_argument() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t\ninputs: { x: { type: string } }\nsteps:\n  - { id: by_stdin, shell: wc -c > size, stdin: '{{ inputs.x }}' }\n  - { id: by_argument, needs: [], shell: 'echo {{ inputs.x }} | wc -c' }\n",
    );
    place.file("big.yaml", &format!("x: \"{}\"\n", "x".repeat(10_000_000)));
    let said = place.toban(&["run", "play.yaml", "--inputs", "big.yaml", "--progress", "quiet"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert_eq!(place.text("size").trim(), "10000000");
    assert_eq!(place.ends(), "by_argument=failed by_stdin=ok");
    assert!(said.err.contains("longer than the system allows") && said.err.contains("stdin"), "{}", said.err);
}

#[test]
fn a_nul_is_refused_where_it_comes_in() {
    let place = Place::new();
    place.file(
        "play.yaml",
        "title: t\ninputs: { x: { type: string } }\nsteps:\n  - { id: a, shell: 'echo {{ inputs.x }}' }\n",
    );
    place.file("nul.yaml", "x: \"a\\0b\"\n");
    let said = place.toban(&["run", "play.yaml", "--inputs", "nul.yaml"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("NUL"), "{}", said.err);
}

#[test]
fn a_garbled_toban_log_is_told_and_the_run_goes_on() {
    let place = Place::new();
    place.file("play.yaml", "title: t\nsteps:\n  - { id: a, shell: echo a }\n");
    let mut command = place.command();
    command.args(["run", "play.yaml", "--progress", "quiet"]);
    let garbled = said(command.env("TOBAN_LOG", "a=b=c,[[").output().expect("toban starts"));
    assert_eq!(garbled.code, 0);
    assert!(garbled.err.starts_with("TOBAN_LOG=`a=b=c,[[` is not understood"), "{}", garbled.err);
    assert!(garbled.err.contains("DEBUG") && garbled.err.contains("attempt_started"), "{}", garbled.err);
    let quiet = said(command.env("TOBAN_LOG", "").output().expect("toban starts"));
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
}
