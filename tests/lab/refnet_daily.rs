//! RefNet's daily maintenance: the dump, what goes, what stays, and that nothing looks like a backup that is none.

use std::path::PathBuf;

use super::harness::{Lab, aged_gzip, empty, names, place, unpacked};

const OLD_DUMP: &str =
    "--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n";

fn backups() -> PathBuf {
    place("refnet/backups")
}

/// Four old dumps, 10 to 40 days of age, and things of every kind that the day's clean-ups are about.
fn one_day_before(lab: &Lab) {
    empty(&backups());
    for days in [10, 20, 30, 40] {
        aged_gzip(&backups().join(format!("refnet_old_{days}.sql.gz")), OLD_DUMP, days);
    }
    lab.refnet(
        "DELETE FROM job_logs WHERE created_at < now() - interval '30 days'; \
         INSERT INTO job_logs (job, message, created_at) \
         SELECT 'collect', 'stale', now() - n * interval '1 day' FROM generate_series(31, 60) AS n",
    );
    let seed =
        |path: &str| std::fs::read_to_string(super::harness::repo().join(path)).expect("a seed of the lab");
    lab.in_container("redis", &seed("tests/lab/refnet/seed/redis.sh"));
    lab.in_container("api", &seed("tests/lab/refnet/seed/tmp.sh"));
}

fn job_logs(lab: &Lab, age: &str) -> u32 {
    let count = lab
        .refnet(&format!("SELECT count(*) FROM job_logs WHERE created_at {age} now() - interval '30 days'"));
    count.parse().expect("a count")
}

#[test]
fn a_day_leaves_a_dump_that_restores_with_all_its_rows() {
    let Some(lab) = Lab::of("refnet") else { return };
    one_day_before(&lab);
    lab.toban(&["run", "refnet/daily"]).exits(0);

    let dumps: Vec<String> = names(&backups(), ".sql.gz")
        .into_iter()
        .filter(|n| n.starts_with("refnet_2") && n.ends_with(".gz"))
        .collect();
    assert_eq!(dumps.len(), 1, "one new dump: {dumps:?}");
    let dump = backups().join(&dumps[0]);
    let text = unpacked(&dump);
    assert!(text.contains("PostgreSQL database dump complete"), "the dump is whole");

    std::fs::write(place("refnet/restore.sql"), &text).expect("the dump's text");
    lab.refnet_in("postgres", "DROP DATABASE IF EXISTS lab_restore");
    lab.refnet_in("postgres", "CREATE DATABASE lab_restore");
    let load = "docker exec -i refnet-postgres-1 psql -Xq -v ON_ERROR_STOP=1 -U refnet -d lab_restore < target/lab/refnet/restore.sql";
    lab.enter(&["bash", "-ceu", load]);
    let counts = "SELECT (SELECT count(*) FROM papers), (SELECT count(*) FROM authors)";
    assert_eq!(lab.refnet_in("lab_restore", counts), lab.refnet(counts));
    // The dump came before the day's clean-up, so it still has what that deleted.
    let stale = lab.refnet_in("lab_restore", "SELECT count(*) FROM job_logs WHERE message = 'stale'");
    assert_eq!(stale, "30");
    lab.refnet_in("postgres", "DROP DATABASE lab_restore");
    let scratch = lab.refnet("SELECT count(*) FROM pg_database WHERE datname LIKE 'refnet_verify%'");
    assert_eq!(scratch, "0", "the playbook's own scratch database is gone");

    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&dump).expect("the dump").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "a dump is for nobody else's eyes");
    let log = std::fs::read_to_string(place("refnet/refnet-backup.log")).expect("the backup log");
    assert!(log.contains(&dumps[0]), "the dump is in the backup log: {log}");
}

#[test]
fn a_day_lets_old_dumps_go_and_keeps_the_minimum() {
    let Some(lab) = Lab::of("refnet") else { return };
    one_day_before(&lab);
    // Old, and not whole: it must not count as one of those that stay.
    std::fs::write(backups().join("refnet_old_15.sql.gz"), b"\x1f\x8b\x08 torn").expect("a torn dump");
    lab.toban(&["run", "refnet/daily", "-i", "keep_days=7", "-i", "keep_at_least=3"]).exits(0);
    let kept = names(&backups(), "refnet_old");
    let whole: Vec<&String> = kept.iter().filter(|name| *name != "refnet_old_15.sql.gz").collect();
    assert_eq!(
        whole,
        ["refnet_old_10.sql.gz", "refnet_old_20.sql.gz"],
        "the new one and the two youngest old ones stay"
    );
}

#[test]
fn a_day_deletes_what_is_stale_and_nothing_fresh() {
    let Some(lab) = Lab::of("refnet") else { return };
    one_day_before(&lab);
    let fresh = job_logs(&lab, ">=");
    assert_eq!(job_logs(&lab, "<"), 30);
    lab.toban(&["run", "refnet/daily"]).exits(0);

    assert_eq!(job_logs(&lab, "<"), 0, "stale job logs are gone");
    assert_eq!(job_logs(&lab, ">="), fresh, "fresh ones are there");
    let keys = lab.in_container("redis", "redis-cli --scan --pattern 'celery-task-meta-seed-*' | sort");
    let keys: Vec<&str> =
        keys.split_whitespace().map(|key| key.trim_start_matches("celery-task-meta-")).collect();
    assert_eq!(keys, ["seed-fresh-1", "seed-fresh-2", "seed-fresh-3", "seed-fresh-4", "seed-fresh-5"]);
    let files = lab.in_container("api", "ls /tmp");
    assert!(
        !files.contains("refnet-upload-1.pdf") && !files.contains("refnet-upload-2.pdf"),
        "old temporary files are gone: {files}"
    );
    assert!(
        files.contains("refnet-upload-3.pdf") && files.contains("other-tool.sock"),
        "what is in use or not RefNet's stays: {files}"
    );
    let logs = names(&place("refnet/logs"), "refnet_");
    let newest = logs.last().expect("a saved log");
    assert!(unpacked(&place("refnet/logs").join(newest)).lines().count() > 5, "the saved log has lines");
}

#[test]
fn a_stopped_database_fails_the_day_and_nothing_is_deleted() {
    let Some(lab) = Lab::of("refnet") else { return };
    one_day_before(&lab);
    let before = names(&backups(), "");
    lab.breaks("refnet-db");
    lab.toban(&["run", "refnet/daily"]).exits(1);
    assert_eq!(names(&backups(), ""), before, "no file that looks like a backup, and the old ones are there");
    let keys = lab.in_container("redis", "redis-cli --scan --pattern 'celery-task-meta-seed-old*' | wc -l");
    assert_eq!(keys.trim(), "15", "no clean-up on a day without a backup");
    lab.script("mend", &["refnet-db"]);
    assert_eq!(job_logs(&lab, "<"), 30);
}

#[test]
fn a_pg_dump_killed_half_way_leaves_no_file_that_looks_like_a_backup() {
    let Some(lab) = Lab::of("refnet") else { return };
    one_day_before(&lab);
    let before = names(&backups(), "");
    lab.breaks("refnet-dump");
    lab.toban(&["run", "refnet/daily"]).exits(1);
    assert_eq!(names(&backups(), ""), before);
    assert_eq!(job_logs(&lab, "<"), 30, "no clean-up on a day without a backup");
}

#[test]
fn ctrl_c_in_the_middle_of_a_dump_leaves_neither_a_process_nor_a_file() {
    let Some(lab) = Lab::of("refnet") else { return };
    one_day_before(&lab);
    let before = names(&backups(), "");
    lab.breaks("refnet-hang");
    let day = lab.start("refnet/daily", &[]);
    let dumping = || lab.in_container("postgres", "ps -eo args").contains("sleep 1000");
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !dumping() {
        assert!(std::time::Instant::now() < limit, "the dump never began");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let pid = libc::pid_t::try_from(day.id()).expect("a pid");
    // SAFETY: the child has not been waited for, so its pid is still its own.
    unsafe { libc::kill(pid, libc::SIGINT) };
    assert_eq!(day.ends(), Some(130));
    assert!(!dumping(), "the dump in the container has ended too");
    assert_eq!(names(&backups(), ""), before, "hidden files too");
    assert_eq!(job_logs(&lab, "<"), 30, "no clean-up on a day without a backup");
}

#[test]
fn a_disk_over_its_limit_fails_the_day_before_the_dump() {
    let Some(lab) = Lab::of("refnet") else { return };
    one_day_before(&lab);
    let before = names(&backups(), "");
    let ran = lab.toban(&["run", "refnet/daily", "-i", "disk_limit=0"]).exits(1);
    assert!(format!("{ran}").contains("0 %"), "the limit is named: {ran}");
    assert_eq!(names(&backups(), ""), before);
}

#[test]
fn an_api_that_is_down_fails_the_day_but_the_backup_is_made() {
    let Some(lab) = Lab::of("refnet") else { return };
    one_day_before(&lab);
    lab.breaks("refnet-api");
    lab.toban(&["run", "refnet/daily"]).exits(1);
    assert_eq!(names(&backups(), "refnet_2").iter().filter(|name| name.ends_with(".sql.gz")).count(), 1);
    lab.script("mend", &["refnet-api"]);
    let files = lab.in_container("api", "ls /tmp");
    assert!(files.contains("refnet-upload-1.pdf"), "nobody could reach what is there: {files}");
}

#[test]
fn more_stale_rows_than_plausible_are_not_deleted() {
    let Some(lab) = Lab::of("refnet") else { return };
    one_day_before(&lab);
    lab.toban(&["run", "refnet/backup"]).exits(0);
    lab.toban(&["run", "refnet/cleanup-joblogs", "-i", "max_rows=29"]).exits(1);
    assert_eq!(job_logs(&lab, "<"), 30);
    lab.toban(&["run", "refnet/cleanup-joblogs", "-i", "max_rows=30"]).exits(0);
    assert_eq!(job_logs(&lab, "<"), 0);
}
