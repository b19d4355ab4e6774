//! autograder's services, certificate, files and doors: what a playbook says it did, looked at from outside.

use super::autograder::{backed_up, bash, containers, counts, manage, no_backups, site, sql, started};
use super::harness::{Lab, names, place, unpacked};

/// Whether a service runs in another process than the one that was started at a time.
fn is_restarted(lab: &Lab, service: &str, since: &str) -> bool {
    started(lab, service) != since && site(lab, "api/v1/health/") == "200"
}

#[test]
fn a_restart_is_another_process_and_a_stop_keeps_logs_and_volume() {
    let Some(lab) = Lab::of("autograder") else { return };
    let (backend, db) = (started(&lab, "backend"), started(&lab, "db"));
    let restart = ["run", "autograder/restart-service", "-i", "service=backend"];
    lab.toban(&restart).exits(3);
    assert!(!is_restarted(&lab, "backend", &backend), "one that did not happen is seen");
    lab.toban(&[&restart[..], &["--confirm", "restart"]].concat()).exits(0);
    assert!(is_restarted(&lab, "backend", &backend));
    assert_eq!(started(&lab, "db"), db, "the others go on");

    lab.toban(&["run", "autograder/stop"]).exits(3);
    assert_eq!(containers(&lab, "running").len(), 5);
    site(&lab, "marked-before-the-stop/");
    lab.toban(&["run", "autograder/stop", "--confirm", "stop=lab"]).exits(0);
    assert!(containers(&lab, "running").is_empty());
    assert_eq!(containers(&lab, "exited").len(), 5, "the containers are there, and with them their logs");
    let logs = place("autograder/saved-logs");
    let saved = names(&logs, "containers_").pop().expect("the saved logs");
    assert!(unpacked(&logs.join(saved)).contains("marked-before-the-stop"), "with the last requests");

    lab.toban(&["run", "autograder/start", "--confirm", "up"]).exits(0);
    assert_eq!(site(&lab, "api/v1/health/"), "200");
    assert_eq!(site(&lab, "zyuku/"), "200");
}

#[test]
fn a_database_that_is_down_is_started_once_confirmed_and_recreating_keeps_its_volume() {
    let Some(lab) = Lab::of("autograder") else { return };
    backed_up(&lab);
    let before = counts(&lab);
    lab.breaks("autograder-db");
    assert_eq!(site(&lab, "api/v1/health/"), "503");
    lab.toban(&["run", "autograder/check-services"]).exits(1);
    lab.toban(&["run", "autograder/troubleshoot-db"]).exits(3);
    // A disk that is full is no case for a restart.
    let full = ["run", "autograder/troubleshoot-db", "-i", "disk_limit=0", "--confirm", "restart"];
    lab.toban(&full).exits(1);
    assert_eq!(site(&lab, "api/v1/health/"), "503");
    lab.toban(&["run", "autograder/troubleshoot-db", "--confirm", "restart"]).exits(0);
    assert_eq!(site(&lab, "api/v1/health/"), "200");
    assert_eq!(counts(&lab), before);

    let old = containers(&lab, "running");
    lab.toban(&["run", "autograder/recreate-clean", "--confirm", "down=lab"]).exits(0);
    assert!(containers(&lab, "running").iter().all(|id| !old.contains(id)), "every container is new");
    assert_eq!(
        (counts(&lab), site(&lab, "api/v1/health/")),
        (before, "200".to_owned()),
        "the volume is the old one"
    );
}

#[test]
fn room_is_made_without_volumes_rollback_images_or_a_service_that_is_down() {
    let Some(lab) = Lab::of("autograder") else { return };
    backed_up(&lab);
    let volumes = "docker volume ls -q --filter label=lab=victim";
    let victim = "docker volume create --label lab=victim victim";
    // The manual's `--volumes`: what is not in use in this moment is gone, and a database that is down is not in use.
    bash(&lab, victim, "");
    bash(&lab, "docker volume prune -f --filter label=lab=victim", "");
    assert_eq!(bash(&lab, volumes, ""), "");

    bash(&lab, victim, "");
    let releases = "for n in 1 2 3 4 5 6; do docker commit autograder-backend-1 autograder/backend:r$n >/dev/null; sleep 1; done";
    bash(&lab, releases, "");
    let tags = "docker images autograder/backend --format '{{.Tag}}' | sort | paste -sd' '";
    let reclaim = [
        "run",
        "autograder/troubleshoot-disk",
        "-i",
        "disk_limit=0",
        "--choose",
        "way=images",
        "--confirm",
        "images/prune",
    ];
    lab.breaks("autograder-db");
    lab.toban(&reclaim).exits(1);
    assert_eq!(bash(&lab, tags, ""), "lab r1 r2 r3 r4 r5 r6", "nothing goes while a service is down");
    lab.script("mend", &["autograder-db"]);

    let week = ["run", "autograder/weekly", "-i", "disk_limit=100", "--confirm", "images/prune"];
    lab.toban(&["run", "autograder/weekly", "-i", "disk_limit=100"]).exits(3);
    assert_eq!(bash(&lab, tags, ""), "lab r1 r2 r3 r4 r5 r6");
    lab.toban(&week).exits(0);
    let left = bash(&lab, tags, "");
    assert_eq!(left, "lab r2 r3 r4 r5 r6", "the newest five stay for a rollback, and what runs");
    assert_eq!(bash(&lab, volumes, ""), "victim", "no volume goes");
    let analyzed =
        "SELECT count(*) > 0 FROM pg_stat_user_tables WHERE last_vacuum > now() - interval '5 minutes'";
    assert_eq!(sql(&lab, analyzed), "t", "the week has vacuumed");
    bash(
        &lab,
        "docker volume rm victim; docker images autograder/backend --format '{{.Repository}}:{{.Tag}}' | grep ':r' | xargs docker rmi",
        "",
    );
}

#[test]
fn a_month_with_a_certificate_near_its_end_fails_and_the_renewal_serves_a_new_one() {
    let Some(lab) = Lab::alone("autograder") else { return };
    no_backups(&lab);
    let end = "echo | openssl s_client -connect 127.0.0.1:8101 2>/dev/null | openssl x509 -noout -checkend $((60 * 86400)) >/dev/null && echo far || echo near";
    let month = ["run", "autograder/monthly", "--confirm", "upgrade=lab"];
    let installed = || bash(&lab, "cat target/lab/packages/opt/lab-tool", "");
    lab.breaks("autograder-update");
    lab.breaks("autograder-tls");
    let ran = lab.toban(&month[..2]).exits(1);
    assert!(format!("{ran}").contains("renew-tls"), "the way out is named: {ran}");
    assert_eq!(installed(), "1.0", "nobody typed the target: no package is updated");

    let renew = ["run", "autograder/renew-tls", "--confirm", "renew"];
    let refuse = place("autograder/authority/refuse");
    std::fs::write(&refuse, "").expect("an authority that refuses");
    let ran = lab.toban(&renew);
    std::fs::remove_file(&refuse).expect("one that does not");
    ran.exits(1);
    assert_eq!(bash(&lab, end, ""), "near", "a rehearsal that failed is the end of it, and the look sees it");
    lab.toban(&renew).exits(0);
    assert_eq!(bash(&lab, end, ""), "far");
    use std::os::unix::fs::PermissionsExt;
    let key = std::fs::metadata(place("autograder/project/ssl/key.pem")).expect("the key");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    lab.toban(&month).exits(0);
    assert_eq!((installed().as_str(), site(&lab, "api/v1/health/")), ("1.1", "200".to_owned()));
}

#[test]
fn missing_styles_come_back_and_a_broken_nginx_configuration_is_never_loaded() {
    let Some(lab) = Lab::of("autograder") else { return };
    lab.breaks("autograder-static");
    assert_eq!(site(&lab, "static/admin/css/base.css"), "404");
    lab.toban(&["run", "autograder/check-services"]).exits(1);
    lab.breaks("autograder-nginx");
    let mend = ["run", "autograder/troubleshoot-static", "--confirm", "collect"];
    lab.toban(&mend).exits(1);
    let restart = ["run", "autograder/restart-service", "-i", "service=nginx", "--confirm", "restart"];
    lab.toban(&restart).exits(1);
    assert_eq!(site(&lab, "api/v1/health/"), "200", "the site goes on with the configuration that it has");
    lab.script("mend", &["autograder-nginx"]);
    lab.toban(&mend).exits(0);
    assert_eq!(site(&lab, "static/admin/css/base.css"), "200");
    assert_eq!(site(&lab, "static/css/site.css"), "200");
}

#[test]
fn an_intruder_is_shut_out_and_we_are_not() {
    let Some(lab) = Lab::of("autograder") else { return };
    let knows = "shell -v 0 -c \"from django.contrib.auth import authenticate; print(authenticate(username='yamada', password='lab-changed') is not None)\"";
    let sessions = "SELECT count(*) FROM django_session";
    manage(&lab, "seed");
    let old = "from django.contrib.auth.models import User; u = User.objects.get(username='yamada'); u.set_password('lab-yamada'); u.save()";
    manage(&lab, &format!("shell -v 0 -c \"{old}\""));
    assert!(manage(&lab, knows).starts_with("False"));
    let page = format!("wp-login.php?intruder={}", std::process::id());
    let evidence = || {
        let logs = place("autograder/saved-logs");
        let saved = names(&logs, "containers_").pop().map(|name| unpacked(&logs.join(name)));
        saved.is_some_and(|text| text.contains(&page))
    };
    assert!(!evidence(), "nobody was there yet");
    site(&lab, &page);
    let own = ["run", "autograder/incident-security", "-i", "block=127.0.0.1", "--confirm", "deny=127.0.0.1"];
    lab.toban(&own).exits(1);
    assert_eq!(site(&lab, "api/v1/health/"), "200");

    let all = [
        "run",
        "autograder/incident-security",
        "-i",
        "since=10m",
        "-i",
        "block=203.0.113.9",
        "-i",
        "username=yamada",
        "-i",
        "end_sessions=true",
        "--confirm",
        "deny=203.0.113.9",
        "--confirm",
        "password",
        "--confirm",
        "end_sessions=lab",
    ];
    lab.toban(&all[..10]).exits(3);
    assert_ne!(sql(&lab, sessions), "0");
    let denied = "docker exec autograder-nginx-1 nginx -T 2>/dev/null | grep -c 'deny 203.0.113.9;'; true";
    assert_eq!(bash(&lab, denied, ""), "0", "nobody typed the address");
    lab.toban(&all).exits(0);
    assert_eq!((bash(&lab, denied, "").as_str(), site(&lab, "api/v1/health/")), ("1", "200".to_owned()));
    assert!(manage(&lab, knows).starts_with("True"), "the account has the new password");
    assert_eq!(sql(&lab, sessions), "0");
    assert!(evidence(), "what the intruder asked for is kept");
    std::fs::remove_file(place("autograder/project/deploy/blocked.conf")).expect("the list");
    bash(&lab, "docker exec autograder-nginx-1 nginx -s reload", "");
}

#[test]
fn an_administrator_is_made_and_no_container_of_our_own_can_be_picked_for_stopping() {
    let Some(lab) = Lab::of("autograder") else { return };
    let is_one = "SELECT count(*) FROM auth_user WHERE username = 'tanaka' AND is_superuser";
    sql(&lab, "DELETE FROM auth_user WHERE username = 'tanaka'");
    let make = [
        "run",
        "autograder/user-create-superuser",
        "-i",
        "username=tanaka",
        "-i",
        "mail=tanaka@kouzyoutest.com",
    ];
    lab.toban(&make).exits(3);
    assert_eq!(sql(&lab, is_one), "0");
    let confirmed = [&make[..], &["--confirm", "create"]].concat();
    lab.toban(&confirmed).exits(0);
    assert_eq!(sql(&lab, is_one), "1");
    lab.toban(&confirmed).exits(1);
    sql(&lab, "DELETE FROM auth_user WHERE username = 'tanaka'");

    bash(
        &lab,
        "docker rm -f stranger 2>/dev/null; docker run -d --init --name stranger toban-lab:base sleep 1000",
        "",
    );
    let up = "docker inspect -f '{{.State.Running}}' stranger";
    let ours = ["--choose", "pick=autograder-db-1", "--confirm", "stop=autograder-db-1"];
    let stop = ["run", "autograder/stop-container"];
    lab.toban(&[&stop[..], &ours].concat()).exits(3);
    assert_eq!((bash(&lab, up, "").as_str(), containers(&lab, "running").len()), ("true", 5));
    lab.toban(&[&stop[..], &["--choose", "pick=stranger", "--confirm", "stop=stranger"]].concat()).exits(0);
    assert_eq!((bash(&lab, up, "").as_str(), containers(&lab, "running").len()), ("false", 5));
    bash(&lab, "docker rm -f stranger", "");
}
