//! style-ai-generator's rounds from plan to run; all of it is on a host over ssh.

use super::dry_run::{Rounds, over_ssh};
use super::harness::Lab;
use super::styleai_host::{BACKUPS, fresh, newest};

#[test]
fn what_is_planned_of_styleai_is_what_runs() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let mut rounds = Rounds::of(&lab, "styleai", over_ssh);
    rounds.run("daily", &["-i", "disk_limit=100"], &[]);
    for runs in ["backup-sets", "optimize-db", "rotate-logs", "verify-backup"] {
        rounds.run(runs, &[], &[]);
    }
    for playbook in ["backup", "check", "check-disk", "counts", "logs", "preflight", "purge-backups"] {
        rounds.plan(playbook, &[], None);
    }
    for playbook in ["drop-old-copies", "weekly", "monthly", "delete-expired-images", "disaster-recovery"] {
        rounds.plan(playbook, &[], None);
    }
    for playbook in ["load-presets", "install-services", "configure-nginx", "apply-code", "restart", "start"]
    {
        rounds.plan(playbook, &[], None);
    }
    for trouble in ["celery", "db", "disk", "static"] {
        rounds.plan(&format!("troubleshoot-{trouble}"), &[], None);
    }
    let why = ["-i", "reason=試験のため"];
    for playbook in ["stop", "restore", "rollback"] {
        rounds.plan(playbook, &why, None);
    }
    rounds.plan("deploy", &["-i", "disk_limit=100"], None);
    rounds.plan("reset-usage", &["-i", "within_days=31"], None);
    let who = ["-i", "user=kanri", "-i", "mail=kanri@style-ai.lab"];
    rounds.plan("user-create-superuser", &who, None);
    let dump = format!("dump={BACKUPS}/db_{}.sql.gz", newest(&lab));
    rounds.plan("restore-scratch", &["-i", &dump, "-i", "database=imageconv_round"], None);
    let unit = ["-i", "name=lab-round", "-i", "title=Round", "-i", "command=/bin/true"];
    rounds.plan("put-unit", &unit, None);
    rounds.plan("escalate", &["-i", "what=試験"], None);
    for first in ["initial-deploy", "install-app", "install-database", "issue-certificate"] {
        rounds.plan(first, &[], None);
    }
    // A look may see neither who has a port nor the packet filter.
    rounds.plan("troubleshoot-gunicorn", &[], Some("8000"));
    rounds.plan("firewall", &[], Some("netlink"));
    fresh(&lab);
    rounds.end(40);
}
