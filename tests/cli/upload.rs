//! A request whose body is half sent when the run is stopped: the connection is closed, and nothing is sent again.

use std::io::Read;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

use toban::event::{Kind, RunOutcome};

use crate::place::{PATIENCE, Place, said};
use crate::sink::web;

/// More than the buffers of both ends of a connection hold.
const BODY: usize = 8 * 1024 * 1024;

#[test]
fn a_body_that_is_half_sent_is_broken_off_and_not_sent_again() {
    let place = Place::new();
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let (begun, sees_begin) = channel();
    let (go_on, may_go_on) = channel::<()>();
    let (over, sees_end) = channel();
    std::thread::spawn(move || {
        let (mut from, _) = server.accept().expect("a connection");
        let mut bytes = vec![0; 16 * 1024];
        let mut all = from.read(&mut bytes).expect("the beginning");
        begun.send(()).expect("the test listens");
        may_go_on.recv().expect("the test goes on");
        from.set_read_timeout(Some(PATIENCE)).expect("set");
        while let Ok(n) = from.read(&mut bytes) {
            if n == 0 {
                break;
            }
            all += n;
        }
        server.set_nonblocking(true).expect("set");
        std::thread::sleep(Duration::from_millis(500));
        over.send((all, server.accept().is_ok())).expect("the test listens");
    });
    place.file("big", &"x".repeat(BODY));
    let steps = format!(
        "title: t\nsteps:\n  - {{ id: read, file: {{ read: big }}, max_output: 64MiB }}\n  - id: send\n    http: {{ post: 'http://127.0.0.1:{port}/', body: '{{{{ steps.read.text }}}}', timeout: 10m }}\n    retry: {{ attempts: 3, delay: 100ms }}\n  - {{ id: never, shell: echo x >> never.count }}\n"
    );
    place.file("play.yaml", &steps);
    let mut command = place.command();
    command.args(["run", "play.yaml", "--progress", "plain"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = command.spawn().expect("toban starts");
    sees_begin.recv_timeout(PATIENCE).expect("the request begins");
    let cancel = place.toban(&["cancel", "last"]);
    assert_eq!(cancel.code, 0, "{cancel:?}");
    let run = said(run.wait_with_output().expect("it ends"));
    assert_eq!(run.code, 143, "{run:?}");
    go_on.send(()).expect("the server waits");
    let (all, again) = sees_end.recv_timeout(PATIENCE).expect("the connection ends");
    assert!(all < BODY, "{all} bytes came, the whole body: nothing was broken off");
    assert!(!again, "nothing is sent again");
    assert_eq!(place.lines("never.count"), 0);
    let ended =
        |e: &toban::event::Event| matches!(e.kind, Kind::RunEnded { outcome: RunOutcome::Cancelled, .. });
    assert!(place.facts().iter().any(ended));
}

#[test]
fn a_long_body_stands_once_in_the_journal_and_the_run_goes_on_with_it() {
    let place = Place::new();
    let (port, requests) = web("200 OK");
    let body = "0123456789abcdef".repeat(BODY / 64);
    place.file("big", &body);
    place.file(
        "play.yaml",
        &format!(
            "title: t\nsteps:\n  - {{ id: read, file: {{ read: big }}, max_output: 64MiB }}\n  - {{ id: stop, shell: 'kill -9 $PPID' }}\n  - id: send\n    http: {{ post: 'http://127.0.0.1:{port}/', body: '{{{{ steps.read.text }}}}' }}\n"
        ),
    );
    place.toban(&["run", "play.yaml"]);
    let resumed = place.toban(&["resume", "last", "--skip", "stop", "--reason", "it was only to die"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    let sent = requests.lock().expect("requests").concat();
    assert!(sent.ends_with(&body), "the whole body, from the journal: {} bytes", sent.len());
    let journal = std::fs::metadata(place.last_run().journal()).expect("a journal").len();
    assert!(journal < (body.len() + 200 * 1024) as u64, "{journal} bytes for {}", body.len());
    let preview = place.facts().into_iter().find_map(|event| match event.kind {
        Kind::AttemptStarted { unit, preview, .. } if unit.to_string() == "send" => Some(preview),
        _ => None,
    });
    let preview = preview.expect("what was sent");
    assert!(preview.starts_with("POST http://127.0.0.1") && preview.contains("bytes, SHA-256 "), "{preview}");
    assert_eq!(place.toban(&["verify"]).code, 0);
    assert_eq!(place.toban(&["report"]).code, 0);
}
