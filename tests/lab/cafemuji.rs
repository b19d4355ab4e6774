//! cafeMuji's daily, weekly and monthly rounds on its real Django application.

use std::path::PathBuf;

use serde_json::Value;

use super::harness::{Lab, age, aged_gzip, empty, names, place, unpacked};

const COUNTS: &str = "import json
from food.models import FoodOrder
from ice.models import Order as Ice
from shavedice.models import Order as Shaved
print(json.dumps([m.objects.count() for m in (FoodOrder, Ice, Shaved)]))";

pub fn backups() -> PathBuf {
    place("cafemuji/backups")
}

pub fn get(lab: &Lab, page: &str) -> String {
    lab.enter(&[
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        &format!("http://127.0.0.1:8090/{page}"),
    ])
}

/// The objects of each model in a dump, as `[food, ice, shavedice]`.
fn dumped(path: &std::path::Path) -> Vec<usize> {
    let objects: Vec<Value> = serde_json::from_str(&unpacked(path)).expect("the dump is JSON");
    ["food.foodorder", "ice.order", "shavedice.order"]
        .map(|model| objects.iter().filter(|object| object["model"] == model).count())
        .to_vec()
}

pub fn live(lab: &Lab) -> Vec<usize> {
    serde_json::from_str(&lab.cafe_python(COUNTS)).expect("counts")
}

#[test]
fn a_day_leaves_a_backup_with_all_orders_and_lets_old_ones_go() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    for days in [20, 30] {
        aged_gzip(&backups().join(format!("backup_old_{days}.json.gz")), "[]", days);
    }
    lab.toban(&["run", "cafemuji/daily", "-i", "keep_at_least=2"]).exits(0);
    let dumps: Vec<String> =
        names(&backups(), "backup_2").into_iter().filter(|n| n.ends_with(".json.gz")).collect();
    assert_eq!(dumps.len(), 1, "one new backup: {dumps:?}");
    assert_eq!(dumped(&backups().join(&dumps[0])), live(&lab));
    assert_eq!(
        names(&backups(), "backup_old"),
        ["backup_old_20.json.gz"],
        "the oldest went, two verified ones stay"
    );
    let manifest =
        std::fs::read_to_string(backups().join(format!("{}.manifest.json", dumps[0]))).expect("a manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("the manifest is JSON");
    assert_eq!(manifest["rows"]["food"], live(&lab)[0]);
}

#[test]
fn a_health_check_that_answers_503_fails_the_day_but_the_backup_is_made() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    lab.breaks("cafe-health");
    let ran = lab.toban(&["run", "cafemuji/daily"]).exits(1);
    assert!(format!("{ran}").contains("503"), "the answer is named: {ran}");
    assert_eq!(names(&backups(), ".json.gz").iter().filter(|name| name.ends_with(".gz")).count(), 1);
    // What the health check wrote into the log must not colour the other tests.
    std::fs::write(place("cafemuji/project/logs/django.log"), "").expect("the log");
}

#[test]
fn a_dump_that_fails_leaves_no_file_that_looks_like_a_backup() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    aged_gzip(&backups().join("backup_old_90.json.gz"), "[]", 90);
    let database = place("cafemuji/project/db.sqlite3");
    let aside = place("cafemuji/project/db.aside");
    std::fs::rename(&database, &aside).expect("moving the database away");
    let ran = lab.toban(&["run", "cafemuji/daily"]);
    std::fs::rename(&aside, &database).expect("moving the database back");
    ran.exits(1);
    assert_eq!(names(&backups(), ""), ["backup_old_90.json.gz"], "nothing new, and the old one stays");
}

#[test]
fn a_disk_over_its_limit_fails_the_day_before_the_backup() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    lab.toban(&["run", "cafemuji/daily", "-i", "disk_limit=0"]).exits(1);
    assert!(names(&backups(), "").is_empty());
}

#[test]
fn a_week_keeps_a_copy_and_rotates_the_logs_of_the_running_application() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    let logs = place("cafemuji/project/logs");
    for old in names(&logs, ".log-") {
        std::fs::remove_file(logs.join(old)).expect("an old log");
    }
    for days in [40, 41, 42, 43] {
        let path = logs.join(format!("access.log-old{days}.gz"));
        aged_gzip(&path, "old", days);
    }
    for _ in 0..5 {
        get(&lab, "ice/");
    }
    lab.toban(&["run", "cafemuji/weekly"]).exits(0);

    let weekly = names(&backups(), "weekly_backup_");
    assert_eq!(weekly.len(), 1);
    assert_eq!(dumped(&backups().join(&weekly[0])), live(&lab));
    let rotated: Vec<String> = names(&logs, "access.log-2");
    assert_eq!(rotated.len(), 1, "the access log was moved: {rotated:?}");
    assert!(unpacked(&logs.join(&rotated[0])).contains("GET /ice/"), "with the lines it had");
    assert!(names(&logs, "access.log-old43").is_empty(), "packed logs older than 30 days went");
    get(&lab, "shavedice/");
    let fresh = std::fs::read_to_string(logs.join("access.log")).expect("the new access log");
    assert!(fresh.contains("GET /shavedice/"), "gunicorn writes into the new one: {fresh}");
}

const OUTDATED: &str = "Can be updated: Django";

#[test]
fn a_month_patches_django_deletes_old_orders_and_packs_the_database() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    let install = "cd target/lab/cafemuji/project && .venv/bin/python -m pip install -q Django==5.2.1 && .venv/bin/python manage.py flush --no-input -v 0 \
                   && .venv/bin/python manage.py seed && kill -HUP \"$(cat ../gunicorn.pid)\"";
    lab.enter(&["bash", "-ceu", install]);
    assert_eq!(live(&lab), [40, 40, 40]);

    let ran = lab.toban(&[
        "run",
        "cafemuji/monthly",
        "-i",
        "django=5.2.19",
        "-i",
        "delete_orders=true",
        "--choose",
        "decision=apply",
        "--confirm",
        "patch/install",
        "--confirm",
        "orders/delete=36",
        "--confirm",
        "vacuum/vacuum",
    ]);
    assert!(format!("{}", ran.exits(0)).contains(OUTDATED), "what can be updated is told");

    assert_eq!(lab.cafe_python("import django; print(django.get_version())"), "5.2.19");
    assert_eq!(
        live(&lab),
        [28, 28, 28],
        "the twelve old done orders of each counter went, those without a time too"
    );
    let open =
        "from food.models import FoodOrder; print(FoodOrder.objects.filter(is_completed=False).count())";
    assert_eq!(lab.cafe_python(open), "4", "open orders stay");
    assert_eq!(get(&lab, "health/"), "200");
    let free = "from django.db import connection as c; x = c.cursor(); x.execute('PRAGMA freelist_count'); print(x.fetchone()[0])";
    assert_eq!(lab.cafe_python(free), "0", "the database is packed");
    assert_eq!(names(&backups(), "requirements_").len(), 1, "what was installed before is written down");
}

#[test]
fn a_month_that_nobody_answers_changes_nothing() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    let before = live(&lab);
    let version = "import django; print(django.get_version())";
    lab.enter(&[
        "target/lab/cafemuji/project/.venv/bin/python",
        "-m",
        "pip",
        "install",
        "-q",
        "Django==5.2.19",
    ]);
    let installed = lab.cafe_python(version);
    let ran = lab.toban(&["run", "cafemuji/monthly", "-i", "django=5.2.19", "-i", "delete_orders=true"]);
    assert!(!format!("{}", ran.exits(3)).contains(OUTDATED), "what is as new as it can be is not told");
    assert_eq!(live(&lab), before);
    assert_eq!(lab.cafe_python(version), installed);
}

#[test]
fn orders_are_not_deleted_without_a_backup_of_the_day() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    lab.toban(&["run", "cafemuji/backup"]).exits(0);
    for name in names(&backups(), "backup_") {
        age(&std::fs::File::options().write(true).open(backups().join(name)).expect("a backup"), 2);
    }
    let before = live(&lab);
    lab.toban(&["run", "cafemuji/cleanup-orders", "--confirm", "delete=36"]).exits(1);
    assert_eq!(live(&lab), before);
}
