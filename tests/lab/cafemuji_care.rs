//! cafeMuji looked after: what its looks see, its monitor and whom it tells, its load test and what it may be pointed at,
//! its style sheets and its sessions.

use std::path::PathBuf;

use serde_json::Value;

use super::cafemuji::{backups, get, live};
use super::harness::{Lab, empty, names, place, unpacked};
use super::mails::Mailbox;

fn fresh_log() {
    std::fs::write(place("cafemuji/project/logs/django.log"), "").expect("the log");
}

fn requests(page: &str) -> usize {
    let log = std::fs::read_to_string(place("cafemuji/project/logs/access.log")).unwrap_or_default();
    log.lines().filter(|line| line.contains(&format!("GET /{page}"))).count()
}

#[test]
fn new_orders_are_seen_and_a_slow_query_or_a_missing_process_is_found() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    let seen = || {
        lab.toban(&["run", "cafemuji/check-orders"]).exits(0);
        lab.toban(&["logs", "last", "ice"]).ok(&["logs"])
    };
    assert!(!seen().contains("ずんだ"));
    lab.cafe_python("from ice.models import Order; Order.objects.create(flavor1='ずんだ')");
    let found = seen();
    lab.cafe_python("from ice.models import Order; Order.objects.filter(flavor1='ずんだ').delete()");
    assert!(found.contains("ずんだ"), "{found}");

    lab.toban(&["run", "cafemuji/check-queries"]).exits(0);
    let ran = lab.toban(&["run", "cafemuji/check-queries", "-i", "limit_ms=0"]).exits(1);
    assert!(format!("{ran}").contains("food"), "the counter is named: {ran}");
    lab.breaks("cafe-locked");
    let ran = lab.toban(&["run", "cafemuji/check-queries"]).exits(1);
    lab.mends();
    assert!(format!("{ran}").contains("locked"), "somebody holds the database: {ran}");

    let resources = ["run", "cafemuji/check-resources", "-i", "disk_limit=100"];
    lab.toban(&resources).exits(0);
    lab.toban(&[&resources[..3], &["disk_limit=0"]].concat()).exits(1);
    let app = place("cafemuji/app").display().to_string();
    lab.enter(&[&app, "stop"]);
    let ran = lab.toban(&resources);
    lab.enter(&[&app, "start"]);
    assert!(format!("{}", ran.exits(1)).contains("gunicorn"));
}

#[test]
fn one_application_alone_is_written_whole_or_not_at_all() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    empty(&backups());
    let one = ["run", "cafemuji/backup-apps", "-i", "app=ice"];
    lab.toban(&one).exits(0);
    let objects = |path: PathBuf| serde_json::from_str::<Vec<Value>>(&unpacked(&path)).expect("JSON");
    let files = names(&backups(), "app-ice_all_");
    let all = objects(backups().join(&files[0]));
    assert!(all.iter().all(|object| object["model"] == "ice.order"), "nobody else's rows");
    assert_eq!((files.len(), all.len()), (2, live(&lab)[1]), "the file and its record: {files:?}");
    let record = std::fs::read_to_string(backups().join(&files[1])).expect("the record");
    assert!(record.contains(&format!("\"rows\":{}", all.len())), "{record}");

    lab.toban(&[&one[..], &["-i", "since=2020-01-01", "-i", "until=2020-12-31"]].concat()).exits(1);
    let database = place("cafemuji/project/db.sqlite3");
    let aside = place("cafemuji/project/db.aside");
    std::fs::rename(&database, &aside).expect("moving the database away");
    let ran = lab.toban(&one);
    std::fs::rename(&aside, &database).expect("moving the database back");
    ran.exits(1);
    assert_eq!(
        names(&backups(), ""),
        files,
        "days without an order, or no database: no file that looks like one"
    );
}

#[test]
fn a_load_test_asks_sends_what_it_says_and_is_never_pointed_at_production_by_mistake() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    let test = ["run", "cafemuji/load-test", "-i", "requests=30", "-i", "parallel=5", "-i", "page=ice/"];
    let confirmed = [&test[..], &["--confirm", "load=lab"]].concat();
    let before = requests("ice/");
    lab.toban(&test).exits(3);
    assert_eq!(requests("ice/"), before, "nobody typed the target");
    lab.toban(&confirmed).exits(0);
    assert_eq!(requests("ice/"), before + 30, "as many as it says");
    lab.breaks("cafe-health");
    lab.toban(&confirmed).exits(1);
    lab.mends();
    assert_eq!(requests("ice/"), before + 30, "none while the shop is not well");
    lab.toban(&["run", "cafemuji/load-test", "-i", "requests=100000", "--confirm", "load=lab"]).exits(2);

    let state = tempfile::tempdir().expect("a folder");
    let script = "\"$1\" run cafemuji/load-test --env production --state-dir \"$2\" --lang en --confirm load=cafemuji 2>&1; echo \"exit $?\"";
    let state = state.path().display().to_string();
    let said = lab.enter(&["bash", "-c", script, "bash", env!("CARGO_BIN_EXE_toban"), &state]);
    assert!(said.contains("production=true") && said.trim_end().ends_with("exit 1"), "{said}");
    fresh_log();
}

#[test]
fn lost_style_sheets_come_back_once_confirmed_readable_for_all() {
    use std::os::unix::fs::PermissionsExt;
    let Some(lab) = Lab::of("cafemuji") else { return };
    let css = place("cafemuji/project/staticfiles/css/menu.css");
    lab.breaks("cafe-static");
    lab.toban(&["run", "cafemuji/troubleshoot-static"]).exits(3);
    assert_eq!(get(&lab, "static/css/menu.css"), "404", "nobody said yes");
    let mend = ["run", "cafemuji/troubleshoot-static", "--confirm", "collect"];
    lab.toban(&mend).exits(0);
    assert_eq!(get(&lab, "static/css/menu.css"), "200");
    std::fs::set_permissions(&css, std::fs::Permissions::from_mode(0o600)).expect("closing it");
    lab.toban(&[&mend[..], &["--strict"]].concat()).exits(6);
    let mode = std::fs::metadata(&css).expect("the style sheet").permissions().mode() & 0o777;
    assert_eq!(mode, 0o644);
}

#[test]
fn sessions_are_proved_by_one_and_only_those_that_have_ended_are_cleared() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    let sessions = "from django.contrib.sessions.models import Session as S; from django.utils.timezone import now; from datetime import timedelta as T\n";
    let count = |which: &str| {
        lab.cafe_python(&format!("{sessions}print(S.objects.filter(session_key__startswith='lab{which}').count(), S.objects.count())"))
    };
    let seed = "S.objects.all().delete()\n\
                S.objects.bulk_create([S(session_key=f'labold{n}', session_data='', expire_date=now() - T(days=1)) for n in range(7)])\n\
                S.objects.bulk_create([S(session_key=f'labnew{n}', session_data='', expire_date=now() + T(days=1)) for n in range(3)])";
    lab.cafe_python(&format!("{sessions}{seed}"));
    lab.toban(&["run", "cafemuji/troubleshoot-session"]).exits(0);
    assert_eq!(count("old"), "7 10", "it only looks, and its own session is gone again");
    lab.toban(&["run", "cafemuji/troubleshoot-session", "-i", "clear=true"]).exits(3);
    assert_eq!(count("old"), "7 10", "nobody said yes");
    lab.toban(&["run", "cafemuji/troubleshoot-session", "-i", "clear=true", "--confirm", "clear"]).exits(0);
    assert_eq!((count("old").as_str(), count("new").as_str()), ("0 3", "3 3"));
    lab.breaks("cafe-sessions");
    lab.toban(&["run", "cafemuji/troubleshoot-session"]).exits(1);
}

#[test]
fn the_monitor_writes_one_line_a_time_and_mails_only_what_is_new() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    fresh_log();
    let log = place("cafemuji/cafemuji-monitor.log");
    let lines = || std::fs::read_to_string(&log).unwrap_or_default().lines().count();
    let monitor = ["run", "cafemuji/monitor", "-i", "disk_limit=100"];
    let (before, mailbox) = (lines(), Mailbox::of(&lab, "cafemuji.test"));
    let mailed = || mailbox.mails().iter().filter(|mail| mail.to == "owner@cafemuji.test").count();
    lab.toban(&monitor).exits(0);
    assert_eq!((lines() - before, mailed()), (1, 0), "all is well: a line, no mail");
    lab.breaks("cafe-health");
    lab.toban(&monitor).exits(1);
    assert_eq!((lines() - before, mailed()), (2, 1), "it is new that it is not");
    lab.toban(&monitor).exits(1);
    assert_eq!((lines() - before, mailed()), (3, 1), "not told again");
    lab.mends();
    fresh_log();
    lab.toban(&monitor).exits(0);
    assert_eq!((lines() - before, mailed()), (4, 2), "well again");

    let all = std::fs::read_to_string(&log).expect("the log");
    let last: Vec<&str> = all.lines().skip(before).collect();
    let value = |line: &str, name: &str| {
        let word = line.split_whitespace().find_map(|word| word.strip_prefix(&format!("{name}=")));
        let word = word.unwrap_or_else(|| panic!("no {name} in {line}"));
        word.split('(').next().unwrap_or(word).to_owned()
    };
    assert_eq!((value(last[0], "health").as_str(), value(last[1], "health").as_str()), ("200", "503"));
    for name in ["page_ms", "errors", "query_ms", "load", "memory", "disk"] {
        assert!(value(last[0], name).parse::<f64>().is_ok(), "{name} is a number: {}", last[0]);
    }
    lab.breaks("cafe-locked");
    lab.toban(&monitor).exits(1);
    lab.mends();
    fresh_log();
}
