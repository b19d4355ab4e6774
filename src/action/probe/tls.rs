//! The certificate of a server or of a file, believed or not. It sends nothing through the connection.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::ClientConfig;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::Value;

use super::network::{PATIENCE, connect};
use super::perform::unavailable;
use crate::action::certificate::Certificate;
use crate::action::trust::{Trust, pem_file, provider, unix_time};
use crate::action::{Context, Performed, Report};
use crate::event::{Failure, Gives};
use crate::model::{Rendered, TlsProbe};

/// Reads a certificate and what is thought of it.
pub async fn probe(it: &TlsProbe<Rendered>, cx: &Context<'_>) -> Performed {
    match (&it.host, &it.file) {
        (Some(host), None) => {
            let port = it.port.as_ref().map_or(443, |p| **p);
            server(host, port, it.server_name.as_deref().unwrap_or(host)).await
        }
        (None, Some(file)) => {
            let chain = pem_file(&cx.path(file)).map_err(unavailable)?;
            in_file(&chain, it.server_name.as_deref().map(String::as_str))
        }
        _ => Err(rejected(crate::t!(
            "a tls probe has exactly one of host, file",
            "tls プローブには host か file のどちらか 1 つを書きます"
        ))),
    }
}

async fn server(host: &str, port: u16, name: &str) -> Performed {
    let bare = name.trim_start_matches('[').trim_end_matches(']').to_string();
    let name = ServerName::try_from(bare).map_err(|_| {
        rejected(crate::t!("`{name}` is not the name of a server", "`{name}` はサーバー名として使えません"))
    })?;
    let trust = Arc::new(Trust::only_looking());
    let shaken = match connect(host, port).await {
        Ok(stream) => handshake(trust.clone(), name, stream).await,
        Err(why) => Err(why),
    };
    // A server that breaks off after its certificate has shown it all the same.
    match (trust.seen(), shaken) {
        (Some(seen), _) => report(&seen.leaf, seen.refused),
        (None, shaken) => {
            let why = shaken.err().unwrap_or_else(|| {
                crate::t!("the server showed no certificate", "サーバーが証明書を提示しませんでした")
            });
            Ok(none(&format!("{host}:{port}: {why}")))
        }
    }
}

async fn handshake(
    trust: Arc<Trust>,
    name: ServerName<'static>,
    stream: tokio::net::TcpStream,
) -> Result<(), String> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(trust)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    match tokio::time::timeout(PATIENCE, connector.connect(name, stream)).await {
        Ok(shaken) => shaken.map(drop).map_err(|e| {
            crate::t!("the server does not speak TLS here: {e}", "サーバーが TLS で応答しません: {e}")
        }),
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            Err(crate::t!(
                "no TLS answer within {seconds} seconds",
                "{seconds} 秒以内に TLS の応答がありません"
            ))
        }
    }
}

/// A file names no server: its certificate is judged for the first name that it is for.
fn in_file(chain: &[CertificateDer<'static>], name: Option<&str>) -> Performed {
    let Some((leaf, rest)) = chain.split_first() else { return Ok(none("")) };
    let facts = Certificate::read(leaf).map_err(unavailable)?;
    let name = name.map(str::to_string).or_else(|| facts.names.first().map(|n| n.replace('*', "any")));
    let refused = match name.map(ServerName::try_from) {
        Some(Ok(name)) => {
            let judged = Trust::only_looking().judge(leaf, rest, &name, unix_time(Timestamp::now()));
            judged.err().map(|(words, _)| words)
        }
        _ => Some(crate::t!("the certificate is for no server name", "証明書にサーバー名がありません")),
    };
    report(leaf, refused)
}

fn report(leaf: &CertificateDer<'_>, refused: Option<String>) -> Performed {
    let facts = Certificate::read(leaf).map_err(unavailable)?;
    let mut gives = facts.gives(Timestamp::now());
    gives.insert("verified".into(), refused.is_none().into());
    gives.insert("error".into(), refused.map_or(Value::Null, Value::from));
    Ok(Report { gives, ..Report::default() })
}

/// No certificate was seen: the reading has no numbers, and is a failure unless the step expects it.
fn none(why: &str) -> Report {
    let mut gives = Gives::new();
    for key in ["days_left", "not_before", "not_after", "subject", "issuer", "self_signed"] {
        gives.insert(key.into(), Value::Null);
    }
    gives.insert("names".into(), Value::Array(Vec::new()));
    gives.insert("verified".into(), false.into());
    gives.insert("error".into(), why.into());
    Report { gives, failure: Some(unavailable(why.to_string())), ..Report::default() }
}

fn rejected(message: String) -> Failure {
    Failure::Rejected { message }
}
