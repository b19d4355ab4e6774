//! SQL steps that reach a real PostgreSQL through a container's address; the engine that knows the address is a
//! stand-in that answers three questions of the Docker API.

mod sql_support;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};

use indexmap::IndexMap;
use serde_json::{Value, json};
use sql_support::Step;
use sql_support::server::postgres;
use toban::model::{Connection, Through};

fn answer(mut stream: TcpStream, asked: &Sender<String>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|n| n > 0) {
        let path = line.split_whitespace().nth(1).unwrap_or_default().to_string();
        while reader.read_line(&mut line).is_ok_and(|n| n > 2) {}
        let (status, body) = reply(&path);
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let _ = asked.send(path);
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
        line.clear();
    }
}

fn reply(path: &str) -> (&'static str, Value) {
    let container = |running: bool| {
        json!({"Id": "abc", "State": {"Running": running}, "NetworkSettings": {"Networks":
            {"back": {"IPAddress": "127.0.0.1"}, "empty": {"IPAddress": ""}}}})
    };
    match path {
        "/version" => ("200 OK", json!({"ApiVersion": "1.41"})),
        p if p.contains("/containers/json") => (
            "200 OK",
            json!([{"Id": "abc", "Names": ["/abc"],
            "State": "running", "Labels": {"com.docker.compose.service": "db"}}]),
        ),
        p if p.contains("/containers/abc/json") => ("200 OK", container(true)),
        p if p.contains("/containers/asleep/json") => ("200 OK", container(false)),
        _ => ("404 Not Found", json!({"message": "no such container"})),
    }
}

fn through(port: u16, way: Through) -> Step {
    let mut step = Step::query("main", "select current_database()", vec![]);
    let url = Some(format!("postgres://postgres@:{port}/postgres"));
    step.system
        .connections
        .insert("main".into(), Connection { url, through: Some(way), ..Connection::default() });
    step.system.compose.project_dir = Some("/srv/My.App".into());
    step
}

fn compose(service: &str) -> Through {
    Through { compose: Some(IndexMap::from([("service".into(), service.into())])), ..Through::default() }
}

fn container(name: &str) -> Through {
    Through { container: Some(IndexMap::from([("name".into(), name.into())])), ..Through::default() }
}

#[test]
fn a_database_without_a_published_port_is_reached_at_its_container_s_address() {
    let engine = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("tcp://{}", engine.local_addr().expect("an address"));
    // SAFETY: this is the only test of its process, and nothing else runs yet.
    unsafe { std::env::set_var("DOCKER_HOST", address) };
    let (tell, asked) = channel();
    std::thread::spawn(move || {
        for stream in engine.incoming().flatten() {
            let tell = tell.clone();
            std::thread::spawn(move || answer(stream, &tell));
        }
    });
    let port = postgres().port;
    assert_eq!(through(port, compose("db")).value(), json!("postgres"));
    let questions: Vec<String> = asked.try_iter().collect();
    let one = |words: &str| questions.iter().any(|q| q.contains("/containers/json") && q.contains(words));
    assert!(one("project%3Dmyapp") && one("oneoff%3DFalse"), "not one of `run`: {questions:?}");
    assert_eq!(through(port, container("abc")).value(), json!("postgres"));

    for (way, words) in [
        (compose("nope"), "the service `nope` of the compose project `myapp` is not running"),
        (container("gone"), "no container `gone`"),
        (container("asleep"), "`asleep` is not running"),
        (Through { host: Some("app".into()), ..Through::default() }, "there is no host `app`"),
        (Through::default(), "`through` needs"),
    ] {
        let message = through(port, way).failure().to_string();
        assert!(message.contains(words), "{message}");
    }
}
