//! RefNet's rounds from plan to run.

use super::dry_run::{ROOM, Rounds, compare};
use super::harness::{Lab, empty, names, place};

#[test]
fn what_is_planned_of_refnet_is_what_runs() {
    let Some(lab) = Lab::of("refnet") else { return };
    let backups = place("refnet/backups");
    empty(&backups);
    let mut rounds = Rounds::of(&lab, "refnet", compare);
    for runs in ["backup", "daily", "weekly-check"] {
        rounds.run(runs, ROOM, &[]);
    }
    for runs in ["cleanup-joblogs", "cleanup-tasks", "cleanup-tmp", "performance", "rotate-logs"] {
        rounds.run(runs, &[], &[]);
    }
    for playbook in ["verify-backup", "optimize-db", "security-check", "incident-performance", "monthly"] {
        rounds.plan(playbook, &[], None);
    }
    for playbook in ["incident-maintenance", "cleanup-docker", "system-update", "weekly", "disaster-recovery"]
    {
        rounds.plan(playbook, &[], None);
    }
    rounds.plan("restore", &[], None);
    rounds.plan("drop-old-copies", &[], None);
    let dump = names(&backups, "refnet_2").into_iter().rfind(|name| name.ends_with(".gz")).expect("a dump");
    let file = format!("file={}", backups.join(dump).display());
    rounds.plan("load-dump", &["-i", &file, "-i", "database=refnet_round_1"], None);
    rounds.end(10);
}
