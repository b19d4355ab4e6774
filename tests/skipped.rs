//! A skipped group on the screen: one line with its reason, whatever it holds.

use std::process::{Command, Stdio};

const PLAYBOOK: &str = "\
title: 月次
inputs: { week: { type: string, default: check } }
steps:
  - id: update
    when: inputs.week == 'update'
    steps:
      - { id: pull, shell: 'true' }
      - { id: inner, steps: [ { id: up, shell: 'true' } ] }
  - { id: check, needs: [], shell: 'true' }
";

#[test]
fn a_skipped_group_is_told_once_with_its_own_reason_and_counted_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("monthly.yaml");
    std::fs::write(&file, PLAYBOOK).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["run", "monthly.yaml", "--progress", "plain", "--lang", "en"])
        .current_dir(folder.path())
        .env("TOBAN_STATE_DIR", folder.path().join("state"))
        .env("TOBAN_LOCK_DIR", folder.path().join("locks"))
        .stdin(Stdio::null())
        .output()
        .expect("toban starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let skipped: Vec<&str> = said.lines().filter(|line| line.contains("  skipped ")).collect();
    let [line] = skipped.as_slice() else { panic!("one line: {skipped:?}") };
    assert!(line.ends_with("update  inputs.week == 'update'"), "{line}");
    assert!(said.contains("4 skipped"), "{said}");
}
