//! style-ai-generator's first installation: a second instance beside the one that runs, and the whole of it over a host
//! that has everything, where nothing may change.

use super::harness::{Lab, Ran};
use super::styleai_host::{APP, COUNTS, Look, fresh, holds, host, processes, run, runs, sql, sql_in};

const SECOND: &str = "/var/www/style-ai-second";
const DATABASE: &str = "imageconv_second";

/// What an installation must leave alone.
fn live(lab: &Lab) -> String {
    let files = host(
        lab,
        &format!(
            "sha256sum {APP}/.env /etc/systemd/system/{{gunicorn,celery-worker,celery-beat}}.service /etc/nginx/sites-available/*"
        ),
    );
    let database = sql(lab, "SELECT oid FROM pg_database WHERE datname = 'image_conversion_db'");
    let role = sql(lab, "SELECT rolpassword FROM pg_authid WHERE rolname = 'imageconv_user'");
    format!("{files}\n{}\n{database} {role}\n{}", processes(lab), sql(lab, COUNTS))
}

fn take_away(lab: &Lab) {
    host(
        lab,
        &format!(
            "systemctl stop second 2>/dev/null || true
             runuser -u postgres -- dropdb --if-exists --force {DATABASE}
             rm -rf {SECOND}; redis-cli -n 1 flushdb >/dev/null"
        ),
    );
}

/// Starts what was installed by hand and asks it.
fn second_answers(lab: &Lab) -> Look {
    let start = format!(
        "systemctl stop second 2>/dev/null || true
         systemd-run --quiet --collect --unit=second --uid=app --working-directory={SECOND} -- \
           {SECOND}/venv/bin/gunicorn --bind 127.0.0.1:8911 --workers 1 --access-logfile - --error-logfile - config.wsgi:application
         for n in $(seq 200); do curl -sf -o /dev/null -H 'Host: style-ai.lab' http://127.0.0.1:8911/api/v1/health/ && break; sleep 0.3; done
         curl -sf -H 'Host: style-ai.lab' http://127.0.0.1:8911/api/v1/version/ | grep -q '\"version\": \"1.1.0\"'
         systemctl stop second"
    );
    if !holds(lab, &format!("test -d {SECOND}/venv")) {
        return Err("nothing is installed".to_owned());
    }
    if !holds(lab, &start) {
        return Err("it does not answer with its version".to_owned());
    }
    match sql_in(lab, DATABASE, "SELECT count(*) FROM images_styleprompt").as_str() {
        "8" => Ok(()),
        presets => Err(format!("{presets} presets")),
    }
}

fn install(lab: &Lab, more: &[&str]) -> Ran {
    let (folder, database) = (format!("folder={SECOND}"), format!("database={DATABASE}"));
    let inputs = ["-i", &folder, "-i", &database, "-i", "redis=1", "-i", "port=8910"];
    run(lab, "install-app", &[&inputs[..], more].concat())
}

#[test]
fn a_second_instance_is_installed_beside_the_first_once_and_answers() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    take_away(&lab);
    let before = live(&lab);

    // The twin: nobody agrees, nothing is there, and the look says so.
    install(&lab, &[]).exits(3);
    second_answers(&lab).expect_err("nothing was agreed to");
    // What is another's stays another's.
    host(&lab, &format!("mkdir {SECOND}; echo mine >{SECOND}/own.txt"));
    let ran = install(&lab, &["--confirm", "database/database", "--confirm", "folder"]).exits(1);
    assert!(format!("{ran}").contains("holds something else"), "{ran}");
    assert!(holds(&lab, &format!("rm {SECOND}/own.txt")));
    let ran = run(&lab, "install-database", &["-i", "database=postgres"]).exits(1);
    assert!(format!("{ran}").contains("belongs to postgres"), "{ran}");

    install(&lab, &["--confirm", "database/database", "--confirm", "folder"]).exits(0);
    second_answers(&lab).expect("the second instance answers");
    let key = format!("grep ^SECRET_KEY= {SECOND}/.env");
    let written = host(&lab, &format!("stat -c '%a %U' {SECOND}/.env; sha256sum <{SECOND}/.env"));
    assert!(written.starts_with("600 app"), "{written}");
    assert_ne!(host(&lab, &key), host(&lab, &format!("grep ^SECRET_KEY= {APP}/.env")), "a key of its own");
    assert!(holds(&lab, &format!("test \"$({key} | wc -c)\" -gt 60")));
    assert!(!holds(&lab, "systemctl is-active style-ai-trial-8910"), "the trial is over");

    // A second time: nothing is asked, nothing is written anew.
    sql_in(&lab, DATABASE, "UPDATE images_styleprompt SET prompt = '店長の手直し' WHERE id = 2");
    install(&lab, &[]).exits(0);
    assert_eq!(host(&lab, &format!("stat -c '%a %U' {SECOND}/.env; sha256sum <{SECOND}/.env")), written);
    assert_eq!(sql_in(&lab, DATABASE, "SELECT prompt FROM images_styleprompt WHERE id = 2"), "店長の手直し");
    assert_eq!(live(&lab), before, "the first one was never touched");
    runs(&lab).expect("and runs");
    take_away(&lab);
}

/// A package of the lab's own in a source that apt reads without a network.
const PACKAGE: &str = "mkdir -p /srv/apt/tool/DEBIAN; cd /srv/apt
    printf 'Package: style-lab-tool\\nVersion: 1\\nArchitecture: all\\nMaintainer: lab\\nDescription: tool\\n' >tool/DEBIAN/control
    dpkg-deb --build tool tool.deb >/dev/null
    { dpkg-deb -f tool.deb; echo Filename: ./tool.deb; echo Size: $(stat -c %s tool.deb); echo SHA256: $(sha256sum <tool.deb | cut -d' ' -f1); } >Packages
    mkdir -p /srv/sources; for f in /etc/apt/sources.list /etc/apt/sources.list.d/*; do [ ! -f $f ] || mv $f /srv/sources/; done
    echo 'deb [trusted=yes] file:/srv/apt ./' >/etc/apt/sources.list
    dpkg --purge style-lab-tool 2>/dev/null || true";

#[test]
fn the_first_installation_adds_what_is_missing_and_changes_nothing_that_runs() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    host(&lab, PACKAGE);
    let before = live(&lab);
    let inputs = ["-i", "packages=style-lab-tool", "-i", "firewall=false", "-i", "disk=1GB"];
    let installed = "dpkg-query -W -f '${db:Status-Status}' style-lab-tool | grep -x installed";
    run(&lab, "initial-deploy", &inputs).exits(3);
    assert!(!holds(&lab, installed), "nobody agreed to a package");

    run(&lab, "initial-deploy", &[&inputs[..], &["--confirm", "packages"]].concat()).exits(0);
    assert!(holds(&lab, installed), "what was missing is there");
    assert_eq!(live(&lab), before, "what runs is as it was");
    runs(&lab).expect("it runs");
    assert!(holds(
        &lab,
        "grep 'styleai/initial-deploy.*new=false' /var/log/style-ai-generator/maintenance.log"
    ));
    // The look itself: another settings file is another installation.
    host(&lab, &format!("cp -p {APP}/.env /tmp/env; echo X=1 >>{APP}/.env"));
    assert_ne!(live(&lab), before);
    host(
        &lab,
        &format!(
            "mv /tmp/env {APP}/.env; dpkg --purge style-lab-tool; rm -r /srv/apt /etc/apt/sources.list; find /srv/sources -type f -exec mv {{}} /etc/apt/ \\;
             apt-get -qq update"
        ),
    );
}
