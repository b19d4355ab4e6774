//! autograder's nights: what a backup is worth, what goes, what stays, and that nothing looks like a backup that is none.

use std::os::unix::fs::PermissionsExt;

use super::autograder::{
    OLD_DUMP, backed_up, backups, bash, counts, damaged, dumps, no_backups, offhost, only_dump, poured,
    restores, sql_in,
};
use super::harness::{Lab, aged_gzip, names, place};

const NIGHT: [&str; 4] = ["run", "autograder/daily", "-i", "disk_limit=100"];
const BACKUP: [&str; 4] = ["run", "autograder/backup", "-i", "disk_limit=100"];

fn old_dumps(days: &[u32]) {
    for day in days {
        aged_gzip(&backups().join(format!("db_backup_old_{day}.sql.gz")), OLD_DUMP, *day);
    }
}

#[test]
fn a_night_leaves_a_dump_that_restores_its_copy_elsewhere_and_the_files_of_the_same_run() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    old_dumps(&[10, 20, 30, 40]);
    std::fs::write(backups().join("db_backup_old_15.sql.gz"), b"\x1f\x8b\x08 torn").expect("a torn dump");
    lab.toban(&[&NIGHT[..], &["-i", "keep_at_least=3"]].concat()).exits(0);

    let dump = only_dump(&backups());
    restores(&lab, &dump, &counts(&lab)).expect("the dump restores with all its rows");
    let copy = only_dump(&offhost());
    assert_eq!(std::fs::read(&copy).expect("the copy"), std::fs::read(&dump).expect("the dump"));
    for path in [&dump, &copy] {
        let mode = std::fs::metadata(path).expect("the dump").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "pupils' data are for nobody else's eyes");
    }
    let kept = names(&backups(), "db_backup_old");
    let whole: Vec<&String> = kept.iter().filter(|name| *name != "db_backup_old_15.sql.gz").collect();
    assert_eq!(whole, ["db_backup_old_10.sql.gz", "db_backup_old_20.sql.gz"], "the minimum stays");
    let scratch = "SELECT count(*) FROM pg_database WHERE datname LIKE 'autograder_db_verify%'";
    assert_eq!(sql_in(&lab, "postgres", scratch), "0", "the scratch database is gone");

    let stamp = dump.file_name().expect("a name").to_string_lossy().replace("db_backup_", "");
    let stamp = stamp.trim_end_matches(".sql.gz");
    let files = "tar -xzOf \"$1\" --wildcards '*answers/answer-7.txt'; tar -tzf \"$1\" | grep -c '\\.txt$'";
    for folder in [backups(), offhost()] {
        let media = folder.join(format!("media_{stamp}.tar.gz"));
        assert_eq!(bash(&lab, files, &media.display().to_string()), "答案 7\n12");
    }
    let log = std::fs::read_to_string(place("autograder/autograder-maintenance.log")).expect("the log");
    assert!(
        log.lines().last().is_some_and(|line| line.contains("backup=ok")),
        "the night is on record: {log}"
    );
}

#[test]
fn what_is_no_whole_dump_is_seen_by_the_look_refused_by_the_playbooks_and_taken_by_the_manuals_pipe() {
    let Some(lab) = Lab::of("autograder") else { return };
    let good = backed_up(&lab);
    let live = counts(&lab);
    restores(&lab, &good, &live).expect("the good one restores");
    for bad in damaged(&good) {
        let seen = restores(&lab, &bad, &live);
        assert!(seen.is_err(), "the look takes {} for a dump", bad.display());
        let file = format!("file={}", bad.display());
        lab.toban(&["run", "autograder/verify-backup", "-i", &file]).exits(1);
        lab.toban(&["run", "autograder/restore", "-i", &file, "--confirm", "quiesce=lab"]).exits(1);
        assert_eq!(counts(&lab), live, "{}", bad.display());
    }
    // The manual's way: a dump poured onto a database that has rows, and an empty one.
    sql_in(&lab, "postgres", "CREATE DATABASE lab_manual");
    assert_eq!(poured(&lab, &good, "lab_manual"), "0");
    let entered = "DELETE FROM scores_comment; DELETE FROM scores_testresult WHERE id % 2 = 0; \
                   INSERT INTO students_student (name, kana, grade, created_at) VALUES ('後から 来た子', '', 1, now())";
    sql_in(&lab, "lab_manual", entered);
    assert_eq!(poured(&lab, &good, "lab_manual"), "0", "psql says that all is well");
    assert_ne!(sql_in(&lab, "lab_manual", super::autograder::COUNTS), live, "and the two are mixed");
    assert_eq!(poured(&lab, &backups().join("db_backup_bad_empty.sql.gz"), "lab_manual"), "0");
    sql_in(&lab, "postgres", "DROP DATABASE lab_manual");
}

#[test]
fn a_stopped_database_fails_the_night_and_no_old_dump_goes() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    old_dumps(&[10, 20, 30, 40, 50]);
    let before = names(&backups(), "");
    lab.breaks("autograder-db");
    lab.toban(&NIGHT).exits(1);
    assert_eq!(names(&backups(), ""), before);
    assert!(names(&offhost(), "").is_empty(), "no files without their dump");
}

#[test]
fn a_failed_dump_never_takes_the_last_good_one_away_as_the_manuals_script_does() {
    let Some(lab) = Lab::of("autograder") else { return };
    let good = std::fs::read(backed_up(&lab)).expect("a good dump");
    no_backups(&lab);
    let last = backups().join("db_backup_old_9.sql.gz");
    std::fs::write(&last, &good).expect("the last good one");
    let nine_days = |path: &std::path::Path| {
        super::harness::age(&std::fs::OpenOptions::new().append(true).open(path).expect("a dump"), 9);
    };
    nine_days(&last);
    lab.breaks("autograder-dump");
    lab.toban(&[&BACKUP[..], &["-i", "keep_at_least=1"]].concat()).exits(1);
    assert_eq!(names(&backups(), ""), ["db_backup_old_9.sql.gz"], "nothing new, hidden files too");

    // The manual's cron script, word by word but for its folder.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let old = elsewhere.path().join("db_backup_old.sql.gz");
    std::fs::write(&old, &good).expect("the last good one");
    nine_days(&old);
    let script = "cd target/lab/autograder/project; BACKUP_DIR=$1; BACKUP_FILE=$1/db_backup_new.sql.gz; \
                  docker compose -p autograder exec -T db pg_dump -U autograder_user autograder_db | gzip > ${BACKUP_FILE}; \
                  find ${BACKUP_DIR} -name 'db_backup_*.sql.gz' -mtime +7 -delete; echo \"Backup completed: ${BACKUP_FILE}\"";
    let said = bash(&lab, script, &elsewhere.path().display().to_string());
    assert!(said.contains("Backup completed"), "{said}");
    assert!(!old.exists(), "the last good one is gone");
    assert!(restores(&lab, &elsewhere.path().join("db_backup_new.sql.gz"), &counts(&lab)).is_err());
}

#[test]
fn a_full_disk_leaves_no_file_that_looks_like_a_backup() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    lab.breaks("autograder-full");
    old_dumps(&[20]);
    let before = names(&backups(), "");
    lab.toban(&BACKUP).exits(1);
    assert_eq!(names(&backups(), ""), before, "hidden files too");
    lab.script("mend", &["autograder-full"]);
    // And one that is only over its limit is not written to at all.
    let ran = lab.toban(&["run", "autograder/daily", "-i", "disk_limit=0"]).exits(1);
    assert!(format!("{ran}").contains("0 %"), "the limit is named: {ran}");
    assert!(names(&backups(), "").is_empty());
}

#[test]
fn a_health_check_that_answers_503_fails_the_night_but_the_backup_is_made() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    lab.breaks("autograder-health");
    let ran = lab.toban(&NIGHT).exits(1);
    assert!(format!("{ran}").contains("503"), "the answer is named: {ran}");
    restores(&lab, &only_dump(&backups()), &counts(&lab)).expect("the dump is whole");
}

#[test]
fn old_files_go_only_once_the_target_is_typed_and_never_while_the_newest_dump_is_old() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    old_dumps(&[31, 40, 50, 60]);
    let purge = ["run", "autograder/purge-files"];
    let typed = [&purge[..], &["--confirm", "dumps=lab"]].concat();
    // Backups stopped a month ago: by its age alone every one of them would go.
    lab.toban(&typed).exits(1);
    assert_eq!(names(&backups(), "db_backup_old").len(), 4);

    lab.toban(&BACKUP).exits(0);
    old_dumps(&[31, 40, 50, 60]);
    std::fs::write(backups().join("by_hand.sql"), "--").expect("a dump by hand");
    super::harness::age(
        &std::fs::File::options().append(true).open(backups().join("by_hand.sql")).expect("it"),
        90,
    );
    lab.toban(&purge).exits(3);
    assert_eq!(names(&backups(), "db_backup_old").len(), 4, "nobody typed the target");
    lab.toban(&typed).exits(0);
    assert_eq!(names(&backups(), "db_backup_old"), ["db_backup_old_31.sql.gz", "db_backup_old_40.sql.gz"]);
    assert!(names(&backups(), "by_hand").is_empty(), "what was made by hand is found, too");
    assert_eq!(dumps(&backups()).len(), 1);
}
