//! Whom style-ai-generator's operators call, and what its logs and disks are said to hold.

use super::harness::Lab;
use super::mails::Mailbox;
use super::styleai_host::{APP, Look, fresh, holds, host, run};

fn called(mailbox: &Mailbox<'_>, people: &[&str]) -> Look {
    let mails = mailbox.mails();
    let right = mails.iter().all(|mail| mail.subject.contains("画像が生成されません"));
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    if right && to == people { Ok(()) } else { Err(format!("{mails:?} and not {people:?}")) }
}

#[test]
fn an_escalation_goes_on_until_somebody_takes_over_and_writes_down_who() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let both = ["tech-support@style-ai.lab", "emergency@style-ai.lab"];
    let call = ["-i", "what=画像が生成されません"];
    let taken = "grep 'styleai/escalate.*→ 佐藤' /var/log/style-ai-generator/maintenance.log";
    host(&lab, "cd /var/log/style-ai-generator; touch maintenance.log; sed -i /escalate/d maintenance.log");
    lab.breaks("style-health");
    let mut mailbox = Mailbox::of(&lab, "style-ai.lab");

    // The twin: nobody takes over, which is a failure.
    called(&mailbox, &both).expect_err("nobody was called yet");
    let ran = run(&lab, "escalate", &call).exits(1);
    assert!(format!("{ran}").contains("緊急連絡"), "who did not answer is told: {ran}");
    called(&mailbox, &both).expect("one after the other");
    assert!(!holds(&lab, taken));
    let text = mailbox.mails().remove(0).text;
    assert!(text.contains("health: 503") && text.contains("active nginx"), "with what was found: {text}");

    mailbox.forget();
    let mut running = lab.start("styleai/escalate", &call);
    while mailbox.mails().len() < 2 {
        assert!(!running.has_ended(), "it ended before anybody answered");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    lab.toban(&["acknowledge", "last", "--operator", "佐藤"]).exits(0);
    assert_eq!(running.ends(), Some(0), "somebody took over");
    assert!(holds(&lab, taken), "who did is written down");
}

#[test]
fn what_logs_disks_and_host_hold_is_told_as_it_is() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let log = "/var/log/style-ai-generator/celery_worker.log";
    let says = "celery_worker.log: 1 lines with errors in the last 24 hours";
    host(&lab, &format!("cp -p {log} /tmp/kept; : >{log}"));
    let quiet = run(&lab, "logs", &[]).exits(0);
    let lines =
        "[$(date '+%F %T'),000: ERROR/MainProcess] planted\n[2026-01-01 00:00:00,000: ERROR/MainProcess] old";
    host(&lab, &format!("printf '%b\\n' \"{lines}\" >>{log}"));
    let told = run(&lab, "logs", &[]).exits(0);
    host(&lab, &format!("cat /tmp/kept >{log}; rm /tmp/kept"));
    let silent = |ran: &str| {
        !ran.lines().any(|l| l.contains("celery_worker.log: ") && l.contains("lines with errors"))
    };
    assert!(silent(&format!("{quiet}")), "{quiet}");
    assert!(format!("{told}").contains(says), "the old line does not count: {told}");

    let largest = |lab: &Lab| {
        run(lab, "troubleshoot-disk", &["--choose", "what=nothing"]).exits(0);
        lab.toban(&["logs", "last", "largest"]).exits(0).out
    };
    let large = format!("{APP}/media/huge.bin");
    assert!(!largest(&lab).contains("huge.bin"));
    host(&lab, &format!("head -c 60M /dev/zero >{large}"));
    let listed = largest(&lab);
    host(&lab, &format!("rm {large}"));
    assert!(listed.contains(&format!("62914560 {large}")), "{listed}");

    run(&lab, "preflight", &["-i", "disk=1GB"]).exits(0);
    let small = run(&lab, "preflight", &["-i", "disk=100TB"]).exits(1);
    assert!(format!("{small}").contains("or more are required"), "{small}");
}
