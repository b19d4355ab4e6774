//! A small web server for tests, with and without TLS.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::action::trust::provider;

/// What the server does with a request.
pub enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends these bytes and then keeps silent.
    Stall(Vec<u8>),
}

/// A server that runs until the test's runtime ends.
pub struct Server {
    pub at: SocketAddr,
    pub requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    pub fn last(&self) -> String {
        self.requests.lock().expect("requests").last().cloned().unwrap_or_default()
    }
}

pub type Handler = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

/// An answer of this status and body.
pub fn ok(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Bytes(
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
            .into_bytes(),
    )
}

/// Serves plain HTTP; the handler is given the whole request.
pub async fn serve(handler: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
    start(Arc::new(handler), None).await
}

/// Serves HTTPS with this certificate.
pub async fn serve_tls(
    config: ServerConfig,
    handler: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> Server {
    start(Arc::new(handler), Some(tokio_rustls::TlsAcceptor::from(Arc::new(config)))).await
}

async fn start(handler: Handler, tls: Option<tokio_rustls::TlsAcceptor>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = Server { at: listener.local_addr().expect("address"), requests: Arc::default() };
    let requests = server.requests.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (handler, requests, tls) = (handler.clone(), requests.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => talk(stream, handler, requests).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            talk(stream, handler, requests).await;
                        }
                    }
                }
            });
        }
    });
    server
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    handler: Handler,
    requests: Arc<Mutex<Vec<String>>>,
) {
    let request = read_request(&mut stream).await;
    requests.lock().expect("requests").push(request.clone());
    let (bytes, stall) = match handler(&request) {
        Reply::Bytes(bytes) => (bytes, false),
        Reply::Stall(bytes) => (bytes, true),
    };
    let _ = stream.write_all(&bytes).await;
    let _ = stream.flush().await;
    if stall {
        std::future::pending::<()>().await;
    }
    let _ = stream.shutdown().await;
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0u8; 4096];
    loop {
        let n = stream.read(&mut buffer).await.unwrap_or(0);
        bytes.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&bytes).to_string();
        if n == 0 || text.split_once("\r\n\r\n").is_some_and(|(head, body)| body.len() >= length(head)) {
            return text;
        }
    }
}

fn length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

/// A self-signed certificate that calls itself an authority, as `openssl req -x509` makes them; days from now.
pub fn self_signed(names: &[&str], from_days: i64, to_days: i64) -> (ServerConfig, String) {
    let mut params = dated(names, from_days, to_days);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    (config(certificate.der().clone(), &key), certificate.pem())
}

/// A certificate of an authority made for the test, and the authority's PEM.
pub fn issued(names: &[&str], from_days: i64, to_days: i64) -> (ServerConfig, String) {
    let mut root = dated(&[], -10, 3650);
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.distinguished_name.push(rcgen::DnType::CommonName, "Test Authority");
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = dated(names, from_days, to_days).signed_by(&key, &root).expect("a certificate");
    (config(leaf.der().clone(), &key), root.pem())
}

fn dated(names: &[&str], from_days: i64, to_days: i64) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|n| (*n).to_string()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    let now = std::time::SystemTime::now();
    let at = |days: i64| {
        let distance = std::time::Duration::from_secs(days.unsigned_abs() * 86_400 + 60);
        if days < 0 { now - distance } else { now + distance }
    };
    params.not_before = at(from_days).into();
    params.not_after = at(to_days).into();
    params
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a server")
}
