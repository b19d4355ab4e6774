//! autograder's rounds from plan to run.

use super::autograder::{backups, dumps, no_backups, swap_is_on};
use super::dry_run::{ROOM, Rounds, compare};
use super::harness::{Lab, place};

#[test]
fn what_is_planned_of_autograder_is_what_runs() {
    let Some(lab) = Lab::of("autograder") else { return };
    no_backups(&lab);
    let mut rounds = Rounds::of(&lab, "autograder", compare);
    rounds.run("daily", ROOM, &[]);
    for runs in ["check-services", "check-db", "check-performance", "analyze-logs", "save-logs"] {
        rounds.run(runs, &[], &[]);
    }
    rounds.run("weekly", ROOM, &["--confirm", "images/prune"]);
    rounds.run("restart-service", &["-i", "service=nginx"], &["--confirm", "restart"]);
    for playbook in
        ["backup", "backup-files", "check-env", "check-integrity", "check-resources", "verify-backup"]
    {
        rounds.plan(playbook, &[], None);
    }
    for playbook in ["collectstatic", "optimize-db", "renew-tls", "purge-files", "reclaim-docker", "monthly"]
    {
        rounds.plan(playbook, &[], None);
    }
    for trouble in ["startup", "disk", "static", "db"] {
        rounds.plan(&format!("troubleshoot-{trouble}"), &[], None);
    }
    for playbook in ["incident", "incident-data-corruption", "stop", "start", "migrate", "disaster-recovery"]
    {
        rounds.plan(playbook, &[], None);
    }
    for playbook in ["recreate-clean", "restore-files", "purge-old-data", "setup-logrotate"] {
        rounds.plan(playbook, &[], None);
    }
    rounds.plan("clone-db", &["-i", "target=lab_round"], None);
    let who = ["-i", "username=suzuki", "-i", "mail=suzuki@kouzyoutest.com"];
    rounds.plan("user-create-superuser", &who, None);
    rounds.plan("migrate-back", &["-i", "app=scores", "-i", "target=0001"], None);
    let fake = ["-i", "app=scores", "-i", "migration=0002_comment", "-i", "reason=試しに行う"];
    rounds.plan("migrate-fake", &fake, None);
    rounds.plan("incident-security", &["-i", "since=10m"], None);
    rounds.plan("stop-container", &[], None);
    let file = format!("file={}", dumps(&backups()).pop().expect("a dump").display());
    rounds.plan("restore", &["-i", &file], None);
    rounds.plan("destroy", &["-i", "reason=訓練のため"], None);
    rounds.plan("escalate", &["-i", "what=試験"], None);
    let newer = place("autograder/newer.txt");
    std::fs::write(&newer, "Django==5.2.19\n").expect("a list of packages");
    rounds.plan("update-packages", &["-i", &format!("requirements={}", newer.display())], None);
    // The lab shares the kernel of its machine, which may have swap.
    rounds.plan("add-swap", &["-i", "size=16MiB"], swap_is_on().then_some("swap already"));
    no_backups(&lab);
    rounds.end(10);
}
