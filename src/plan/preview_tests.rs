//! Nothing that a step says is left out of its preview: whatever value of it changes, its text changes.

use std::collections::BTreeSet;

use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

use super::preview::preview;
use crate::model::{
    Action, Around, Compose, ComposeDown, ComposeExec, ComposeLogs, ComposePs, ComposeRun, ComposeServices,
    ComposeUp, ContainerList, Docker, DockerExec, DockerLogs, DockerPrune, DockerRun, Escalate, FileAction,
    Http, Names, Probe, Shell, Sql, Stdin, StdoutFile, System, Templated, Wait,
};

/// Actions in which every key is filled, some more than once where two keys exclude each other.
fn actions() -> Vec<Value> {
    let until = json!([{"that": "a > 1", "each": [1], "message": "m", "otherwise": "warn"}]);
    let mut all = vec![
        json!({"shell": {"run": "ls", "with": ["sh", "-eu"]}}),
        json!({"shell": {"argv": ["ls", "-l"]}}),
        json!({"sql": {"connection": "main", "database": "d", "query": "SELECT 1", "transaction": false}}),
        json!({"sql": {"connection": "main", "script": "SELECT 1", "transaction": true}}),
        json!({"sql": {"connection": "main", "file": "x.sql"}}),
        json!({"probe": {"disk": {"path": "/"}}}),
        json!({"probe": {"memory": {}}}),
        json!({"probe": {"load": {}}}),
        json!({"probe": {"tls": {"host": "h", "port": 1, "server_name": "s", "file": "f"}}}),
        json!({"probe": {"tcp": {"host": "h", "port": 1}}}),
        json!({"probe": {"dns": {"name": "n"}}}),
        json!({"probe": {"process": {"name": "n"}}}),
        json!({"probe": {"log": {"file": "f", "container": "c", "journal": "j", "pattern": "p", "since": "5s", "time_format": "t"}}}),
        json!({"manual": {"instruction": "do", "link": "https://x/", "evidence": {"ticket": {"type": "string", "description": "t"}}}}),
        json!({"decide": {"question": "which", "choices": {"a": "A"}, "from": {"list": ["x"], "value": "item.v", "label": "item.l"}}}),
        json!({"wait": {"for": "5s"}}),
        json!({"wait": {"until": until, "every": "5s", "limit": "9s", "http": {"get": "u", "timeout": "5s"}}}),
        json!({"assert": until}),
        json!({"fail": {"message": "no"}}),
        json!({"notify": {"webhook": {"url": "u", "json": {"text": "x"}}}}),
        json!({"escalate": {"message": "m", "subject": "s", "contacts": ["r"]}}),
        json!({"secret_generate": {"file": "f", "length": 20, "alphabet": "hex"}}),
        json!({"playbook": {"run": "a/b", "inputs": {"x": 1}, "environment": "lab"}}),
        json!({"action": {"name": "n"}}),
    ];
    all.extend(files());
    all.extend(requests());
    all.extend(docker().into_iter().map(|docker| json!({ "docker": docker })));
    all
}

fn requests() -> Vec<Value> {
    let methods = ["get", "post", "put", "patch", "delete", "head"];
    let mut all: Vec<Value> = methods.iter().map(|method| json!({"http": {*method: "https://x/"}})).collect();
    let options = json!({"ca": "c.pem", "timeout": "5s", "follow": true, "headers": {"a": "b"}});
    let with = |key: &str, value: Value| {
        let mut http = options.clone();
        http["get"] = json!("https://x/");
        http[key] = value;
        json!({ "http": http })
    };
    all.push(with("json", json!({"a": [1, {"b": "c"}]})));
    all.push(with("form", json!({"a": "b"})));
    all.push(with("body", json!("text")));
    all.push(with("auth", json!({"bearer": "t"})));
    all.push(with("auth", json!({"basic": {"user": "u", "password": "p"}})));
    all
}

fn files() -> Vec<Value> {
    let verified = json!([{"gzip": true}, {"ends_with": "e"}, {"manifest": "m"}, {"shell": "s"}]);
    let one = json!({"path": "p", "expected": "e", "recursive": true});
    let write = json!({"path": "p", "content": "c", "mode": "0644"});
    let many = json!({"glob": "*", "verified_by": verified});
    let list = [
        json!({ "write": write }),
        json!({ "append": write }),
        json!({"copy": {"from": "a", "to": "b", "mode": "0644"}}),
        json!({"archive": {"base": "b", "from": ["a"], "to": "t.tar", "exclude": ["x"], "mode": "0600"}}),
        json!({"extract": {"from": "a", "to": "b"}}),
        json!({ "checksum": one }),
        json!({ "read": one }),
        json!({ "stat": one }),
        json!({ "remove": one }),
        json!({ "list": many }),
        json!({ "latest": many }),
        json!({"prune": {"glob": "*", "older_than": "5s", "keep_at_least": 3, "verified_by": verified, "with": [".m"]}}),
    ];
    list.into_iter().map(|file| json!({ "file": file })).collect()
}

fn docker() -> Vec<Value> {
    let listed = json!({"all": true, "filters": {"label": "a", "status": "b"}});
    let logs = json!({"container": "c", "tail": 5, "since": "5s"});
    let mut all = vec![
        json!({"exec": {"container": "c", "command": ["ls", "it's"], "user": "u", "workdir": "/w"}}),
        json!({"run": {"image": "i", "command": ["ls"], "volumes": ["a:/b", "c:/d:ro"], "network": "n", "name": "m", "user": "u", "workdir": "/w", "rm": false}}),
        json!({ "logs": logs }),
        json!({"prune": {"what": ["containers", "images", "networks", "volumes", "build_cache"], "filters": {"until": "24h"}}}),
    ];
    let names = ["start", "inspect"].map(|verb| json!({verb: {"names": ["a", "b"]}}));
    let graced = ["stop", "restart", "rm"].map(|verb| json!({verb: {"names": ["a", "b"], "grace": "5s"}}));
    let lists = ["ps", "stats", "images", "volumes", "networks"].map(|verb| json!({ verb: listed }));
    all.extend(names.into_iter().chain(graced).chain(lists));
    all.extend(compose().into_iter().map(|(verb, what)| {
        json!({"compose": {"project_dir": "p", "files": ["f", "g"], "project": "n", verb: what}})
    }));
    all
}

fn compose() -> Vec<(&'static str, Value)> {
    let services = json!({"services": ["a", "b"]});
    let graced = json!({"services": ["a", "all"], "grace": "5s"});
    vec![
        (
            "up",
            json!({"services": ["a"], "build": true, "wait": true, "force_recreate": true, "no_deps": true}),
        ),
        ("down", json!({"volumes": true, "remove_orphans": true})),
        ("stop", json!({"services": ["a"], "grace": "5s"})),
        ("restart", json!({"services": ["a"], "grace": "5s"})),
        ("start", services.clone()),
        ("pull", services.clone()),
        ("build", services.clone()),
        ("config", services),
        ("exec", json!({"service": "s", "command": ["ls"], "user": "u", "workdir": "/w"})),
        ("run", json!({"service": "s", "command": ["ls"], "rm": false, "no_deps": true})),
        ("ps", json!({"services": ["a"], "all": true})),
        ("logs", json!({"services": ["a"], "tail": 5, "since": "5s", "timestamps": true})),
        ("stop", json!({"services": ["all"], "grace": graced["grace"]})),
    ]
}

fn around() -> Vec<Value> {
    vec![
        json!({"host": "h", "run_as": "u", "cwd": "/w", "env": {"A": "b"}, "stdin": {"text": "t"},
            "stdout": {"file": "f", "compress": "gzip", "mode": "0600"}, "unless": "u", "creates": "c", "max_output": "5MiB"}),
        json!({"stdin": {"file": "f", "decompress": "gzip"}}),
    ]
}

fn told(action: &Value, around: &Value) -> Option<String> {
    let action: Action<Templated> = serde_json::from_value(action.clone()).ok()?;
    let around: Around<Templated> = serde_json::from_value(around.clone()).ok()?;
    let contact = json!({"role": "r", "name": "n", "mail": "r@example.com"});
    let contacts = vec![serde_json::from_value(contact).expect("a contact")];
    Some(preview(&action, &around, &System { contacts, ..System::default() }))
}

/// The values of a document, each as its path.
fn leaves(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| leaves(v, &format!("{at}/{k}"), into)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(i, v)| leaves(v, &format!("{at}/{i}"), into))
        }
        _ => into.push(at.to_string()),
    }
}

/// What could stand there instead.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(on) => vec![json!(!on)],
        Value::Number(n) => vec![json!(n.as_u64().unwrap_or(0) + 1)],
        // The value of a word of the language is another word.
        Value::String(text) => {
            let words = ["zstd", "integer", "fail", "images", "networks", "alnum"].into_iter();
            let own = [format!("9{text}"), format!("{text}9")];
            own.into_iter()
                .chain(words.map(str::to_string))
                .filter(|other| other != text)
                .map(Value::from)
                .collect()
        }
        other => panic!("{other} is no value"),
    }
}

/// Changes each value of `sample` alone; `text` tells of it.
fn every_value_counts(sample: &Value, text: impl Fn(&Value) -> Option<String>) {
    let before = text(sample).unwrap_or_else(|| panic!("{sample} is what the language takes"));
    let mut paths = Vec::new();
    leaves(sample, "", &mut paths);
    for path in paths {
        let changed = |other: Value| {
            let mut changed = sample.clone();
            *changed.pointer_mut(&path)? = other;
            text(&changed)
        };
        let value = sample.pointer(&path).expect("a value");
        let after = others(value).into_iter().find_map(changed);
        let after = after.unwrap_or_else(|| panic!("{path} of {sample} could be something else"));
        assert_ne!(before, after, "{path} of {sample} is not told");
    }
}

#[test]
fn whatever_changes_in_an_action_changes_its_text() {
    for action in actions() {
        every_value_counts(&action, |changed| told(changed, &json!({})));
    }
}

#[test]
fn whatever_changes_around_an_action_changes_its_text() {
    for around in around() {
        every_value_counts(&around, |changed| told(&json!({"shell": {"run": "ls"}}), changed));
    }
}

/// The keys that samples have below `path`, and those that the language knows there.
fn compare_keys<T: JsonSchema>(samples: &[Value], path: &str, but: &[&str]) {
    let mut found: BTreeSet<String> = but.iter().map(ToString::to_string).collect();
    for map in samples.iter().filter_map(|s| s.pointer(path)?.as_object()) {
        found.extend(map.keys().cloned());
    }
    let schema = schema_for!(T);
    let known = schema.get("properties").and_then(Value::as_object).expect("a schema of keys");
    assert_eq!(found, known.keys().cloned().collect(), "{path}");
}

#[test]
fn no_key_of_the_language_is_missing_from_what_is_tried() {
    let all = actions();
    let tried = |path: &str| -> BTreeSet<String> {
        let maps = all.iter().filter_map(|a| a.pointer(path)?.as_object());
        maps.flat_map(|map| map.keys().cloned()).collect()
    };
    let keys = |keys: &[&str]| keys.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(tried(""), keys(Action::<Templated>::KEYS));
    assert_eq!(tried("/docker"), keys(Docker::<Templated>::KEYS));
    assert_eq!(tried("/file"), keys(FileAction::<Templated>::KEYS));
    assert_eq!(tried("/probe"), keys(Probe::<Templated>::KEYS));
    compare_keys::<Shell>(&all, "/shell", &[]);
    compare_keys::<Sql>(&all, "/sql", &[]);
    compare_keys::<Http>(&all, "/http", &[]);
    compare_keys::<Escalate<Templated>>(&all, "/escalate", &[]);
    // What it reads is an action of its own.
    compare_keys::<Wait>(&all, "/wait", &["shell", "docker", "sql", "probe", "file"]);
    compare_keys::<DockerExec>(&all, "/docker/exec", &[]);
    compare_keys::<DockerRun>(&all, "/docker/run", &[]);
    compare_keys::<Names>(&all, "/docker/stop", &[]);
    compare_keys::<DockerLogs>(&all, "/docker/logs", &[]);
    compare_keys::<ContainerList>(&all, "/docker/ps", &[]);
    compare_keys::<DockerPrune>(&all, "/docker/prune", &[]);
    compare_keys::<Compose>(&all, "/docker/compose", &[]);
    compare_keys::<ComposeUp>(&all, "/docker/compose/up", &[]);
    compare_keys::<ComposeDown>(&all, "/docker/compose/down", &[]);
    compare_keys::<ComposeServices>(&all, "/docker/compose/stop", &[]);
    compare_keys::<ComposeExec>(&all, "/docker/compose/exec", &[]);
    compare_keys::<ComposeRun>(&all, "/docker/compose/run", &[]);
    compare_keys::<ComposePs>(&all, "/docker/compose/ps", &[]);
    compare_keys::<ComposeLogs>(&all, "/docker/compose/logs", &[]);
    let around = around();
    // These are told beside the text.
    compare_keys::<Around>(&around, "", &["timeout", "sensitive"]);
    compare_keys::<Stdin>(&around, "/stdin", &[]);
    compare_keys::<StdoutFile>(&around, "/stdout", &[]);
}

#[test]
fn a_call_to_docker_reads_as_it_would_be_typed() {
    let system = System {
        compose: serde_json::from_value(json!({"project_dir": "/srv/x", "project": "shop"}))
            .expect("compose"),
        ..System::default()
    };
    let around: Around<Templated> =
        serde_json::from_value(json!({"env": {"PGPASSWORD": "x"}, "stdin": {"text": "SELECT 1"}}))
            .expect("around");
    let tell = |docker: Value| {
        let action = serde_json::from_value(json!({ "docker": docker })).expect("an action");
        let text = preview(&action, &around, &system);
        text.lines().next().map(str::to_string).expect("a line")
    };
    assert_eq!(
        tell(
            json!({"run": {"image": "alpine", "command": ["sh", "-c", "it's"], "volumes": ["./a b:/b:ro"], "network": "none"}})
        ),
        r"docker run --rm -i --network none -v './a b:/b:ro' -e PGPASSWORD alpine sh -c 'it'\''s'"
    );
    assert_eq!(
        tell(
            json!({"exec": {"container": "db", "command": ["psql"], "user": "postgres", "workdir": "/tmp"}})
        ),
        "docker exec -i -u postgres -w /tmp -e PGPASSWORD db psql"
    );
    assert_eq!(
        tell(json!({"compose": {"exec": {"service": "db", "command": ["psql"]}}})),
        "docker compose --project-directory /srv/x -p shop exec -T -e PGPASSWORD db psql"
    );
    assert_eq!(tell(json!({"stop": {"names": ["a", "b"], "grace": "1500ms"}})), "docker stop -t 2 a b");
    assert_eq!(tell(json!({"rm": {"names": ["a"], "grace": "5s"}})), "docker stop -t 5 a && docker rm a");
    assert_eq!(
        tell(json!({"compose": {"pull": {"services": ["all"]}}})),
        "docker compose --project-directory /srv/x -p shop pull"
    );
}
