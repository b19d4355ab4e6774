//! Compose, with a project of two services: the same for version 2 and version 1.

use std::time::Duration;

use serde_json::{Value, json};
use toban::event::{Failure, Stream};
use toban::process::StopReason;

use crate::support::{Lab, cli, given, names, processes, text, words};

pub const FILE: &str = r#"
services:
  db:
    image: toban-test
    init: true
    command: ["sh", "-c", "echo db is up; sleep 1000"]
    healthcheck: { test: ["CMD", "true"], interval: 300ms }
  web:
    image: toban-test
    init: true
    command: ["sh", "-c", "echo web is up; echo oh >&2; sleep 1000"]
    depends_on: [db]
"#;

/// A folder with the project, brought up; taken down when dropped.
struct Project {
    lab: Lab,
}

impl Project {
    fn new(around: Value) -> Project {
        let lab = Lab::around(around);
        std::fs::write(lab.path("compose.yaml"), FILE).expect("written");
        let project = Project { lab };
        project.lab.done(json!({ "compose": { "project": project.lab.name(), "up": { "wait": true } } }));
        project
    }

    fn verb(&self, verb: &str, what: Value) -> Value {
        json!({ "compose": { "project": self.lab.name(), verb: what } })
    }

    fn container(&self, service: &str) -> String {
        let project = format!("label=com.docker.compose.project={}", self.lab.name());
        let service = format!("label=com.docker.compose.service={service}");
        cli(&["ps", "-a", "--filter", &project, "--filter", &service, "--format", "{{.Names}}"])
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker")
            .args(["compose", "-p", &self.lab.name(), "down", "-t", "0", "-v"])
            .output();
    }
}

#[test]
fn a_project_comes_up_is_listed_and_goes_down() {
    let project = Project::new(json!({}));
    let listed = project.lab.done(project.verb("ps", json!({})));
    let all = given(&listed, "json");
    let services: Vec<&str> =
        all.as_array().expect("a list").iter().filter_map(|c| c["service"].as_str()).collect();
    assert_eq!(services, ["db", "web"]);
    assert_eq!((&all[0]["state"], &all[0]["health"]), (&json!("running"), &json!("healthy")));
    assert_eq!(all[0]["project"], json!(project.lab.name()));
    let only = project.lab.done(project.verb("ps", json!({ "services": names(&["web"]) })));
    assert_eq!(given(&only, "json").as_array().map(Vec::len), Some(1));
    project.lab.done(project.verb("down", json!({ "volumes": true })));
    let gone = project.lab.done(project.verb("ps", json!({ "all": true })));
    assert_eq!(given(&gone, "json"), json!([]));
}

#[test]
fn services_stop_start_and_restart() {
    let project = Project::new(json!({}));
    let only_web = json!({ "services": names(&["web"]), "grace": "1s" });
    let state = |service: &str| cli(&["inspect", "-f", "{{.State.Status}}", &project.container(service)]);
    project.lab.done(project.verb("stop", only_web.clone()));
    assert_eq!((state("web").as_str(), state("db").as_str()), ("exited", "running"));
    let stopped = project.lab.done(project.verb("ps", json!({ "all": true, "services": names(&["web"]) })));
    assert!(given(&stopped, "json")[0]["exit_code"].is_i64());
    project.lab.done(project.verb("start", only_web.clone()));
    assert_eq!(state("web"), "running");
    let started = || cli(&["inspect", "-f", "{{.State.StartedAt}}", &project.container("web")]);
    let before = started();
    project.lab.done(project.verb("restart", json!({ "services": names(&["all"]), "grace": "1s" })));
    assert_ne!(started(), before);
}

#[test]
fn a_list_of_services_that_came_out_empty_touches_none() {
    let project = Project::new(json!({}));
    let report = project.lab.done(project.verb("stop", json!({ "services": [[]] })));
    assert!(report.unchanged);
    assert_eq!(
        given(&project.lab.done(project.verb("ps", json!({}))), "json").as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn a_command_runs_in_a_service_with_its_secret_in_no_command_line() {
    let project =
        Project::new(json!({ "env": { "PGPASSWORD": "s3cr3t-for-compose" }, "stdin": { "text": "in\n" } }));
    let script = "cat; echo ${#PGPASSWORD}; echo oh >&2; sleep 2; exit 4";
    let action = project.verb("exec", json!({ "service": "db", "command": words(&["sh", "-c", script]) }));
    let shown = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(1200));
            std::process::Command::new("ps").args(["-eo", "args"]).output().expect("ps (apt: procps)").stdout
        });
        let report = project.lab.perform(action).expect("it ran");
        assert_eq!(given(&report, "lines"), json!(["in", "18"]));
        assert_eq!(text(&report, "stderr"), "oh");
        assert_eq!(report.failure, Some(Failure::Exit { code: 4 }));
        String::from_utf8_lossy(&watcher.join().expect("the watcher")).into_owned()
    });
    assert!(shown.contains("-e PGPASSWORD"), "compose ran when looked at: {shown}");
    assert!(!shown.contains("s3cr3t-for-compose"), "{shown}");
}

#[test]
fn a_services_output_waits_for_the_verdict_before_it_is_a_file() {
    let mut project = Project::new(json!({}));
    project.lab.around = json!({ "stdout": { "file": "dump.sql" } });
    let action = project.verb("exec", json!({ "service": "db", "command": words(&["seq", "1", "3"]) }));
    let report = project.lab.perform(action).expect("it ran");
    let file = project.lab.path("dump.sql");
    assert!(!file.exists(), "the verdict on the step is not known yet");
    report.pending.commit().expect("it may");
    assert_eq!(std::fs::read_to_string(file).expect("the file"), "1\n2\n3\n");
}

#[test]
fn half_an_archive_ends_the_command_in_the_service_before_its_input_ends() {
    let mut project = Project::new(json!({}));
    project.lab.around = json!({ "stdin": { "file": "in", "decompress": "gzip" } });
    let whole: Vec<u8> = (0..400_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &whole).expect("packed");
    let packed = packed.finish().expect("packed");
    std::fs::write(project.lab.path("in"), &packed[..packed.len() / 2]).expect("written");
    let script = "cat >/dev/null && touch /tmp/loaded";
    let action = project.verb("exec", json!({ "service": "db", "command": words(&["sh", "-c", script]) }));
    let report = project.lab.perform(action).expect("it ran");
    assert!(matches!(report.failure, Some(Failure::Rejected { .. })), "{:?}", report.failure);
    let list = cli(&["exec", &project.container("db"), "ls", "/tmp"]);
    assert!(!list.contains("loaded"), "the command took half of its input for all of it: {list}");
}

#[test]
fn a_timeout_leaves_nothing_of_a_command_in_a_service() {
    let project = Project::new(json!({ "timeout": "2s" }));
    let script = "trap '' HUP; sleep 777 & setsid sleep 778 & wait";
    let action = project.verb("exec", json!({ "service": "db", "command": words(&["sh", "-c", script]) }));
    let stop = Some((Duration::from_secs(2), StopReason::TimedOut));
    let report = project.lab.perform_until(action, stop).expect("it ran");
    assert_eq!(report.failure, Some(Failure::TimedOut { after_ms: 2000 }));
    let left: Vec<_> =
        processes(&project.container("db")).into_iter().filter(|p| p.contains("sleep 77")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_one_off_container_is_removed_also_when_time_is_up() {
    let project = Project::new(json!({}));
    let run =
        |script: &str| json!({ "service": "web", "no_deps": true, "command": words(&["sh", "-c", script]) });
    let report = project.lab.done(project.verb("run", run("echo once")));
    assert_eq!(text(&report, "stdout"), "once");
    let stop = Some((Duration::from_secs(3), StopReason::TimedOut));
    project.lab.perform_until(project.verb("run", run("sleep 777")), stop).expect("it ran");
    let label = format!("label=com.docker.compose.project={}", project.lab.name());
    let left = cli(&["ps", "-a", "--filter", &label, "--format", "{{.Names}} {{.Status}} {{.Labels}}"]);
    let notes = project.lab.logged(Stream::Note);
    assert_eq!(left.lines().count(), 2, "only the two services are left: {left}\n{notes}");
}

#[test]
fn logs_of_several_services_say_whose_they_are() {
    let project = Project::new(json!({}));
    std::thread::sleep(Duration::from_millis(300));
    let both = project.lab.done(project.verb("logs", json!({ "tail": 10, "since": "1h" })));
    // As `docker compose logs` itself: what a container wrote to its error output is among the rest.
    let mut lines: Vec<String> = serde_json::from_value(given(&both, "lines")).expect("lines");
    lines.sort();
    assert_eq!(lines, ["db-1 | db is up", "web-1 | oh", "web-1 | web is up"]);
    assert_eq!(text(&both, "stderr"), "");
    let one = project.lab.done(project.verb("logs", json!({ "services": names(&["db"]) })));
    assert_eq!(text(&one, "stdout"), "db is up");
    let message = project.lab.refused(project.verb("logs", json!({ "services": names(&["wed"]) })));
    assert!(message.contains("`wed`") && message.contains("`web`"), "{message}");
}

#[test]
fn a_service_that_is_not_there_or_not_running_is_said_plainly() {
    let project = Project::new(json!({}));
    let exec =
        |service: &str| project.verb("exec", json!({ "service": service, "command": words(&["true"]) }));
    let message = project.lab.refused(exec("wbe"));
    assert!(message.contains("`wbe`") && message.contains("did you mean `web`"), "{message}");
    let report = project.lab.perform(project.verb("restart", json!({ "services": names(&["wbe"]) })));
    let failure = report.expect("a report").failure.expect("a failure").to_string();
    assert!(failure.contains("no service `wbe`"), "{failure}");
}

#[test]
fn the_projects_name_is_found_as_compose_finds_it() {
    let mut lab = Lab::new();
    let name = lab.name();
    std::fs::create_dir(lab.path("My.App")).expect("made");
    std::fs::write(lab.path("My.App/docker-compose.yml"), FILE).expect("written");
    lab.system.compose.project_dir = Some("My.App".into());
    for (env, expected) in [("", "myapp"), (name.as_str(), name.as_str())] {
        std::fs::write(lab.path("My.App/.env"), format!("COMPOSE_PROJECT_NAME={env}\n")).expect("written");
        lab.done(json!({ "compose": { "up": {} } }));
        let listed = given(&lab.done(json!({ "compose": { "ps": {} } })), "json");
        assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
        assert_eq!(listed[0]["project"], json!(expected));
        lab.done(json!({ "compose": { "down": {} } }));
    }
}

#[test]
fn the_configuration_can_be_used_and_its_absence_is_said() {
    let project = Project::new(json!({}));
    let report = project.lab.done(project.verb("config", json!({})));
    assert_eq!(given(&report, "json")["services"]["db"]["image"], json!("toban-test"));
    let empty = Lab::new();
    let report = empty.perform(json!({ "compose": { "up": {} } })).expect("a report");
    let failure = report.failure.expect("a failure").to_string();
    assert!(failure.contains("project_dir"), "{failure}");
}
