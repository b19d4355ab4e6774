//! What is more than a command: files, readings, requests, databases in a file and compose, on a host whose folder
//! `/mnt` this machine does not have.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::sshd::{Far, OPERATOR};

#[test]
fn every_work_on_files_is_done_there() {
    let far = Far::apart();
    far.place.file("there/home/notes", "one\n");
    far.place.file("there/home/tree/a", "A");
    far.place.file("there/home/tree/b.tmp", "B");
    for name in ["tree", "tree/a", "tree/b.tmp"] {
        let path = far.place.at("there/home").join(name);
        std::os::unix::fs::chown(path, Some(4321), Some(4321)).expect("an owner");
    }
    let steps = r#"  - { id: write, file: { write: { path: /mnt/home/conf/x, content: "日本\n", mode: "0640" } }, on_error: continue }
  - { id: folder, shell: mkdir -p conf }
  - { id: again, file: { write: { path: conf/x, content: "日本\n", mode: "0640" } } }
  - { id: usual, file: { write: { path: usual, content: x } } }
  - { id: append, file: { append: { path: usual, content: y } } }
  - { id: copy, file: { copy: { from: usual, to: copied } } }
  - { id: archive, file: { archive: { base: tree, from: [a, b.tmp], exclude: ["*.tmp"], to: tree.tar.gz } } }
  - { id: extract, file: { extract: { from: tree.tar.gz, to: out } } }
  - { id: checksum, file: { checksum: { path: copied } }, expect: "size == 2" }
  - { id: read, file: { read: { path: out/a } }, expect: "text == 'A'" }
  - { id: stat, file: { stat: { path: conf/x } }, expect: ["exists", "mode == '0640'"] }
  - { id: list, file: { list: { glob: 'tree.*', verified_by: [tar, gzip, { shell: 'gzip -t "$FILE"' }] } }, expect: files | length == 1 }
  - { id: latest, file: { latest: { glob: '*', verified_by: [gzip] } }, expect: "file == '/mnt/home/tree.tar.gz'" }
  - { id: prune, effect: destroy, file: { prune: { glob: 'cop*', older_than: 0s, keep_at_least: 0 } } }
  - { id: secret, secret_generate: { file: key, length: 20 } }
  - { id: once, secret_generate: { file: key, length: 20 } }
  - { id: made, file: { write: { path: never, content: z } }, creates: usual }
  - { id: told, file: { write: { path: never, content: z } }, unless: test -f usual }
  - { id: remove, effect: destroy, file: { remove: { path: tree, recursive: true } } }
"#;
    let said = far.place.run(steps, &["--confirm", "prune", "--confirm", "remove"]);
    assert_eq!(
        far.place.ends(),
        "again=ok append=ok archive=ok checksum=ok copy=ok extract=ok folder=ok latest=ok list=ok made=unchanged \
         once=unchanged prune=ok read=ok remove=ok secret=ok stat=ok told=unchanged usual=ok write=failed",
        "{said:?}\n{}",
        far.place.text("sshd.log")
    );
    let home = far.place.at("there/home");
    let facts = std::fs::metadata(home.join("usual")).expect("written there");
    use std::os::unix::fs::MetadataExt;
    assert_eq!((facts.uid(), facts.mode() & 0o777), (4321, 0o644), "as what the user makes by hand");
    assert_eq!(far.place.text("there/home/usual"), "xy");
    assert_eq!(far.place.text("there/home/key").trim().len(), 20);
    for gone in ["tree", "copied", "never"] {
        assert!(!home.join(gone).exists(), "{gone}");
    }
    assert!(!home.join("out/b.tmp").exists());
    let hidden = std::fs::read_dir(&home).expect("listed").flatten().map(|e| e.file_name());
    let hidden: Vec<_> = hidden.filter(|n| n.to_string_lossy().starts_with('.') && n != ".cache").collect();
    assert_eq!(hidden, Vec::<std::ffi::OsString>::new());
    assert!(said.out.contains("/mnt/home/conf/x"), "the failure has its place: {said:?}");
}

#[test]
fn who_becomes_root_there_works_as_root_and_others_as_themselves() {
    let far = Far::apart();
    far.system("    become: sudo\n");
    let steps = r#"  - { id: root, file: { write: { path: of-root, content: x, mode: "0600" } } }
  - { id: read, file: { read: { path: /root/of-root } }, expect: "text == 'x'" }
  - { id: other, run_as: nobody, on_error: continue, file: { read: { path: /root/of-root } } }
  - { id: same, run_as: OPERATOR, file: { stat: { path: . } }, expect: exists }
  - { id: lite, sql: { connection: 'sqlite:x.db', script: 'CREATE TABLE t (a)' } }
"#;
    let said = far.place.run(&steps.replace("OPERATOR", OPERATOR), &[]);
    assert_eq!(
        far.place.ends(),
        "lite=ok other=failed read=ok root=ok same=ok",
        "{said:?}\n{}",
        far.place.text("sshd.log")
    );
    assert!(far.place.at("there/root/of-root").exists() && far.place.at("there/root/x.db").exists());
    assert!(said.out.contains("ermission denied"), "{said:?}");
    far.place.file("etc/sudoers", "root ALL=(ALL:ALL) ALL\n");
    let said = far.place.run("  - { id: root, file: { read: { path: of-root } } }\n", &[]);
    assert!(said.out.contains("cannot become `root`") && said.out.contains("NOPASSWD"), "{said:?}");
}

#[test]
fn every_reading_is_taken_there() {
    let far = Far::apart();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    far.place.file("there/home/app.log", "2026-01-01 INFO a\n2026-01-01 ERROR b\n2026-01-01 ERROR c\n");
    let made = rcgen::generate_simple_self_signed(vec!["far.example".to_string()]).expect("a certificate");
    far.place.file("there/home/cert.pem", &made.cert.pem());
    let steps = r#"  - { id: disk, probe: { disk: { path: /mnt } }, expect: ["total > 0", "mount == '/mnt'"] }
  - { id: memory, probe: { memory: {} }, expect: total > 0 }
  - { id: load, probe: { load: {} }, expect: cpus > 0 }
  - { id: tls, probe: { tls: { file: cert.pem } }, expect: "'far.example' in names" }
  - { id: tcp, probe: { tcp: { host: 127.0.0.1, port: PORT } }, expect: open }
  - { id: dns, probe: { dns: { name: localhost } }, expect: addresses | length > 0 }
  - { id: process, probe: { process: { name: sshd } }, expect: count > 0 }
  - { id: log, probe: { log: { file: app.log, pattern: ERROR } }, expect: count == 2 }
  - { id: wait, wait: { until: count == 2, every: 1s, limit: 20s, probe: { log: { file: app.log, pattern: ERROR } } } }
"#;
    let said = far.place.run(&steps.replace("PORT", &port.to_string()), &[]);
    assert_eq!(
        far.place.ends(),
        "disk=ok dns=ok load=ok log=ok memory=ok process=ok tcp=ok tls=ok wait=ok",
        "{said:?}"
    );
}

/// Answers requests until the test ends, with what it was asked.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4096];
            let n = stream.read(&mut head).unwrap_or_default();
            let body = String::from_utf8_lossy(&head[..n]).into_owned();
            let length = body.len();
            drop(write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            ));
        }
    });
    port
}

#[test]
fn a_request_is_made_from_there_and_a_secret_in_it_is_masked_here() {
    let far = Far::apart();
    let port = server();
    let system = far.place.text("system.yaml") + "secrets: { p: { from: env:P } }\n";
    far.place.file("system.yaml", &system);
    let steps = format!(
        "  - {{ id: get, http: {{ get: 'http://127.0.0.1:{port}/x', auth: {{ bearer: '{{{{ secrets.p }}}}' }} }}, expect: [status == 200, \"'GET /x' in body\"] }}
  - {{ id: none, on_error: continue, http: {{ get: 'http://127.0.0.1:1/' }}, retry: {{ attempts: 2, delay: 0s }} }}
  - {{ id: ca, on_error: continue, http: {{ get: 'https://127.0.0.1:1/', ca: not-there.pem }} }}
  - {{ id: lite, sql: {{ connection: 'sqlite::memory:', query: 'SELECT length({{{{ secrets.p }}}}) AS n' }}, expect: 'rows[0].n == 14' }}
"
    );
    far.place.file("play.yaml", &format!("title: t\nsteps:\n{steps}"));
    let mut command = far.place.command();
    command.env("P", "Geheim-1234567").args(["run", "play.yaml", "--progress", "plain"]);
    let said = crate::place::said(command.output().expect("toban"));
    assert_eq!(far.place.ends(), "ca=failed get=ok lite=ok none=failed", "{said:?}");
    assert!(said.out.contains("/mnt/home/not-there.pem"), "a file of the step is one of its host: {said:?}");
    let log = std::fs::read_to_string(far.place.last_run().logs().join("get.1.log")).expect("a log");
    assert!(log.contains("•••") && !log.contains("Geheim"), "{log}");
    let facts = serde_json::to_string(&far.place.facts()).expect("facts");
    assert!(!facts.contains("Geheim"), "{facts}");
}

#[test]
fn the_defaults_of_the_systems_requests_hold_there_and_hinder_no_other_work() {
    let far = Far::apart();
    let port = server();
    let defaults = "secrets: { p: { from: env:P } }
http:
  timeout: 20s
  headers: { Host: shop.example, X-From: '{{ system.vars.from }}', X-Key: 'key {{ secrets.p }}', Accept: a/b }
vars: { from: tester }
";
    far.place.file("system.yaml", &(far.place.text("system.yaml") + defaults));
    let steps = format!(
        "  - {{ id: write, file: {{ write: {{ path: x, content: one }} }} }}
  - {{ id: disk, probe: {{ disk: {{ path: . }} }}, expect: total > 0 }}
  - {{ id: get, http: {{ get: 'http://127.0.0.1:{port}/x', headers: {{ Accept: own/type }} }}, expect: [TOLD] }}
  - {{ id: wait, wait: {{ until: \"'host: shop.example' in body\", every: 1s, limit: 20s, http: {{ get: 'http://127.0.0.1:{port}/y' }} }} }}
"
    );
    let told = ["host: shop.example", "x-from: tester", "x-key: key geheim-1234567", "accept: own/type"];
    let told = told.map(|field| format!("\"'{field}' in body\"")).join(", ");
    far.place.file("play.yaml", &format!("title: t\nsteps:\n{}", steps.replace("TOLD", &told)));
    let mut command = far.place.command();
    command.env("P", "geheim-1234567").args(["run", "play.yaml", "--progress", "plain"]);
    let said = crate::place::said(command.output().expect("toban"));
    assert_eq!(far.place.ends(), "disk=ok get=ok wait=ok write=ok", "{said:?}");
    assert_eq!(far.place.text("there/home/x"), "one");
    assert!(!format!("{said:?}").contains("geheim"), "{said:?}");
}

#[test]
fn a_database_in_a_file_is_one_of_the_host_and_a_reading_step_cannot_write_it() {
    let far = Far::apart();
    far.place.file("make.sql", "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);");
    let system = far.place.text("system.yaml")
        + "connections: { shop: sqlite:shop.db, way: { url: 'sqlite:shop.db', through: { host: app } } }\n";
    far.place.file("system.yaml", &system);
    let steps = "  - { id: make, sql: { connection: shop, file: make.sql } }
  - { id: bound, sql: { connection: shop, query: 'INSERT INTO t VALUES ({{ vars.x }})' }, expect: affected == 1 }
  - { id: read, effect: read, sql: { connection: 'sqlite:/mnt/home/shop.db', query: SELECT count(*) AS n FROM t }, expect: 'rows[0].n == 3' }
  - { id: way, host: local, effect: read, sql: { connection: way, query: SELECT max(a) AS n FROM t }, expect: \"rows[0].n == \\\"o'x\\\"\" }
  - { id: held, on_error: continue, effect: read, sql: { connection: 'sqlite:none.db', query: SELECT 1 } }
";
    far.place.file("play.yaml", &format!("title: t\nvars: {{ x: \"o'x\" }}\nsteps:\n{steps}"));
    let said = far.place.toban(&["run", "play.yaml", "--progress", "plain"]);
    assert_eq!(far.place.ends(), "bound=ok held=failed make=ok read=ok way=ok", "{said:?}");
    assert!(!far.place.at("there/home/none.db").exists());
    assert!(far.place.at("there/home/shop.db").exists() && !far.place.at("shop.db").exists());
}

#[test]
fn compose_is_the_one_of_the_host_and_its_output_a_file_there() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/docker-up");
    let out =
        Command::new(script).args(["start", &std::process::id().to_string()]).output().expect("docker-up");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let told = |name: &str| said.lines().find_map(|l| l.strip_prefix(name)).expect("told").to_string();
    let far =
        Far::apart_where("", &format!("DOCKER_HOST={} DOCKER_CONFIG=/mnt/docker", told("DOCKER_HOST=")));
    let plugin = "cli-plugins/docker-compose";
    let there = far.place.at("there/docker").join(plugin);
    std::fs::create_dir_all(there.parent().expect("a folder")).expect("made");
    std::fs::copy(Path::new(&told("DOCKER_CONFIG=")).join(plugin), there)
        .expect("compose is installed there");
    far.system("    become: sudo\n");
    // What sudo lets through is for the host to say.
    let rules = far.place.text("etc/sudoers") + "Defaults env_keep += \"DOCKER_HOST DOCKER_CONFIG\"\n";
    far.place.file("etc/sudoers", &rules);
    far.place.file(
        "there/project/compose.yaml",
        "services:\n  db:\n    image: toban-test\n    init: true\n    command: [sleep, '1000']\n",
    );
    let project = format!("far-{}", std::process::id());
    let steps = r#"  - { id: up, docker: { compose: { project: NAME, project_dir: /mnt/project, up: {} } } }
  - { id: dump, docker: { compose: { project: NAME, project_dir: /mnt/project, exec: { service: db, command: [cat] } } }, stdin: あ, stdout: { file: /mnt/dump.gz, compress: gzip, mode: "0640" } }
  - { id: half, on_error: continue, docker: { compose: { project: NAME, project_dir: /mnt/project, exec: { service: db, command: [sh, -c, 'echo half; kill -9 $$'] } } }, stdout: { file: /mnt/half } }
  - { id: verdict, on_error: continue, docker: { compose: { project: NAME, project_dir: /mnt/project, exec: { service: db, command: [echo, half] } } }, stdout: { file: /mnt/half }, expect: size > 100 }
  - { id: late, on_error: continue, timeout: 4s, docker: { compose: { project: NAME, project_dir: /mnt/project, exec: { service: db, command: [sleep, '299'] } } }, stdout: { file: /mnt/half } }
  - { id: back, docker: { exec: { container: NAME-db-1, command: [cat] } }, stdin: { file: /mnt/dump.gz, decompress: gzip }, expect: "stdout == 'あ'" }
  - { id: top, docker: { exec: { container: NAME-db-1, command: [ps] } }, expect: "'299' not in stdout" }
  - { id: down, docker: { compose: { project: NAME, project_dir: /mnt/project, down: {} } } }
"#;
    let said = far.place.run(&steps.replace("NAME", &project), &[]);
    assert_eq!(
        far.place.ends(),
        "back=ok down=ok dump=ok half=failed late=failed top=ok up=ok verdict=failed",
        "{said:?}"
    );
    let names = std::fs::read_dir(far.place.at("there")).expect("listed").flatten();
    let mut names: Vec<String> = names.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert_eq!(names, ["allowed", "docker", "dump.gz", "home", "host_key", "project", "root", "sshd_config"]);
}
