//! cafeMuji's rounds while the shop is broken: each says so, and none does what is only right in a shop that is well.

use super::cafemuji::{backups, get, live};
use super::harness::{Lab, empty, names, place};

/// Stops the application until the closure is over.
fn without_the_application<T>(lab: &Lab, what: impl FnOnce() -> T) -> T {
    let app = place("cafemuji/app").display().to_string();
    lab.enter(&[&app, "stop"]);
    let done = what();
    lab.enter(&[&app, "start"]);
    done
}

fn log() -> String {
    std::fs::read_to_string(place("cafemuji/project/logs/django.log")).unwrap_or_default()
}

fn fresh_log() {
    std::fs::write(place("cafemuji/project/logs/django.log"), "").expect("the log");
}

#[test]
fn a_backup_that_has_no_database_no_room_or_no_lock_leaves_nothing() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    let backup = ["run", "cafemuji/backup", "-i", "disk_limit=100"];
    for broken in ["cafe-gone", "cafe-full"] {
        lab.breaks(broken);
        lab.toban(&backup).exits(1);
        assert!(names(&backups(), "").is_empty(), "{broken}");
        lab.script("mend", &[broken]);
    }
    lab.toban(&[&backup[..3], &["disk_limit=0"]].concat()).exits(1);
    assert!(names(&backups(), "").is_empty());
    lab.toban(&["run", "cafemuji/verify-backup"]).exits(1);
    lab.toban(&["run", "cafemuji/restore", "--confirm", "stop=lab"]).exits(1);

    lab.toban(&backup).exits(0);
    let made = names(&backups(), "backup_2");
    let torn = backups().join("backup_torn.json.gz");
    let bytes = std::fs::read(backups().join(&made[0])).expect("the backup");
    std::fs::write(&torn, &bytes[..bytes.len() / 2]).expect("a torn backup");
    let record = std::fs::read_to_string(backups().join(&made[1])).expect("its record");
    std::fs::write(backups().join("backup_torn.json.gz.manifest.json"), record).expect("a record");
    let (file, before) = (format!("file={}", torn.display()), live(&lab));
    lab.toban(&["run", "cafemuji/verify-backup", "-i", &file]).exits(1);
    lab.toban(&["run", "cafemuji/restore", "-i", &file, "--confirm", "stop=lab"]).exits(1);
    assert_eq!((live(&lab), get(&lab, "health/")), (before, "200".to_owned()), "nothing stood still");
    empty(&backups());
}

#[test]
fn a_week_without_a_database_an_application_or_safe_settings_fails_and_says_which() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    let week = ["run", "cafemuji/weekly"];
    lab.breaks("cafe-gone");
    lab.toban(&week).exits(1);
    lab.mends();
    assert!(names(&backups(), "").is_empty(), "no copy of a backup that was not made");

    let ran = without_the_application(&lab, || lab.toban(&week)).exits(1);
    assert!(format!("{ran}").contains("food/register/"), "the page is named: {ran}");
    assert_eq!(names(&backups(), "weekly_backup_").len(), 1, "the backup is made all the same");

    let settings = place("cafemuji/project/config/settings.py");
    let text = std::fs::read_to_string(&settings).expect("the settings");
    std::fs::write(&settings, text.replace("DEBUG = False", "DEBUG = True")).expect("the settings");
    // Nine in ten that asked were answered that it cannot be done.
    let line = |code: u16| {
        format!("127.0.0.1 - - [01/Mar/2026:05:00:00 +0900] \"GET /ice/ HTTP/1.1\" {code} 12 \"-\" \"-\"\n")
    };
    let access = place("cafemuji/project/logs/access.log");
    std::fs::write(&access, line(200).repeat(10) + &line(503).repeat(90)).expect("the access log");
    let ran = lab.toban(&week);
    std::fs::write(&settings, text).expect("the settings");
    let said = format!("{}", ran.exits(1));
    assert!(said.contains("DEBUG") && said.contains("% of the requests failed (90 of 1"), "{said}");
    let said = format!("{}", lab.toban(&week).exits(0));
    assert!(!said.contains("DEBUG") && !said.contains("of the requests failed"), "{said}");
    fresh_log();
}

#[test]
fn a_month_without_a_database_an_application_or_the_patch_it_is_told_changes_nothing() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    let before = live(&lab);
    let version = lab.cafe_python("import django; print(django.get_version())");
    let month = [
        "run",
        "cafemuji/monthly",
        "-i",
        "delete_orders=true",
        "--confirm",
        "orders/delete=36",
        "--confirm",
        "vacuum/vacuum",
    ];
    lab.breaks("cafe-gone");
    lab.toban(&month).exits(1);
    lab.mends();
    assert_eq!(live(&lab), before, "nothing is deleted without a backup");

    let short = ["run", "cafemuji/monthly"];
    let vacuum = ["--confirm", "vacuum/vacuum"];
    let ran = without_the_application(&lab, || lab.toban(&[&short[..], &vacuum].concat())).exits(1);
    assert!(format!("{ran}").contains("health"), "{ran}");

    let patch = ["-i", "django=5.2.99", "--choose", "decision=apply", "--confirm", "patch/install"];
    lab.toban(&[&short[..], &patch, &vacuum].concat()).exits(1);
    assert_eq!(lab.cafe_python("import django; print(django.get_version())"), version);
    assert_eq!(get(&lab, "health/"), "200", "the shop goes on with what it has");
    fresh_log();
}

#[test]
fn a_recovery_restarts_only_what_it_is_told_to_and_is_none_while_the_shop_is_not_well() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    let pid = || std::fs::read_to_string(place("cafemuji/gunicorn.pid")).expect("a pid");
    let recover = |choice: &str| {
        let choice = format!("decision={choice}");
        lab.toban(&["run", "cafemuji/disaster-recovery", "--choose", &choice, "--confirm", "stop"])
    };
    let first = pid();
    recover("restart").exits(1);
    assert_eq!(pid(), first, "without a backup nobody goes near it");
    lab.toban(&["run", "cafemuji/backup", "-i", "disk_limit=100"]).exits(0);
    recover("leave").exits(0);
    assert_eq!(pid(), first);
    recover("restart").exits(0);
    let second = pid();
    assert_ne!(second, first);
    assert_eq!(get(&lab, "health/"), "200");

    lab.breaks("cafe-health");
    let ran = recover("restart").exits(1);
    assert!(format!("{ran}").contains("503"), "it says that the shop is not well: {ran}");
    lab.breaks("cafe-gone");
    let ran = recover("leave").exits(1);
    assert!(format!("{ran}").contains("db.sqlite3"), "{ran}");
    lab.mends();
    fresh_log();
}

#[test]
fn a_day_with_an_error_or_a_queue_says_so_and_a_quiet_one_does_not() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    fresh_log();
    let day = ["run", "cafemuji/daily"];
    let quiet = format!("{}", lab.toban(&day).exits(0));
    assert!(!quiet.contains("errors in the last") && !quiet.contains("orders are still open"), "{quiet}");
    let now = lab.enter(&["date", "+%Y-%m-%d %H:%M:%S"]).trim().to_owned();
    std::fs::write(
        place("cafemuji/project/logs/django.log"),
        format!("{}{now},000 ERROR django 壊れた\n", log()),
    )
    .expect("the log");
    let many = "from shavedice.models import Order; Order.objects.bulk_create([Order(flavor1='行列', size='S') for _ in range(60)])";
    lab.cafe_python(many);
    let ran = lab.toban(&[&day[..], &["--strict"]].concat());
    lab.cafe_python("from shavedice.models import Order; Order.objects.filter(flavor1='行列').delete()");
    fresh_log();
    let busy = format!("{}", ran.exits(6));
    assert!(busy.contains("There were 1 errors") && busy.contains("still open: 64 at shavedice"), "{busy}");
}

#[test]
fn a_database_is_packed_once_confirmed_and_never_without_a_backup() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    let free = || {
        lab.cafe_python("from django.db import connection as c; x = c.cursor(); x.execute('PRAGMA freelist_count'); print(x.fetchone()[0])")
    };
    let fill = "from ice.models import Order as O; O.objects.bulk_create([O(flavor1='x' * 50) for _ in range(2000)]); O.objects.filter(flavor1='x' * 50).delete()";
    lab.cafe_python(fill);
    assert_ne!(free(), "0");
    let pack = ["run", "cafemuji/vacuum", "--confirm", "vacuum"];
    lab.toban(&pack).exits(1);
    lab.toban(&["run", "cafemuji/backup", "-i", "disk_limit=100"]).exits(0);
    lab.toban(&pack[..2]).exits(3);
    assert_ne!(free(), "0", "no backup, or nobody said yes");
    lab.toban(&pack).exits(0);
    assert_eq!(free(), "0");
}
