//! style-ai-generator's weekly and monthly rounds, its services stopped, started and restarted, and what is done when it
//! is broken.

use super::harness::Lab;
use super::styleai_host::{
    APP, BACKUPS, Look, backed_up, fresh, holds, host, https, images, manage, processes, run, runs, sql,
};

fn no_expired_image(lab: &Lab) -> Look {
    match (
        sql(lab, "SELECT count(*) FROM images_upload WHERE expires_at < now()").as_str(),
        images(lab).as_str(),
    ) {
        ("0", "72") => Ok(()),
        (rows, files) => Err(format!("{rows} rows are past their date, {files} files are there")),
    }
}

fn statistics_are_fresh(lab: &Lab) -> Look {
    let stale = "SELECT count(*) FROM pg_stat_user_tables WHERE last_analyze < now() - interval '10 minutes' OR last_analyze IS NULL";
    match sql(lab, stale).as_str() {
        "0" => Ok(()),
        tables => Err(format!("{tables} tables have no fresh statistics")),
    }
}

#[test]
fn a_month_deletes_what_is_past_its_date_and_resets_the_counters_once() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    host(
        &lab,
        "cd /var/log/style-ai-generator; rm -f *.log-*; echo old | gzip | tee gunicorn_access.log-20250101_000000.gz >gunicorn_access.log-20250601_000000.gz
         touch -d '100 days ago' *.log-20250101*.gz; touch -d '50 days ago' *.log-20250601*.gz; touch maintenance.log; sed -i /monthly/d maintenance.log",
    );
    sql(&lab, "SELECT pg_stat_reset()");
    statistics_are_fresh(&lab).expect_err("nobody looked at the tables since");
    assert_eq!(sql(&lab, "SELECT count(*) FROM images_upload WHERE expires_at < now()"), "12");
    assert_eq!(sql(&lab, "SELECT sum(used) FROM images_monthlyusage"), "777");
    let month = sql(
        &lab,
        "SELECT to_char(date_trunc('month', now() AT TIME ZONE 'Asia/Tokyo') - interval '1 day', 'YYYYMM')",
    );
    let reset = format!("reset/reset={month}");
    let inputs = [
        "-i",
        "reset_usage=true",
        "-i",
        "reset_within_days=31",
        "--confirm",
        "expired/delete=12",
        "--confirm",
        &reset,
    ];
    let month_done =
        "grep 'styleai/monthly.*expired=ok reset=ok' /var/log/style-ai-generator/maintenance.log";
    let old_logs = "ls /var/log/style-ai-generator/*.log-20250101*";
    assert!(!holds(&lab, month_done) && holds(&lab, old_logs), "the looks tell a month that was not made");
    run(&lab, "monthly", &inputs).exits(0);

    no_expired_image(&lab).expect("what is past its date is gone, what is not stays");
    assert_eq!(sql(&lab, "SELECT sum(used) FROM images_monthlyusage"), "0");
    assert!(
        holds(&lab, &format!("grep -q 'サロン・ド・リュミエール.*185' {BACKUPS}/usage_{month}_*.json")),
        "what was counted is kept"
    );
    assert!(!holds(&lab, old_logs), "old packed logs went");
    assert!(holds(&lab, "ls /var/log/style-ai-generator/*.log-20250601*"), "one of 50 days is not old");
    assert!(holds(&lab, month_done), "the month is on record");
    assert!(
        holds(&lab, "gunzip -t /var/log/style-ai-generator/gunicorn_access.log-2*.gz"),
        "the logs were rotated and packed"
    );
    https(&lab, "/api/v1/usage/");
    assert!(
        holds(&lab, "grep -q usage /var/log/style-ai-generator/gunicorn_access.log"),
        "and gunicorn writes into the new one"
    );
    statistics_are_fresh(&lab).expect("statistics are fresh");
    runs(&lab).expect("everything runs");

    // A second time in the month would wipe out what was really used: the manual's command does, the playbook refuses.
    sql(&lab, "UPDATE images_monthlyusage SET used = 5");
    run(&lab, "reset-usage", &["-i", "within_days=31", "--confirm", &format!("reset={month}")]).exits(1);
    assert_eq!(sql(&lab, "SELECT sum(used) FROM images_monthlyusage"), "30");
    manage(&lab, "reset_monthly_usage");
    assert_eq!(sql(&lab, "SELECT sum(used) FROM images_monthlyusage"), "0", "the manual's way");

    // The look itself.
    manage(&lab, "seed");
    no_expired_image(&lab).expect_err("images past their date are found");
    // Without a proved backup of the day nothing is deleted, whatever is confirmed.
    host(&lab, &format!("rm {BACKUPS}/set_*"));
    run(&lab, "delete-expired-images", &["--confirm", "delete=12"]).exits(1);
    assert_eq!(images(&lab), "96");
}

#[test]
fn a_week_restores_the_newest_backup_beside_and_fails_without_one() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    run(&lab, "weekly", &["--answer", "quality=bad=0"]).exits(1);
    let stamp = backed_up(&lab);
    run(&lab, "weekly", &["--answer", "quality=bad=0"]).exits(0);
    assert!(holds(&lab, "grep -q 'styleai/weekly.*verify=ok' /var/log/style-ai-generator/maintenance.log"));
    assert!(
        !holds(
            &lab,
            "ls -d /var/tmp/styleai-* || runuser -u postgres -- psql -XAtlq | grep imageconv_verify"
        ),
        "nothing is left"
    );
    host(&lab, &format!("touch -d '2 days ago' {BACKUPS}/*_{stamp}.*; chmod 644 {APP}/.env"));
    let ran = run(&lab, "weekly", &["--answer", "quality=bad=0"]).exits(1);
    host(&lab, &format!("chmod 600 {APP}/.env"));
    let said = format!("{ran}");
    assert!(said.contains("hours old") && said.contains("can be read by other users"), "{said}");
}

#[test]
fn services_stop_without_cutting_a_conversion_and_start_again() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    run(&lab, "stop", &["-i", "reason=停電"]).exits(3);
    runs(&lab).expect("without an answer nothing stops");
    host(
        &lab,
        &format!(
            "cd {APP}; sudo -Hu app venv/bin/celery -A config call images.tasks.convert --args '[\"late.png\", 8]'; sleep 2"
        ),
    );
    run(&lab, "stop", &["-i", "reason=停電", "--confirm", "beat=lab"]).exits(0);
    assert!(
        holds(&lab, &format!("grep -q converted {APP}/media/results/late.png")),
        "the conversion under way was finished"
    );
    runs(&lab).expect_err("everything is stopped");
    assert_eq!(host(&lab, "pgrep -u app -f 'gunicorn|celery' || true"), "", "no process is left");

    let pong = "redis-cli ping | grep -x PONG";
    host(&lab, "systemctl stop redis-server postgresql@15-main");
    assert!(!holds(&lab, pong), "the databases are stopped, too");
    run(&lab, "start", &[]).exits(0);
    runs(&lab).expect("everything runs");
    assert!(holds(&lab, pong));
    let before = processes(&lab);
    run(&lab, "restart", &["-i", "services=web"]).exits(0);
    let after = processes(&lab);
    let other = before.lines().zip(after.lines()).filter(|(old, new)| old != new).count();
    assert_eq!(other, 1, "only gunicorn is another process: {before}\n{after}");
}

#[test]
fn what_is_broken_is_named_and_mended() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    lab.breaks("style-db");
    run(&lab, "troubleshoot-db", &[]).exits(3);
    runs(&lab).expect_err("nobody agreed to a start");
    run(&lab, "troubleshoot-db", &["--confirm", "start"]).exits(0);
    runs(&lab).expect("the database runs again");

    lab.breaks("style-static");
    assert_eq!(https(&lab, "/static/css/site.css").0, "404");
    host(&lab, &format!("cd {APP}/staticfiles; echo mine >own.txt"));
    run(&lab, "troubleshoot-static", &["--confirm", "collect"]).exits(0);
    assert_eq!(https(&lab, "/static/css/site.css").0, "200");
    assert!(holds(&lab, &format!("rm {APP}/staticfiles/own.txt")), "what else was there is there still");
    host(&lab, &format!("chmod 000 {APP}/staticfiles/css"));
    run(&lab, "troubleshoot-static", &["--confirm", "permissions", "--confirm", "collect"]).exits(0);
    assert_eq!(https(&lab, "/static/css/site.css").0, "200");

    lab.breaks("style-gunicorn");
    let ran = run(&lab, "troubleshoot-gunicorn", &["--confirm", "start"]).exits(1);
    assert!(
        format!("{ran}").contains("configuration"),
        "the configuration is at fault, and nothing is started: {ran}"
    );
    lab.script("mend", &["style-gunicorn"]);
    host(&lab, "systemctl stop gunicorn");
    run(&lab, "troubleshoot-gunicorn", &[]).exits(3);
    runs(&lab).expect_err("nobody agreed to a start");
    run(&lab, "troubleshoot-gunicorn", &["--confirm", "start"]).exits(0);
    runs(&lab).expect("where its configuration is right it is started");

    lab.breaks("style-worker");
    let ran = run(&lab, "check", &[]).exits(1);
    assert!(format!("{ran}").contains("celery-worker is inactive"), "{ran}");
    run(&lab, "troubleshoot-celery", &["--confirm", "restart"]).exits(0);
    runs(&lab).expect("the worker runs again");
}
