//! PsyFit's daily maintenance: the dump, what goes, what stays, and that nothing looks like a backup that is none.

use std::io::Write;

use super::harness::{Lab, age, aged_gzip, names, place, unpacked};
use super::psyfit::{ROOM, backed_up, backups, fresh, old_dumps_only, restores, tidy};

const KEPT: [&str; 2] = ["psyfit_production_old_40.sql.gz", "psyfit_production_old_50.sql.gz"];
const ALL_OLD: usize = 4;

fn kept() -> Vec<String> {
    names(&backups(), "psyfit_production_old")
}

#[test]
fn a_day_of_psyfit_leaves_a_dump_that_restores_here_and_elsewhere_and_lets_old_ones_go() {
    let Some(lab) = Lab::of("psyfit") else { return };
    old_dumps_only();
    assert_ne!(kept(), KEPT, "the look at what is kept tells the days apart");
    lab.toban(&[&["run", "psyfit/daily", "-i", "keep_days=30", "-i", "keep_at_least=3"][..], &ROOM].concat())
        .exits(0);

    let dumps = fresh(&backups());
    assert_eq!(dumps.len(), 1, "one new dump: {dumps:?}");
    let dump = backups().join(&dumps[0]);
    restores(&lab, &dump).expect("the dump has the rows of the live database");
    let copy = place("psyfit/offsite").join(&dumps[0]);
    assert_eq!(std::fs::read(&copy).expect("the copy"), std::fs::read(&dump).expect("the dump"));
    assert_eq!(kept(), KEPT, "the new one and the two youngest old ones stay");
    tidy(&lab).expect("no scratch database is left");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&dump).expect("the dump").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "patients' data is for nobody else's eyes");
    let text = unpacked(&dump);
    assert!(!text.contains("佐藤"), "names of patients leave the application only encrypted");
    let log = std::fs::read_to_string(place("psyfit/psyfit-backup.log")).expect("the backup log");
    assert!(log.contains(&dumps[0]), "the dump is in the backup log: {log}");

    // The twin: what is no whole dump does not pass the same look.
    for (what, bad) in [("empty", String::new()), ("cut", text[..text.len() / 2].to_owned())] {
        let path = place("psyfit").join(format!("{what}.sql.gz"));
        aged_gzip(&path, &bad, 0);
        restores(&lab, &path).expect_err(what);
    }
}

#[test]
fn a_broken_psyfit_fails_its_day_and_no_good_dump_goes() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let day = [&["run", "psyfit/daily", "-i", "keep_days=30", "-i", "keep_at_least=1"][..], &ROOM].concat();
    for broken in ["psyfit-db", "psyfit-dump", "psyfit-disk"] {
        old_dumps_only();
        lab.breaks(broken);
        lab.toban(&day).exits(1);
        lab.script("mend", &[broken]);
        assert_eq!(fresh(&backups()), Vec::<String>::new(), "{broken}: nothing looks like a backup");
        assert_eq!(kept().len(), ALL_OLD, "{broken}: a day without a dump takes no old one");
    }
    let over = lab.toban(&["run", "psyfit/daily", "-i", "disk_limit=0"]).exits(1);
    assert!(format!("{over}").contains("0 %"), "the limit is named: {over}");
    assert_eq!(kept().len(), ALL_OLD);

    lab.breaks("psyfit-health");
    let ill = lab.toban(&day).exits(1);
    assert!(format!("{ill}").contains("503"), "the answer is named: {ill}");
    assert_eq!(fresh(&backups()).len(), 1, "the backup is made all the same");
    assert!(kept().len() < ALL_OLD, "the look at the old ones sees that they go on a day with a dump");
}

#[test]
fn what_was_proved_once_is_proved_anew_and_a_changed_byte_is_found() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let dump = backed_up(&lab);
    lab.toban(&["run", "psyfit/verify-backup"]).exits(0);
    lab.toban(&["run", "psyfit/list-backups"]).exits(0);

    let manifest = dump.with_extension("gz.manifest.json");
    let record = std::fs::read_to_string(&manifest).expect("the manifest");
    std::fs::write(&manifest, record.replace("\"patients\":40", "\"patients\":41")).expect("another record");
    lab.toban(&["run", "psyfit/verify-backup"]).exits(1);
    std::fs::write(&manifest, &record).expect("the record");

    let file = std::fs::File::options().write(true).open(&dump).expect("the dump");
    age(&file, 2);
    let old = lab.toban(&["run", "psyfit/verify-backup"]).exits(1);
    assert!(format!("{old}").contains("48"), "its age is told: {old}");
    age(&file, 0);
    std::fs::File::options().append(true).open(&dump).expect("the dump").write_all(b"x").expect("a byte");
    lab.toban(&["run", "psyfit/verify-backup"]).exits(1);
    lab.toban(&["run", "psyfit/list-backups"]).exits(1);
    tidy(&lab).expect("no scratch database is left, whatever failed");
}
