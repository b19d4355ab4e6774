//! Whether a request could be sent: the name resolves, somebody answers there, the certificate is believed. No request
//! is sent.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;

use super::perform::trust;
use super::request::Request;
use crate::action::Context;
use crate::action::could::{Could, Looked, is_unknown};
use crate::action::trust::{Trust, provider};
use crate::model::{Http, Rendered};

/// How long a server may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the server of a request.
pub async fn could_start(http: &Http<Rendered>, cx: &Context<'_>) -> Looked {
    let target = http.targets().first().map(|(_, target)| target.0.clone()).unwrap_or_default();
    let server =
        target.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or(rest));
    if is_unknown(server) {
        return Err(Could::unknown(&target));
    }
    let request = Request::new(http)?;
    let trust = Arc::new(trust(http, cx)?);
    let url = request.url();
    let host = url.host_str().unwrap_or_default().to_string();
    let port = url.port_or_known_default().unwrap_or(443);
    if behind_a_proxy(url) {
        return Err(Could::unclear(crate::t!(
            "{host} is reached through a proxy",
            "{host} へはプロキシ経由で接続します"
        )));
    }
    let stream = connected(&host, port).await?;
    if url.scheme() == "https" {
        believed(trust, &host, stream).await?;
    }
    Ok(Could::yes(crate::t!("{host}:{port} answers", "{host}:{port} が応答します")))
}

/// Programs reach the outside through these where they are set.
fn behind_a_proxy(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_string();
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback());
    let set = |name: &str| std::env::var(name).is_ok_and(|v| !v.is_empty());
    let own =
        if url.scheme() == "https" { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
    !here && own.iter().chain(&["ALL_PROXY", "all_proxy"]).any(|name| set(name))
}

async fn connected(host: &str, port: u16) -> Result<TcpStream, Could> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let no = |why: String| Could::no(format!("{host}:{port}: {why}")).wanting(host).wanting(port.to_string());
    match tokio::time::timeout(PATIENCE, TcpStream::connect((name, port))).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(e)) => Err(no(e.to_string())),
        Err(_) => Err(no(crate::t!("no answer", "応答がありません"))),
    }
}

async fn believed(trust: Arc<Trust>, host: &str, stream: TcpStream) -> Result<(), Could> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_string();
    let Ok(name) = ServerName::try_from(bare) else { return Ok(()) };
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| Could::unclear(e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(trust.clone())
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let refused = match tokio::time::timeout(PATIENCE, connector.connect(name, stream)).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(e)) => trust.seen().and_then(|s| s.refused).unwrap_or_else(|| e.to_string()),
        Err(_) => crate::t!("no TLS answer", "TLS の応答がありません"),
    };
    Err(Could::no(format!("{host}: {refused}")))
}
