//! Readings of this very host and of servers on loopback.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::perform;
use crate::action::http::server::{issued, ok, self_signed, serve_tls};
use crate::action::trial::{Trial, yaml};
use crate::action::{Performed, Report};
use crate::event::Failure;
use crate::model::{Probe, Rendered};
use crate::process::StopReason;

pub async fn probe(trial: &Trial, step: &str) -> Performed {
    perform(&yaml::<Probe<Rendered>>(step), &trial.context()).await
}

pub async fn read(trial: &Trial, step: &str) -> Report {
    probe(trial, step).await.expect("a reading")
}

fn df(path: &str, column: &str) -> u64 {
    let out = Command::new("df").args(["-B1", &format!("--output={column}"), path]).output().expect("df");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.lines().nth(1).and_then(|l| l.trim().trim_end_matches('%').parse().ok()).expect("a number of df")
}

#[tokio::test]
async fn a_disk_is_read_as_df_reads_it() {
    let trial = Trial::new();
    let path = trial.dir.path().to_string_lossy().into_owned();
    let gives = read(&trial, "disk: {path: .}").await.gives;
    assert_eq!(gives["total"], df(&path, "size"));
    let near = |key: &str, column: &str, slack: u64| {
        let (ours, theirs) = (gives[key].as_u64().expect("a number"), df(&path, column));
        assert!(ours.abs_diff(theirs) <= slack, "{key}: {ours} {theirs}");
    };
    near("used_percent", "pcent", 1);
    near("inodes_used_percent", "ipcent", 1);
    near("used", "used", 1 << 30);
    near("available", "avail", 1 << 30);
    let mount = Command::new("df").args(["--output=target", &path]).output().expect("df");
    let mount = String::from_utf8_lossy(&mount.stdout).lines().nth(1).map(str::to_string);
    assert_eq!(gives["mount"].as_str(), mount.as_deref());
    assert!(matches!(probe(&trial, "disk: {path: /no/such}").await, Err(Failure::Unavailable { .. })));
}

#[tokio::test]
async fn memory_and_load_are_those_of_the_host() {
    let trial = Trial::new();
    let memory = read(&trial, "memory: {}").await.gives;
    let number = |key: &str| memory[key].as_u64().expect("a number");
    assert_eq!(number("total"), number("available") + number("used"));
    assert!(number("total") > 64 << 20 && number("swap_used") <= number("swap_total"));
    assert!(memory["used_percent"].as_f64().is_some_and(|p| p > 0.0 && p < 100.0));
    let load = read(&trial, "load: {}").await.gives;
    let cpus = load["cpus"].as_f64().expect("a number");
    let (one, per_cpu) = (load["one"].as_f64().expect("one"), load["per_cpu"].as_f64().expect("per cpu"));
    assert!(cpus >= 1.0 && (one / cpus - per_cpu).abs() < 0.01);
    assert!(load["fifteen"].is_f64());
}

#[tokio::test]
async fn an_open_port_is_open_and_a_closed_one_is_no_failure() {
    let trial = Trial::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("address").port();
    let open = read(&trial, &format!("tcp: {{host: localhost, port: {port}}}")).await;
    assert_eq!((&open.gives["open"], &open.gives["error"]), (&json!(true), &json!(null)));
    drop(listener);
    let closed = read(&trial, &format!("tcp: {{host: 127.0.0.1, port: {port}}}")).await;
    assert_eq!(
        (&closed.gives["open"], &closed.gives["error"]),
        (&json!(false), &json!("connection refused"))
    );
    assert_eq!(closed.failure, None);
}

#[tokio::test]
async fn a_name_resolves_or_says_why_not() {
    let trial = Trial::new();
    let here = read(&trial, "dns: {name: localhost}").await.gives;
    assert!(here["addresses"].as_array().is_some_and(|a| a.contains(&json!("127.0.0.1"))), "{here:?}");
    let nowhere = read(&trial, "dns: {name: no-such-host.invalid}").await.gives;
    assert_eq!(nowhere["addresses"], json!([]));
    assert!(nowhere["error"].is_string());
}

#[tokio::test]
async fn processes_are_found_by_name_and_ended_ones_are_not() {
    let trial = Trial::new();
    let name = format!("tbn{}", std::process::id());
    let program = trial.path(&name);
    std::fs::copy("/bin/sleep", &program).expect("a copy of sleep");
    let start = || Command::new(&program).arg("60").stdin(Stdio::null()).spawn().expect("started");
    let mut children = [start(), start()];
    let found = loop {
        // Between fork and exec a child still has our name.
        let found = read(&trial, &format!("process: {{name: {name}}}")).await.gives;
        if found["count"] == 2 {
            break found;
        }
    };
    let mut pids: Vec<Value> = children.iter().map(|c| c.id().into()).collect();
    pids.sort_by_key(Value::as_u64);
    assert_eq!(found["pids"], Value::from(pids));
    assert!(found["memory"].as_u64().is_some_and(|m| m > 4096), "{found:?}");
    assert_eq!(found["commands"][0], format!("{} 60", program.display()));
    children[0].kill().expect("killed");
    std::thread::sleep(Duration::from_millis(50));
    let left = read(&trial, &format!("process: {{name: {name}}}")).await.gives;
    assert_eq!(left["count"], 1, "one that is dead but not reaped does not count");
    for child in &mut children {
        let _ = child.kill();
        child.wait().expect("reaped");
    }
    let gone = read(&trial, &format!("process: {{name: {name}}}")).await.gives;
    assert_eq!((&gone["count"], &gone["memory"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn certificates_of_servers_are_read_whatever_is_wrong_with_them() {
    let trial = Trial::new();
    for (made, days, own, word) in [
        (issued(&["localhost"], -1, 30), 30, false, "issuer is not trusted"),
        (issued(&["other.example"], -1, 3), 3, false, "not trusted"),
        (issued(&["localhost"], -20, -2), -3, false, "expired"),
        (self_signed(&["localhost"], -1, 10), 10, true, "self-signed"),
        (self_signed(&["localhost"], 5, 10), 10, true, "valid only from"),
    ] {
        let server = serve_tls(made.0, |_| ok("200 OK", "", "")).await;
        let report = read(&trial, &format!("tls: {{host: localhost, port: {}}}", server.at.port())).await;
        let gives = &report.gives;
        assert_eq!((&gives["days_left"], &gives["self_signed"]), (&json!(days), &json!(own)), "{gives:?}");
        assert_eq!((&gives["verified"], report.failure.as_ref()), (&json!(false), None));
        let error = gives["error"].as_str().unwrap_or_default();
        assert!(error.contains(word) || error.contains("not trusted"), "{word}: {error}");
        assert!(gives["not_after"].as_str().is_some_and(|t| t.ends_with('Z')) && gives["names"].is_array());
    }
}

#[tokio::test]
async fn a_server_without_tls_gives_no_days_and_the_reason() {
    let trial = Trial::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 mail ready\r\n").await;
        }
    });
    let report = read(&trial, &format!("tls: {{host: 127.0.0.1, port: {port}}}")).await;
    assert_eq!((&report.gives["days_left"], &report.gives["verified"]), (&json!(null), &json!(false)));
    assert!(matches!(report.failure, Some(Failure::Unavailable { .. })));
    assert!(probe(&trial, "tls: {host: 'not a name', port: 1}").await.is_err());
    assert!(probe(&trial, "tls: {}").await.is_err());
}

#[tokio::test]
async fn a_certificate_made_by_openssl_is_read_from_its_file() {
    let trial = Trial::new();
    let (key, pem) = (trial.path("key.pem"), trial.path("cert.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "20",
            "-subj",
            "/CN=lab/O=組織",
            "-utf8",
        ])
        .args(["-addext", "subjectAltName=DNS:lab.example,IP:127.0.0.1", "-keyout"])
        .args([&key, std::path::Path::new("-out"), &pem].map(std::path::PathBuf::from))
        .output()
        .expect("openssl (apt install openssl)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let gives = read(&trial, "tls: {file: cert.pem}").await.gives;
    assert_eq!(
        (&gives["names"], &gives["self_signed"]),
        (&json!(["lab.example", "127.0.0.1"]), &json!(true))
    );
    assert!(gives["days_left"] == 19 || gives["days_left"] == 20);
    assert!(
        gives["subject"].as_str().is_some_and(|s| s.contains("CN=lab") && s.contains("組織")),
        "{gives:?}"
    );
    trial.file("text", "no certificate");
    for file in ["text", "none.pem"] {
        assert!(matches!(
            probe(&trial, &format!("tls: {{file: {file}}}")).await,
            Err(Failure::Unavailable { .. })
        ));
    }
}

#[tokio::test]
async fn a_stop_ends_a_reading_that_waits() {
    let trial = Trial::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("address").port();
    let stopper = trial.stopper.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stopper.stop(StopReason::Cancelled);
    });
    let begun = Instant::now();
    let ended = probe(&trial, &format!("tls: {{host: 127.0.0.1, port: {port}}}")).await;
    assert_eq!(ended, Err(Failure::Cancelled));
    assert!(begun.elapsed() < Duration::from_secs(2));
}
