//! What sets style-ai-generator up, on a host that is set up already: nothing is done twice, what differs is shown and
//! mended, what does not work is put back.

use super::harness::Lab;
use super::styleai_host::{APP, fresh, holds, host, https, processes, run, runs, sql};

#[test]
fn an_administrator_is_made_once_and_edited_presets_are_shown_before_they_are_overwritten() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    sql(&lab, "DELETE FROM auth_user");
    let make = ["-i", "user=kanri", "-i", "mail=kanri@style-ai.lab", "--confirm", "create"];
    // The twin: nobody confirms, there is none.
    run(&lab, "user-create-superuser", &make[..4]).exits(3);
    assert_eq!(sql(&lab, "SELECT count(*) FROM auth_user"), "0");
    run(&lab, "user-create-superuser", &make).exits(0);
    let made = "SELECT is_superuser, password FROM auth_user WHERE username = 'kanri'";
    let first = sql(&lab, made);
    assert!(first.starts_with("t|pbkdf2_"), "{first}");
    run(&lab, "user-create-superuser", &make).exits(0);
    assert_eq!(sql(&lab, made), first, "one who is there stays as it is");

    sql(&lab, "UPDATE images_styleprompt SET prompt = '店長の手直し' WHERE id = 2");
    let ran = run(&lab, "load-presets", &[]).exits(3);
    assert!(format!("{ran}").contains("confirm"), "{ran}");
    assert_eq!(sql(&lab, "SELECT prompt FROM images_styleprompt WHERE id = 2"), "店長の手直し");
    run(&lab, "load-presets", &["--confirm", "load"]).exits(0);
    assert_ne!(sql(&lab, "SELECT prompt FROM images_styleprompt WHERE id = 2"), "店長の手直し");
    assert_eq!(sql(&lab, "SELECT count(*) FROM images_styleprompt"), "8");
}

#[test]
fn units_are_written_once_and_the_manuals_forking_ones_are_mended() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let before = processes(&lab);
    let owners = format!("stat -c %U:%G /var/log/style-ai-generator {APP}/staticfiles {APP}/media | sort -u");
    host(&lab, &format!("chown root: {APP}/staticfiles"));
    assert_ne!(host(&lab, &owners), "app:www-data");
    run(&lab, "install-services", &[]).exits(0);
    assert_eq!(host(&lab, &owners), "app:www-data", "the folders are the application's");
    assert_eq!(processes(&lab), before, "what is as it should be is not restarted");

    let units = "sha256sum /etc/systemd/system/{gunicorn,celery-worker,celery-beat}.service";
    let good = host(&lab, units);
    host(
        &lab,
        "sed -i 's/^User=/Type=forking\\nUser=/; /^Runtime/d' /etc/systemd/system/celery-beat.service; systemctl daemon-reload",
    );
    assert_ne!(host(&lab, units), good);
    run(&lab, "install-services", &[]).exits(3);
    assert_ne!(host(&lab, units), good, "without an answer nothing is written");
    run(&lab, "install-services", &["--confirm", "units/write"]).exits(0);
    assert_eq!(host(&lab, units), good);
    let after = processes(&lab);
    assert!(
        before.lines().zip(after.lines()).all(|(old, new)| old.starts_with("Id") || old != new),
        "{before}\n{after}"
    );
    runs(&lab).expect("all of it runs");
}

#[test]
fn a_configuration_that_nginx_refuses_never_reaches_it() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    run(&lab, "configure-nginx", &[]).exits(0);
    let live = "sha256sum /etc/nginx/sites-available/style-ai-generator";
    let good = host(&lab, live);
    host(&lab, &format!("cd {APP}; sed -i 's/listen 80/listen nowhere/' nginx/nginx.conf"));
    let ran = run(&lab, "configure-nginx", &["--confirm", "install"]);
    host(&lab, &format!("cd {APP}; sudo -Hu app git checkout -q nginx/nginx.conf"));
    ran.exits(1);
    assert_eq!(host(&lab, live), good, "the old one is back");
    assert_eq!(https(&lab, "/static/css/site.css").0, "200");
    host(&lab, "echo '# by hand' >>/etc/nginx/sites-available/style-ai-generator");
    run(&lab, "configure-nginx", &["--confirm", "install"]).exits(0);
    assert_eq!(host(&lab, live), good, "what was changed by hand is as the release has it");
    assert!(holds(&lab, "grep -q 'by hand' /var/backups/style-ai-generator/nginx_*.conf"), "and is kept");
}
