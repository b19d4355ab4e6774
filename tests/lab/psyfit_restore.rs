//! PsyFit's restore, onto patients' data: either the old data or the new, never a mixture and never a guess.

use std::path::PathBuf;

use super::harness::{Lab, aged_gzip, place, unpacked};
use super::psyfit::{DATABASE, backed_up, backups, containers, counts, sql, started, tidy, well};

const CONFIRMED: [&str; 4] = ["run", "psyfit/restore", "--confirm", "quiesce=psyfit_production"];

/// The databases that restores have left under another name.
fn kept_databases(lab: &Lab) -> Vec<String> {
    let names = sql(lab, "postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'psyfit_before_%'");
    names.lines().map(str::to_owned).collect()
}

fn drop_kept(lab: &Lab) {
    for name in kept_databases(lab) {
        sql(lab, "postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    }
}

#[test]
fn a_restore_of_psyfit_brings_back_every_row_and_keeps_the_database_that_was() {
    let Some(lab) = Lab::of("psyfit") else { return };
    drop_kept(&lab);
    backed_up(&lab);
    let good = counts(&lab, DATABASE);
    sql(&lab, DATABASE, "DELETE FROM exercise_records WHERE id % 2 = 0");
    let harmed = counts(&lab, DATABASE);
    assert_ne!(harmed, good);

    // The twin: unconfirmed it changes nothing, and the look at the rows says so.
    lab.toban(&["run", "psyfit/restore"]).exits(3);
    assert_eq!(counts(&lab, DATABASE), harmed);
    assert!(kept_databases(&lab).is_empty());

    lab.toban(&CONFIRMED).exits(0);
    assert_eq!(counts(&lab, DATABASE), good, "every row is back");
    well(&lab).expect("the maintenance is over");
    let kept = kept_databases(&lab);
    assert_eq!(kept.len(), 1, "the database that was is there under another name: {kept:?}");
    sql(&lab, "postgres", &format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", kept[0]));
    assert_eq!(counts(&lab, &kept[0]), harmed);
    tidy(&lab).expect("no scratch database is left");
    drop_kept(&lab);
}

/// A dump under a restorable name, with a proof beside it that was never given by a restore.
fn forged(text: &str, patients: u32) -> PathBuf {
    let path = backups().join("psyfit_production_20260101_000000.sql.gz");
    aged_gzip(&path, text, 0);
    let digest = std::process::Command::new("sha256sum").arg(&path).output().expect("sha256sum").stdout;
    let sum = String::from_utf8_lossy(&digest[..64]).into_owned();
    let size = std::fs::metadata(&path).expect("the dump").len();
    let proof = serde_json::json!({"sha256": sum, "size": size, "rows": {"patients": patients, "prescriptions": 120, "records": 4000}});
    std::fs::write(path.with_extension("gz.manifest.json"), proof.to_string()).expect("a manifest");
    path
}

#[test]
fn what_is_no_whole_backup_of_these_patients_never_restores() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let text = unpacked(&backed_up(&lab));
    let before = counts(&lab, DATABASE);

    // The manual's way, into a copy: an empty file "restores" with 0, and a dump poured onto a full database ends with 0
    // and doubles what has no key of its own.
    let harm =
        "docker exec psyfit-db createdb -U psyfit_prod -T psyfit_production psyfit_copy 2>/dev/null || true
        gzip -c </dev/null | gzip -dc | docker exec -i psyfit-db psql -q -U psyfit_prod -d psyfit_copy
        docker exec -i psyfit-db psql -q -U psyfit_prod -d psyfit_copy <\"$0\" >/dev/null 2>\"$0.errors\"
        grep -c ERROR \"$0.errors\"";
    let dump = place("psyfit/harm.sql");
    std::fs::write(&dump, &text).expect("the dump's text");
    sql(
        &lab,
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'psyfit_production'",
    );
    let errors = lab.enter(&["bash", "-ceu", harm, &dump.display().to_string()]);
    assert!(errors.trim().parse::<u32>().expect("a count") > 5, "psql met errors and ended with 0: {errors}");
    sql(&lab, "postgres", "DROP DATABASE psyfit_copy WITH (FORCE)");

    let cut = text[..text.len() / 2].to_owned();
    let twice = format!("{text}{text}");
    // Another key's record: the first patient's ciphertext with one hexadecimal digit changed.
    let at = text.find("\\\\x").expect("a ciphertext") + 40;
    let digit = if &text[at..=at] == "0" { "1" } else { "0" };
    let other = format!("{}{digit}{}", &text[..at], &text[at + 1..]);
    for (what, bad) in [("empty", String::new()), ("cut", cut), ("twice", twice), ("of another key", other)] {
        let file = forged(&bad, 40);
        let input = format!("file={}", file.display());
        lab.toban(&[&CONFIRMED[..], &["-i", &input]].concat()).exits(1);
        assert_eq!(counts(&lab, DATABASE), before, "{what}: the live database is as it was");
        well(&lab).unwrap_or_else(|e| panic!("{what}: the application was never stopped: {e}"));
    }
    tidy(&lab).expect("no scratch database is left");
    assert!(kept_databases(&lab).is_empty());
    // The twin: the same file, whole, does restore; what refused the others was what they held.
    let file = forged(&text, 40);
    lab.toban(&[&CONFIRMED[..], &["-i", &format!("file={}", file.display())]].concat()).exits(0);
    assert_eq!(kept_databases(&lab).len(), 1);
    drop_kept(&lab);
}

#[test]
fn the_drill_of_psyfit_restores_beside_the_live_system_and_leaves_nothing() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let dump = backed_up(&lab);
    let (before, database) = (containers(&lab), started(&lab, "psyfit-db"));
    let drill = ["run", "psyfit/monthly", "--confirm", "drill/network"];
    lab.toban(&drill).exits(0);
    let untouched = || {
        assert_eq!(containers(&lab), before, "nothing of the drill is left");
        assert_eq!(started(&lab, "psyfit-db"), database, "the live database went on");
        assert!(!lab.enter(&["docker", "network", "ls"]).contains("psyfit-drill"));
    };
    untouched();
    let log = std::fs::read_to_string(place("psyfit/psyfit-backup.log")).expect("the log");
    assert!(log.contains("Restore drill of"), "the drill is on record: {log}");

    // The twin: a dump that lacks what its proof says fails the drill, and that too leaves nothing.
    let manifest = dump.with_extension("gz.manifest.json");
    let record = std::fs::read_to_string(&manifest).expect("the manifest");
    std::fs::write(&manifest, record.replace("\"records\":4000", "\"records\":4001"))
        .expect("another record");
    lab.toban(&drill).exits(1);
    untouched();
}
