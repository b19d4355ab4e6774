//! style-ai-generator's host, looked at from outside of any playbook: straight into its container, and over TLS as its
//! customers come. What a look finds wrong is told, so that a test can show that the look itself can fail.

use super::harness::{Lab, Ran, repo};

pub const BACKUPS: &str = "/var/backups/style-ai-generator";
pub const APP: &str = "/var/www/style-ai-generator";

/// A look's verdict: what is wrong.
pub type Look = Result<(), String>;

/// A script under bash on the host, as root.
pub fn host(lab: &Lab, script: &str) -> String {
    lab.enter(&["docker", "exec", "styleai", "bash", "-ceuo", "pipefail", script]).trim().to_owned()
}

/// Whether a script on the host succeeds.
pub fn holds(lab: &Lab, script: &str) -> bool {
    host(lab, &format!("if ({script}) >/dev/null 2>&1; then echo yes; else echo no; fi")) == "yes"
}

/// One value from the live database.
pub fn sql(lab: &Lab, query: &str) -> String {
    sql_in(lab, "image_conversion_db", query)
}

/// One value from a database of the host.
pub fn sql_in(lab: &Lab, database: &str, query: &str) -> String {
    lab.enter(&[
        "docker",
        "exec",
        "--user",
        "postgres",
        "styleai",
        "psql",
        "-XAtq",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        database,
        "-c",
        query,
    ])
    .trim()
    .to_owned()
}

/// A management command of the application.
pub fn manage(lab: &Lab, command: &str) -> String {
    host(lab, &format!("cd {APP} && sudo -Hu app venv/bin/python manage.py {command}"))
}

/// What is answered over TLS: the status, and the body.
pub fn https(lab: &Lab, path: &str) -> (String, String) {
    let url = format!("https://style-ai.lab:8121{path}");
    let ca = repo().join("target/lab/styleai/ca.pem").display().to_string();
    let to = "style-ai.lab:8121:127.0.0.1";
    let said = lab.enter(&[
        "curl",
        "-s",
        "-m",
        "20",
        "--resolve",
        to,
        "--cacert",
        &ca,
        "-w",
        "\n%{http_code}",
        &url,
    ]);
    let (body, code) = said.trim_end().rsplit_once('\n').unwrap_or(("", said.trim()));
    (code.to_owned(), body.to_owned())
}

/// The version that answers, which a process read when it began.
pub fn version(lab: &Lab) -> String {
    let (_, body) = https(lab, "/api/v1/version/");
    body
}

/// Begins a test: the first release with its seeded data, every service running, no backup there.
pub fn fresh(lab: &Lab) {
    host(
        lab,
        &format!(
            "cd {APP}; as_app() {{ sudo -Hu app \"$@\"; }}
             find {BACKUPS} -mindepth 1 -delete
             rm -rf media.before_* media.restore_*; chmod -R u=rwX,go=rX staticfiles
             for old in $(runuser -u postgres -- psql -XAtq -c \"SELECT datname FROM pg_database WHERE datname LIKE 'imageconv%' OR datname = 'lab_look'\"); do
               runuser -u postgres -- dropdb --force \"$old\"
             done
             as_app git tag --list 'rolled-back/*' | xargs -r sudo -Hu app git tag --delete >/dev/null
             if [ \"$(as_app git rev-parse HEAD)\" != \"$(as_app git rev-parse v1.0.0)\" ]; then
               as_app git checkout -q -f main
               [ ! -e images/migrations/0002_salon_note.py ] || as_app venv/bin/python manage.py migrate -v 0 images 0001
               as_app git reset -q --hard v1.0.0
               as_app venv/bin/pip install -q -r requirements.txt
               as_app venv/bin/python manage.py collectstatic --noinput -v 0
               systemctl restart gunicorn celery-worker celery-beat
             fi
             as_app venv/bin/python manage.py seed
             systemctl start gunicorn celery-worker celery-beat nginx
             for n in $(seq 200); do curl -sf -o /dev/null -H 'Host: style-ai.lab' http://127.0.0.1:8000/api/v1/health/ && break; sleep 0.3; done"
        ),
    );
}

/// Runs a backup and gives its stamp.
pub fn backed_up(lab: &Lab) -> String {
    lab.toban(&["run", "styleai/backup"]).exits(0);
    newest(lab)
}

/// The stamp of the newest set.
pub fn newest(lab: &Lab) -> String {
    let name = host(lab, &format!("cd {BACKUPS}; ls db_*.sql.gz | sort | tail -n 1"));
    name.trim_start_matches("db_").trim_end_matches(".sql.gz").to_owned()
}

/// Everything in the folder of the backups, hidden and half-written things too.
pub fn listed(lab: &Lab) -> String {
    host(lab, &format!("ls -A {BACKUPS}"))
}

/// What a restored database has to have, as one line.
pub const COUNTS: &str = "SELECT (SELECT count(*) FROM images_salon), (SELECT count(*) FROM images_upload), \
     (SELECT count(*) FROM images_generatedimage), (SELECT count(*) FROM images_conversionlog), \
     (SELECT sum(used) FROM images_monthlyusage), (SELECT max(name) FROM images_salon)";

/// Restores a set by hand, beside everything, and compares it with what it should have.
pub fn restores(lab: &Lab, stamp: &str, counts: &str, images: &str) -> Look {
    sql_in(lab, "postgres", "DROP DATABASE IF EXISTS lab_look");
    sql_in(lab, "postgres", "CREATE DATABASE lab_look");
    let load = format!(
        "set -o pipefail; gunzip -c {BACKUPS}/db_{stamp}.sql.gz | runuser -u postgres -- psql -Xq -v ON_ERROR_STOP=1 -d lab_look"
    );
    if !holds(lab, &load) {
        return Err(format!("the dump of {stamp} does not load"));
    }
    if !holds(lab, "runuser -u postgres -- psql -XAtq -d lab_look -c 'SELECT 1 FROM images_salon' | grep 1") {
        return Err("the restored database is empty".to_owned());
    }
    let found = sql_in(lab, "lab_look", COUNTS);
    if found != counts {
        return Err(format!("restored {found}, not {counts}"));
    }
    let packed = host(lab, &format!("tar -tzf {BACKUPS}/media_{stamp}.tar.gz | grep -c png || true"));
    if packed == images { Ok(()) } else { Err(format!("{packed} images are packed, not {images}")) }
}

/// The images that the application has.
pub fn images(lab: &Lab) -> String {
    host(lab, &format!("find {APP}/media -name '*.png' | wc -l"))
}

/// The processes of the services, one a line.
pub fn processes(lab: &Lab) -> String {
    host(lab, "systemctl show --property=Id,MainPID gunicorn celery-worker celery-beat | grep .")
}

/// Whether every service runs, as systemd says it, and the application answers.
pub fn runs(lab: &Lab) -> Look {
    let units = host(
        lab,
        "systemctl is-active postgresql@15-main redis-server gunicorn celery-worker celery-beat nginx | sort -u || true",
    );
    if units != "active" {
        return Err(format!("the units are {units}"));
    }
    match https(lab, "/api/v1/health/") {
        (code, _) if code == "200" => Ok(()),
        (code, body) => Err(format!("health answers {code} {body}")),
    }
}

/// Runs a playbook with the few questions that every one of them may ask.
pub fn run(lab: &Lab, name: &str, more: &[&str]) -> Ran {
    let name = format!("styleai/{name}");
    lab.toban(&[&["run", name.as_str()][..], more].concat())
}
