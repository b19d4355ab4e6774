//! cafeMuji's rounds from plan to run.

use super::cafemuji_restore::version;
use super::dry_run::{ROOM, Rounds, compare};
use super::harness::{Lab, empty, names, place};

#[test]
fn what_is_planned_of_cafemuji_is_what_runs() {
    let Some(lab) = Lab::of("cafemuji") else { return };
    let backups = place("cafemuji/backups");
    empty(&backups);
    let mut rounds = Rounds::of(&lab, "cafemuji", compare);
    for runs in ["backup", "daily", "monitor"] {
        rounds.run(runs, ROOM, &[]);
    }
    for runs in ["rotate-logs", "verify-backup", "check-orders"] {
        rounds.run(runs, &[], &[]);
    }
    for playbook in ["weekly", "vacuum", "cleanup-orders", "monthly", "disaster-recovery", "restore"] {
        rounds.plan(playbook, &[], None);
    }
    for playbook in ["check-queries", "check-resources", "user-permissions", "backup-apps"] {
        rounds.plan(playbook, &[], None);
    }
    for playbook in ["troubleshoot-session", "troubleshoot-static", "load-test"] {
        rounds.plan(playbook, &[], None);
    }
    let dump = names(&backups, "backup_2").into_iter().rfind(|name| name.ends_with(".gz")).expect("a backup");
    let file = format!("file={}", backups.join(dump).display());
    let database = format!("database={}", backups.join("round.sqlite3").display());
    rounds.plan("load-backup", &["-i", &file, "-i", &database], None);
    rounds.plan("patch-django", &["-i", "version=5.2.19"], None);
    let present = format!("version={}", version(&lab));
    rounds.plan("rollback", &["-i", &present], Some("is what is running now"));
    rounds.plan("deploy", &["-i", "version=v9.9.9", "-i", "notes=新機能: かき氷"], None);
    rounds.plan("user-change-password", &["-i", "user=nobody"], Some("There is no account"));
    let who = ["-i", "user=sato", "-i", "requested_by=佐藤"];
    rounds.plan("user-reset-password", &who, Some("There is no account"));
    // Its password is made by a step of its own; before that the file is not there.
    drop(std::fs::remove_file(place("cafemuji/handover/password")));
    let new = [&who[..], &["-i", "mail=sato@cafe.lab"]].concat();
    rounds.plan("user-create-superuser", &new, None);
    rounds.end(5);
}
