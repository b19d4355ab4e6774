//! style-ai-generator's rounds when it is broken: each core playbook fails, says why, and does no harm. Some of the ways
//! stand beside what the playbook does when all is well; here are the others.

use super::harness::Lab;
use super::styleai_host::{APP, BACKUPS, backed_up, fresh, host, images, listed, run, sql};

fn fails(lab: &Lab, playbook: &str, more: &[&str], because: &str) {
    let ran = run(lab, playbook, more).exits(1);
    assert!(format!("{ran}").contains(because), "{playbook} says {because}: {ran}");
}

#[test]
fn without_a_whole_backup_nothing_is_proved_drilled_deleted_or_restored() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let drill = ["--confirm", "begin=styleai-drill"];
    let restore = ["-i", "reason=試し", "--confirm", "quiesce=lab"];
    fails(&lab, "verify-backup", &[], "There is no backup");
    fails(&lab, "disaster-recovery", &drill, "There is no verified backup");
    let stamp = backed_up(&lab);
    let dump = format!("{BACKUPS}/db_{stamp}.sql.gz");
    host(&lab, &format!("cp -p {dump} /tmp/dump; echo x >>{dump}"));
    fails(&lab, "verify-backup", &[], "取得時と違います");
    fails(&lab, "disaster-recovery", &drill, "There is no verified backup");
    let choose = ["--choose", &format!("which={stamp}")];
    // It is not among those that can be chosen.
    run(&lab, "restore", &[&restore[..], &choose].concat()).exits(3);
    host(&lab, &format!("mv /tmp/dump {dump}; touch -d '2 days ago' {BACKUPS}/*"));
    fails(&lab, "verify-backup", &[], "hours old");
    fails(&lab, "delete-expired-images", &["--confirm", "delete=12"], "Nothing is deleted");
    assert_eq!(images(&lab), "96", "no image went");
    assert!(!listed(&lab).contains("part"), "nothing half-written is left");
}

#[test]
fn a_stopped_database_a_taken_port_and_a_killed_dump_fail_what_needs_them() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    backed_up(&lab);
    let (before, month) = (listed(&lab), ["-i", "disk_limit=100", "--confirm", "expired/delete=12"]);
    let drill = ["--confirm", "begin=styleai-drill"];

    // The drill: where something answers on its port already, and where it cannot restore.
    host(
        &lab,
        "systemd-run --quiet --collect --unit=taken python3 -m http.server --bind 127.0.0.1 8900; for n in $(seq 50); do ss -Hltn 'sport = :8900' | grep -q . && break; sleep 0.1; done",
    );
    fails(&lab, "disaster-recovery", &drill, "In use");
    host(&lab, "systemctl stop taken");
    lab.breaks("style-db");
    for playbook in ["disaster-recovery", "verify-backup", "backup"] {
        run(&lab, playbook, if playbook == "disaster-recovery" { &drill } else { &[] }).exits(1);
    }
    run(&lab, "monthly", &month).exits(1);
    lab.script("mend", &["style-db"]);

    // The month: no backup of its own, nothing is deleted.
    lab.breaks("style-dump");
    run(&lab, "backup", &[]).exits(1);
    run(&lab, "monthly", &month).exits(1);
    lab.script("mend", &["style-dump"]);
    fails(&lab, "monthly", &["-i", "disk_limit=0", "--confirm", "expired/delete=12"], "Disk usage");
    assert_eq!(listed(&lab), before, "nothing new looks like a backup");
    assert_eq!(
        (images(&lab).as_str(), sql(&lab, "SELECT sum(used) FROM images_monthlyusage").as_str()),
        ("96", "777")
    );
    assert_eq!(host(&lab, &format!("ls -d {APP}/media.* /var/tmp/styleai-* 2>/dev/null || true")), "");
}
