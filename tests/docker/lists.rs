//! Lists, and prunes that remove just what they are asked to.

use serde_json::{Value, json};

use crate::support::{Lab, by_name, cli, given, names, text};

fn labelled(label: &str) -> Value {
    json!({ "label": [label] })
}

#[test]
fn containers_are_listed_in_one_plain_form() {
    let lab = Lab::new();
    let name = lab.name();
    let label = format!("test={name}");
    let health = ["--health-cmd", "true", "--health-interval", "300ms"];
    let up = format!("{name}-up");
    let mut arguments = vec!["run", "-d", "--name", &up, "--label", &label];
    arguments.extend(health);
    arguments.extend(["toban-test", "sleep", "1000"]);
    cli(&arguments);
    let down = format!("{name}-down");
    cli(&["run", "--name", &down, "--label", &label, "toban-test", "true"]);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let running = lab.done(json!({ "ps": { "filters": labelled(&label) } }));
    assert_eq!(by_name(&given(&running, "json")).len(), 1);
    let all = lab.done(json!({ "ps": { "all": true, "filters": labelled(&label) } }));
    let all_by_name = by_name(&given(&all, "json"));
    let (up_one, down_one) = (&all_by_name[&up], &all_by_name[&down]);
    assert_eq!((&up_one["state"], &up_one["health"]), (&json!("running"), &json!("healthy")));
    assert_eq!((&down_one["state"], &down_one["exit_code"]), (&json!("exited"), &json!(0)));
    assert_eq!(up_one["image"], json!("toban-test"));
    assert_eq!(up_one["labels"]["test"], json!(name));
    assert!(text(&all, "stdout").contains(&up), "people can read it too");
}

#[test]
fn everything_known_of_a_container_comes_without_the_values_of_its_variables() {
    let lab = Lab::new();
    let name = lab.sleeper(&["-e", "DB_PASSWORD=hunter2hunter2"]);
    let report = lab.done(json!({ "inspect": { "names": names(&[&name]) } }));
    let one = &given(&report, "json")[0];
    assert_eq!(
        (&one["name"], &one["state"], &one["running"]),
        (&json!(name), &json!("running"), &json!(true))
    );
    assert!(one["env"].as_array().expect("names").contains(&json!("DB_PASSWORD")));
    assert_eq!(one["details"]["HostConfig"]["Init"], json!(true));
    assert!(!serde_json::to_string(&report.gives).expect("JSON").contains("hunter2"), "{one}");
    assert!(lab.refused(json!({ "inspect": { "names": names(&["no-such-one"]) } })).contains("no-such-one"));
}

#[test]
fn one_reading_of_processor_and_memory_is_taken() {
    let lab = Lab::new();
    let label = format!("test={}", lab.name());
    let name = lab.sleeper(&["--label", &label]);
    let report = lab.done(json!({ "stats": { "filters": labelled(&label) } }));
    let one = &by_name(&given(&report, "json"))[&name];
    assert!(one["memory"].as_u64().is_some_and(|m| m > 0), "{one}");
    assert!(one["cpu_percent"].as_f64().is_some_and(|c| (0.0..400.0).contains(&c)), "{one}");
    assert!(one["pids"].as_u64().is_some_and(|p| p >= 1), "{one}");
}

#[test]
fn images_volumes_and_networks_are_listed() {
    let lab = Lab::new();
    let name = lab.name();
    cli(&["volume", "create", "--label", "kind=test", &name]);
    cli(&["network", "create", &name]);
    let images = by_name(&given(&lab.done(json!({ "images": {} })), "json"));
    assert!(images["toban-test:latest"]["size"].as_u64().is_some_and(|size| size > 1_000_000));
    let volumes = by_name(&given(&lab.done(json!({ "volumes": {} })), "json"));
    assert_eq!(volumes[&name]["labels"]["kind"], json!("test"));
    let networks = by_name(&given(&lab.done(json!({ "networks": {} })), "json"));
    assert_eq!(networks[&name]["driver"], json!("bridge"));
}

#[test]
fn a_prune_with_a_filter_removes_only_what_passes_it() {
    let lab = Lab::new();
    let name = lab.name();
    let label = format!("prune={name}");
    let (go, stay) = (format!("{name}-go"), format!("{name}-stay"));
    cli(&["create", "--name", &go, "--label", &label, "toban-test"]);
    cli(&["create", "--name", &stay, "toban-test"]);
    cli(&["volume", "create", "--label", &label, &go]);
    cli(&["network", "create", "--label", &label, &go]);
    cli(&["network", "create", &stay]);
    let report =
        lab.done(json!({ "prune": { "what": ["containers", "networks"], "filters": labelled(&label) } }));
    let removed = given(&report, "removed");
    let kinds: Vec<&str> =
        removed.as_array().expect("a list").iter().filter_map(|r| r["kind"].as_str()).collect();
    assert_eq!(kinds, ["container", "network"], "{removed}");
    assert!(given(&report, "bytes").is_u64());
    let containers = cli(&["ps", "-a", "--format", "{{.Names}}"]);
    assert!(!containers.contains(&go) && containers.contains(&stay), "{containers}");
    let networks = cli(&["network", "ls", "--format", "{{.Name}}"]);
    assert!(!networks.contains(&go) && networks.contains(&stay), "{networks}");
    assert!(cli(&["volume", "ls", "-q"]).contains(&go), "volumes were not asked for");
    let volumes = lab.done(json!({ "prune": { "what": ["volumes"], "filters": labelled(&label) } }));
    assert_eq!(given(&volumes, "removed"), json!([{ "kind": "volume", "name": go }]));
    let again = lab.done(json!({ "prune": { "what": ["volumes"], "filters": labelled(&label) } }));
    assert!(again.unchanged);
}

#[test]
fn an_age_in_days_is_understood_and_spares_what_is_younger() {
    let lab = Lab::new();
    let name = lab.name();
    let label = format!("prune={name}");
    cli(&["create", "--name", &name, "--label", &label, "toban-test"]);
    let filters = json!({ "label": [label], "until": ["7d"] });
    let report = lab.done(json!({ "prune": { "what": ["containers"], "filters": filters } }));
    assert_eq!(given(&report, "removed"), json!([]));
    assert!(cli(&["ps", "-a", "--format", "{{.Names}}"]).contains(&name));
}

#[test]
fn a_filter_that_the_engine_does_not_know_is_its_no() {
    let lab = Lab::new();
    let report =
        lab.perform(json!({ "prune": { "what": ["containers"], "filters": { "colour": ["red"] } } }));
    let failure = report.expect("a report").failure.expect("a failure").to_string();
    assert!(failure.contains("colour"), "{failure}");
}

#[test]
fn a_prune_of_images_spares_those_with_a_tag_unless_told() {
    let lab = Lab::new();
    let name = lab.name();
    let label = format!("prune={name}");
    let make = |tag: &str, other: &str| {
        let script = format!("FROM toban-test\nLABEL prune={name} n={other}\n");
        std::fs::write(lab.path("Dockerfile"), script).expect("written");
        cli(&["build", "-q", "-t", tag, &lab.dir.path().display().to_string()]);
    };
    make(&name, "1");
    make(&name, "2");
    let prune = |extra: Value| {
        let mut filters = labelled(&label);
        filters.as_object_mut().expect("a map").extend(extra.as_object().expect("a map").clone());
        given(&lab.done(json!({ "prune": { "what": ["images"], "filters": filters } })), "removed")
    };
    let untagged = prune(json!({}));
    assert!(untagged.as_array().is_some_and(|r| !r.is_empty()), "{untagged}");
    assert!(cli(&["images", "-q", &name]).len() > 5, "the tagged one is spared");
    prune(json!({ "dangling": ["false"] }));
    assert_eq!(cli(&["images", "-q", &name]), "");
    assert!(!cli(&["images", "-q", "toban-test"]).is_empty());
}
