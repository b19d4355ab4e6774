//! A web server that answers with what it was sent, in every form: in header fields, and in a body of JSON.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::LazyLock;

use base64::Engine as _;

static PORT: LazyLock<u16> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that gives up in between is none of the server's business.
            std::thread::spawn(move || answer(stream).ok());
        }
    });
    port
});

/// The port it listens on; the server ends with the process.
pub fn port() -> u16 {
    *PORT
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        head.push(line.trim_end().to_string());
    }
    let field = |name: &str| {
        let value = |line: &String| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_string())
        };
        head.iter().find_map(value)
    };
    let length = field("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let login = field("authorization").unwrap_or_default();
    let decoded =
        login.strip_prefix("Basic ").and_then(|l| base64::engine::general_purpose::STANDARD.decode(l).ok());
    let told = serde_json::json!({
        "head": head,
        "body": String::from_utf8_lossy(&body),
        "login": decoded.map(|d| String::from_utf8_lossy(&d).into_owned()),
    });
    let status = if head.first().is_some_and(|l| l.contains("/no")) { "401 Unauthorized" } else { "200 OK" };
    let told = told.to_string();
    write!(
        &stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Login: {login}\r\nX-Key: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{told}",
        field("x-key").unwrap_or_default(),
        told.len(),
    )
}
