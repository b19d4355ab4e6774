//! PsyFit's releases: what is served is asked of the application over https, whatever the command that was to change it
//! said of itself. Every test leaves 2.4.0 served and 2.3.0 as the version to go back to.

use super::harness::{Lab, place};
use super::psyfit::{DATABASE, ROOM, backups, commit, containers, fresh, get, serves, sql, well};

const OLD: &str = "v2.3.0";
const NEW: &str = "v2.4.0";
const BROKEN: &str = "v2.5.0-broken";

/// Kamal by hand, as the manual has it.
pub fn kamal(lab: &Lab, arguments: &str) -> String {
    let project = place("psyfit/project").display().to_string();
    lab.enter(&["bash", "-ceu", &format!("cd {project} && bin/kamal {arguments} 2>&1")])
}

/// Two versions by hand, where an earlier test left something else.
pub fn two_versions(lab: &Lab) -> (String, String) {
    let (old, new) = (commit(lab, OLD), commit(lab, NEW));
    if !containers(lab).contains(&old) {
        kamal(lab, &format!("deploy --skip-push --version={old}"));
    }
    if serves(lab, &new).is_err() {
        kamal(lab, &format!("deploy --skip-push --version={new}"));
    }
    serves(lab, &new).expect("the newer version is served");
    (old, new)
}

fn running(lab: &Lab) -> String {
    lab.enter(&["docker", "ps", "--format", "{{.Names}}", "--filter", "label=service=psyfit"])
}

#[test]
fn a_rollback_and_a_deploy_of_psyfit_change_what_is_served() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let (old, new) = two_versions(&lab);
    serves(&lab, &old).expect_err("the look at the version tells them apart");

    // The twin: nobody confirms, nothing changes.
    lab.toban(&["run", "psyfit/rollback", "--choose", &format!("choose={old}")]).exits(3);
    serves(&lab, &new).expect("unconfirmed, the same version is served");

    let back = ["run", "psyfit/rollback", "--choose", &format!("choose={old}"), "--confirm", "rollback=lab"];
    lab.toban(&back).exits(0);
    serves(&lab, &old).expect("the old version is served");

    let before = fresh(&backups()).len();
    lab.toban(
        &[&["run", "psyfit/deploy", "-i", "version=v2.4.0", "--confirm", "deploy=lab"][..], &ROOM].concat(),
    )
    .exits(0);
    serves(&lab, &new).expect("the new version is served");
    assert_eq!(fresh(&backups()).len(), before + 1, "with a backup of before");
}

#[test]
fn a_migration_that_was_left_out_is_found_and_made_up_for_by_hand() {
    let Some(lab) = Lab::of("psyfit") else { return };
    two_versions(&lab);
    let column = || {
        sql(
            &lab,
            DATABASE,
            "SELECT count(*) FROM information_schema.columns WHERE column_name = 'reminder_at'",
        )
    };
    let check = ["run", "psyfit/check-migrations"];
    lab.toban(&check).exits(0);
    sql(&lab, DATABASE, "ALTER TABLE prescriptions DROP COLUMN reminder_at");
    sql(&lab, DATABASE, "DELETE FROM schema_migrations WHERE version = '20260225000000'");
    assert_eq!(column(), "0");
    lab.toban(&check).exits(1);
    // The twin: nobody confirms, nothing is migrated.
    let migrate = [&["run", "psyfit/migrate"][..], &ROOM].concat();
    lab.toban(&migrate).exits(3);
    assert_eq!(column(), "0");
    lab.toban(&[&migrate[..], &["--confirm", "migrate=psyfit_production"]].concat()).exits(0);
    assert_eq!(column(), "1");
}

#[test]
fn a_rollback_that_ends_with_0_and_changed_nothing_is_caught() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let (old, new) = two_versions(&lab);
    let told = kamal(&lab, "rollback 20250101000000");
    assert!(told.contains("is not available as a container"), "it ended with 0 and said: {told}");
    serves(&lab, &new).expect("and nothing changed");

    let unknown = ["run", "psyfit/rollback", "-i", "version=20250101000000", "--confirm", "rollback=lab"];
    let refused = lab.toban(&unknown).exits(1);
    assert!(format!("{refused}").contains("20250101000000"), "refused before it is asked for: {refused}");

    // Where the container vanishes between the look and the act, Kamal's own 0 is not taken for an answer.
    let (kamal, real) = (place("psyfit/project/bin/kamal"), place("psyfit/project/bin/kamal.real"));
    std::fs::rename(&kamal, &real).expect("the real one aside");
    let wrapper =
        "#!/bin/sh\n[ \"$1\" != rollback ] || set -- rollback \"gone-$2\"\nexec bin/kamal.real \"$@\"\n";
    std::fs::write(&kamal, wrapper).expect("a wrapper");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&kamal, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    let back = ["run", "psyfit/rollback", "-i", &format!("version={old}"), "--confirm", "rollback=lab"];
    let ran = lab.toban(&back);
    std::fs::rename(&real, &kamal).expect("the real one back");
    let ran = ran.exits(1);
    assert!(format!("{ran}").contains("released"), "the look after it found it: {ran}");
    serves(&lab, &new).expect("as before");
}

#[test]
fn a_version_that_never_answers_is_not_released_and_neither_way_back_takes_it() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let (_, new) = two_versions(&lab);
    let deploy = ["run", "psyfit/deploy", "-i", "version=v2.5.0-broken", "--confirm", "deploy=lab"];
    lab.breaks("psyfit-lock");
    let locked = lab.toban(&[&deploy[..], &ROOM].concat()).exits(1);
    assert!(format!("{locked}").contains("lock"), "another's lock is told: {locked}");
    lab.script("mend", &["psyfit-lock"]);

    let failed = lab.toban(&[&deploy[..], &ROOM].concat()).exits(1);
    assert!(format!("{failed}").contains(&new), "what serves now is told: {failed}");
    serves(&lab, &new).expect("the version before went on");
    well(&lab).expect("and is well");

    // By hand to the container that this left: it is started, does not answer, and is stopped again.
    let broken = commit(&lab, BROKEN);
    let (from, to) = (format!("new=psyfit-web-{new}"), format!("old=psyfit-web-{broken}"));
    let manual = ["run", "psyfit/rollback-manual", "-i", &from, "-i", &to, "--confirm", "start=lab"];
    lab.toban(&manual).exits(1);
    assert!(!running(&lab).contains(&broken), "what was started is stopped");
    serves(&lab, &new).expect("the version before never stopped");
    lab.enter(&["docker", "rm", "-f", &format!("psyfit-web-{broken}")]);
}

#[test]
fn the_way_back_by_hand_keeps_https_which_the_manuals_way_switches_off() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let (old, new) = two_versions(&lab);
    let tls =
        ["docker", "exec", "kamal-proxy", "kamal-proxy", "deploy", "psyfit-web", "--host", "psytech.jp"];
    let with = [
        "--tls",
        "--tls-certificate-path=/home/kamal-proxy/.apps-config/psyfit/tls/web/cert.pem",
        "--tls-private-key-path=/home/kamal-proxy/.apps-config/psyfit/tls/web/key.pem",
    ];
    let target = format!("--target=psyfit-web-{new}:80");
    // The manual's way: a deploy of the proxy without --tls. It ends with 0, and nobody reaches the clinic over https.
    lab.enter(&[&tls[..], &[&target]].concat());
    let (status, _) = get(&lab, "/up");
    let found = ["psyfit/check-release", "psyfit/check-tls"].map(|look| lab.toban(&["run", look]));
    lab.enter(&[&tls[..], &[&target], &with[..]].concat());
    assert_eq!(status, "000", "https is off");
    for look in found {
        look.exits(1);
    }
    lab.toban(&["run", "psyfit/check-tls"]).exits(0);

    let arguments = |old: &str, new: &str| {
        ["-i".to_owned(), format!("old=psyfit-web-{old}"), "-i".to_owned(), format!("new=psyfit-web-{new}")]
    };
    let run = |old: &str, new: &str, more: &[&str]| {
        let inputs = arguments(old, new);
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        lab.toban(&[&["run", "psyfit/rollback-manual"][..], &inputs, more].concat())
    };
    run(&new, &new, &["--confirm", "start=lab"]).exits(1);
    run(&old, &new, &[]).exits(3);
    serves(&lab, &new).expect("neither the same container nor an unconfirmed one is switched to");

    run(&old, &new, &["--confirm", "start=lab"]).exits(0);
    serves(&lab, &old).expect("the old version is served, over https");
    assert!(!running(&lab).contains(&new), "what it replaced is stopped");
    run(&new, &old, &["--confirm", "start=lab"]).exits(0);
    serves(&lab, &new).expect("and forward again");
}

#[test]
fn a_rehearsal_asks_since_it_is_real_and_ends_where_it_began() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let (old, new) = two_versions(&lab);
    let version = format!("version={old}");
    let started =
        || lab.enter(&["docker", "inspect", "-f", "{{.State.StartedAt}}", &format!("psyfit-web-{old}")]);
    let before = started();
    lab.toban(&["run", "psyfit/rollback-rehearsal", "-i", &version]).exits(3);
    assert_eq!(started(), before, "unconfirmed the old version never ran");
    let confirmed = ["--confirm", "back/rollback=lab", "--confirm", "forward/rollback=lab"];
    lab.toban(&[&["run", "psyfit/rollback-rehearsal", "-i", &version][..], &confirmed].concat()).exits(0);
    assert_ne!(started(), before, "the old version did run");
    serves(&lab, &new).expect("and the new one is served again");
}
