//! PsyFit's rounds from plan to run.

use super::dry_run::{ROOM, Rounds, compare};
use super::harness::{Lab, empty};
use super::psyfit::{backups, fresh};

#[test]
fn what_is_planned_of_psyfit_is_what_runs() {
    let Some(lab) = Lab::of("psyfit") else { return };
    empty(&backups());
    let mut rounds = Rounds::of(&lab, "psyfit", compare);
    for runs in ["backup", "daily", "monitor"] {
        rounds.run(runs, ROOM, &[]);
    }
    for runs in ["verify-backup", "list-backups", "check-health", "check-release", "check-tls", "logs"] {
        rounds.run(runs, &[], &[]);
    }
    for playbook in ["check-migrations", "check-vulnerabilities", "preflight", "secrets", "cleanup-docker"] {
        rounds.plan(playbook, &[], None);
    }
    for playbook in ["incident-app", "incident-db", "incident-redis", "incident-deploy", "weekly", "migrate"]
    {
        rounds.plan(playbook, &[], None);
    }
    for playbook in ["setup-external-monitor", "monthly", "restore", "rollback", "disaster-recovery"] {
        rounds.plan(playbook, &[], None);
    }
    let dump = backups().join(fresh(&backups()).pop().expect("a dump"));
    let file = format!("file={}", dump.display());
    rounds.plan("load-scratch", &["-i", &file, "-i", "database=psyfit_verify_1"], None);
    rounds.plan("deploy-ci", &["-i", "pull_request=1"], None);
    let by_hand = ["-i", "old=psyfit-web-1", "-i", "new=psyfit-web-2"];
    rounds.plan("rollback-manual", &by_hand, Some("psyfit-web-2 is not running"));
    rounds.plan("deploy", &["-i", "version=v2.4.0"], None);
    let never = ["-i", "version=v0.0.1"];
    rounds.plan("rollback-rehearsal", &never, Some("There is no container of version"));
    rounds.plan("install-schedule", &[], None);
    rounds.plan("tell", &["-i", "what=試験", "-i", "log=monitor.log"], None);
    // It wants a host without PsyFit; and the lab has no front ends to test.
    rounds.plan("initial-deploy", &[], Some("psyfit/deploy"));
    rounds.plan("e2e", &["-i", "target=http://127.0.0.1:9"], Some("frontend_user"));
    rounds.end(8);
}
