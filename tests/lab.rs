//! The shipped playbooks against the lab's real systems: what a run leaves behind there, and how it fails when they do.
//! It does not bring the lab up: `tests/run` or `tests/lab/up` does.

#[path = "lab/harness.rs"]
mod harness;

#[allow(dead_code)]
#[path = "plan_truth/children.rs"]
mod children;
#[allow(dead_code)]
#[path = "plan_truth/told.rs"]
mod told;

#[path = "lab/autograder.rs"]
mod autograder;
#[path = "lab/autograder_care.rs"]
mod autograder_care;
#[path = "lab/autograder_daily.rs"]
mod autograder_daily;
#[path = "lab/autograder_incident.rs"]
mod autograder_incident;
#[path = "lab/autograder_looks.rs"]
mod autograder_looks;
#[path = "lab/autograder_migrations.rs"]
mod autograder_migrations;
#[path = "lab/autograder_restore.rs"]
mod autograder_restore;
#[path = "lab/autograder_services.rs"]
mod autograder_services;
#[path = "lab/cafemuji.rs"]
mod cafemuji;
#[path = "lab/cafemuji_accounts.rs"]
mod cafemuji_accounts;
#[path = "lab/cafemuji_broken.rs"]
mod cafemuji_broken;
#[path = "lab/cafemuji_care.rs"]
mod cafemuji_care;
#[path = "lab/cafemuji_restore.rs"]
mod cafemuji_restore;
#[path = "lab/dry_run.rs"]
mod dry_run;
#[path = "lab/dry_run_autograder.rs"]
mod dry_run_autograder;
#[path = "lab/dry_run_cafemuji.rs"]
mod dry_run_cafemuji;
#[path = "lab/dry_run_psyfit.rs"]
mod dry_run_psyfit;
#[path = "lab/dry_run_refnet.rs"]
mod dry_run_refnet;
#[path = "lab/dry_run_styleai.rs"]
mod dry_run_styleai;
#[path = "lab/mails.rs"]
mod mails;
#[path = "lab/psyfit.rs"]
mod psyfit;
#[path = "lab/psyfit_backup.rs"]
mod psyfit_backup;
#[path = "lab/psyfit_broken.rs"]
mod psyfit_broken;
#[path = "lab/psyfit_first.rs"]
mod psyfit_first;
#[path = "lab/psyfit_release.rs"]
mod psyfit_release;
#[path = "lab/psyfit_restore.rs"]
mod psyfit_restore;
#[path = "lab/psyfit_rounds.rs"]
mod psyfit_rounds;
#[path = "lab/refnet_broken.rs"]
mod refnet_broken;
#[path = "lab/refnet_care.rs"]
mod refnet_care;
#[path = "lab/refnet_daily.rs"]
mod refnet_daily;
#[path = "lab/refnet_restore.rs"]
mod refnet_restore;
#[path = "lab/refnet_rounds.rs"]
mod refnet_rounds;
#[path = "lab/styleai_backup.rs"]
mod styleai_backup;
#[path = "lab/styleai_broken.rs"]
mod styleai_broken;
#[path = "lab/styleai_call.rs"]
mod styleai_call;
#[path = "lab/styleai_doors.rs"]
mod styleai_doors;
#[path = "lab/styleai_host.rs"]
mod styleai_host;
#[path = "lab/styleai_install.rs"]
mod styleai_install;
#[path = "lab/styleai_release.rs"]
mod styleai_release;
#[path = "lab/styleai_restore.rs"]
mod styleai_restore;
#[path = "lab/styleai_rounds.rs"]
mod styleai_rounds;
#[path = "lab/styleai_schedule.rs"]
mod styleai_schedule;
#[path = "lab/styleai_setup.rs"]
mod styleai_setup;
