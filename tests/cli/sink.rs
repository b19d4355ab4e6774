//! A web server of one answer, which keeps what it is asked.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A web server that gives every request this status, and keeps it.
pub fn web(status: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let kept: Arc<Mutex<Vec<String>>> = Arc::default();
    let requests = Arc::clone(&kept);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut text = String::new();
            let mut length = 0;
            while let Some(line) = line(&mut stream).filter(|line| !line.is_empty()) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                text.push_str(&format!("{line}\n"));
            }
            let mut body = vec![0; length];
            if stream.read_exact(&mut body).is_ok() {
                text.push_str(&String::from_utf8_lossy(&body));
            }
            requests.lock().expect("requests").push(text);
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    (port, kept)
}

fn line(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut one = [0];
    while !bytes.ends_with(b"\r\n") {
        if stream.read(&mut one).ok()? == 0 {
            return None;
        }
        bytes.push(one[0]);
    }
    Some(String::from_utf8_lossy(&bytes).trim_end().to_string())
}
