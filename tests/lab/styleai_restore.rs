//! style-ai-generator's restore and its drill: either the old data or the new, never a mixture; database and media of one
//! stamp; and the manual's lines beside it, doing their harm.

use super::harness::Lab;
use super::styleai_host::{
    APP, BACKUPS, COUNTS, Look, backed_up, fresh, holds, host, images, listed, newest, processes, restores,
    run, runs, sql, sql_in,
};

/// A day after the backup: customers came, one image was lost, one was changed, and another program left a file.
fn a_day_later(lab: &Lab) {
    sql(
        lab,
        "INSERT INTO images_upload (customer, file, uploaded_at, expires_at, salon_id) \
         SELECT '新しい お客様', 'uploads/new.png', now(), now() + interval '30 days', min(id) FROM images_salon; \
         UPDATE images_monthlyusage SET used = used + 1; DELETE FROM images_conversionlog WHERE id % 2 = 0",
    );
    host(
        lab,
        &format!(
            "cd {APP}/media; rm uploads/1-3.png; echo changed >results/1-4.png; echo new >uploads/new.png"
        ),
    );
}

/// Whether the live data are those of the counts, and the images those of the set.
fn is_back(lab: &Lab, stamp: &str, counts: &str) -> Look {
    let found = sql(lab, COUNTS);
    if found != counts {
        return Err(format!("the database has {found}, not {counts}"));
    }
    let same = format!("cd {APP}; tar -df {BACKUPS}/media_{stamp}.tar.gz && test ! -e media/uploads/new.png");
    if !holds(lab, &same) {
        return Err("the images are not those of the backup".to_owned());
    }
    runs(lab)
}

fn restore(lab: &Lab, stamp: &str) -> super::harness::Ran {
    let which = format!("which={stamp}");
    run(
        lab,
        "restore",
        &["-i", "reason=お客様の画像の取り違え", "--choose", &which, "--confirm", "quiesce=lab"],
    )
}

#[test]
fn a_restore_brings_back_database_and_images_of_one_stamp_and_keeps_what_it_replaced() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let counts = sql(&lab, COUNTS);
    let stamp = backed_up(&lab);
    a_day_later(&lab);
    is_back(&lab, &stamp, &counts).expect_err("the look sees the day after");
    let (after, images_after, before) = (sql(&lab, COUNTS), images(&lab), processes(&lab));

    // Nobody may read the password meanwhile in the list of processes.
    host(
        &lab,
        "rm -f /tmp/seen; (while [ ! -e /tmp/enough ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'imageconv_user:lab-style[-]db' >>/tmp/seen || true; sleep 0.05; done) >/dev/null 2>&1 &",
    );
    restore(&lab, &stamp).exits(0);
    host(&lab, "touch /tmp/enough; sleep 0.3; rm /tmp/enough");
    assert_eq!(
        host(&lab, "cat /tmp/seen 2>/dev/null || true"),
        "",
        "the password was in a list of processes"
    );

    is_back(&lab, &stamp, &counts).expect("the restored data");
    let now = processes(&lab);
    assert!(
        before.lines().zip(now.lines()).all(|(old, new)| old != new || old.starts_with("Id")),
        "every writer is another process: {before}\n{now}"
    );
    let safety = newest(&lab);
    restores(&lab, &safety, &after, &images_after).expect("the safety copy restores to what was there");
    let old = sql(&lab, "SELECT datname FROM pg_database WHERE datname LIKE 'imageconv_before_%'");
    assert_eq!(sql_in(&lab, &old, COUNTS), after, "the old database is there under another name");
    assert!(holds(&lab, &format!("test -e {APP}/media.before_*/uploads/new.png")), "the old images, too");

    // The look itself: one image too many, one row too few.
    host(&lab, &format!("echo x >{APP}/media/uploads/new.png"));
    is_back(&lab, &stamp, &counts).expect_err("a stray image is found");
    host(&lab, &format!("rm {APP}/media/uploads/new.png"));
    sql(&lab, "DELETE FROM images_conversionlog WHERE id = (SELECT max(id) FROM images_conversionlog)");
    is_back(&lab, &stamp, &counts).expect_err("a missing row is found");
}

#[test]
fn the_manuals_restore_mixes_old_and_new_and_shows_the_password() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let (stamp, counts) = (backed_up(&lab), sql(&lab, COUNTS));
    a_day_later(&lab);
    let url = "postgresql://imageconv_user:lab-style-db@localhost:5432";
    let manual = format!(
        "gunzip -c {BACKUPS}/db_{stamp}.sql.gz | psql {url}/image_conversion_db >/tmp/said 2>&1; echo \"rc $?\"; grep -c ERROR /tmp/said || true
         tar -C {APP} -xzf {BACKUPS}/media_{stamp}.tar.gz"
    );
    let said = host(&lab, &manual);
    assert!(said.starts_with("rc 0"), "it ends with a success: {said}");
    assert!(!said.ends_with("\n0"), "after errors: {said}");
    let is = is_back(&lab, &stamp, &counts).expect_err("what is there is neither the old nor the new");
    assert!(is.contains("the database has"), "{is}");
    assert!(holds(&lab, &format!("test -e {APP}/media/uploads/new.png")), "strays stay among the images");
    let seen = host(
        &lab,
        &format!(
            "psql {url}/image_conversion_db -c 'SELECT pg_sleep(2)' >/dev/null & sleep 0.5; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'psql.*lab-style[-]db' || true; wait"
        ),
    );
    assert_ne!(seen, "0", "the password is in the list of processes");
}

#[test]
fn an_empty_a_cut_and_a_doubled_dump_are_never_restored() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let good = backed_up(&lab);
    let copies = [
        ("20260101_020000", "gzip </dev/null"),
        ("20260102_020000", "head -c 4000 db_GOOD.sql.gz"),
        ("20260103_020000", "cat db_GOOD.sql.gz db_GOOD.sql.gz"),
        ("20260104_020000", "head -c 20 db_GOOD.sql.gz"),
    ];
    for (stamp, made) in copies {
        let made = made.replace("GOOD", &good);
        host(&lab, &format!("cd {BACKUPS}; {made} >db_{stamp}.sql.gz; for k in media config; do cp ${{k}}_{good}.tar.gz ${{k}}_{stamp}.tar.gz; done
             sed 's/{good}/{stamp}/g' set_{good}.json >set_{stamp}.json"));
    }
    a_day_later(&lab);
    let (counts, before, listing) = (sql(&lab, COUNTS), processes(&lab), listed(&lab));
    for (stamp, _) in copies {
        let ran = restore(&lab, stamp);
        assert_ne!(ran.code, 0, "{stamp}: {ran}");
        assert_eq!(sql(&lab, COUNTS), counts, "{stamp}");
    }
    assert_eq!(processes(&lab), before, "no service was touched");
    assert_eq!(listed(&lab), listing);
}

#[test]
fn a_restore_that_does_not_end_well_swaps_back() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let stamp = backed_up(&lab);
    a_day_later(&lab);
    let (counts, sums) = (
        sql(&lab, COUNTS),
        format!("cd {APP}/media; find . -type f -exec sha256sum {{}} + | sort | sha256sum"),
    );
    let media = host(&lab, &sums);
    lab.breaks("style-health");
    restore(&lab, &stamp).exits(1);
    lab.script("mend", &["style-health"]);
    assert_eq!(sql(&lab, COUNTS), counts, "the data of the day are live again");
    assert_eq!(host(&lab, &sums), media, "so are the images");
    runs(&lab).expect("everything runs");
    let left = sql(&lab, "SELECT count(*) FROM pg_database WHERE datname LIKE 'imageconv%'");
    assert_eq!(left, "0", "no other database is left");
    assert!(!holds(&lab, &format!("ls -d {APP}/media.*")), "no other folder is left");

    // Asked, and not answered: nothing happens.
    run(&lab, "restore", &["-i", "reason=x", "--choose", &format!("which={stamp}")]).exits(3);
    assert_eq!(sql(&lab, COUNTS), counts);
}

#[test]
fn the_drill_builds_the_application_from_the_backup_and_leaves_the_live_one_alone() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let stamp = backed_up(&lab);
    let (counts, before) = (sql(&lab, COUNTS), processes(&lab));
    host(&lab, "journalctl --rotate --vacuum-time=1s >/dev/null 2>&1 || true");
    let drill = || run(&lab, "disaster-recovery", &["--confirm", "begin=styleai-drill"]);
    drill().exits(0);
    let listened = "journalctl --no-pager --unit=styleai-drill | grep 'Listening at: http://127.0.0.1:8900'";
    assert!(holds(&lab, listened), "another application ran");
    assert_eq!((sql(&lab, COUNTS), processes(&lab)), (counts, before), "the live one is the same");
    let left = "ls -d /var/tmp/styleai-* || systemctl is-active styleai-drill || runuser -u postgres -- psql -XAtlq | grep imageconv_drill";
    assert!(!holds(&lab, left), "nothing of it is left");

    // A backup whose dump has other rows than were counted is not one that a drill passes.
    host(
        &lab,
        &format!(
            "cd {BACKUPS}; gunzip -c db_{stamp}.sql.gz | sed '/^COPY public.images_conversionlog /,/^\\\\\\.$/{{/ショートボブ/d}}' | gzip >x; mv x db_{stamp}.sql.gz
             python3 -c 'import hashlib, json, sys; s = json.load(open(sys.argv[1])); s[\"files\"][sys.argv[2]][\"sha256\"] = hashlib.sha256(open(sys.argv[2], \"rb\").read()).hexdigest(); json.dump(s, open(sys.argv[1], \"w\"))' set_{stamp}.json db_{stamp}.sql.gz"
        ),
    );
    let ran = drill().exits(1);
    assert!(format!("{ran}").contains("differs from that of the backup"), "{ran}");
    assert!(!holds(&lab, left), "nothing of it is left");
    runs(&lab).expect("the live one runs");
}

#[test]
fn what_restores_have_kept_goes_after_a_week_once_its_number_is_typed() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let today = host(&lab, "TZ=Asia/Tokyo date +%Y%m%d");
    for day in ["20250101", &today] {
        sql_in(&lab, "postgres", &format!("CREATE DATABASE imageconv_before_{day}_000000"));
        host(&lab, &format!("install -d {APP}/media.before_{day}_000000/uploads"));
    }
    let kept = || {
        let databases = "SELECT datname FROM pg_database WHERE datname LIKE 'imageconv%' ORDER BY 1";
        let folders = host(&lab, &format!("cd {APP}; ls -d media*"));
        format!("{} {folders}", sql_in(&lab, "postgres", databases))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let all = kept();
    run(&lab, "drop-old-copies", &[]).exits(3);
    run(&lab, "drop-old-copies", &["--confirm", "drop=4"]).exits(3);
    assert_eq!(kept(), all, "nobody typed how many");
    run(&lab, "drop-old-copies", &["--confirm", "drop=2"]).exits(0);
    let left = format!("imageconv_before_{today}_000000 media media.before_{today}_000000");
    assert_eq!(kept(), left);
    fresh(&lab);
}
