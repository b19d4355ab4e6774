//! style-ai-generator's releases: forward with a schema and a package, back again, and what happens when the new one does
//! not get well.

use super::harness::Lab;
use super::styleai_host::{
    APP, COUNTS, Look, fresh, holds, host, manage, processes, run, runs, sql, version,
};

/// Whether this release is the one that runs, by what answers and what is on the disk and in the database.
fn is_release(lab: &Lab, of: &str, django: &str, note: bool) -> Look {
    let said = version(lab);
    if !said.contains(&format!("\"version\": \"{of}\""))
        || !said.contains(&format!("\"django\": \"{django}\""))
    {
        return Err(format!("{said} answers, not {of} with Django {django}"));
    }
    let column = sql(
        lab,
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'images_salon' AND column_name = 'note'",
    );
    if (column == "1") != note {
        return Err(format!("the column is there {column} times"));
    }
    if host(lab, &format!("cd {APP}; sudo -Hu app git symbolic-ref --short HEAD")) != "main" {
        return Err("the code is on no branch".to_owned());
    }
    runs(lab)
}

fn commit(lab: &Lab, of: &str) -> String {
    host(lab, &format!("sudo -Hu app git -C {APP} rev-parse {of}"))
}

#[test]
fn a_release_goes_forward_and_back_with_its_schema_and_packages() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let (first, before, counts) = (commit(&lab, "HEAD"), processes(&lab), sql(&lab, COUNTS));
    run(&lab, "deploy", &[]).exits(3);
    is_release(&lab, "1.0.0", "5.2.1", false).expect("without an answer nothing is deployed");
    assert_eq!(processes(&lab), before);

    run(&lab, "deploy", &["--confirm", "code"]).exits(0);
    is_release(&lab, "1.1.0", "5.2.19", true).expect("the new release");
    assert!(holds(&lab, &format!("grep -q '#333' {APP}/staticfiles/css/site.css")), "with its style");
    assert_ne!(processes(&lab), before, "in other processes");
    assert_eq!(sql(&lab, COUNTS), counts);

    let which = format!("which={first}");
    run(&lab, "rollback", &["-i", "reason=試験", "--choose", &which, "--confirm", "schema=lab"]).exits(0);
    is_release(&lab, "1.0.0", "5.2.1", false).expect("the old release, its schema and its packages");
    assert_eq!(sql(&lab, COUNTS), counts, "and the data");
    // The next deployment would bring back what was just left.
    let ran = run(&lab, "deploy", &["--confirm", "code"]).exits(1);
    assert!(format!("{ran}").contains("was rolled back before"), "{ran}");

    // The look itself: the new code without a restart is not the new release.
    host(&lab, &format!("cd {APP}; sudo -Hu app git merge -q --ff-only origin/main"));
    manage(&lab, "migrate -v 0");
    is_release(&lab, "1.1.0", "5.2.1", true).expect_err("a service that was not restarted is found");
}

#[test]
fn a_release_that_never_gets_well_is_taken_back_by_itself() {
    let Some(lab) = Lab::of("styleai") else { return };
    fresh(&lab);
    let counts = sql(&lab, COUNTS);
    run(&lab, "deploy", &["-i", "branch=broken", "--confirm", "code"]).exits(1);
    is_release(&lab, "1.0.0", "5.2.1", false).expect("the old release runs");
    assert_eq!(sql(&lab, COUNTS), counts);
    assert!(holds(&lab, &format!("grep -q '#222' {APP}/staticfiles/css/site.css")), "with its style");

    // The manual's script ends well, whatever came of it.
    let manual = format!("cd {APP}; sudo -Hu app ./scripts/deploy.sh broken >/tmp/said 2>&1; echo \"rc $?\"");
    assert_eq!(host(&lab, &manual), "rc 0");
    runs(&lab).expect_err("and leaves an application that is ill");
}
