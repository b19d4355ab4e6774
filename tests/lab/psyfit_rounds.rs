//! PsyFit's weekly round, its monitor, its incidents and its secrets: what they change, what they leave alone.

use super::harness::{Lab, names, place};
use super::mails::{Mail, Mailbox};
use super::psyfit::{backed_up, containers, get, serves, started, well};

/// Containers of the application that were never up, and an image that no container is left of.
fn leftovers(lab: &Lab) {
    let make = "for n in 1 2 3; do docker rm -f psyfit-web-left$n >/dev/null 2>&1 || true
          docker create --name psyfit-web-left$n --label service=psyfit --label role=web toban-lab:base true >/dev/null; done
        docker rm -f psyfit-stranger >/dev/null 2>&1 || true; docker create --name psyfit-stranger toban-lab:base true >/dev/null
        docker volume create psyfit-stranger >/dev/null
        docker tag $(docker images -q --filter label=service=psyfit | head -n 1) 127.0.0.1:8145/psyfit:unused";
    lab.enter(&["bash", "-ceu", make]);
}

fn stopped(lab: &Lab) -> Vec<String> {
    let format = ["docker", "ps", "-a", "--format", "{{.Names}}", "--filter", "label=service=psyfit"];
    let all =
        lab.enter(&[&format[..], &["--filter", "status=exited", "--filter", "status=created"]].concat());
    all.lines().map(str::to_owned).collect()
}

#[test]
fn a_week_of_psyfit_takes_what_is_left_over_and_never_the_version_to_go_back_to() {
    let Some(lab) = Lab::of("psyfit") else { return };
    backed_up(&lab);
    for file in ["psyfit/psyfit-monitor.log", "psyfit/psyfit-backup.log"] {
        let path = place(file);
        std::fs::OpenOptions::new().append(true).create(true).open(path).expect("a log");
    }
    // The manual's clean-up is a plain prune, shown on containers that stand in for old versions: afterwards Kamal
    // "rolls back" to one of them with 0, and nothing changes.
    leftovers(&lab);
    let harm = "docker ps -aq --filter name=psyfit-web-left --filter status=created | wc -l
        docker container prune -f --filter label=service=psyfit --filter label!=destination >/dev/null
        docker ps -aq --filter name=psyfit-web-left | wc -l";
    assert_eq!(lab.enter(&["bash", "-ceu", harm]).split_whitespace().collect::<Vec<_>>(), ["3", "0"]);
    let rollback = format!("cd {} && bin/kamal rollback left1 2>&1", place("psyfit/project").display());
    assert!(lab.enter(&["bash", "-ceu", &rollback]).contains("is not available"), "it ended with 0");

    leftovers(&lab);
    let before = stopped(&lab);
    let served = get(&lab, "/version").1;
    let log = place("psyfit/psyfit-backup.log");
    std::fs::write(&log, "2026-11-01T02:00:00+09:00: root - psyfit/daily x backup=failed health=ok\n")
        .expect("a bad day");
    let bad = lab.toban(&["run", "psyfit/weekly"]).exits(3);
    assert!(format!("{bad}").lines().any(|line| line.ends_with("It failed on 1 day")), "{bad}");
    std::fs::write(&log, "").expect("no bad day");
    assert_eq!(stopped(&lab), before, "unconfirmed, all stay");
    let confirmed = ["--confirm", "docker/remove=lab", "--confirm", "docker/images"];
    let keep_one = ["run", "psyfit/cleanup-docker", "-i", "keep_versions=1"];
    lab.toban(&[&keep_one[..], &["--confirm", "remove=lab", "--confirm", "images"]].concat()).exits(0);
    // Kamal puts a container aside under another name when its version is deployed again: that is no way back.
    let is_target = |name: &String| !name.contains("left") && !name.contains("_replaced_");
    let kept: Vec<String> = before.into_iter().filter(is_target).collect();
    assert_eq!(stopped(&lab), kept, "the version that served last stays, those that never were up go");
    assert_eq!(kept.len(), 1, "there is a version to go back to");
    assert_eq!(get(&lab, "/version").1, served);
    let images = lab.enter(&["docker", "images", "--format", "{{.Repository}}:{{.Tag}}"]);
    assert!(!images.contains("psyfit:unused"), "an image without a container is gone: {images}");
    assert!(images.contains("basecamp/kamal-proxy") && images.contains("8145/stack"), "others' images stay");
    assert!(containers(&lab).contains("psyfit-stranger"), "another's stopped container stays");
    assert!(
        lab.enter(&["docker", "volume", "ls", "-q"]).contains("psyfit-stranger"),
        "an unused volume stays"
    );
    lab.enter(&["bash", "-c", "docker rm psyfit-stranger; docker volume rm psyfit-stranger"]);

    let good = lab.toban(&[&["run", "psyfit/weekly"][..], &confirmed].concat()).exits(0);
    assert!(!format!("{good}").contains("It failed on"), "{good}");
    assert_eq!(stopped(&lab), kept);
}

/// Whoever is on duty was told so much by the monitor, in this order, and nothing else.
fn told(mailbox: &Mailbox<'_>, verdicts: &[&str]) -> Result<(), String> {
    let mails = mailbox.mails();
    let to = |mail: &Mail| mail.to == "duty@psytech.jp" && mail.text.contains("psyfit-monitor.log");
    let wanted: Vec<String> = verdicts.iter().map(|verdict| format!("[PsyFit] 監視: {verdict}")).collect();
    let subjects: Vec<&String> = mails.iter().map(|mail| &mail.subject).collect();
    let right = mails.iter().all(to) && subjects.iter().copied().eq(&wanted);
    if right { Ok(()) } else { Err(format!("{mails:?} and not {wanted:?}")) }
}

#[test]
fn the_monitor_of_psyfit_writes_a_line_a_round_and_tells_people_once_a_change() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let log = place("psyfit/psyfit-monitor.log");
    std::fs::write(&log, "").expect("an empty log");
    let mailbox = Mailbox::of(&lab, "psytech.jp");
    let round = ["run", "psyfit/monitor", "-i", "disk_limit=100"];
    let ran = lab.toban(&round).exits(0);
    assert!(format!("{ran}").contains("certificate"), "a certificate near its end is told: {ran}");
    told(&mailbox, &["警告"]).expect("the certificate is news once");
    for broken in ["psyfit-redis", "psyfit-web", "psyfit-health"] {
        lab.breaks(broken);
        lab.toban(&round).exits(1);
        lab.script("mend", &[broken]);
        told(&mailbox, &["警告", "異常"]).expect("one mail, however often it is broken");
    }
    let body = mailbox.mails().pop().expect("the mail").text;
    assert!(body.contains("psyfit-redis is not running"), "what is broken is in it: {body}");
    lab.toban(&round).exits(0);
    lab.toban(&round).exits(0);
    told(&mailbox, &["警告", "異常", "復旧"]).expect("one mail when it is well again");
    let lines: Vec<bool> = std::fs::read_to_string(&log)
        .expect("the monitor's log")
        .lines()
        .map(|line| line.contains("health=ok"))
        .collect();
    assert_eq!(lines, [true, false, false, false, true, true]);

    // The twin: the same mail to somebody else is none for whoever is on duty.
    let address = place("psyfit/project/.kamal/keys/monitor_alert_email");
    std::fs::write(&address, "other@psytech.jp").expect("another address");
    lab.breaks("psyfit-redis");
    lab.toban(&round).exits(1);
    std::fs::write(&address, "duty@psytech.jp").expect("the address");
    told(&mailbox, &["警告", "異常", "復旧", "異常"]).expect_err("a mail to somebody else");
}

#[test]
fn an_incident_of_psyfit_saves_the_log_restarts_the_same_container_and_waits_until_it_is_well() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let web = lab.enter(&["docker", "ps", "--format", "{{.Names}}", "--filter", "label=service=psyfit"]);
    let version = web.trim().trim_start_matches("psyfit-web-").to_owned();
    for (broken, incident, container) in [
        ("psyfit-db", "psyfit/incident-db", "psyfit-db"),
        ("psyfit-redis", "psyfit/incident-redis", "psyfit-redis"),
        ("psyfit-web", "psyfit/incident-app", web.trim()),
    ] {
        let before =
            (lab.enter(&["docker", "inspect", "-f", "{{.Id}}", container]), started(&lab, container));
        lab.breaks(broken);
        // The twin: unconfirmed nothing is restarted, and the look finds the system still down.
        lab.toban(&["run", incident]).exits(3);
        well(&lab).expect_err(broken);
        lab.toban(&["run", incident, "--confirm", "restart"]).exits(0);
        well(&lab).unwrap_or_else(|e| panic!("{incident}: {e}"));
        let after = (lab.enter(&["docker", "inspect", "-f", "{{.Id}}", container]), started(&lab, container));
        assert_eq!(after.0, before.0, "{incident}: the container is the same, and so are its data");
        assert_ne!(after.1, before.1, "{incident}: it was started anew");
    }
    assert!(names(&place("psyfit/logs"), "incident_").len() >= 3, "the logs of before are kept");
    serves(&lab, &version).expect("the same version is served");
}

#[test]
fn the_secrets_of_psyfit_are_made_once_and_never_again_once_it_is_deployed() {
    let Some(lab) = Lab::of("psyfit") else { return };
    // The manual's way, pasted a second time: with a new key the patients' records can't be read any more.
    let web = lab.enter(&["docker", "ps", "-q", "--filter", "label=service=psyfit"]);
    let harm = format!(
        "docker exec -e ATTR_ENCRYPTED_KEY=$(openssl rand -hex 32) {} bin/rails psyfit:decrypt 2>&1 || true",
        web.trim()
    );
    assert!(lab.enter(&["bash", "-ceu", &harm]).contains("another key"));

    let folder = tempfile::tempdir().expect("a folder");
    let input = format!("folder={}", folder.path().join("keys").display());
    let make = ["run", "psyfit/secrets", "-i", &input, "-i", "service=trial", "--answer", "vault=place=safe"];
    lab.toban(&make).exits(0);
    let read = || {
        let keys = folder.path().join("keys");
        let all = names(&keys, "");
        all.iter()
            .map(|name| (name.clone(), std::fs::read(keys.join(name)).expect("a key")))
            .collect::<Vec<_>>()
    };
    let first = read();
    assert_eq!(first.len(), 5);
    use std::os::unix::fs::PermissionsExt;
    let mode =
        std::fs::metadata(folder.path().join("keys/attr_encrypted_key")).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    lab.toban(&make).exits(0);
    assert_eq!(read(), first, "what is there stays as it is");
    // The twin: one that is missing is made while nothing is deployed, and the look at the files sees it.
    std::fs::remove_file(folder.path().join("keys/redis_password")).expect("a key");
    lab.toban(&make).exits(0);
    assert_ne!(read(), first);

    let key = place("psyfit/project/.kamal/keys/attr_encrypted_key");
    let aside = place("psyfit/attr_encrypted_key");
    std::fs::rename(&key, &aside).expect("a key is lost");
    let refused = lab.toban(&["run", "psyfit/secrets"]);
    let made = key.exists();
    std::fs::rename(&aside, &key).expect("the key is back");
    refused.exits(1);
    assert!(!made, "no new key for patients' data that an old one holds");
}

#[test]
fn an_external_monitor_is_set_up_once_its_alarm_has_arrived_and_asks_often_enough() {
    let Some(lab) = Lab::of("psyfit") else { return };
    let set_up = |answers: &[&str]| lab.toban(&[&["run", "psyfit/setup-external-monitor"], answers].concat());
    let monitor = ["--answer", "monitor=service=lab,interval_minutes=5"];
    let mailbox = Mailbox::of(&lab, "psytech.jp");
    // Stands in for the service that a person registers with: it asks from outside, and mails what is not well.
    let asks = || {
        let (status, _) = get(&lab, "/api/v1/health");
        let mail = "printf 'Subject: psytech.jp: %s\n\nfrom outside\n' \"$1\" | curl -s --url smtp://127.0.0.1:2525 --user monitor:lab-mail \
                    --mail-from monitor@outside.test --mail-rcpt duty@psytech.jp --upload-file -";
        if status != "200" {
            lab.enter(&["bash", "-ceu", mail, "bash", &status]);
        }
        mailbox.mails().iter().any(|mail| mail.subject.contains(&status))
    };
    assert!(!asks(), "there is no alarm while all is well");
    set_up(&monitor).exits(3);
    let seldom = set_up(&["--answer", "monitor=service=lab,interval_minutes=10"]).exits(1);
    assert!(format!("{seldom}").contains("longer than 5 minutes"), "{seldom}");
    lab.breaks("psyfit-health");
    assert!(asks(), "the alarm arrived at whoever is on duty");
    let refused = set_up(&[&monitor[..], &["--answer", "alarm=received=05:12"]].concat()).exits(1);
    assert!(format!("{refused}").contains("503"), "none is set up on a system that is down: {refused}");
    lab.script("mend", &["psyfit-health"]);
    set_up(&[&monitor[..], &["--answer", "alarm=received=05:12"]].concat()).exits(0);
    let record = lab.toban(&["report", "last", "--format", "json"]).ok(&["report"]);
    assert!(record.contains("05:12"), "when it arrived is on record: {record}");
}
