//! cafeMuji's restore, recovery, release and rollback on its real application, looked at from outside.

use std::path::PathBuf;

use super::harness::{Lab, empty, names, place};

const FOOD: &str = "from food.models import FoodOrder; print(FoodOrder.objects.count())";
const NEW_ORDER: &str = "from food.models import FoodOrder; FoodOrder.objects.create(menu='限定')";

fn backups() -> PathBuf {
    place("cafemuji/backups")
}

fn get(lab: &Lab, page: &str) -> String {
    lab.enter(&["curl", "-s", &format!("http://127.0.0.1:8090/{page}")])
}

fn backed_up(lab: &Lab) -> PathBuf {
    empty(&backups());
    lab.toban(&["run", "cafemuji/backup", "-i", "disk_limit=100"]).exits(0);
    let name =
        names(&backups(), "backup_2").into_iter().find(|name| name.ends_with(".gz")).expect("a backup");
    backups().join(name)
}

/// The pid of the application's first process.
fn pid() -> String {
    std::fs::read_to_string(place("cafemuji/gunicorn.pid")).expect("the application runs").trim().to_owned()
}

fn kept_databases() -> Vec<String> {
    names(&place("cafemuji/project"), "db.sqlite3.before_")
}

/// The look from outside: so many orders, read anew, and an application that answers.
fn is_restored(lab: &Lab, food: &str) -> bool {
    lab.cafe_python(FOOD) == food && get(lab, "health/").contains("\"ok\"")
}

#[test]
fn a_restore_leaves_exactly_what_was_backed_up_where_loaddata_would_leave_a_mixture() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    let backup = backed_up(&lab);
    let food = lab.cafe_python(FOOD);
    lab.cafe_python(NEW_ORDER);
    let more = (food.parse::<u32>().expect("a count") + 1).to_string();
    assert!(!is_restored(&lab, &food), "the look tells data that was not restored");
    // The manual's way, on a copy: what came after the backup stays.
    let manual = "cd target/lab/cafemuji/project && cp db.sqlite3 /tmp/by-hand.sqlite3 && export DATABASE_URL=sqlite:////tmp/by-hand.sqlite3 \
                  && gzip -dc \"$1\" | .venv/bin/python manage.py loaddata --format=json - >/dev/null \
                  && .venv/bin/python manage.py shell -v 0 -c \"$2\"; rm -f /tmp/by-hand.sqlite3";
    let by_hand = lab.enter(&["bash", "-ceu", manual, "bash", &backup.display().to_string(), FOOD]);
    assert_eq!(by_hand.trim(), more, "loaddata lays itself over what is there");

    let before = (pid(), kept_databases().len());
    lab.toban(&["run", "cafemuji/restore"]).exits(3);
    assert_eq!((pid(), kept_databases().len()), before, "nobody said yes: nothing stood still");
    assert!(is_restored(&lab, &more));

    lab.toban(&["run", "cafemuji/restore", "--confirm", "stop=lab"]).exits(0);
    assert!(is_restored(&lab, &food));
    assert_ne!(pid(), before.0, "the application was started anew");
    assert_eq!(kept_databases().len(), before.1 + 1, "the database of before is kept");
    assert!(names(&place("cafemuji/project"), "db.sqlite3.restored_").is_empty());
    assert!(!names(&backups(), "before-restore_").is_empty(), "and was backed up first");
}

#[test]
fn a_restore_after_which_the_shop_does_not_answer_is_taken_back() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    backed_up(&lab);
    lab.cafe_python(NEW_ORDER);
    let food = lab.cafe_python(FOOD);
    let kept = kept_databases().len();
    lab.breaks("cafe-health");
    lab.toban(&["run", "cafemuji/restore", "--confirm", "stop=lab"]).exits(1);
    lab.script("mend", &["cafe-health"]);
    assert!(is_restored(&lab, &food), "the data of before is live again, and the shop is open");
    assert_eq!(kept_databases().len(), kept);
    std::fs::write(place("cafemuji/project/logs/django.log"), "").expect("the log");
}

#[test]
fn a_broken_database_is_kept_as_it_was_found_and_replaced() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    backed_up(&lab);
    let food = lab.cafe_python(FOOD);
    let database = place("cafemuji/project/db.sqlite3");
    let mut bytes = std::fs::read(&database).expect("the database");
    bytes[..16].copy_from_slice(b"no database here");
    std::fs::write(&database, &bytes).expect("the database");
    assert!(!get(&lab, "health/").contains("\"ok\""));
    let recovery = [
        "run",
        "cafemuji/disaster-recovery",
        "--choose",
        "decision=restore",
        "--confirm",
        "restore/stop=lab",
    ];
    lab.toban(&recovery).exits(0);
    assert!(is_restored(&lab, &food));
    let found = names(&backups(), "as-found_");
    assert_eq!(std::fs::read(backups().join(&found[0])).expect("the copy"), bytes);
    std::fs::write(place("cafemuji/project/logs/django.log"), "").expect("the log");
}

#[test]
fn a_backup_is_verified_by_loading_it_and_one_with_fewer_orders_is_found() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    let backup = backed_up(&lab);
    lab.toban(&["run", "cafemuji/verify-backup"]).exits(0);
    let manifest = format!("{}.manifest.json", backup.display());
    let text = std::fs::read_to_string(&manifest).expect("the manifest");
    let other = text.replace("\"users\":", "\"users\":1");
    assert_ne!(text, other, "the manifest tells the users: {text}");
    std::fs::write(&manifest, other).expect("the manifest");
    lab.toban(&["run", "cafemuji/verify-backup"]).exits(1);
}

/// A change on develop that says it is the next version; `test` is what its own tests look like.
pub fn next_version(lab: &Lab, test: &str) -> String {
    let script = "cd target/lab/cafemuji/work && git checkout -q develop && git reset -q --hard origin/develop && next=v1.$(git tag | wc -l).0 \
                  && echo $next >VERSION && printf '%s\\n' \"$1\" >ice/tests.py && git add -A && git commit -qm \"$next\" && git push -q origin develop && echo $next";
    lab.enter(&["bash", "-ceu", script, "bash", test]).trim().to_owned()
}

pub fn version(lab: &Lab) -> String {
    let answer: serde_json::Value = serde_json::from_str(&get(lab, "version")).expect("JSON");
    answer["version"].as_str().expect("a version").to_owned()
}

#[test]
fn a_release_is_live_under_its_tag_and_can_be_rolled_back() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    std::fs::write(place("cafemuji/autodeploy"), "").expect("deploys are on");
    let before = version(&lab);
    let next = next_version(&lab, "from django.test import TestCase");
    let release = |more: &[&str]| {
        let (version, notes) = (format!("version={next}"), "notes=新機能: かき氷");
        lab.toban(&[&["run", "cafemuji/deploy", "-i", &version, "-i", notes][..], more].concat())
    };
    release(&[]).exits(3);
    assert_eq!(version(&lab), before, "nobody said yes");
    release(&["--confirm", "merge"]).exits(0);
    assert_eq!(version(&lab), next);
    let tag =
        "git --git-dir target/lab/cafemuji/origin.git for-each-ref --format '%(contents)' \"refs/tags/$1\"";
    assert!(
        lab.enter(&["bash", "-ceu", tag, "bash", &next]).contains("かき氷"),
        "the notes stand in the tag"
    );

    let back = |to: &str, more: &[&str]| {
        let to = format!("version={to}");
        lab.toban(&[&["run", "cafemuji/rollback", "-i", &to, "--choose", "decision=code"][..], more].concat())
    };
    back("v9.9.9", &["--confirm", "hold=v9.9.9"]).exits(1);
    assert_eq!(version(&lab), next, "a version that never was is not rolled back to");
    back(&before, &[]).exits(3);
    assert_eq!(version(&lab), next, "nobody typed the version");
    back(&before, &["--confirm", &format!("hold={before}")]).exits(0);
    assert_eq!(version(&lab), before);
    assert!(!place("cafemuji/autodeploy").exists(), "the next push does not bring it back");
}

#[test]
fn a_release_whose_tests_fail_is_not_pushed() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    std::fs::write(place("cafemuji/autodeploy"), "").expect("deploys are on");
    let before = version(&lab);
    let failing =
        "from django.test import TestCase\nclass T(TestCase):\n    def test_it(self): self.fail('broken')";
    let next = next_version(&lab, failing);
    let asked = format!("version={next}");
    lab.toban(&["run", "cafemuji/deploy", "-i", &asked, "-i", "notes=x", "--confirm", "merge"]).exits(1);
    assert_eq!(version(&lab), before);
    let tags = lab.enter(&["git", "--git-dir", "target/lab/cafemuji/origin.git", "tag"]);
    assert!(!tags.lines().any(|tag| tag == next), "{tags}");
    let undo = "cd target/lab/cafemuji/work && git checkout -q develop && git revert --no-edit HEAD >/dev/null && git push -q origin develop";
    lab.enter(&["bash", "-ceu", undo]);
}
