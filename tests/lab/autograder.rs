//! autograder as it is looked at from outside: its database, its site, its containers, its dumps. No look asks a playbook.

use std::path::{Path, PathBuf};

use super::harness::{Lab, empty, names, place, unpacked};

pub const COUNTS: &str = "SELECT (SELECT count(*) FROM students_student), (SELECT count(*) FROM scores_testresult), \
                          (SELECT count(*) FROM auth_user)";
/// A dump of a database without tables, whole.
pub const OLD_DUMP: &str =
    "--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n";

pub fn backups() -> PathBuf {
    place("autograder/backups")
}

pub fn offhost() -> PathBuf {
    place("autograder/offhost")
}

/// One value from a database of its server.
pub fn sql_in(lab: &Lab, database: &str, sql: &str) -> String {
    let psql = ["docker", "exec", "autograder-db-1", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"];
    let whom = ["-U", "autograder_user", "-d", database, "-c", sql];
    lab.enter(&[&psql[..], &whom].concat()).trim().to_owned()
}

/// One value from the live database.
pub fn sql(lab: &Lab, statement: &str) -> String {
    sql_in(lab, "autograder_db", statement)
}

pub fn counts(lab: &Lab) -> String {
    sql(lab, COUNTS)
}

/// What the site answers.
pub fn site(lab: &Lab, page: &str) -> String {
    let url = format!("https://127.0.0.1:8101/{page}");
    lab.enter(&["curl", "-sk", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", &url])
}

/// When a service's container was started.
pub fn started(lab: &Lab, service: &str) -> String {
    let container = format!("autograder-{service}-1");
    lab.enter(&["docker", "inspect", "-f", "{{.State.StartedAt}}", &container]).trim().to_owned()
}

/// The containers of the project in a state, by id.
pub fn containers(lab: &Lab, status: &str) -> Vec<String> {
    let project = "label=com.docker.compose.project=autograder";
    let status = format!("status={status}");
    let ps = ["docker", "ps", "-aq", "--no-trunc", "--filter", project, "--filter", &status];
    lab.enter(&ps).lines().map(str::to_owned).collect()
}

/// A script under bash in the lab, with an argument.
pub fn bash(lab: &Lab, script: &str, argument: &str) -> String {
    lab.enter(&["bash", "-c", script, "bash", argument]).trim().to_owned()
}

/// `manage.py` with these arguments in the backend's container.
pub fn manage(lab: &Lab, arguments: &str) -> String {
    let script =
        format!("docker exec autograder-backend-1 python manage.py {arguments} 2>&1; echo \"exit $?\"");
    bash(lab, &script, "")
}

/// The dumps of today's runs, oldest first.
pub fn dumps(folder: &Path) -> Vec<PathBuf> {
    let new = names(folder, "db_backup_2").into_iter().filter(|name| name.ends_with(".sql.gz"));
    new.map(|name| folder.join(name)).collect()
}

/// The only dump of the folder.
pub fn only_dump(folder: &Path) -> PathBuf {
    let found = dumps(folder);
    assert_eq!(found.len(), 1, "one dump: {found:?}");
    found[0].clone()
}

/// Empties what backups go to, and drops what restores have kept.
pub fn no_backups(lab: &Lab) {
    empty(&backups());
    empty(&offhost());
    let kept = "SELECT datname FROM pg_database WHERE datname ~ '^(autograder_db_|lab_)'";
    for name in sql_in(lab, "postgres", kept).lines() {
        sql_in(lab, "postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    }
    drop(std::fs::File::create(place("autograder/project/backend/autograder.log")).expect("the log"));
}

/// A dump of what is there now, by the playbook.
pub fn backed_up(lab: &Lab) -> PathBuf {
    no_backups(lab);
    lab.toban(&["run", "autograder/backup", "-i", "disk_limit=100"]).exits(0);
    only_dump(&backups())
}

/// Whether a dump restores into an empty database without an error and with these counts.
pub fn restores(lab: &Lab, dump: &Path, expected: &str) -> Result<(), String> {
    sql_in(lab, "postgres", "DROP DATABASE IF EXISTS lab_look WITH (FORCE)");
    sql_in(lab, "postgres", "CREATE DATABASE lab_look");
    let load = "set -o pipefail; gzip -dc \"$1\" | docker exec -i autograder-db-1 psql -Xq -v ON_ERROR_STOP=1 \
                --single-transaction -U autograder_user -d lab_look >/dev/null 2>&1; echo $?";
    let code = bash(lab, load, &dump.display().to_string());
    let tables =
        sql_in(lab, "lab_look", "SELECT count(*) FROM pg_tables WHERE tablename = 'students_student'");
    let found = match tables.as_str() {
        "1" => sql_in(lab, "lab_look", COUNTS),
        _ => "no table of pupils".to_owned(),
    };
    sql_in(lab, "postgres", "DROP DATABASE lab_look WITH (FORCE)");
    match code == "0" && found == expected {
        true => Ok(()),
        false => Err(format!("psql gave {code}; restored {found}, expected {expected}")),
    }
}

/// The manual's way of restoring: the exit code of its pipe.
pub fn poured(lab: &Lab, dump: &Path, database: &str) -> String {
    let pour = format!(
        "gunzip -c \"$1\" | docker exec -i autograder-db-1 psql -U autograder_user {database} >/dev/null 2>&1; echo $?"
    );
    bash(lab, &pour, &dump.display().to_string())
}

/// Dumps that are none, made from a good one: empty, cut short (as a stream and as a file), doubled.
pub fn damaged(good: &Path) -> Vec<PathBuf> {
    use std::io::Write;
    let text = unpacked(good);
    let half: String = text.chars().take(text.chars().count() / 2).collect();
    let doubled = format!("{text}{text}");
    let mut made = Vec::new();
    for (name, text) in [("empty", ""), ("half", &half), ("doubled", &doubled)] {
        let path = backups().join(format!("db_backup_bad_{name}.sql.gz"));
        let file = std::fs::File::create(&path).expect("a damaged dump");
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packed.write_all(text.as_bytes()).expect("packing");
        packed.finish().expect("packing");
        made.push(path);
    }
    let torn = backups().join("db_backup_bad_torn.sql.gz");
    let bytes = std::fs::read(good).expect("the dump");
    std::fs::write(&torn, &bytes[..bytes.len() / 2]).expect("a torn dump");
    made.push(torn);
    made
}

/// Whether the machine has any swap.
pub fn swap_is_on() -> bool {
    std::fs::read_to_string("/proc/swaps").expect("/proc/swaps").lines().count() > 1
}
