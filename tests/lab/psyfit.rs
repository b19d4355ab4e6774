//! What the tests of PsyFit look at, from outside: the served version, the rows of a dump, what stands in its database.
//! Each look gives an error that says what is wrong, so that its twin can show that it would.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::harness::{Lab, aged_gzip, empty, names, place, unpacked};

/// How full this machine's disk is says nothing about PsyFit.
pub const ROOM: [&str; 2] = ["-i", "disk_limit=100"];
pub const DATABASE: &str = "psyfit_production";
const COUNTS: &str = "SELECT (SELECT count(*) FROM patients), (SELECT count(*) FROM prescriptions), \
                      (SELECT count(*) FROM exercise_records)";

pub fn backups() -> PathBuf {
    place("psyfit/backups")
}

/// The commit of a tag of PsyFit's repository, which is the name of its version.
pub fn commit(lab: &Lab, tag: &str) -> String {
    let project = place("psyfit/project").display().to_string();
    lab.enter(&["git", "-C", &project, "rev-parse", tag]).trim().to_owned()
}

/// SQL in a database of PsyFit's server.
pub fn sql(lab: &Lab, database: &str, statement: &str) -> String {
    let psql = ["docker", "exec", "psyfit-db", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "psyfit_prod"];
    lab.enter(&[&psql[..], &["-d", database, "-c", statement]].concat()).trim().to_owned()
}

pub fn counts(lab: &Lab, database: &str) -> String {
    sql(lab, database, COUNTS)
}

/// What a page answers over https: its status and its body.
pub fn get(lab: &Lab, page: &str) -> (String, String) {
    let script = format!(
        "curl -sk -m 5 -H 'Host: psytech.jp' -w '\\n%{{http_code}}' https://127.0.0.1:8141{page} || true"
    );
    let answer = lab.enter(&["bash", "-c", &script]);
    let (body, status) = answer.trim_end().rsplit_once('\n').unwrap_or(("", "000"));
    (status.to_owned(), body.to_owned())
}

/// Asks the application itself, over https, which version it is.
pub fn serves(lab: &Lab, version: &str) -> Result<(), String> {
    let (status, body) = get(lab, "/version");
    let told: Value = serde_json::from_str(&body).map_err(|e| format!("{status} {body}: {e}"))?;
    if told["version"] == version { Ok(()) } else { Err(format!("{body} and not {version}")) }
}

/// Whether the application is well and out of maintenance.
pub fn well(lab: &Lab) -> Result<(), String> {
    match get(lab, "/api/v1/health") {
        (status, body) if status == "200" && body.contains("ok") => Ok(()),
        (status, body) => Err(format!("{status} {body}")),
    }
}

/// Restores a dump by hand into a database of this test's own and compares its rows with those of the live one.
pub fn restores(lab: &Lab, dump: &Path) -> Result<(), String> {
    let text = place("psyfit/look.sql");
    std::fs::write(&text, unpacked(dump)).expect("the dump's text");
    sql(lab, "postgres", "DROP DATABASE IF EXISTS psyfit_look WITH (FORCE)");
    sql(lab, "postgres", "CREATE DATABASE psyfit_look");
    let load = format!(
        "docker exec -i psyfit-db psql -Xq -1 -v ON_ERROR_STOP=1 -U psyfit_prod -d psyfit_look <{} >/dev/null 2>&1; \
         docker exec psyfit-db psql -XAtq -U psyfit_prod -d psyfit_look -c '{COUNTS}' 2>&1 || true",
        text.display()
    );
    let told = lab.enter(&["bash", "-c", &format!("{load}; true")]).trim().to_owned();
    sql(lab, "postgres", "DROP DATABASE psyfit_look WITH (FORCE)");
    let live = counts(lab, DATABASE);
    if told == live { Ok(()) } else { Err(format!("{told} and not {live}")) }
}

/// No database of a playbook is left behind.
pub fn tidy(lab: &Lab) -> Result<(), String> {
    let left = sql(
        lab,
        "postgres",
        "SELECT count(*) FROM pg_database WHERE datname ~ '^psyfit_(verify|restore|look)'",
    );
    if left == "0" { Ok(()) } else { Err(format!("{left} databases are left")) }
}

/// The dumps that are no old ones of a test.
pub fn fresh(folder: &Path) -> Vec<String> {
    names(folder, "psyfit_production_2").into_iter().filter(|name| name.ends_with(".sql.gz")).collect()
}

/// Four whole dumps of 40 to 70 days of age and nothing else.
pub fn old_dumps_only() {
    let whole = "--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n";
    empty(&backups());
    for days in [40, 50, 60, 70] {
        aged_gzip(&backups().join(format!("psyfit_production_old_{days}.sql.gz")), whole, days);
    }
}

/// One fresh, proved dump and nothing else; gives its path.
pub fn backed_up(lab: &Lab) -> PathBuf {
    empty(&backups());
    lab.toban(&[&["run", "psyfit/backup"][..], &ROOM].concat()).exits(0);
    backups().join(&fresh(&backups())[0])
}

/// When a container was started.
pub fn started(lab: &Lab, container: &str) -> String {
    lab.enter(&["docker", "inspect", "-f", "{{.State.StartedAt}}", container])
}

/// The names of its containers, running or not: those called after it, and whatever was made from its image.
pub fn containers(lab: &Lab) -> String {
    let filters = ["name=psyfit", "name=kamal-proxy", "label=service=psyfit"];
    let of = |filter| lab.enter(&["docker", "ps", "-a", "--format", "{{.Names}}", "--filter", filter]);
    let all = filters.map(of).concat();
    all.lines().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("\n")
}
