//! PsyFit's rounds when it is broken: each core playbook fails, says why, and does no harm. Some of the ways stand beside
//! what the playbook does when all is well; here are the others.

use super::harness::{Lab, age, empty};
use super::psyfit::{DATABASE, ROOM, backed_up, backups, containers, counts, fresh, tidy, well};

fn fails(lab: &Lab, arguments: &[&str], because: &str) {
    let ran = lab.toban(&[&["run"], arguments].concat()).exits(1);
    assert!(format!("{ran}").contains(because), "{arguments:?} says {because}: {ran}");
}

#[test]
fn the_rounds_of_psyfit_fail_without_a_backup_with_an_old_one_and_on_an_ill_system() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let drill = ["--confirm", "drill/network"];
    let month = [&["psyfit/monthly"][..], &drill].concat();
    let recovery = ["psyfit/disaster-recovery", "--confirm", "network"];
    let week = ["psyfit/weekly", "--confirm", "docker/remove=lab", "--confirm", "docker/images"];
    let (before, rows) = (containers(&lab), counts(&lab, DATABASE));

    empty(&backups());
    for playbook in [&week[..], &month] {
        fails(&lab, playbook, "No backup at all passes verification");
    }
    for playbook in [&recovery[..], &["psyfit/verify-backup"]] {
        lab.toban(&[&["run"], playbook].concat()).exits(1);
    }
    let dump = backed_up(&lab);
    let file = std::fs::File::options().write(true).open(&dump).expect("the dump");
    age(&file, 3);
    for playbook in [&week[..], &month, &recovery] {
        fails(&lab, playbook, "hours old");
    }
    age(&file, 0);

    for (broken, left) in [("psyfit-db", 1), ("psyfit-dump", 1), ("psyfit-disk", 0)] {
        lab.breaks(broken);
        lab.toban(&[&["run", "psyfit/backup"][..], &ROOM].concat()).exits(1);
        assert_eq!(fresh(&backups()).len(), left, "{broken}: nothing new looks like a backup");
        if broken == "psyfit-db" {
            fails(&lab, &week, "docker/healthy");
            lab.toban(&["run", "psyfit/verify-backup"]).exits(1);
        }
        lab.script("mend", &[broken]);
    }
    lab.breaks("psyfit-web");
    fails(&lab, &recovery, "The application is not running");
    lab.script("mend", &["psyfit-web"]);
    assert_eq!(
        (containers(&lab), counts(&lab, DATABASE)),
        (before, rows),
        "nothing is left, nothing is lost"
    );
    tidy(&lab).expect("no scratch database is left");
    well(&lab).expect("it is well again");

    // What is short of its rows is no drill that went well.
    let manifest = dump.with_extension("gz.manifest.json");
    let record = std::fs::read_to_string(&manifest).expect("the manifest");
    std::fs::write(&manifest, record.replace("\"patients\":40", "\"patients\":41")).expect("another record");
    lab.toban(&[&["run"][..], &recovery].concat()).exits(1);
    fails(&lab, &month, "drill");
    assert!(dump.exists());
}
