//! RefNet looked after: its logs, its leftovers, its long statements, each looked at from outside.

use super::harness::{Lab, aged_gzip, empty, names, place, unpacked};

fn healthy(lab: &Lab) -> bool {
    lab.enter(&["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8000/health"])
        == "200"
}

#[test]
fn logs_are_saved_with_their_last_lines_and_old_files_go_but_seven() {
    let Some(lab) = Lab::of("refnet") else { return };
    let logs = place("refnet/logs");
    empty(&logs);
    for days in 31..43 {
        aged_gzip(&logs.join(format!("refnet_old_{days}.log.gz")), "old", days);
    }
    let has = |mark: &str| {
        let saved = names(&logs, "refnet_2");
        saved.last().is_some_and(|name| unpacked(&logs.join(name)).contains(mark))
    };
    let visit =
        |mark: &str| lab.enter(&["curl", "-s", "-o", "/dev/null", &format!("http://127.0.0.1:8000/{mark}")]);
    lab.toban(&["run", "refnet/rotate-logs"]).exits(0);
    visit("marked-for-the-log");
    assert!(!has("marked-for-the-log"), "what came later is not in it");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    lab.toban(&["run", "refnet/rotate-logs"]).exits(0);
    assert!(has("marked-for-the-log"));
    let old = names(&logs, "refnet_old_");
    assert_eq!(old.len(), 5, "seven in all stay, the two new ones among them: {old:?}");
    assert!(
        old.contains(&"refnet_old_31.log.gz".to_owned()) && !old.contains(&"refnet_old_42.log.gz".to_owned())
    );
    empty(&logs);
}

/// Two images without a name that carry RefNet's label, as a build leaves them: one of 2020, one of now.
const IMAGES: &str = r#"
import hashlib, io, json, tarfile, datetime
def image(created):
    layer = io.BytesIO(); tarfile.open(fileobj=layer, mode="w").close(); layer = layer.getvalue()
    config = json.dumps({"architecture": "amd64", "os": "linux", "created": created,
        "config": {"Labels": {"com.docker.compose.project": "refnet", "lab": "leftover"}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    yield name, config
    yield "layer.tar", layer
    yield "manifest.json", json.dumps([{"Config": name, "RepoTags": None, "Layers": ["layer.tar"]}]).encode()
import subprocess
for created in ("2020-01-01T00:00:00Z", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as out:
        for name, content in image(created):
            entry = tarfile.TarInfo(name); entry.size = len(content); out.addfile(entry, io.BytesIO(content))
    subprocess.run(["docker", "load", "-q"], input=packed.getvalue(), check=True, stdout=subprocess.DEVNULL)
"#;

#[test]
fn a_leftover_image_goes_once_it_is_a_week_old_and_somebody_says_yes() {
    let Some(lab) = Lab::alone("refnet") else { return };
    let left = "docker images -q --filter dangling=true --filter label=lab=leftover | wc -l";
    let left = || lab.enter(&["bash", "-ceu", left]).trim().to_owned();
    lab.enter(&["bash", "-c", "docker images -q --filter label=lab=leftover | xargs -r docker rmi -f"]);
    lab.enter(&["python3", "-c", IMAGES]);
    assert_eq!(left(), "2");
    lab.toban(&["run", "refnet/cleanup-docker"]).exits(3);
    assert_eq!(left(), "2", "nobody said yes");
    lab.breaks("refnet-api");
    lab.toban(&["run", "refnet/cleanup-docker", "--confirm", "prune"]).exits(1);
    lab.mends();
    assert_eq!(left(), "2", "nothing goes while a service is down");
    lab.toban(&["run", "refnet/cleanup-docker", "--confirm", "prune"]).exits(0);
    assert_eq!(left(), "1", "the one of 2020 is gone, that of now stays");
    assert!(healthy(&lab));
    lab.enter(&["bash", "-c", "docker images -q --filter label=lab=leftover | xargs -r docker rmi -f"]);
}

#[test]
fn a_statement_that_runs_too_long_is_cancelled_where_a_person_says_so() {
    let Some(lab) = Lab::of("refnet") else { return };
    let sleep =
        "docker exec -d refnet-postgres-1 psql -XAtq -U refnet -d refnet -c 'SELECT pg_sleep(300)'; sleep 2";
    lab.enter(&["bash", "-c", sleep]);
    let running = || {
        lab.refnet(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'",
        )
    };
    assert_eq!(running(), "1");
    let slow = ["run", "refnet/incident-performance", "-i", "seconds=1"];
    lab.toban(&slow).exits(3);
    lab.toban(&[&slow[..], &["--choose", "decision=leave"]].concat()).exits(0);
    assert_eq!(running(), "1", "a look alone ends nothing");
    lab.toban(&[&slow[..], &["--choose", "decision=cancel"]].concat()).exits(0);
    assert_eq!(running(), "0");
    assert!(healthy(&lab));
}

#[test]
fn dead_rows_and_dear_statements_are_told_and_a_tidy_database_is_not() {
    let Some(lab) = Lab::of("refnet") else { return };
    let says = |playbook: &str, words: &str| {
        format!("{}", lab.toban(&["run", &format!("refnet/{playbook}")])).contains(words)
    };
    let (dead, dear) = ("of lab_dead are dead rows", "ms on average: SELECT pg_sleep");
    lab.refnet("DROP TABLE IF EXISTS lab_dead; SELECT pg_stat_statements_reset()");
    assert!(!says("weekly-check", dead) && !says("performance", dear));
    lab.refnet(
        "CREATE TABLE lab_dead WITH (autovacuum_enabled = false) AS SELECT generate_series(1, 40000) AS n",
    );
    lab.refnet("DELETE FROM lab_dead WHERE n > 10000");
    lab.refnet("SELECT pg_sleep(1.2)");
    std::thread::sleep(std::time::Duration::from_millis(600)); // what a session counted is told once it has ended
    assert!(says("weekly-check", dead) && says("performance", dear));
    lab.refnet("DROP TABLE lab_dead; SELECT pg_stat_statements_reset()");
}
