//! The way to another host and through it: what is refused, and how; a database and a Docker engine over there.

use std::path::Path;
use std::process::Command;

use crate::server::postgres;
use crate::sshd::{Far, me};

const STEP: &str = "  - { id: a, effect: read, shell: echo here }\n";

#[test]
fn each_way_in_which_a_host_is_not_reached_is_told_apart_with_a_way_out() {
    let far = Far::new();
    let system = far.place.text("system.yaml");
    let run = |change: &dyn Fn(&str) -> String| {
        far.place.file("system.yaml", &change(&system));
        let said = far.place.run(STEP, &[]);
        assert_eq!(said.code, 1, "{said:?}");
        said.out
    };
    let out = run(&|s| s.replace(&format!("port: {}", far.port), "port: 1"));
    assert!(out.contains("is not reached over ssh") && out.contains("Connection refused"), "{out}");
    let out = run(&|s| s.replace("/known", "/nothing-known"));
    assert!(out.contains("is not known here: connect once by hand"), "{out}");
    let out = run(&|s| s.replace("identity: client_key", "identity: host_key"));
    assert!(out.contains("refused the login") && out.contains("ssh-copy-id"), "{out}");
    let known = far.place.text("known");
    let other = format!("[127.0.0.1]:{} {}", far.port, far.place.text("client_key.pub"));
    far.place.file("known", &other);
    let out = run(&str::to_string);
    assert!(out.contains("shows another key than before"), "{out}");
    far.place.file("known", &known);
    far.place.file("system.yaml", &system);
    far.place.file("play.yaml", &format!("title: t\nsteps:\n{STEP}"));
    let bin = far.place.at("bin");
    std::fs::create_dir(&bin).expect("a folder");
    let said =
        far.place.command().env("PATH", &bin).args(["run", "play.yaml", "--progress", "plain"]).output();
    let out = String::from_utf8_lossy(&said.expect("toban").stdout).into_owned();
    assert!(out.contains("`ssh` is not installed here: install openssh-client"), "{out}");
}

#[test]
fn the_plan_and_the_question_say_which_host_and_how_it_is_reached() {
    let far = Far::new();
    far.system("    become: sudo\n");
    far.place.file(
        "play.yaml",
        "title: t\nsteps:\n  - { id: gone, effect: destroy, shell: rm -r /nowhere }\n  - { id: ask, manual: look }\n",
    );
    let said = far.place.toban(&["plan", "play.yaml"]);
    let line = format!("host: app (ssh {}@127.0.0.1 -p {}, sudo)", me(), far.port);
    assert_eq!(said.out.matches(&line).count(), 1, "{said:?}");
    let said = far.place.toban(&["run", "play.yaml", "--progress", "plain"]);
    assert_eq!(said.code, 3, "{said:?}");
    let asked = serde_json::to_string(&far.place.facts()).expect("facts");
    assert!(asked.contains(&line), "{asked}");
}

#[test]
fn a_database_is_reached_through_the_host_by_port_and_by_socket() {
    let far = Far::new();
    let server = postgres();
    let (port, folder) = (server.port, server.folder.display().to_string().replace('/', "%2F"));
    let system = format!(
        "hosts:\n  app: {{ ssh: {} }}\nconnections:
  port: {{ url: 'postgres://postgres@localhost:{port}/postgres', through: {{ host: app }} }}
  socket: {{ url: 'postgres://postgres@{folder}:{port}/postgres', through: {{ host: app }} }}
  none: {{ url: 'postgres://postgres@localhost:1/postgres', through: {{ host: app }} }}
",
        far.ssh()
    );
    far.place.file("system.yaml", &system);
    let steps = "  - { id: port, effect: read, sql: { connection: port, query: 'SELECT {{ vars.x }} AS x' }, expect: \"rows[0].x == 'あ'\" }
  - { id: socket, effect: read, sql: { connection: socket, query: SELECT 2 AS x }, expect: 'rows[0].x == 2' }
  - { id: none, on_error: continue, effect: read, sql: { connection: none, query: SELECT 1 } }
";
    far.place.file("play.yaml", &format!("title: t\nvars: {{ x: あ }}\nsteps:\n{steps}"));
    let said = far.place.toban(&["run", "play.yaml", "--progress", "plain"]);
    assert_eq!(far.place.ends(), "none=failed port=ok socket=ok", "{said:?}");
}

#[test]
fn the_docker_engine_of_the_host_is_used() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/docker-up");
    let out =
        Command::new(script).args(["start", &std::process::id().to_string()]).output().expect("docker-up");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let engine = said.lines().find_map(|l| l.strip_prefix("DOCKER_HOST=")).expect("where the engine is");
    let far = Far::env(&format!("DOCKER_HOST={engine}"));
    let name = format!("far-{}", std::process::id());
    let made = Command::new("docker")
        .env("DOCKER_HOST", engine)
        .args(["run", "-d", "--init", "--name", &name, "toban-test", "sleep", "1000"])
        .output()
        .expect("docker");
    assert!(made.status.success(), "{made:?}");
    let steps = "  - { id: exec, docker: { exec: { container: NAME, command: [sh, -c, 'cat; exit 3'] } }, stdin: あ, ok_codes: [3], expect: \"stdout == 'あ'\" }
  - { id: late, on_error: continue, timeout: 2s, docker: { exec: { container: NAME, command: [sleep, '299'] } } }
  - { id: top, docker: { exec: { container: NAME, command: [ps] } }, expect: \"'299' not in stdout\" }
  - { id: look, docker: { inspect: [NAME] }, expect: 'json[0].running' }
  - { id: restart, docker: { restart: [NAME] } }
".replace("NAME", &name);
    let said = far.place.run(&steps, &[]);
    assert_eq!(far.place.ends(), "exec=ok late=failed look=ok restart=ok top=ok", "{said:?}");
}

#[test]
fn a_host_without_an_engine_says_so() {
    let far = Far::env("DOCKER_HOST=unix:///nowhere/docker.sock");
    let said = far.place.run("  - { id: ps, docker: { ps: {} } }\n", &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("its socket on the host app"), "{said:?}");
}
