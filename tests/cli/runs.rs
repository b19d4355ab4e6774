//! `toban runs` with its filters, on journals of real runs and with an index that somebody has been at.

use std::fs;
use std::os::unix::process::CommandExt;

use crate::place::{Place, Said, said};

/// Three runs of two systems: done, failed, and one with a step that was not needed.
fn place() -> Place {
    let place = Place::new();
    place.file("playbooks/shop/daily.yaml", "title: 日次\nsteps:\n  - { id: dump, shell: 'true' }\n");
    place.file("playbooks/shop/bad.yaml", "title: x\nsteps:\n  - { id: dump, shell: exit 3 }\n");
    let never = "title: x\nsteps:\n  - { id: load, when: 1 > 2, shell: 'true' }\n";
    place.file("playbooks/net/daily.yaml", never);
    for (playbook, who, code) in
        [("shop/daily", "sato", 0), ("shop/bad", "鈴木", 1), ("net/daily", "sato", 0)]
    {
        let said = place.toban(&["run", playbook, "--operator", who, "--progress", "quiet"]);
        assert_eq!(said.code, code, "{said:?}");
    }
    place
}

/// The playbooks that are listed, the newest first.
fn listed(said: &Said) -> String {
    assert_eq!(said.code, 0, "{said:?}");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&said.out).expect("JSON");
    rows.iter().map(|row| row["playbook"].as_str().expect("a name")).collect::<Vec<_>>().join(" ")
}

fn asked(place: &Place, args: &[&str]) -> String {
    listed(&place.toban(&[&["runs", "--format", "json"], args].concat()))
}

#[test]
fn runs_are_found_by_what_they_were() {
    let place = place();
    for _ in 0..2 {
        assert_eq!(asked(&place, &[]), "net/daily shop/bad shop/daily");
        assert_eq!(asked(&place, &["-n", "1"]), "net/daily");
        assert_eq!(asked(&place, &["--system", "shop"]), "shop/bad shop/daily");
        assert_eq!(asked(&place, &["--playbook", "daily"]), "net/daily shop/daily");
        assert_eq!(asked(&place, &["--playbook", "net/daily"]), "net/daily");
        assert_eq!(asked(&place, &["--operator", "鈴木"]), "shop/bad");
        assert_eq!(asked(&place, &["--result", "failed,dead"]), "shop/bad");
        assert_eq!(asked(&place, &["--step", "dump"]), "shop/bad shop/daily");
        assert_eq!(asked(&place, &["--step", "dump=failed"]), "shop/bad");
        assert_eq!(asked(&place, &["--step", "load=skipped", "--operator", "sato"]), "net/daily");
        assert_eq!(asked(&place, &["--since", "1h"]), "net/daily shop/bad shop/daily");
        assert_eq!(asked(&place, &["--until", "1h"]), "");
        assert_eq!(asked(&place, &["--since", "2020-01-01", "--until", "2020-12-31"]), "");
    }
    let text = place.toban(&["runs", "--system", "shop"]).out;
    assert!(text.lines().count() == 2 && text.contains("鈴木"), "{text}");
    assert!(place.toban(&["runs", "--system", "none"]).out.contains("no such runs in"));
    for wrong in [["--step", "dump=broken"], ["--since", "yesterday"], ["--result", "good"]] {
        let said = place.toban(&["runs", wrong[0], wrong[1]]);
        assert!(said.code == 2 && said.err.contains("help: "), "{said:?}");
    }
}

#[test]
fn the_index_is_nobodys_business_but_its_own() {
    let place = place();
    let index = place.at("state/index.db");
    assert!(!index.exists(), "a run makes none");
    assert_eq!(place.toban(&["plan", "shop/daily"]).code, 0);
    assert!(!index.exists(), "a plan writes nothing");
    let all = asked(&place, &[]);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&index).expect("an index").permissions());
    assert_eq!(mode & 0o777, 0o600);
    for bad in ["", "nonsense", "SQLite format 3\0 and then nothing of the kind"] {
        fs::write(&index, bad).expect("written");
        assert_eq!(asked(&place, &[]), all);
    }
    assert_eq!(place.toban(&["run", "shop/daily", "--progress", "quiet"]).code, 0);
    assert_eq!(asked(&place, &["--system", "shop"]), "shop/daily shop/bad shop/daily");
    fs::remove_dir_all(place.last_run().path()).expect("removed");
    assert_eq!(asked(&place, &[]), all);
}

#[test]
fn a_state_folder_that_cannot_be_written_is_read_all_the_same() {
    let place = place();
    let all = asked(&place, &[]);
    // Where this clone lies in the superuser's own folder, nobody could reach the binary there.
    fs::copy(env!("CARGO_BIN_EXE_toban"), place.at("toban")).expect("a copy");
    for with_index in [true, false] {
        if !with_index {
            fs::remove_file(place.at("state/index.db")).expect("removed");
        }
        let opened = place.around("chmod").args(["-R", "a+rX,a-w", "state", "."]).status().expect("chmod");
        assert!(opened.success());
        let mut command = place.around("./toban");
        // SAFETY: geteuid has no preconditions and cannot fail.
        if unsafe { libc::geteuid() } == 0 {
            // The superuser may write anywhere; nobody may not.
            command.uid(65534).gid(65534);
        }
        let said = said(command.args(["runs", "--format", "json"]).output().expect("toban starts"));
        assert_eq!(listed(&said), all);
        assert_eq!(place.at("state/index.db").exists(), with_index);
        let closed = place.around("chmod").args(["-R", "u+w", "."]).status().expect("chmod");
        assert!(closed.success());
    }
}
