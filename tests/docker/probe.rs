//! `toban plan --probe` against a real engine: containers, images, compose services; and the engine hears of no change.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::support::{Lab, cli};

fn now() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time");
    format!("{}.{:09}", now.as_secs(), now.subsec_nanos())
}

#[test]
fn containers_images_and_services_are_looked_at_and_left_alone() {
    let lab = Lab::new();
    let up = lab.sleeper(&[]);
    let project = lab.name();
    std::fs::write(
        lab.path("compose.yaml"),
        "services: { web: { image: toban-test, command: [sleep, '1000'] }, idle: { image: toban-test } }\n",
    )
    .expect("written");
    let compose = format!("compose: {{ project_dir: '{}', project: {project},", lab.dir.path().display());
    let steps = format!(
        r#"title: t
steps:
  - {{ id: exec, needs: [], docker: {{ exec: {{ container: {up}, command: [touch, /probed] }} }} }}
  - {{ id: no_exec, needs: [], docker: {{ exec: {{ container: no-such-container, command: [id] }} }} }}
  - {{ id: declared, needs: [], effect: read, docker: {{ exec: {{ container: {up}, command: [touch, /probed] }} }} }}
  - {{ id: run, needs: [], docker: {{ run: {{ image: toban-test, command: ["true"] }} }} }}
  - {{ id: no_run, needs: [], docker: {{ run: {{ image: no-such-image, command: ["true"] }} }} }}
  - {{ id: stop, needs: [], docker: {{ stop: [{up}] }} }}
  - {{ id: no_stop, needs: [], docker: {{ stop: [no-such-container] }} }}
  - {{ id: ps, needs: [], docker: {{ ps: {{}} }} }}
  - {{ id: service, needs: [], docker: {{ {compose} up: {{ services: [web] }} }} }} }}
  - {{ id: no_service, needs: [], docker: {{ {compose} restart: {{ services: [webb] }} }} }} }}
  - {{ id: not_up, needs: [], docker: {{ {compose} exec: {{ service: web, command: [id] }} }} }} }}
  - {{ id: brought, needs: [service], docker: {{ {compose} exec: {{ service: web, command: [id] }} }} }} }}
  - {{ id: made, needs: [], effect: change, shell: echo made.yaml }}
  - {{ id: of_a_made_file, docker: {{ {compose} files: ['{{{{ steps.made.stdout }}}}'], up: {{ services: [web] }} }} }} }}
"#
    );
    std::fs::write(lab.path("p.yaml"), steps).expect("written");
    let (since, files) = (now(), cli(&["diff", &up]));
    let out = Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(["plan", "./p.yaml", "--probe", "--format", "json", "--lang", "en"])
        .current_dir(lab.dir.path())
        .output()
        .expect("toban");
    let told = String::from_utf8_lossy(&out.stdout);
    let plan: Value = serde_json::from_str(&told).unwrap_or_else(|e| panic!("{e}: {told}{:?}", out.stderr));
    let of = |id: &str| {
        let steps = plan["steps"].as_array().expect("steps");
        let step = steps.iter().find(|s| s["id"] == id).expect("a step");
        (step["probe"]["verdict"].as_str().unwrap_or_default(), step["probe"]["words"].to_string())
    };
    for (id, verdict) in [
        ("exec", "yes"),
        ("no_exec", "no"),
        ("declared", "yes"),
        ("run", "yes"),
        ("no_run", "no"),
        ("stop", "yes"),
        ("no_stop", "no"),
        ("ps", "yes"),
        ("service", "yes"),
        ("no_service", "no"),
        ("not_up", "no"),
        ("brought", "cannot_know"),
        ("of_a_made_file", "cannot_know"),
    ] {
        assert_eq!(of(id).0, verdict, "{id}: {}", of(id).1);
    }
    assert_eq!(out.status.code(), Some(1));
    assert!(of("declared").1.contains("--probe-declared"), "{}", of("declared").1);
    let events = cli(&[
        "events",
        "--since",
        &since,
        "--until",
        &now(),
        "--format",
        "{{.Type}} {{.Action}} {{.Actor.Attributes.name}}",
    ]);
    let ours: Vec<&str> = events.lines().filter(|l| l.contains(&project) || l.contains(&up)).collect();
    assert!(ours.is_empty(), "the engine was told to do something: {ours:?}");
    assert_eq!(cli(&["diff", &up]), files, "a command was run in the container");
}
