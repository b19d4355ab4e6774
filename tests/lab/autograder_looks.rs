//! What is only looked at in autograder is told as it is: nothing where there is nothing, and what there is where there is.

use super::autograder::{backed_up, bash, no_backups, site, sql};
use super::harness::{Lab, aged_gzip, place};

/// What a look of a playbook wrote down: the log of one of its steps.
fn looked(lab: &Lab, playbook: &str, more: &[&str], step: &str) -> String {
    let name = format!("autograder/{playbook}");
    lab.toban(&[&["run", &name][..], more].concat()).exits(0);
    lab.toban(&["logs", "last", step]).exits(0).out
}

#[test]
fn pupils_that_went_and_pupils_that_came_are_told_and_their_names_are_not() {
    let Some(lab) = Lab::of("autograder") else { return };
    let dump = backed_up(&lab);
    let fell = |lab: &Lab| format!("{}", lab.toban(&["run", "autograder/check-db"]).exits(0));
    assert!(!fell(&lab).contains("went down"));
    sql(
        &lab,
        "INSERT INTO students_student (name, kana, grade, created_at) VALUES ('新しい子', '', 6, now())",
    );
    let id = sql(&lab, "SELECT id FROM students_student ORDER BY created_at DESC LIMIT 1");
    let is_listed = |seen: &str| seen.lines().any(|line| line.contains(&format!(" out {id} ")));
    let seen = looked(&lab, "check-db", &[], "newest");
    assert!(is_listed(&seen) && !seen.contains("新しい子"), "{seen}");
    sql(&lab, "DELETE FROM students_student WHERE name = '新しい子'");
    assert!(!is_listed(&looked(&lab, "check-db", &[], "newest")), "whoever is gone is not listed");
    // As if there had been a tenth more when the backup was taken.
    let manifest = std::path::PathBuf::from(format!("{}.manifest.json", dump.display()));
    let told = std::fs::read_to_string(&manifest).expect("the manifest");
    let mut record: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let results = record["rows"]["results"].as_i64().expect("a count");
    record["rows"]["results"] = (results + results / 10).into();
    std::fs::write(&manifest, record.to_string()).expect("the manifest");
    assert!(fell(&lab).contains("results went down from"), "the loss is told");
    no_backups(&lab);
}

#[test]
fn what_the_logs_of_autograder_hold_is_counted_by_hour_and_read_to_their_ends() {
    let Some(lab) = Lab::of("autograder") else { return };
    let log = place("autograder/project/backend/autograder.log");
    let packed = place("autograder/project/backend/autograder.log.1.gz");
    let lines = "2026-03-01 05:10:00 ERROR 採点できません\n2026-03-01 05:50:00 CRITICAL 停止\n2026-03-01 06:00:00 INFO 起動\n";
    std::fs::write(&log, "2026-03-01 05:59:59 WARNING 遅い\n").expect("the log");
    let day = ["-i", "date=2026-03-01"];
    assert!(!looked(&lab, "analyze-logs", &day, "hours").contains("2026-03-01"), "a warning is no error");
    aged_gzip(&packed, lines, 0);
    std::fs::write(&log, "2026-03-01 06:01:00 ERROR 保存できません\n2026-03-02 05:00:00 ERROR 別の日\n")
        .expect("it");
    site(&lab, "marked-for-the-analysis/");
    let hours = looked(&lab, "analyze-logs", &day, "hours");
    let services = lab.toban(&["logs", "last", "services"]).exits(0).out;
    std::fs::remove_file(&packed).expect("removed");
    std::fs::write(&log, "").expect("the log");
    assert!(hours.contains("2 2026-03-01 05") && hours.contains("1 2026-03-01 06"), "{hours}");
    assert!(!hours.contains("2026-03-02"), "{hours}");
    assert!(services.contains("marked-for-the-analysis"), "{services}");

    // The same ends are what one reads first where a service does not start.
    let who = format!("nobody_{}", std::process::id());
    let startup = |lab: &Lab| looked(lab, "troubleshoot-startup", &[], "logs");
    assert!(!startup(&lab).contains(&who));
    let refused =
        "docker exec autograder-db-1 psql -U \"$1\" -d autograder_db -c 'SELECT 1' 2>/dev/null; true";
    bash(&lab, refused, &who);
    let told = lab.toban(&["run", "autograder/troubleshoot-startup"]).exits(0);
    assert!(format!("{told}").contains("There is something wrong in the log of db"), "{told}");
    assert!(lab.toban(&["logs", "last", "logs"]).exits(0).out.contains(&who));
}

#[test]
fn a_large_folder_an_open_port_a_hungry_container_and_a_long_query_are_found() {
    let Some(lab) = Lab::of("autograder") else { return };
    let huge = place("autograder/project/backend/mediafiles/huge");
    let disk = |lab: &Lab| looked(lab, "troubleshoot-disk", &["-i", "disk_limit=100"], "largest");
    assert!(!disk(&lab).contains("mediafiles/huge"));
    std::fs::create_dir(&huge).expect("a folder");
    std::fs::write(huge.join("scan.bin"), vec![7; 60 << 20]).expect("a large file");
    let found = disk(&lab);
    std::fs::remove_dir_all(&huge).expect("removed");
    assert!(found.contains("mediafiles/huge"), "{found}");

    let resources = |lab: &Lab| looked(lab, "check-resources", &[], "ports");
    let quiet = resources(&lab);
    assert!(!quiet.contains(":8109"), "{quiet}");
    let open = "docker rm -f hungry >/dev/null 2>&1; docker run -d --init --name hungry --network host --memory 64m --memory-swap 64m \
                --label com.docker.compose.project=autograder toban-lab:base python3 -c 'import http.server as h; x = b\"x\" * (54 << 20); \
                h.HTTPServer((\"127.0.0.1\", 8109), h.BaseHTTPRequestHandler).serve_forever()'
                until curl -s -o /dev/null 127.0.0.1:8109 || [ $? = 52 ]; do sleep 0.1; done";
    bash(&lab, open, "");
    let ran = lab.toban(&["run", "autograder/check-resources"]).exits(0);
    let ports = lab.toban(&["logs", "last", "ports"]).exits(0).out;
    bash(&lab, "docker rm -f hungry", "");
    assert!(format!("{ran}").contains("hungry is about to run out of memory"), "{ran}");
    assert!(ports.contains("127.0.0.1:8109"), "{ports}");

    let slow = ["run", "autograder/check-performance", "-i", "minutes=0"];
    let long = |lab: &Lab| format!("{}", lab.toban(&slow).exits(0)).contains("running for long");
    assert!(!long(&lab), "nothing runs");
    let sleep = "docker exec -d autograder-db-1 psql -XAtq -U autograder_user -d autograder_db -c 'SELECT pg_sleep(60)'; sleep 1";
    bash(&lab, sleep, "");
    let found = long(&lab);
    let end =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'";
    assert_eq!((found, sql(&lab, end).as_str()), (true, "1"));
}

#[test]
fn a_sample_value_a_missing_key_and_an_open_settings_file_are_found() {
    use std::os::unix::fs::PermissionsExt;
    let Some(lab) = Lab::of("autograder") else { return };
    let check = ["run", "autograder/check-env"];
    lab.toban(&check).exits(0);
    let file = place("autograder/project/.env");
    let good = std::fs::read_to_string(&file).expect("the settings");
    let found = |text: &str, mode: u32| {
        std::fs::write(&file, text).expect("other settings");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
        let ran = lab.toban(&check);
        std::fs::write(&file, &good).expect("the settings");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        format!("{}", ran.exits(1))
    };
    let said = found(&good.replace("DEBUG=False", "DEBUG=True"), 0o600);
    assert!(said.contains("not fit for production: DEBUG"), "{said}");
    let said = found(&good.replace("ALLOWED_HOSTS=", "HOSTS="), 0o644);
    assert!(said.contains("Missing keys: ALLOWED_HOSTS") && said.contains("permissions 0644"), "{said}");
    lab.toban(&check).exits(0);
}
