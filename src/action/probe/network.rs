//! Whether a port answers and what a name resolves to. A no is a reading, not a failure.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpStream;

use crate::event::Gives;

/// How long a port or a name server may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Connects and closes.
pub async fn tcp(host: &str, port: u16) -> Gives {
    let begun = Instant::now();
    let connected = connect(host, port).await;
    let mut gives = Gives::new();
    gives.insert("open".into(), connected.is_ok().into());
    gives.insert("elapsed_ms".into(), millis(begun));
    gives.insert("error".into(), connected.err().map_or(Value::Null, Value::from));
    gives
}

/// A connection, or why there is none.
pub async fn connect(host: &str, port: u16) -> Result<TcpStream, String> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    patient(TcpStream::connect((host, port))).await
}

/// Asks as programs of this host do: `/etc/hosts`, then the name servers.
pub async fn dns(name: &str) -> Gives {
    let begun = Instant::now();
    let found = patient(async { Ok(tokio::net::lookup_host((name, 0)).await?.collect::<Vec<_>>()) }).await;
    let mut gives = Gives::new();
    gives.insert("elapsed_ms".into(), millis(begun));
    let (addresses, error) = match found {
        Ok(found) => (found.iter().map(|a| a.ip().to_string()).collect::<BTreeSet<_>>(), Value::Null),
        Err(why) => (BTreeSet::new(), why.into()),
    };
    gives.insert("addresses".into(), addresses.into_iter().collect::<Vec<_>>().into());
    gives.insert("error".into(), error);
    gives
}

async fn patient<T>(work: impl Future<Output = io::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(|e| why(&e)),
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            Err(crate::t!("no answer within {seconds} seconds", "{seconds} 秒以内に応答がありません"))
        }
    }
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => crate::t!("connection refused", "接続を拒否されました"),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_string()
        }
    }
}

fn millis(begun: Instant) -> Value {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).into()
}
