//! The client of one request: whom it trusts, where it follows, how it looks names up. It sends nothing.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Url};
use rustls::ClientConfig;

use super::request::Request;
use crate::action::trust::{Trust, provider};

const REDIRECTS: usize = 10;

/// A client for this request alone: nothing is pooled, so that every exchange is measured whole.
pub fn build(request: &Request, trust: Arc<Trust>, lookup: Lookup) -> Result<Client, reqwest::Error> {
    let mut builder = Client::builder()
        .user_agent(concat!("toban/", env!("CARGO_PKG_VERSION")))
        .redirect(redirects(request))
        .dns_resolver(lookup)
        .pool_max_idle_per_host(0);
    if let Some(tls) = tls(trust) {
        builder = builder.tls_backend_preconfigured(tls);
    }
    if is_here(request.url()) {
        builder = builder.no_proxy();
    }
    builder.build()
}

fn tls(trust: Arc<Trust>) -> Option<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(trust)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Some(config)
}

/// A proxy of the environment has no way to this machine's own loopback.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn redirects(request: &Request) -> Policy {
    if !request.follows() {
        return Policy::none();
    }
    let has_secret_header = request.has_secret_header();
    Policy::custom(move |attempt: Attempt<'_>| {
        let elsewhere = attempt.previous().last().is_some_and(|p| p.origin() != attempt.url().origin());
        if elsewhere && has_secret_header {
            return attempt.error(crate::t!(
                "a redirect to another server is not followed with a secret in a header",
                "ヘッダーに秘密情報があるため、別サーバーへのリダイレクトには従いません"
            ));
        }
        if attempt.previous().len() > REDIRECTS {
            return attempt.error(crate::t!(
                "more than {REDIRECTS} redirects",
                "リダイレクトが {REDIRECTS} 回を超えました"
            ));
        }
        attempt.follow()
    })
}

/// Looks names up as the machine does, and measures it.
#[derive(Clone, Default)]
pub struct Lookup(Arc<Mutex<Option<Duration>>>);

impl Lookup {
    /// How long the last look-up took; none when there was no name to look up.
    pub fn elapsed(&self) -> Option<Duration> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        let elapsed = self.0.clone();
        Box::pin(async move {
            let begun = Instant::now();
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            *elapsed.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun.elapsed());
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// An error in all its words: reqwest's own hide the reason, which is in the innermost.
pub fn words(error: &reqwest::Error) -> String {
    let mut reasons = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        reasons.push(error.to_string());
        next = error.source();
    }
    reasons.retain(|r| !r.is_empty());
    reasons.dedup();
    match reasons.last() {
        None => error.to_string(),
        Some(last) if reasons.len() == 1 => last.clone(),
        Some(last) => {
            let first = &reasons[0];
            if first.contains(last.as_str()) { first.clone() } else { format!("{first}: {last}") }
        }
    }
}
