//! style-ai-generator's daily round: the set that it leaves, what it lets go, and that nothing looks like a backup that
//! is none. Beside it, what the manual's own lines do in the same places.

use super::harness::Lab;
use super::styleai_host::{
    BACKUPS, COUNTS, backed_up, fresh, holds, host, images, listed, newest, restores, run, sql,
};

/// A set as the manual's script makes it, so many days old.
fn old_set(lab: &Lab, stamp: &str, days: u32) {
    host(
        lab,
        &format!(
            "cd {BACKUPS}
             printf -- '--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n' | gzip >db_{stamp}.sql.gz
             tar -C /var/www/style-ai-generator -czf media_{stamp}.tar.gz media
             tar -C /var/www/style-ai-generator -czf config_{stamp}.tar.gz gunicorn.conf.py
             touch -d '{days} days ago' *_{stamp}.*"
        ),
    );
}

fn stamps(lab: &Lab) -> Vec<String> {
    let names = host(
        lab,
        &format!(
            "cd {BACKUPS}; ls db_* media_* config_* | sed -E 's/^[a-z]+_//; s/\\..*//' | sort | uniq -c"
        ),
    );
    let all = names.lines().map(|line| {
        let (count, stamp) = line.trim().split_once(' ').expect("a count and a stamp");
        assert_eq!(count, "3", "database, media and configuration go together: {names}");
        stamp.to_owned()
    });
    all.collect()
}

#[test]
fn a_day_leaves_a_set_of_one_stamp_that_restores_and_keeps_the_minimum() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    for (stamp, days) in
        [("20260101_020000", 70), ("20260102_020000", 60), ("20260103_020000", 50), ("20260104_020000", 40)]
    {
        old_set(&lab, stamp, days);
    }
    // Not whole: it must not count as one of those that stay.
    host(
        &lab,
        &format!(
            "cd {BACKUPS}; head -c 20 db_20260104_020000.sql.gz >x; mv x db_20260104_020000.sql.gz; touch -d '40 days ago' db_2026010*; touch other.txt"
        ),
    );
    let (counts, before) = (sql(&lab, COUNTS), images(&lab));
    run(&lab, "daily", &["-i", "keep_at_least=3"]).exits(0);

    let new = newest(&lab);
    restores(&lab, &new, &counts, &before).expect("the day's set restores");
    assert_eq!(
        stamps(&lab),
        ["20260102_020000", "20260103_020000", &new],
        "the new one and the two youngest whole ones stay"
    );
    assert!(holds(&lab, &format!("test -e {BACKUPS}/other.txt")), "what is no backup stays");
    let modes = host(&lab, &format!("cd {BACKUPS}; stat -c %a *_{new}.* | sort -u"));
    assert_eq!(modes, "600", "a backup is for nobody else's eyes");
    assert!(
        holds(&lab, &format!("tar -tzf {BACKUPS}/config_{new}.tar.gz | grep -x .env")),
        "the settings are in it"
    );
    let scratch = sql(&lab, "SELECT count(*) FROM pg_database WHERE datname LIKE 'imageconv_verify%'");
    assert_eq!(scratch, "0", "the scratch database is gone");
    assert!(
        holds(&lab, "grep -q styleai/daily /var/log/style-ai-generator/maintenance.log"),
        "the day is on record"
    );

    // The look itself: an empty dump, and media of another day, are found.
    host(&lab, &format!("cd {BACKUPS}; cp db_{new}.sql.gz keep; gzip </dev/null >db_{new}.sql.gz"));
    restores(&lab, &new, &counts, &before).expect_err("an empty dump is no backup");
    run(&lab, "verify-backup", &[]).exits(1);
    host(
        &lab,
        &format!("cd {BACKUPS}; mv keep db_{new}.sql.gz; tar -czf media_{new}.tar.gz --files-from=/dev/null"),
    );
    restores(&lab, &new, &counts, &before).expect_err("a set without its images is no backup");
    run(&lab, "verify-backup", &[]).exits(1);
}

#[test]
fn a_dump_killed_half_way_is_no_backup_where_the_manuals_script_leaves_one() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    old_set(&lab, "20260101_020000", 40);
    let before = listed(&lab);
    lab.breaks("style-dump");
    run(&lab, "daily", &[]).exits(1);
    assert_eq!(listed(&lab), before, "nothing new, and the old set is there");

    // The manual's: a file that looks like a backup, and a word that says so.
    let said = host(
        &lab,
        "mkdir -p /tmp/manual; BACKUP_DIR=/tmp/manual PATH=/usr/local/sbin:$PATH /var/www/style-ai-generator/scripts/backup.sh",
    );
    assert!(said.contains("backup completed"), "{said}");
    assert!(holds(
        &lab,
        "ls /tmp/manual/db_*.sql.gz && ! gunzip -c /tmp/manual/db_*.sql.gz | grep 'dump complete'"
    ));
    host(&lab, "rm -r /tmp/manual");
}

#[test]
fn when_backups_had_stopped_nothing_goes_where_the_manual_deletes_all() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    for (stamp, days) in [("20260101_020000", 50), ("20260102_020000", 40)] {
        old_set(&lab, stamp, days);
    }
    let before = listed(&lab);
    run(&lab, "purge-backups", &["-i", "keep_at_least=1"]).exits(1);
    assert_eq!(listed(&lab), before);
    let ran = run(&lab, "troubleshoot-disk", &["--choose", "what=backups"]).exits(1);
    assert!(format!("{ran}").contains("There is no verified backup"), "{ran}");
    assert_eq!(listed(&lab), before);

    // The manual's line, on a copy: the last backups go, and the folder with them.
    let manual = "rm -rf /tmp/manual; cp -a /var/backups/style-ai-generator /tmp/manual; touch -d '40 days ago' /tmp/manual
                  find /tmp/manual -mtime +30 -delete; test ! -e /tmp/manual";
    assert!(holds(&lab, manual));
}

#[test]
fn a_day_fails_rightly_on_a_stopped_database_a_full_disk_and_an_ill_application() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let stamp = backed_up(&lab);
    let before = listed(&lab);

    lab.breaks("style-db");
    run(&lab, "daily", &[]).exits(1);
    assert_eq!(listed(&lab), before, "no file that looks like a backup");
    lab.script("mend", &["style-db"]);

    lab.breaks("style-disk");
    let ran = run(&lab, "daily", &[]).exits(1);
    assert!(format!("{ran}").contains("Disk usage of"), "{ran}");
    // With the limit out of the way there is no room for the dump: half of one is no backup either.
    run(&lab, "backup", &["-i", "disk_limit=100"]).exits(1);
    assert_eq!(newest(&lab), stamp, "the last set is the last one");
    lab.script("mend", &["style-disk"]);
    assert_eq!(listed(&lab), before, "nothing half-written is left");

    lab.breaks("style-health");
    let ran = run(&lab, "daily", &[]).exits(1);
    assert!(format!("{ran}").contains("503"), "the answer is named: {ran}");
    assert_ne!(newest(&lab), stamp, "the backup is made all the same");
}
