//! autograder when it is down, late, or damaged: its clock, whom it tells, what is restored; and its rounds while it is
//! broken.

use super::autograder::{backed_up, backups, bash, counts, dumps, no_backups, offhost, site, sql, sql_in};
use super::harness::{Lab, empty, place, unpacked};

/// To whom mail went since so many had gone out.
fn told(since: usize) -> Vec<String> {
    let kept = std::fs::read_to_string(place("mail/mail.jsonl")).unwrap_or_default();
    let mails = kept.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a mail"));
    let all = mails
        .filter_map(|mail| mail["to"][0].as_str().map(str::to_owned))
        .filter(|to| to.contains("kouzyoutest"));
    all.skip(since).collect()
}

fn ago(minutes: i64) -> String {
    format!("noticed_at={}", jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes))
}

#[test]
fn an_incident_that_is_late_calls_one_after_another_until_somebody_acknowledges() {
    let Some(lab) = Lab::of("autograder") else { return };
    // Noticed six minutes ago: the look is late, the first contact is told.
    let sent = told(0).len();
    let none = ["--choose", "way=none", "--choose", "lost=intact"];
    let late = |clock: &str| lab.toban(&[&["run", "autograder/incident", "-i", clock][..], &none].concat());
    late(&ago(6));
    assert_eq!(told(sent), ["system@kouzyoutest.test"]);
    // Eleven: all of them, in their order, since nobody acknowledges; and nobody did, which is a failure.
    let sent = told(0).len();
    late(&ago(11)).exits(1);
    let all = told(sent);
    let order = ["system@kouzyoutest.test", "database@kouzyoutest.test", "developers@kouzyoutest.test"];
    assert_eq!(
        all.iter().filter(|to| *to != order[0]).collect::<Vec<_>>(),
        order[1..].iter().collect::<Vec<_>>()
    );
    assert_eq!(all.len(), 4, "the first is told of both");

    // Whoever acknowledges is the last who is told.
    let sent = told(0).len();
    let escalation = lab.start("autograder/escalate", &["-i", "what=試しの連絡"]);
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while told(sent).len() < 2 {
        assert!(std::time::Instant::now() < limit, "the second was never told");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    lab.toban(&["acknowledge", "last", "--operator", "佐藤"]).exits(0);
    assert_eq!(escalation.ends(), Some(0));
    assert_eq!(told(sent), order[..2]);
}

#[test]
fn a_clone_has_all_rows_and_never_writes_over_anything() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    let clone = |target: &str| lab.toban(&["run", "autograder/clone-db", "-i", &format!("target={target}")]);
    clone("autograder_db").exits(1);
    sql_in(&lab, "postgres", "CREATE DATABASE lab_taken");
    clone("lab_taken").exits(1);
    assert_eq!(sql_in(&lab, "lab_taken", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    clone("lab_clone").exits(0);
    assert_eq!(sql_in(&lab, "lab_clone", super::autograder::COUNTS), counts(&lab));
    no_backups(&lab);
}

#[test]
fn old_entries_go_once_their_number_is_typed_and_are_in_the_dump_of_before() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    sql(&lab, "DELETE FROM django_admin_log");
    let seed = "INSERT INTO django_admin_log (action_time, object_repr, action_flag, change_message, user_id) \
                SELECT now() - n * interval '20 days', '記録 ' || n, 1, '', (SELECT min(id) FROM auth_user) FROM generate_series(1, 10) AS n";
    sql(&lab, seed);
    let left = "SELECT count(*) FROM django_admin_log";
    let purge = ["run", "autograder/purge-old-data"];
    lab.toban(&purge).exits(3);
    lab.toban(&[&purge[..], &["--confirm", "delete=5"]].concat()).exits(3);
    assert_eq!(sql(&lab, left), "10", "nobody typed how many");
    lab.toban(&[&purge[..], &["--confirm", "delete=6"]].concat()).exits(0);
    assert_eq!(sql(&lab, &format!("{left} WHERE action_time > now() - interval '90 days'")), "4");
    assert_eq!(sql(&lab, left), "4");
    let dump = dumps(&backups()).pop().expect("the dump of before");
    assert!(unpacked(&dump).contains("記録 10"));
    sql(&lab, "DELETE FROM django_admin_log");
    no_backups(&lab);
}

#[test]
fn rotated_logs_go_on_growing_where_the_manuals_own_rules_lose_them() {
    let Some(lab) = Lab::of("autograder") else { return };
    let rules = place("autograder/logrotate.conf");
    drop(std::fs::remove_file(&rules));
    let log = place("autograder/project/backend/autograder.log");
    let setup = ["run", "autograder/setup-logrotate"];
    lab.toban(&setup).exits(3);
    assert!(!rules.exists(), "nobody said yes");
    lab.toban(&[&setup[..], &["--confirm", "write"]].concat()).exits(0);
    lab.toban(&[&setup[..], &["--strict"]].concat()).exits(0); // once is enough

    // What the application does: it has the file open, and writes on.
    let grows = |rules: &std::path::Path| {
        let script = "exec 3>>\"$1\"; echo 前 >&3; state=$(mktemp); logrotate --force --state \"$state\" \"$2\"; echo 後 >&3; rm -f \"$state\"
                      grep -c 後 \"$1\"; rm -f \"$1\".[0-9]*";
        lab.enter(&["bash", "-c", script, "bash", &log.display().to_string(), &rules.display().to_string()])
            .trim()
            .to_owned()
    };
    std::fs::write(&log, "").expect("the log");
    assert_eq!(grows(&rules), "1");
    let manual =
        std::fs::read_to_string(&rules).expect("the rules").replace("copytruncate", "create 644 root root");
    let by_hand = place("autograder/logrotate-by-hand.conf");
    std::fs::write(&by_hand, manual).expect("the manual's rules");
    std::fs::write(&log, "").expect("the log");
    assert_eq!(grows(&by_hand), "0", "the manual's way: what comes after is in the file that was moved away");
    std::fs::remove_file(by_hand).expect("removed");
    // The container has this very file: it stays the one that it was.
    bash(&lab, "docker restart autograder-backend-1 >/dev/null", "");
    lab.mends();
}

#[test]
fn a_week_a_month_and_a_drill_of_autograder_fail_while_it_is_broken() {
    let Some(lab) = Lab::of("autograder") else { return };
    backed_up(&lab);
    let week = ["run", "autograder/weekly", "-i", "disk_limit=100", "--confirm", "images/prune"];
    let month =
        ["run", "autograder/monthly", "--confirm", "upgrade=lab", "--confirm", "old_backups/dumps=lab"];
    let drill = ["run", "autograder/disaster-recovery"];
    let copies = |folder: &std::path::Path| dumps(folder).len();
    lab.toban(&["run", "autograder/weekly", "-i", "disk_limit=0"]).exits(1);
    lab.breaks("autograder-db");
    lab.toban(&week).exits(1);
    lab.toban(&month).exits(1);
    lab.mends();
    assert_eq!(copies(&backups()), 1, "no new dump, and the old one is there");
    lab.breaks("autograder-health");
    let ran = lab.toban(&month).exits(1);
    assert!(format!("{ran}").contains("503"), "the answer is named: {ran}");
    lab.mends();
    // No copy elsewhere: nothing to drill with, and nothing that old images could be removed on.
    empty(&offhost());
    lab.toban(&drill).exits(1);
    lab.toban(&week).exits(1);
    assert_eq!(site(&lab, "api/v1/health/"), "200");
    no_backups(&lab);
}
