//! What is done with PsyFit now and then: set up for the first time, looked over, released by others, tested from end to
//! end, its schedule handed over.

use super::harness::{Lab, names, place};
use super::mails::Mailbox;
use super::psyfit::{commit, containers, get, serves, well};
use super::psyfit_release::{kamal, two_versions};

/// A program of the lab's own in a folder that comes first.
fn stand_in(name: &str, script: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, script).expect("a program");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    let first = format!("PATH={}:{}", folder.path().display(), std::env::var("PATH").expect("a path"));
    (folder, first)
}

#[test]
fn a_host_without_psyfit_is_set_up_once_and_never_over_one_that_runs() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let (_, new) = two_versions(&lab);
    let deploy = ["run", "psyfit/initial-deploy", "-i", "version=v2.4.0"];
    let confirmed = [&deploy[..], &["--confirm", "setup=lab"]].concat();
    let refused = lab.toban(&confirmed).exits(1);
    assert!(format!("{refused}").contains("is deployed already"), "{refused}");

    lab.enter(&[
        "bash",
        "-ceu",
        "docker ps -aq --filter label=service=psyfit --filter label=role=web | xargs docker rm -f",
    ]);
    // The twin: nobody confirms, nothing is set up.
    lab.toban(&deploy).exits(3);
    serves(&lab, &new).expect_err("there is none");
    lab.toban(&confirmed).exits(0);
    serves(&lab, &new).expect("it is set up");
    well(&lab).expect("and well");
    two_versions(&lab);
}

#[test]
fn a_port_that_is_open_to_all_is_found_before_a_deploy() {
    let Some(lab) = Lab::of("psyfit") else { return };
    lab.toban(&["run", "psyfit/preflight"]).exits(0);
    let open = "python3 -m http.server --bind 0.0.0.0 5433 >/dev/null 2>&1 & echo $!
        for n in $(seq 50); do ss -Hltn 'sport = :5433' | grep -q . && break; sleep 0.1; done";
    let pid = lab.enter(&["bash", "-ceu", open]);
    let found = lab.toban(&["run", "psyfit/preflight"]);
    lab.enter(&["kill", pid.trim()]);
    let found = found.exits(1);
    assert!(format!("{found}").contains("Port 5433 is open unexpectedly"), "{found}");
}

#[test]
fn what_others_released_is_looked_at_and_a_failed_release_is_taken_back_with_its_logs() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let (old, new) = two_versions(&lab);
    // Nobody says which commit was merged: nothing is waited for.
    let ci = ["-i", "pull_request=7"];
    lab.toban(&[&["run", "psyfit/deploy-ci"][..], &ci].concat()).exits(3);
    let merged = format!("merged=commit={old}");
    let mut waiting = lab.start("psyfit/deploy-ci", &[&ci[..], &["--answer", &merged]].concat());
    let waits = |lab: &Lab| {
        let told = lab.toban(&["status", "last"]).out;
        told.lines().any(|line| line.trim().starts_with("deployed ") && line.contains("running"))
    };
    while !waits(&lab) {
        assert!(!waiting.has_ended(), "it ended before anything was released");
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    kamal(&lab, &format!("deploy --skip-push --version={old}"));
    assert_eq!(waiting.ends(), Some(0), "what was merged is what serves");
    serves(&lab, &old).expect("the merged version");

    // That release is bad: back, with the logs of every version.
    let incident = ["run", "psyfit/incident-deploy", "-i", &format!("version={new}")];
    lab.toban(&incident).exits(3);
    serves(&lab, &old).expect("unconfirmed, nothing is taken back");
    for name in names(&place("psyfit/logs"), "psyfit-web-") {
        std::fs::remove_file(place("psyfit/logs").join(name)).expect("an old log");
    }
    lab.toban(&[&incident[..], &["--confirm", "rollback/rollback=lab"]].concat()).exits(0);
    serves(&lab, &new).expect("the version before");
    for version in [&old, &new] {
        let kept = names(&place("psyfit/logs"), &format!("psyfit-web-{version}"));
        assert!(!kept.is_empty(), "the log of {version} is kept");
    }
}

#[test]
fn what_the_application_logs_as_an_error_is_counted() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let web = lab.enter(&["docker", "ps", "-q", "--filter", "label=service=psyfit"]);
    let count = || -> u32 {
        lab.toban(&["run", "psyfit/logs"]).exits(0);
        let log = lab.toban(&["logs", "last", "app"]).exits(0).out;
        let told = log.lines().find_map(|line| line.split_once("count: ")).expect("a count");
        told.1.trim().parse().expect("a number")
    };
    let before = count();
    lab.enter(&[
        "docker",
        "exec",
        web.trim(),
        "sh",
        "-c",
        "echo 'ERROR planted' >/proc/1/fd/2; echo 'planted, no error' >/proc/1/fd/2",
    ]);
    assert_eq!(count(), before + 1, "the one that is an error");
}

#[test]
fn both_front_ends_are_tested_each_in_its_folder_and_never_against_production() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let record = place("psyfit/e2e.txt");
    std::fs::write(&record, "").expect("a record");
    let (_folder, path) = stand_in(
        "npm",
        &format!(
            "#!/bin/sh\necho \"$(basename \"$PWD\") $* $BASE_URL\" >>{}\ntest ! -e fails\n",
            record.display()
        ),
    );
    let fronts = ["frontend_user", "frontend_admin"].map(|name| place("psyfit/project").join(name));
    fronts.iter().for_each(|front| std::fs::create_dir_all(front).expect("a front end"));
    let run = |target: &str, more: &[&str]| {
        let target = format!("target={target}");
        lab.watched(&["env", &path], &[&["run", "psyfit/e2e", "-i", &target][..], more].concat())
    };
    let tested = || {
        let mut lines: Vec<String> =
            std::fs::read_to_string(&record).expect("the record").lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    run("https://psytech.jp", &["--confirm", "test"]).exits(1);
    run("https://staging.test", &[]).exits(3);
    assert!(tested().is_empty(), "neither production nor without an answer");
    run("https://staging.test", &["--confirm", "test"]).exits(0);
    assert_eq!(
        tested(),
        [
            "frontend_admin run test:e2e https://staging.test",
            "frontend_user run test:e2e https://staging.test"
        ]
    );
    std::fs::write(fronts[1].join("fails"), "").expect("a failing test");
    let failed = run("https://staging.test", &["--confirm", "test"]);
    fronts.iter().for_each(|front| std::fs::remove_dir_all(front).expect("a front end"));
    failed.exits(1);
}

#[test]
fn the_certificates_days_are_those_that_are_served() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let days = "end=$(openssl s_client -connect 127.0.0.1:8141 -servername psytech.jp </dev/null 2>/dev/null | openssl x509 -noout -enddate | cut -d= -f2)
        echo $(( ($(date -d \"$end\" +%s) - $(date +%s)) / 86400 ))";
    let days = lab.enter(&["bash", "-ceu", days]).trim().to_owned();
    let told = format!("{}", lab.toban(&["run", "psyfit/check-tls"]).exits(0));
    assert!(told.contains(&format!("The certificate has {days} days left")), "{days}: {told}");
    assert!(get(&lab, "/up").0 == "200" && containers(&lab).contains("kamal-proxy"));

    // Without TLS in the proxy that is no certificate of ours.
    let version = commit(&lab, "v2.4.0");
    let off = format!(
        "docker exec kamal-proxy kamal-proxy deploy psyfit-web --target $(docker inspect -f '{{{{.Id}}}}' psyfit-web-{version} | cut -c1-12):80 --host psytech.jp"
    );
    let on = format!(
        "{off} --tls --tls-certificate-path=/home/kamal-proxy/.apps-config/psyfit/tls/web/cert.pem --tls-private-key-path=/home/kamal-proxy/.apps-config/psyfit/tls/web/key.pem"
    );
    lab.enter(&["bash", "-ceu", &off]);
    let ran = lab.toban(&["run", "psyfit/check-tls"]);
    lab.enter(&["bash", "-ceu", &on]);
    ran.exits(1);
}

#[test]
fn a_known_weakness_is_a_finding_and_an_audit_that_cannot_tell_a_breakdown() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let list = place("psyfit/project/audit.txt");
    let check = ["run", "psyfit/check-vulnerabilities", "--strict"];
    let audit = |text: &str| {
        std::fs::write(&list, text).expect("what is known");
        let ran = lab.toban(&check);
        std::fs::remove_file(&list).expect("what is known");
        ran
    };
    lab.toban(&check).exits(0);
    // Done with a warning, where warnings count.
    audit("CVE-2026-0001 rack\n").exits(6);
    let log = lab.toban(&["logs", "last", "audit[0]"]).exits(0).out;
    assert!(log.contains("CVE-2026-0001"), "the finding is in its log: {log}");
    audit("the database of weaknesses cannot be read\n").exits(1);
}

#[test]
fn the_schedule_of_psyfit_is_handed_over_once_after_what_it_needs_was_tried() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let units = place("psyfit/units");
    drop(std::fs::remove_dir_all(&units));
    std::fs::create_dir_all(&units).expect("a folder");
    let install = [&["run", "psyfit/install-schedule"][..]].concat();
    let handed = |name: &str| std::fs::read_to_string(units.join(name)).map_err(|e| format!("{name}: {e}"));
    let mailbox = Mailbox::of(&lab, "psytech.jp");
    // The twin: nobody confirms, nothing is handed over.
    lab.toban(&install).exits(3);
    handed("toban-psyfit-monitor.timer").expect_err("unconfirmed");

    let confirmed = [&install[..], &["--confirm", "install"]].concat();
    // A mail that cannot go out keeps the monitor from being handed over.
    let address = place("psyfit/project/.kamal/keys/monitor_alert_email");
    std::fs::write(&address, "nobody at all").expect("no address");
    let ran = lab.toban(&confirmed);
    std::fs::write(&address, "duty@psytech.jp").expect("the address");
    ran.exits(1);
    handed("toban-psyfit-monitor.timer").expect_err("nobody could be told");

    lab.toban(&confirmed).exits(0);
    assert!(handed("toban-psyfit-daily.timer").expect("the backup's").contains("02:00:00 Asia/Tokyo"));
    let monitor = handed("toban-psyfit-monitor.timer").expect("the monitor's");
    assert!(monitor.contains("*:00,05,10,15"), "every five minutes: {monitor}");
    let service = handed("toban-psyfit-monitor.service").expect("the monitor's");
    assert!(service.contains("run psyfit/monitor") && service.contains("--env lab"), "{service}");
    assert!(
        mailbox.mails().iter().any(|mail| mail.to == "duty@psytech.jp"),
        "whoever is on duty was written to"
    );
    let before = names(&units, "");
    lab.toban(&install).exits(0);
    assert_eq!(names(&units, ""), before, "again it asks nothing and changes nothing");
}
