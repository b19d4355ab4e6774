//! Scripts put together at random, with a hostile value wherever the check lets one stand: the real bash
//! never runs what is in the value.

use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::json;
use toban::model::Place;
use toban::template::{Engine, Scope, check_place};

/// Tries to break out of every quoting; `CANARY` appears in the folder when it does.
const HOSTILE: &str = "a[$(: >CANARY)]'; : >CANARY; '\"; : >CANARY; \"$(: >CANARY)`: >CANARY`\n: >CANARY\nEOF\n: >CANARY\n} )) ) ;; esac\n: >CANARY #";

fn fragment() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "{{ inputs.v }}",
        "{{ inputs.v }}",
        "{{ inputs.v }}",
        " {{ inputs.v }} ",
        "{{ inputs.l | words }}",
        "'",
        "\"",
        "`",
        "$(",
        ")",
        "(",
        "${x:-",
        "${x#",
        "}",
        "$((",
        "))",
        "((",
        " # ",
        "#",
        "\n",
        "\n",
        "<<EOF\n",
        "<<-'EOF'\n",
        "<<\\EOF ",
        "EOF\n",
        "\tEOF\n",
        "case a in a) ",
        "case a in ",
        ";; esac",
        " in ",
        "[[ ",
        " ]]",
        " == ",
        "\\",
        " ",
        " ",
        ";",
        " | ",
        " & ",
        " && ",
        "$'",
        "$\"",
        "a=(",
        "<(",
        "<<<",
        "x=",
        ": ",
        ": ",
        "echo ",
        "echo ",
        "if ",
        "then ",
        "fi",
        "{ ",
        "; }",
        "!",
        "~",
        "$x",
        "$#",
        "*",
        "=",
        "f()",
        "{% if inputs.v %}",
        "{% else %}",
        "{% endif %}",
        "1",
        "a",
        "é",
    ])
    .prop_map(str::to_string)
}

/// Runs a script with nothing but bash's own commands, and gives what it wrote and whether the canary sings.
fn sings(script: &str, folder: &Path) -> bool {
    let canary = folder.join("CANARY");
    let status = Command::new("timeout")
        .args(["-k", "1", "5", "bash", "--noprofile", "--norc", "-c"])
        .arg(script)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("x", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("timeout and bash are needed; they are in `coreutils` and `bash`");
    std::fs::remove_file(canary).is_ok()
}

fn render(source: &str, value: &str) -> Option<String> {
    if check_place(source, Place::Shell).iter().any(|p| !p.warning || p.code != "raw") {
        return None;
    }
    let mut scope = Scope::new();
    scope.set("inputs", json!({"v": value, "l": [value, value]}));
    let rendered = Engine::new().render(source, Place::Shell, &scope).ok()?;
    rendered.as_str().map(str::to_string)
}

/// Whether bash can read the script at all; where it cannot, it may go on in the middle of a value.
fn is_valid(script: &str) -> bool {
    let output =
        Command::new("bash").args(["-n", "-c", script]).output().expect("bash is in the package `bash`");
    output.status.success() && output.stderr.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn no_place_that_the_check_allows_lets_a_value_run(fragments in prop::collection::vec(fragment(), 2..14)) {
        let source = fragments.concat();
        prop_assume!(source.contains("{{"));
        let (tame, hostile) = (render(&source, "x"), render(&source, HOSTILE));
        prop_assume!(tame.is_some_and(|script| is_valid(&script)));
        let folder = tempfile::tempdir().expect("a folder");
        prop_assert!(!sings(&hostile.unwrap_or_default(), folder.path()), "{}", source);
    }
}

#[test]
fn the_canary_sings_where_the_check_forbids_a_value() {
    let folder = tempfile::tempdir().expect("a folder");
    for (source, hostile) in [
        (": \"{{ inputs.v }}\"", "'$(: >CANARY)'"),
        (": '{{ inputs.v }}'", "';: >CANARY;'"),
        (": $(( {{ inputs.v }} ))", "'a[$(: >CANARY)]'"),
        (": # {{ inputs.v }}", "'\n: >CANARY #'"),
        (": ${{ inputs.v }}", r"'\''; : >CANARY #'"),
        (r": \{{ inputs.v }}", "'; : >CANARY #'"),
    ] {
        assert_eq!(render(source, HOSTILE), None, "{source}");
        assert!(sings(&source.replace("{{ inputs.v }}", hostile), folder.path()), "{source}");
    }
    assert!(!sings(": CANARY", folder.path()));
}
