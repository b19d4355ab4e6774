//! Commands in containers of their own, and the life of containers.

use serde_json::{Value, json};
use toban::event::Failure;

use crate::support::{Lab, cli, given, names, text, words};

fn run(image: &str, script: &str) -> Value {
    json!({ "run": { "image": image, "command": words(&["sh", "-c", script]) } })
}

fn state(name: &str) -> String {
    cli(&["inspect", "-f", "{{.State.Status}}", name])
}

#[test]
fn a_command_runs_in_a_container_that_is_gone_afterwards() {
    let lab = Lab::around(json!({ "env": { "WHO": "当番" } }));
    let name = lab.name();
    let mut action = run("toban-test", "echo $WHO; echo oh >&2; exit 5");
    action["run"]["name"] = json!(name);
    let report = lab.perform(action).expect("it ran");
    assert_eq!(text(&report, "stdout"), "当番");
    assert_eq!(text(&report, "stderr"), "oh");
    assert_eq!(report.failure, Some(Failure::Exit { code: 5 }));
    assert_eq!(cli(&["ps", "-aq", "--filter", &format!("name={name}")]), "");
}

#[test]
fn a_container_is_kept_where_that_is_asked_for() {
    let lab = Lab::new();
    let name = lab.name();
    let mut action = run("toban-test", "echo kept");
    action["run"]["name"] = json!(name);
    action["run"]["rm"] = json!(false);
    lab.done(action);
    assert_eq!(state(&name), "exited");
}

#[test]
fn a_folder_beside_the_playbook_and_input_reach_the_container() {
    let lab = Lab::around(json!({ "stdin": { "text": "via stdin\n" } }));
    std::fs::create_dir(lab.path("data")).expect("made");
    std::fs::write(lab.path("data/file"), "via volume\n").expect("written");
    let mut action = run("toban-test", "cat /mnt/file; cat; touch /mnt/no 2>/dev/null || echo read only");
    action["run"]["volumes"] = json!(["./data:/mnt:ro"]);
    let report = lab.done(action);
    assert_eq!(given(&report, "lines"), json!(["via volume", "via stdin", "read only"]));
}

#[test]
fn an_image_or_network_that_is_not_there_is_said_plainly_and_nothing_is_left() {
    let lab = Lab::new();
    let message = lab.refused(run("no-such-image:1", "true"));
    assert!(message.contains("no-such-image:1") && message.contains("docker pull"), "{message}");
    let name = lab.name();
    let mut action = run("toban-test", "true");
    action["run"]["network"] = json!("no-such-network");
    action["run"]["name"] = json!(name);
    assert!(lab.refused(action).contains("no-such-network"));
    assert_eq!(cli(&["ps", "-aq", "--filter", &format!("name={name}")]), "");
}

#[test]
fn containers_stop_start_restart_and_go() {
    let lab = Lab::new();
    let name = lab.sleeper(&[]);
    let of = |verb: &str| json!({ verb: { "names": names(&[&name]), "grace": "1s" } });
    assert!(lab.done(of("start")).unchanged, "it runs already");
    assert!(!lab.done(of("stop")).unchanged);
    assert_eq!(state(&name), "exited");
    assert!(lab.done(of("stop")).unchanged, "it is stopped already");
    assert!(!lab.done(of("start")).unchanged);
    let before = cli(&["inspect", "-f", "{{.State.StartedAt}}", &name]);
    lab.done(of("restart"));
    assert_ne!(cli(&["inspect", "-f", "{{.State.StartedAt}}", &name]), before);
    assert_eq!(state(&name), "running");
    let message = lab.refused(json!({ "rm": { "names": names(&[&name]) } }));
    assert!(message.contains("stop it first"), "{message}");
    lab.done(of("rm"));
    assert_eq!(cli(&["ps", "-aq", "--filter", &format!("name={name}")]), "");
}

#[test]
fn one_wrong_name_leaves_the_others_as_they_are() {
    let lab = Lab::new();
    let name = lab.sleeper(&[]);
    let message = lab.refused(json!({ "stop": { "names": names(&[&name, "no-such-one"]), "grace": "0s" } }));
    assert!(message.contains("no-such-one"), "{message}");
    assert_eq!(state(&name), "running");
}

#[test]
fn an_empty_list_of_names_does_nothing() {
    let lab = Lab::new();
    assert!(lab.done(json!({ "stop": { "names": [[]] } })).unchanged);
}

#[test]
fn the_end_of_a_log_is_read_with_its_streams() {
    let lab = Lab::new();
    let name = lab.name();
    cli(&[
        "run",
        "-d",
        "--name",
        &name,
        "toban-test",
        "sh",
        "-c",
        "seq 1 100; sleep 0.3; echo bad >&2; sleep 1000",
    ]);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let report = lab.done(json!({ "logs": { "container": name, "tail": 3 } }));
    assert_eq!(given(&report, "lines"), json!(["99", "100"]));
    assert_eq!(text(&report, "stderr"), "bad");
    let all = lab.done(json!({ "logs": { "container": name } }));
    assert_eq!(given(&all, "lines").as_array().map(Vec::len), Some(100));
    let fresh = lab.done(json!({ "logs": { "container": name, "since": "1h" } }));
    assert_eq!(given(&fresh, "lines").as_array().map(Vec::len), Some(100));
    std::thread::sleep(std::time::Duration::from_secs(2));
    let none = lab.done(json!({ "logs": { "container": name, "since": "1s" } }));
    assert_eq!(text(&none, "stdout"), "");
}
