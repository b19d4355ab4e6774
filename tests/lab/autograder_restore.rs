//! autograder's way back: the restore, the drill, and the system that somebody has removed.

use super::autograder::{
    backed_up, backups, bash, containers, counts, dumps, no_backups, offhost, restores, site, sql, sql_in,
    started,
};
use super::harness::{Lab, names, place, repo};

const LATER: &str = "DELETE FROM scores_comment; DELETE FROM scores_testresult WHERE id % 40 = 0; \
                     INSERT INTO students_student (name, kana, grade, created_at) VALUES ('後から 来た子', '', 1, now())";
const LATECOMER: &str = "SELECT count(*) FROM students_student WHERE name = '後から 来た子'";
const KEPT: &str = "SELECT datname FROM pg_database WHERE datname LIKE 'autograder_db_%'";

/// Whether the live database is the one of the dump and the site runs on it.
fn is_restored(lab: &Lab, dumped: &str) -> Result<(), String> {
    let (found, answer) = (counts(lab), site(lab, "api/v1/health/"));
    match found == dumped && sql(lab, LATECOMER) == "0" && answer == "200" {
        true => Ok(()),
        false => Err(format!("{found} where the dump has {dumped}; the site answers {answer}")),
    }
}

#[test]
fn a_restore_brings_back_what_the_dump_has_keeps_what_was_there_and_starts_the_site_again() {
    let Some(lab) = Lab::of("autograder") else { return };
    let dump = backed_up(&lab);
    let dumped = counts(&lab);
    sql(&lab, LATER);
    let later = counts(&lab);
    assert!(is_restored(&lab, &dumped).is_err(), "a restore that did nothing is seen");

    let file = format!("file={}", dump.strip_prefix(repo()).expect("a path below the clone").display());
    let before = started(&lab, "backend");
    lab.toban(&["run", "autograder/restore", "-i", &file]).exits(3);
    assert_eq!((counts(&lab), started(&lab, "backend")), (later.clone(), before), "nobody typed the target");

    lab.toban(&["run", "autograder/restore", "-i", &file, "--confirm", "quiesce=lab"]).exits(0);
    is_restored(&lab, &dumped).expect("restored");
    let kept = sql_in(&lab, "postgres", KEPT);
    assert!(kept.starts_with("autograder_db_before_") && kept.lines().count() == 1, "{kept}");
    assert_eq!(sql_in(&lab, &kept, super::autograder::COUNTS), later, "the old database is whole");
    let safety = dumps(&backups()).pop().expect("the dump of the moment before");
    assert_ne!(safety, dump);
    restores(&lab, &safety, &later).expect("it has what was there");
}

#[test]
fn a_restore_after_which_the_site_does_not_answer_is_taken_back_whole() {
    let Some(lab) = Lab::of("autograder") else { return };
    let dump = backed_up(&lab);
    let tables = "SELECT string_agg(name, ',' ORDER BY id) FROM students_student";
    sql(&lab, LATER);
    let (later, pupils) = (counts(&lab), sql(&lab, tables));
    lab.breaks("autograder-health");
    let file = format!("file={}", dump.display());
    lab.toban(&["run", "autograder/restore", "-i", &file, "--confirm", "quiesce=lab"]).exits(1);
    assert_eq!((counts(&lab), sql(&lab, tables)), (later, pupils), "the database of before, not a mixture");
    assert_eq!(sql_in(&lab, "postgres", KEPT), "", "nothing lies about");
    assert_eq!(containers(&lab, "running").len(), 5, "all services run again");
    lab.script("mend", &["autograder-health"]);
    assert_eq!(site(&lab, "api/v1/health/"), "200");
    sql(&lab, "DELETE FROM students_student WHERE name = '後から 来た子'");
}

#[test]
fn where_the_old_database_cannot_be_put_back_the_restore_says_so_and_names_it() {
    let Some(lab) = Lab::of("autograder") else { return };
    let dump = backed_up(&lab);
    let before = counts(&lab);
    lab.breaks("autograder-health");
    let file = format!("file={}", dump.display());
    let mut running = lab
        .start("autograder/restore", &["-i", &file, "-i", "safety_dump=false", "--confirm", "quiesce=lab"]);
    let swapped = "SELECT datname FROM pg_database WHERE datname LIKE 'autograder_db_before_%'";
    let kept = loop {
        let kept = sql_in(&lab, "postgres", swapped);
        if !kept.is_empty() {
            break kept;
        }
        assert!(!running.has_ended(), "it ended before it had exchanged the databases");
    };
    sql_in(&lab, "postgres", &format!("ALTER DATABASE {kept} RENAME TO taken"));
    assert_eq!(running.ends(), Some(1));
    let said = lab.toban(&["logs", "last", "not_restored"]).ok(&["logs"]);
    assert!(said.contains("元に戻せませんでした") && said.contains(&format!("{kept} です")), "{said}");
    assert_eq!(counts(&lab), before, "the database of the dump is in use, not none");
    assert_eq!(containers(&lab, "running").len(), 5, "all services run again");
    lab.script("mend", &["autograder-health"]);
    assert_eq!(site(&lab, "api/v1/health/"), "200");
    sql_in(&lab, "postgres", "DROP DATABASE taken");
}

#[test]
fn the_drill_restores_the_copy_from_elsewhere_and_the_live_system_does_not_notice() {
    let Some(lab) = Lab::of("autograder") else { return };
    backed_up(&lab);
    lab.toban(&["run", "autograder/backup-files"]).exits(0);
    let live = containers(&lab, "running");
    lab.toban(&["run", "autograder/disaster-recovery", "-i", "project=autograder"]).exits(1);
    assert_eq!(containers(&lab, "running"), live, "a drill under the live project's name is refused");

    lab.toban(&["run", "autograder/disaster-recovery"]).exits(0);
    assert_eq!(containers(&lab, "running"), live);
    let drill = "docker ps -aq --filter label=com.docker.compose.project=autograder-drill; docker volume ls -q | grep autograder-drill || true";
    assert_eq!(bash(&lab, drill, ""), "", "the drill leaves nothing");

    // The twin: a copy that has not the rows its record tells of does not pass as restored.
    let manifest = names(&offhost(), ".manifest.json").pop().expect("a manifest");
    let path = offhost().join(manifest);
    let told = std::fs::read_to_string(&path).expect("the manifest");
    let mut record: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    record["rows"]["students"] = 1.into();
    std::fs::write(&path, record.to_string()).expect("the manifest");
    lab.toban(&["run", "autograder/disaster-recovery"]).exits(1);
    assert_eq!(bash(&lab, drill, ""), "", "a drill that failed leaves nothing either");
    assert_eq!(containers(&lab, "running"), live);
}

#[test]
fn the_volume_goes_only_after_its_copy_elsewhere_was_restored_and_comes_back_from_there() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    let before = counts(&lab);
    let volumes = "docker volume ls -q --filter label=com.docker.compose.project=autograder";
    let destroy = ["run", "autograder/destroy", "-i", "reason=訓練のため"];
    let typed = [&destroy[..], &["--confirm", "down=autograder"]].concat();
    lab.toban(&destroy).exits(3);
    let away = place("autograder/offhost-away");
    std::fs::rename(offhost(), &away).expect("moving the other machine's disk away");
    let ran = lab.toban(&typed);
    std::fs::rename(&away, offhost()).expect("moving it back");
    ran.exits(1);
    assert_eq!(
        bash(&lab, volumes, ""),
        "autograder_pgdata",
        "typed or not: without a copy elsewhere nothing goes"
    );
    assert_eq!(counts(&lab), before);

    bash(&lab, "docker volume create --label lab=stranger stranger", "");
    lab.toban(&typed).exits(0);
    assert_eq!(bash(&lab, volumes, ""), "", "the volume is gone");
    assert_eq!(
        bash(&lab, "docker volume ls -q --filter label=lab=stranger", ""),
        "stranger",
        "another's stays"
    );
    bash(&lab, "docker volume rm stranger", "");

    // What is elsewhere is all there is: an empty database, and the restore.
    lab.enter(&[
        "bash",
        "-ceu",
        "docker compose -p autograder --project-directory target/lab/autograder/project up -d --wait",
    ]);
    let copy = dumps(&offhost()).pop().expect("the copy");
    let file = format!("file={}", copy.display());
    let restore =
        ["run", "autograder/restore", "-i", &file, "-i", "safety_dump=false", "--confirm", "quiesce=lab"];
    lab.toban(&restore).exits(0);
    is_restored(&lab, &before).expect("back from the copy");
    no_backups(&lab);
}

#[test]
fn lost_files_come_back_and_the_folder_of_before_stays_or_comes_back_itself() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    let media = place("autograder/project/backend/mediafiles");
    std::fs::write(media.join("answers/answer-7.txt"), "答案 7\n").expect("the file that is lost below");
    lab.toban(&["run", "autograder/backup-files"]).exits(0);
    let beside = || names(media.parent().expect("the project"), "mediafiles.");
    let seen =
        || bash(&lab, "docker exec autograder-backend-1 find /app/mediafiles -type f | sort | sha256sum", "");
    let whole = seen();
    std::fs::remove_file(media.join("answers/answer-7.txt")).expect("a file is lost");
    let lost = seen();
    assert_ne!(lost, whole);
    let restore = |answer: &[&str]| lab.toban(&[&["run", "autograder/restore-files"], answer].concat());
    restore(&[]).exits(3);
    assert_eq!((seen(), beside()), (lost.clone(), vec![]), "nobody typed the target, and nothing lies about");

    lab.breaks("autograder-health");
    restore(&["--confirm", "swap=lab"]).exits(1);
    assert_eq!((seen(), beside()), (lost, vec![]), "taken back, since the site does not answer");
    lab.script("mend", &["autograder-health"]);

    restore(&["--confirm", "swap=lab"]).exits(0);
    assert_eq!((seen(), site(&lab, "api/v1/health/")), (whole, "200".to_owned()));
    let kept = beside();
    assert!(kept.len() == 1 && kept[0].starts_with("mediafiles.before_"), "{kept:?}");
    let kept = media.with_file_name(&kept[0]);
    assert_eq!(names(&kept.join("answers"), "answer-7"), Vec::<String>::new(), "as it was before");
    std::fs::remove_dir_all(kept).expect("the folder of before");
}

#[test]
fn where_the_old_folder_cannot_be_put_back_the_restore_says_so_and_a_folder_is_there() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    let media = place("autograder/project/backend/mediafiles");
    lab.toban(&["run", "autograder/backup-files"]).exits(0);
    let kept = || names(media.parent().expect("the project"), "mediafiles.before_").pop();
    let taken = media.with_file_name("taken");
    lab.breaks("autograder-health");
    let mut running = lab.start("autograder/restore-files", &["--confirm", "swap=lab"]);
    let before = loop {
        if let Some(before) = kept() {
            break media.with_file_name(before);
        }
        assert!(!running.has_ended(), "it ended before it had exchanged the folders");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    std::fs::rename(&before, &taken).expect("somebody takes the old folder away");
    assert_eq!(running.ends(), Some(1));
    let said = lab.toban(&["logs", "last", "not_restored"]).ok(&["logs"]);
    let name = before.file_name().expect("a name").to_string_lossy();
    assert!(said.contains("元に戻せませんでした") && said.contains(&format!("{name} にあります")), "{said}");
    assert_eq!(names(&media, "answers"), ["answers"], "the files of the archive are in use");

    std::fs::remove_dir_all(&media).expect("the files of the archive");
    std::fs::rename(&taken, &media).expect("the old folder");
    lab.script("mend", &["autograder-health"]);
    let anew = "docker compose -p autograder --project-directory target/lab/autograder/project up -d --wait --force-recreate --no-deps backend nginx";
    lab.enter(&["bash", "-ceu", anew]);
    assert_eq!(site(&lab, "api/v1/health/"), "200");
}
