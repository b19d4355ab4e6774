//! A schedule handed over to systemd: on the host of style-ai-generator, where systemd is the first process, its timers
//! really come.

use super::harness::Lab;
use super::styleai_host::{holds, host};

const PLAYBOOK: &str = "title: 毎分の印
schedule: [{ cron: '* * * * *', overlap: skip }]
steps: [{ id: mark, shell: 'date +%s >>/tmp/schedule-fired' }]
";

/// Puts this toban and a playbook that runs every minute onto the host, and nothing that an earlier test left.
fn put(lab: &Lab) {
    let program = env!("CARGO_BIN_EXE_toban");
    lab.enter(&["docker", "cp", program, "styleai:/usr/local/bin/toban"]);
    let files =
        format!("mkdir -p /opt/playbooks/tick; cat >/opt/playbooks/tick/tick.yaml <<'END'\n{PLAYBOOK}END");
    host(
        lab,
        &format!(
            "chown root: /usr/local/bin/toban; rm -rf /tmp/schedule-fired /opt/playbooks /var/lib/toban; {files}"
        ),
    );
}

#[test]
fn an_installed_timer_of_systemd_runs_its_playbook() {
    let Some(lab) = Lab::of("styleai") else { return };
    put(&lab);
    let schedule = |arguments: &str| host(&lab, &format!("cd /opt; toban --lang en schedule {arguments}"));
    let timers = "systemctl list-timers --all --no-legend | grep toban-tick";

    schedule("install --systemd --yes");
    assert!(holds(&lab, timers), "the timer is started");
    let again = schedule("install --systemd --yes");
    assert!(again.contains("nothing to change"), "{again}");
    let fired = "for n in $(seq 180); do [ ! -s /tmp/schedule-fired ] || break; sleep 0.5; done; test -s /tmp/schedule-fired";
    assert!(holds(&lab, fired), "the minute came and nothing ran");
    let at_the_minute = "at=$(head -n 1 /tmp/schedule-fired); test $((at % 60)) -lt 45";
    assert!(holds(&lab, at_the_minute), "it ran at another time than it should");
    let kept = "for n in $(seq 60); do toban runs | grep 'done.*tick/tick.*schedule' && exit; sleep 0.5; done; false";
    assert!(holds(&lab, kept), "its run is kept like any other: {}", host(&lab, "toban runs"));

    schedule("install --systemd --uninstall --yes");
    assert!(
        !holds(&lab, timers) && !holds(&lab, "ls /etc/systemd/system/toban-*"),
        "what was installed is gone"
    );
    host(&lab, "rm -rf /tmp/schedule-fired /opt/playbooks /usr/local/bin/toban /var/lib/toban");
}
