//! RefNet's restore and verification: what comes back, what stays, and which files never restore; beside each, what the
//! manual's own commands do with the same file.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::harness::{Lab, empty, names, place, unpacked};

const PAPERS: &str = "SELECT count(*) FROM papers";

fn backups() -> PathBuf {
    place("refnet/backups")
}

/// A verified dump of now, and how many papers it holds.
fn backed_up(lab: &Lab) -> (PathBuf, String) {
    empty(&backups());
    lab.toban(&["run", "refnet/backup", "-i", "disk_limit=100"]).exits(0);
    let dumps = names(&backups(), "refnet_2");
    let dump = dumps.iter().find(|name| name.ends_with(".gz")).expect("a dump");
    (backups().join(dump), lab.refnet(PAPERS))
}

fn databases(lab: &Lab) -> String {
    lab.refnet_in("postgres", "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database")
}

fn drop_copies(lab: &Lab) {
    let kept =
        "SELECT coalesce(string_agg(datname, ' '), '') FROM pg_database WHERE datname ~ '^refnet_before_'";
    for name in lab.refnet_in("postgres", kept).split_whitespace() {
        lab.refnet_in("postgres", &format!("DROP DATABASE {name}"));
    }
}

/// The look from outside: the API's own database has so many papers, and what writes to it runs.
fn is_restored(lab: &Lab, papers: &str) -> bool {
    let running = lab.enter(&[
        "docker",
        "ps",
        "--format",
        "{{.Names}}",
        "--filter",
        "label=com.docker.compose.project=refnet",
    ]);
    lab.refnet(PAPERS) == papers
        && ["refnet-api-1", "refnet-worker-1"].iter().all(|name| running.contains(name))
}

/// A file as it could lie among the backups, with a manifest that fits it.
fn lay(name: &str, parts: &[&str]) -> PathBuf {
    let path = backups().join(name);
    let file = std::fs::File::create(&path).expect("a file");
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    parts.iter().for_each(|part| packed.write_all(part.as_bytes()).expect("packing"));
    packed.finish().expect("packing");
    let sum = Sha256::digest(std::fs::read(&path).expect("the file"));
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    let manifest = json!({ "sha256": sum, "rows": { "papers": 400, "authors": 40, "job_logs": 0 } });
    std::fs::write(format!("{}.manifest.json", path.display()), manifest.to_string()).expect("a manifest");
    path
}

/// How the manual restores: unpacked and piped into psql, into a database of its own. Its exit code, and the papers.
fn by_hand(lab: &Lab, file: &Path) -> (String, String) {
    lab.refnet_in("postgres", "DROP DATABASE IF EXISTS by_hand");
    lab.refnet_in("postgres", "CREATE DATABASE by_hand");
    let pipe = "zcat \"$1\" | docker exec -i refnet-postgres-1 psql -q -U refnet -d by_hand >/dev/null 2>&1; echo $?";
    let code = lab.enter(&["bash", "-c", pipe, "bash", &file.display().to_string()]);
    let count = "SELECT coalesce((SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'papers'), 0)";
    lab.refnet_in("by_hand", "ANALYZE");
    let papers = lab.refnet_in("by_hand", count);
    lab.refnet_in("postgres", "DROP DATABASE by_hand");
    (code.trim().to_owned(), papers)
}

#[test]
fn a_restore_brings_back_what_was_deleted_and_keeps_what_was_there() {
    let Some(lab) = Lab::of("refnet") else { return };
    drop_copies(&lab);
    let (_, papers) = backed_up(&lab);
    lab.refnet("DELETE FROM papers WHERE id IN (SELECT id FROM papers ORDER BY id LIMIT 7)");
    let left = lab.refnet(PAPERS);
    assert!(!is_restored(&lab, &papers), "the look tells a database that was not restored");

    let unasked = databases(&lab);
    lab.toban(&["run", "refnet/restore"]).exits(3);
    assert_eq!(databases(&lab), unasked, "nobody said yes: what was loaded beside is gone");
    assert!(is_restored(&lab, &left), "and the service was not touched");

    lab.toban(&["run", "refnet/restore", "--confirm", "stop=refnet"]).exits(0);
    assert!(is_restored(&lab, &papers));
    let copy = "SELECT datname FROM pg_database WHERE datname ~ '^refnet_before_'";
    let copy = lab.refnet_in("postgres", copy);
    assert_eq!(lab.refnet_in(&copy, PAPERS), left, "what was there before is kept");
    assert_eq!(
        names(&backups(), "before-restore_").len(),
        4,
        "each time it was written out first, with a manifest"
    );
    drop_copies(&lab);
}

#[test]
fn a_restore_with_a_service_that_does_not_start_is_not_taken_for_one() {
    let Some(lab) = Lab::of("refnet") else { return };
    let (_, papers) = backed_up(&lab);
    lab.breaks("refnet-api");
    assert!(!is_restored(&lab, &papers), "the look tells a service that stands still");
}

#[test]
fn an_empty_a_cut_and_a_joined_dump_never_restore_though_psql_is_content_with_them() {
    let Some(lab) = Lab::of("refnet") else { return };
    drop_copies(&lab);
    let (dump, papers) = backed_up(&lab);
    let text = unpacked(&dump);
    let half = &text[..text.len() / 2];
    let before = databases(&lab);
    for (name, parts, by_hand_papers) in [
        ("refnet_empty.sql.gz", &[][..], Some("0")),
        ("refnet_cut.sql.gz", &[half][..], None),
        ("refnet_joined.sql.gz", &[text.as_str(), text.as_str()][..], None),
    ] {
        let file = lay(name, parts);
        let (code, got) = by_hand(&lab, &file);
        assert_eq!(code, "0", "{name}: the manual's way says it went well, with {got} papers");
        if let Some(expected) = by_hand_papers {
            assert_eq!(got, expected, "{name}");
        }
        let file = file.display().to_string();
        let refused =
            lab.toban(&["run", "refnet/restore", "-i", &format!("file={file}"), "--confirm", "stop=refnet"]);
        refused.exits(1);
        assert_eq!(databases(&lab), before, "{name}: nothing is left beside");
        assert!(is_restored(&lab, &papers), "{name}: the live data is what it was");
        lab.toban(&["run", "refnet/verify-backup", "-i", &format!("file={file}")]).exits(1);
    }
}

#[test]
fn a_verification_proves_a_dump_and_finds_one_that_was_changed() {
    let Some(lab) = Lab::of("refnet") else { return };
    let (dump, papers) = backed_up(&lab);
    let before = databases(&lab);
    let run = lab.toban(&["run", "refnet/verify-backup"]);
    run.exits(0);
    assert_eq!(databases(&lab), before, "the scratch database is gone");
    // The twin: the same number of bytes, one paper less.
    let manifest = format!("{}.manifest.json", dump.display());
    let text = std::fs::read_to_string(&manifest).expect("the manifest");
    let fewer = text.replace(&format!("\"papers\":{papers}"), "\"papers\":1");
    assert_ne!(text, fewer, "the manifest tells the papers: {text}");
    std::fs::write(&manifest, fewer).expect("the manifest");
    lab.toban(&["run", "refnet/verify-backup"]).exits(1);
    assert_eq!(databases(&lab), before, "the scratch database is gone");
}

#[test]
fn an_incident_saves_the_logs_before_anything_else_and_takes_nothing_down() {
    let Some(lab) = Lab::of("refnet") else { return };
    let logs = place("refnet/logs");
    empty(&logs);
    // What the manual does first: a container that is taken down takes its logs with it.
    let manual = "docker run --name doomed toban-lab:base echo the reason && docker rm doomed && ! docker logs doomed 2>/dev/null";
    lab.enter(&["bash", "-ceu", manual]);
    let ids = ["docker", "ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.project=refnet"];
    let before = lab.enter(&ids);
    lab.toban(&["run", "refnet/incident-maintenance", "--choose", "decision=leave"]).exits(0);
    let saved = names(&logs, "incident_");
    assert_eq!(saved.len(), 1);
    assert!(unpacked(&logs.join(&saved[0])).contains("postgres-1 |"), "the database's own lines are there");
    assert_eq!(lab.enter(&ids), before, "the containers are the same");
    lab.toban(&["run", "refnet/incident-maintenance"]).exits(3);
}

#[test]
fn what_restores_have_kept_goes_after_a_week_and_only_beside_a_verified_dump() {
    let Some(lab) = Lab::of("refnet") else { return };
    drop_copies(&lab);
    empty(&backups());
    let today = lab.refnet_in("postgres", "SELECT to_char(current_date, 'YYYYMMDD')");
    let [old, young] = ["20250101", &today].map(|day| format!("refnet_before_{day}_000000"));
    for name in [&old, &young] {
        lab.refnet_in("postgres", &format!("CREATE DATABASE {name}"));
    }
    let all = databases(&lab);
    let drop = |answer: &[&str]| lab.toban(&[&["run", "refnet/drop-old-copies"], answer].concat());
    drop(&["--confirm", "drop=1"]).exits(1);
    assert_eq!(databases(&lab), all, "without a verified dump nothing goes");
    backed_up(&lab);
    drop(&[]).exits(3);
    assert_eq!(databases(&lab), all, "nobody was asked");
    drop(&["--confirm", "drop=1"]).exits(0);
    assert_eq!(databases(&lab), all.replace(&format!("{old} "), ""), "the young one and the live one stay");
    drop_copies(&lab);
}
