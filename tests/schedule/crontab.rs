//! The block in a crontab, with the real `crontab` of Debian's cron on a spool of its own.

use std::process::Command;

use super::place::{Place, Said, said};
use super::shop;

/// A command in a mount namespace whose cron spool is a folder of the place.
fn around(place: &Place, script: &str) -> Said {
    let spool = place.at("spool");
    std::fs::create_dir_all(spool.join("crontabs")).expect("made");
    let inner = format!(
        "mount --bind {} /var/spool/cron && cd {} && {script}",
        spool.display(),
        place.path().display()
    );
    let mut command = place.around("unshare");
    said(command.env("TZ", "Asia/Tokyo").args(["--mount", "sh", "-c", &inner]).output().expect("unshare"))
}

fn needs_crontab() {
    let there = Command::new("sh").args(["-c", "command -v crontab"]).output().expect("sh").status.success();
    assert!(there, "this test needs `crontab` (package cron), which tests/run installs");
}

#[test]
fn a_block_is_put_into_the_crontab_and_taken_out_and_other_lines_stay() {
    needs_crontab();
    let place = shop();
    let others = "# mine\nMAILTO=root\n17 3 * * *  true  # keep\n";
    place.file("mine", others);
    assert_eq!(around(&place, "crontab mine").code, 0);
    let shown = around(&place, "\"$TOBAN\" schedule install --crontab --diff");
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.err.contains("missed: run"), "what is not kept is said: {}", shown.err);
    assert_eq!(around(&place, "crontab -l").out, others);
    assert_eq!(around(&place, "\"$TOBAN\" schedule install --crontab").code, 3, "nobody agreed");
    let done = around(&place, "\"$TOBAN\" schedule install --crontab --yes");
    assert_eq!(done.code, 0, "{done:?}");
    let text = around(&place, "crontab -l").out;
    assert!(text.starts_with(others), "{text}");
    let lines: Vec<&str> = text[others.len()..].lines().collect();
    assert!(lines[0].starts_with("# BEGIN toban ") && lines[4].starts_with("# END toban "), "{text}");
    assert!(lines[1].starts_with("0 2 * * * flock -n "), "{}", lines[1]);
    assert!(lines[2].starts_with(r#"0 5 1-7 * * [ "$(date +\%u)" = 7 ] && flock "#), "{}", lines[2]);
    assert!(
        lines[3].starts_with(r#"0 5 28-31 * * [ "$(date -d tomorrow +\%d)" = 01 ] && flock -n "#),
        "{}",
        lines[3]
    );
    let again = around(&place, "\"$TOBAN\" schedule install --crontab --yes");
    assert!(again.out.contains("nothing to change"), "{again:?}");
    // The command of the line, as cron would hand it to the shell.
    let command =
        lines[2].split_once("&& ").map(|(_, command)| command.replace(r"\%", "%")).expect("a command");
    let ran = around(&place, &command);
    assert_eq!(ran.code, 0, "{ran:?}");
    let input = place.toban(&["runs", "--format", "json"]).out;
    assert!(input.contains("shop/monthly"), "{input}");
    assert_eq!(around(&place, "\"$TOBAN\" schedule install --crontab --uninstall --yes").code, 0);
    assert_eq!(around(&place, "crontab -l").out, others);
}

#[test]
fn another_zone_than_the_machines_is_refused() {
    needs_crontab();
    let place = shop();
    let said = around(&place, "TZ=UTC \"$TOBAN\" schedule install --crontab --yes");
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("Asia/Tokyo") && said.err.contains("--systemd"), "{}", said.err);
    assert!(around(&place, "crontab -l").err.contains("no crontab"));
}
