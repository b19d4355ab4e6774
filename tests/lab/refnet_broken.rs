//! RefNet's weekly, monthly and drill while it is broken: each fails, says why, and touches nothing. Their records stand
//! here too: what was not done is not ticked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::harness::{Lab, Ran, empty, names, place};
use super::refnet_rounds::CONFIRMED_WEEK;

const DRILL: [&str; 4] = ["run", "refnet/disaster-recovery", "--confirm", "up=refnet-drill"];

fn backups() -> PathBuf {
    place("refnet/backups")
}

fn backed_up(lab: &Lab) -> PathBuf {
    empty(&backups());
    lab.toban(&["run", "refnet/backup", "-i", "disk_limit=100"]).exits(0);
    let dump = names(&backups(), "refnet_2").into_iter().find(|name| name.ends_with(".gz"));
    backups().join(dump.expect("a dump"))
}

fn month(lab: &Lab, week: &str, answers: &[&str]) -> Ran {
    let week = format!("week={week}");
    lab.toban(&[&["run", "refnet/monthly", "-i", &week][..], answers].concat())
}

fn fails(ran: Ran, because: &str) {
    let said = format!("{}", ran.exits(1));
    assert!(said.contains(because), "{because}: {said}");
}

/// What a drill could have left, live or stopped.
fn drill_is_gone(lab: &Lab) -> bool {
    let left = "docker ps -aq --filter label=com.docker.compose.project=refnet-drill; docker volume ls -q | grep refnet-drill || true";
    lab.enter(&["bash", "-c", left]).is_empty()
}

#[test]
fn a_week_a_month_and_a_drill_fail_while_refnet_is_broken_and_touch_nothing() {
    let Some(lab) = Lab::of("refnet") else { return };
    empty(&backups());
    let index = "SELECT pg_relation_filenode('papers_author_id')";
    let before = lab.refnet(index);
    // Not one backup: the week says so, the drill has nothing to restore, whoever asks for it.
    fails(lab.toban(&CONFIRMED_WEEK), "check/newest_dump");
    fails(lab.toban(&DRILL), "dump");
    fails(month(&lab, "drill", &["--confirm", "drill/up=refnet-drill"]), "drill/dump");
    // One that is cut in two, and one whose record is of another: neither is a verified one.
    let dump = backed_up(&lab);
    let whole = std::fs::read(&dump).expect("the dump");
    std::fs::write(&dump, &whole[..whole.len() / 2]).expect("a torn dump");
    fails(lab.toban(&DRILL), "dump");
    fails(lab.toban(&CONFIRMED_WEEK), "check/newest_dump");
    std::fs::write(&dump, &whole).expect("the dump");
    // A drill that somebody left: it is not built upon, and stays for whoever left it.
    let leave =
        "docker run -d --name left --label com.docker.compose.project=refnet-drill toban-lab:base sleep 1000";
    lab.enter(&["bash", "-c", leave]);
    fails(lab.toban(&DRILL), "refnet-drill are still there");
    assert!(!drill_is_gone(&lab), "the look sees what is left of a drill");
    lab.enter(&["docker", "rm", "-f", "left"]);

    lab.breaks("refnet-db");
    fails(lab.toban(&CONFIRMED_WEEK), "check/tables");
    fails(month(&lab, "update", &["--confirm", "update/upgrade=refnet"]), "update/backup");
    fails(month(&lab, "tuning", &[]), "tuning/extension");
    lab.mends();
    assert_eq!(names(&backups(), ".sql.gz").len(), 2, "no new dump; the old one and its record are there");
    lab.breaks("refnet-api");
    fails(lab.toban(&CONFIRMED_WEEK), "Services are down: api");
    lab.mends();
    assert_eq!(lab.refnet(index), before, "no index is rebuilt in a week that found something");
    assert!(drill_is_gone(&lab), "a drill that failed leaves nothing");
}

#[test]
fn a_drill_is_none_where_the_rows_are_not_those_of_the_record() {
    let Some(lab) = Lab::of("refnet") else { return };
    let dump = backed_up(&lab);
    let manifest = format!("{}.manifest.json", dump.display());
    let record = std::fs::read_to_string(&manifest).expect("the record");
    let papers = lab.refnet("SELECT count(*) FROM papers");
    let other = record.replace(&format!("\"papers\":{papers}"), "\"papers\":1");
    assert_ne!(record, other, "the record tells the papers: {record}");
    std::fs::write(&manifest, other).expect("another record");
    fails(lab.toban(&DRILL), "counts");
    assert!(drill_is_gone(&lab), "a drill that failed leaves nothing");
}

#[test]
fn a_round_is_on_record_with_its_checklist_and_what_nobody_confirmed_is_not_ticked() {
    let Some(lab) = Lab::of("refnet") else { return };
    backed_up(&lab);
    let log = place("refnet/refnet-maintenance.log");
    let last =
        || std::fs::read_to_string(&log).unwrap_or_default().lines().last().unwrap_or_default().to_owned();
    let boxes = || {
        let report = lab.toban(&["report", "last", "--format", "json"]).ok(&["report"]);
        let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
        let boxes = report["checklist"]["boxes"].as_array().expect("a checklist").clone();
        let of = |one: &serde_json::Value| {
            (one["item"].as_str().unwrap_or_default().to_owned(), one["is_ticked"] == true)
        };
        boxes.iter().map(of).collect::<BTreeMap<String, bool>>()
    };

    lab.toban(&["run", "refnet/weekly"]).exits(3);
    let unconfirmed = boxes();
    assert!(!last().contains("optimize=ok"), "{}", last());
    lab.toban(&CONFIRMED_WEEK).exits(0);
    let line = last();
    assert!(line.contains("refnet/weekly") && line.contains("optimize=ok docker=ok"), "{line}");
    let confirmed = boxes();
    assert_eq!(confirmed.len(), 8, "{confirmed:?}");
    for item in [
        "Update of the database statistics",
        "Unused Docker resources removed",
        "Monitoring dashboard checked",
    ] {
        assert_eq!((unconfirmed[item], confirmed[item]), (false, true), "{item}");
    }

    // The month: which of its four jobs it was, and whether it was done.
    month(&lab, "drill", &[]).exits(3);
    let line = last();
    assert!(line.contains("refnet/monthly drill") && !line.contains("drill=ok"), "{line}");
    assert!(!boxes()["Disaster recovery test"]);
    lab.refnet("SELECT pg_stat_statements_reset()"); // how dear they were so far is a matter of what ran beside
    month(&lab, "tuning", &[]).exits(0);
    assert!(last().contains("tuning=ok drill=skipped"), "{}", last());
    assert!(boxes()["Performance analysis"] && !boxes()["Disaster recovery test"]);
}
