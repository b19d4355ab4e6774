//! The header fields that a system gives to all its requests: rendered, shown in the plan, and without their secrets.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PLAYBOOK: &str = "\
title: 合図
steps:
  - { id: plain, http: { get: '{{ system.urls.base }}/plain' } }
  - { id: own, http: { get: '{{ system.urls.base }}/own', headers: { x-team: 夜勤 } } }
  - id: until
    wait: { until: status == 200, limit: 5s, http: { get: '{{ system.urls.base }}/until' } }
  - { id: named, action: poke }
";

/// Answers so many requests and gives what came.
fn server(count: usize) -> (u16, std::thread::JoinHandle<Vec<String>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let serve = move || {
        let one = |_| {
            let (mut peer, _) = listener.accept().expect("a request");
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && peer.read(&mut byte).is_ok_and(|n| n == 1) {
                head.push(byte[0]);
            }
            peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .expect("answered");
            String::from_utf8_lossy(&head).into_owned()
        };
        (0..count).map(one).collect()
    };
    (port, std::thread::spawn(serve))
}

fn toban(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_toban"))
        .args(arguments)
        .args(["--lang", "en"])
        .current_dir(folder)
        .env("TOBAN_STATE_DIR", folder.join("state"))
        .env("TOBAN_LOCK_DIR", folder.join("locks"))
        .env("GATE_TOKEN", "open-sesame-4711")
        .stdin(Stdio::null())
        .output()
        .expect("toban starts")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn every_request_of_a_system_carries_its_header_fields() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("playbooks/gate");
    std::fs::create_dir_all(&place).expect("a folder");
    let (port, came) = server(4);
    let system = format!(
        "urls: {{ base: 'http://127.0.0.1:{port}' }}\n\
         vars: {{ team: 朝番 }}\n\
         http: {{ headers: {{ X-Token: 'Token {{{{ secrets.gate }}}}', X-Team: '{{{{ system.vars.team }}}}' }} }}\n\
         secrets: {{ gate: {{ from: 'env:GATE_TOKEN' }} }}\n\
         actions: {{ poke: {{ http: {{ post: 'http://127.0.0.1:{port}/named' }} }} }}\n"
    );
    std::fs::write(place.join("system.yaml"), system).expect("written");
    std::fs::write(place.join("knock.yaml"), PLAYBOOK).expect("written");

    let plan = toban(folder.path(), &["plan", "gate/knock"]);
    let shown = told(&plan);
    assert!(plan.status.success(), "{shown}");
    assert!(shown.contains("朝番"), "the plan shows what is sent: {shown}");
    assert!(!shown.contains("open-sesame-4711"), "{shown}");

    let ran = toban(folder.path(), &["run", "gate/knock", "--progress", "plain"]);
    assert!(ran.status.success(), "{}", told(&ran));
    let came = came.join().expect("the server");
    for (request, team) in came.iter().zip(["朝番", "夜勤", "朝番", "朝番"]) {
        assert!(request.contains("x-token: Token open-sesame-4711\r\n"), "{request}");
        assert!(request.contains(&format!("x-team: {team}\r\n")), "{request}");
        assert_eq!(request.matches("x-team").count(), 1, "{request}");
    }
    let logs = folder.path().join("state");
    let found = Command::new("grep").args(["-rl", "open-sesame-4711"]).arg(&logs).output().expect("grep");
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "a log or the journal holds the secret");
}
