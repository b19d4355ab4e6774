//! RefNet's weekly and monthly rounds: what they change, what they leave alone, and that they ask first.

use super::harness::{Lab, empty, names, place};

/// A week with all that it asks answered.
pub const CONFIRMED_WEEK: [&str; 8] = [
    "run",
    "refnet/weekly",
    "--answer",
    "dashboard=red=0",
    "--confirm",
    "optimize/reindex",
    "--confirm",
    "docker/prune",
];

fn backed_up(lab: &Lab) {
    empty(&place("refnet/backups"));
    lab.toban(&["run", "refnet/backup"]).exits(0);
}

fn healthy(lab: &Lab) {
    let code =
        lab.enter(&["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8000/health"]);
    assert_eq!(code, "200", "RefNet answers afterwards");
}

fn containers(lab: &Lab) -> String {
    lab.enter(&[
        "docker",
        "ps",
        "--no-trunc",
        "--quiet",
        "--filter",
        "label=com.docker.compose.project=refnet",
    ])
}

/// The version of the package that the lab's maintenance updates.
fn installed(lab: &Lab) -> String {
    lab.enter(&["cat", "target/lab/packages/opt/lab-tool"]).trim().to_owned()
}

#[test]
fn a_week_rebuilds_indexes_and_removes_only_its_own_leftovers() {
    let Some(lab) = Lab::of("refnet") else { return };
    backed_up(&lab);
    let leave = "docker rm -f refnet-stranger >/dev/null 2>&1; docker volume rm -f refnet-stranger >/dev/null; \
                 docker volume create refnet-stranger >/dev/null; docker run --name refnet-stranger toban-lab:base true";
    lab.enter(&["bash", "-c", leave]);
    let index = "SELECT pg_relation_filenode('papers_author_id')";
    let before = lab.refnet(index);

    lab.toban(&CONFIRMED_WEEK).exits(0);

    assert_ne!(lab.refnet(index), before, "the index was rebuilt");
    assert_eq!(lab.refnet("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    let analyzed = lab
        .refnet("SELECT count(*) FROM pg_stat_user_tables WHERE last_analyze > now() - interval '5 minutes'");
    assert_eq!(analyzed, "3", "all tables have fresh statistics");
    assert!(
        lab.enter(&["docker", "ps", "-a", "--format", "{{.Names}}"]).contains("refnet-stranger"),
        "another's stopped container stays"
    );
    assert!(
        lab.enter(&["docker", "volume", "ls", "-q"]).contains("refnet-stranger"),
        "an unused volume stays"
    );
    lab.enter(&["bash", "-c", "docker rm -f refnet-stranger && docker volume rm refnet-stranger"]);
    let log = std::fs::read_to_string(place("refnet/refnet-maintenance.log")).expect("the maintenance log");
    assert!(log.contains("refnet/weekly"), "the work is on record: {log}");
    healthy(&lab);
}

#[test]
fn a_week_that_nobody_confirms_ends_unconfirmed_and_changes_no_index() {
    let Some(lab) = Lab::of("refnet") else { return };
    backed_up(&lab);
    let index = "SELECT pg_relation_filenode('papers_author_id')";
    let before = lab.refnet(index);
    lab.toban(&["run", "refnet/weekly"]).exits(3);
    assert_eq!(lab.refnet(index), before);
}

#[test]
fn a_week_with_a_full_disk_fails_its_check() {
    let Some(lab) = Lab::of("refnet") else { return };
    backed_up(&lab);
    let mut arguments = CONFIRMED_WEEK.to_vec();
    arguments.extend(["-i", "disk_limit=0"]);
    lab.toban(&arguments).exits(1);
}

#[test]
fn the_update_backs_up_first_and_ends_healthy() {
    let Some(lab) = Lab::alone("refnet") else { return };
    empty(&place("refnet/backups"));
    lab.breaks("refnet-update");
    lab.toban(&["run", "refnet/monthly", "-i", "week=update", "--confirm", "update/upgrade=refnet"]).exits(0);
    assert_eq!(installed(&lab), "1.1", "the package that was behind is up to date");
    assert!(!names(&place("refnet/backups"), ".sql.gz.manifest.json").is_empty(), "a verified dump was made");
    healthy(&lab);
}

#[test]
fn an_update_that_nobody_confirms_touches_no_service() {
    let Some(lab) = Lab::alone("refnet") else { return };
    let before = containers(&lab);
    lab.breaks("refnet-update");
    lab.toban(&["run", "refnet/monthly", "-i", "week=update"]).exits(3);
    assert_eq!((containers(&lab), installed(&lab).as_str()), (before, "1.0"));
}

#[test]
fn the_security_check_reads_and_finds_an_open_settings_file() {
    use std::os::unix::fs::PermissionsExt;
    let Some(lab) = Lab::of("refnet") else { return };
    let round = ["run", "refnet/monthly", "-i", "week=security", "--answer", "security/review=findings=0"];
    lab.toban(&round).exits(0);
    let settings = place("refnet/project/.env");
    std::fs::set_permissions(&settings, std::fs::Permissions::from_mode(0o644))
        .expect("opening the settings file");
    let ran = lab.toban(&round);
    std::fs::set_permissions(&settings, std::fs::Permissions::from_mode(0o600))
        .expect("closing the settings file");
    ran.exits(1);
}

#[test]
fn the_tuning_round_reads_statements_indexes_and_workers() {
    let Some(lab) = Lab::of("refnet") else { return };
    lab.toban(&["run", "refnet/monthly", "-i", "week=tuning"]).exits(0);
}

#[test]
fn the_drill_restores_beside_the_live_system_and_leaves_nothing() {
    let Some(lab) = Lab::of("refnet") else { return };
    backed_up(&lab);
    let before = containers(&lab);
    lab.toban(&["run", "refnet/monthly", "-i", "week=drill", "--confirm", "drill/up=refnet-drill"]).exits(0);
    assert_eq!(containers(&lab), before, "the live containers are the same");
    assert_eq!(
        lab.enter(&["docker", "ps", "-aq", "--filter", "label=com.docker.compose.project=refnet-drill"]),
        ""
    );
    assert!(
        !lab.enter(&["docker", "volume", "ls", "-q"]).contains("refnet-drill"),
        "the drill's volume is gone"
    );
    let archives = names(&place("refnet/backups"), "config-");
    assert_eq!(archives.len(), 1);
    use std::os::unix::fs::PermissionsExt;
    let archive = std::fs::metadata(place("refnet/backups").join(&archives[0])).expect("the archive");
    assert_eq!(archive.permissions().mode() & 0o777, 0o600, "it holds passwords");
}

#[test]
fn a_drill_under_the_live_projects_name_is_refused() {
    let Some(lab) = Lab::of("refnet") else { return };
    backed_up(&lab);
    let before = containers(&lab);
    let drill = ["run", "refnet/disaster-recovery", "-i", "project=refnet", "--confirm", "up=refnet"];
    lab.toban(&drill).exits(1);
    assert_eq!(containers(&lab), before);
}
