//! Which servers are believed: the system's authorities, those of a PEM file, and a self-signed certificate that
//! is itself in that file. It opens no connection.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::certificate::Certificate;

/// The cryptography of every TLS connection here.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(ring::default_provider())).clone()
}

/// The certificates of a PEM file.
///
/// # Errors
/// Says which file, and why it holds none.
pub fn pem_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = path.display();
    // Opening a named pipe would wait for somebody to write into it.
    if std::fs::metadata(path).is_ok_and(|facts| !facts.is_file()) {
        return Err(crate::t!("{shown} is not a regular file", "{shown} は通常のファイルではありません"));
    }
    let text = std::fs::read(path).map_err(|e| {
        crate::t!("cannot read the certificates {shown}: {e}", "証明書 {shown} を読めません: {e}")
    })?;
    pem(&text, &shown.to_string())
}

/// Whether a text is a PEM file, not the name of one.
pub fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN ")
}

/// The certificates of a PEM text, called `shown` where there is none in it.
///
/// # Errors
/// When it holds none.
pub fn pem(text: &[u8], shown: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(text).filter_map(Result::ok).collect();
    if found.is_empty() {
        return Err(crate::t!(
            "{shown} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
            "{shown} に PEM 形式の証明書（-----BEGIN CERTIFICATE-----）がありません"
        ));
    }
    Ok(found)
}

/// Judges a server's certificate, and remembers it and the judgement whether or not it is believed.
#[derive(Debug)]
pub struct Trust {
    authorities: Option<Arc<WebPkiServerVerifier>>,
    pinned: Vec<CertificateDer<'static>>,
    refuses: bool,
    seen: Mutex<Option<Seen>>,
}

/// A server's certificate and what is thought of it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The server's own certificate, in DER.
    pub leaf: CertificateDer<'static>,
    /// Why it is not believed.
    pub refused: Option<String>,
}

impl Trust {
    /// Believes what the system believes and these certificates; refuses all others.
    pub fn new(extra: Vec<CertificateDer<'static>>) -> Trust {
        Trust { authorities: authorities(&extra), pinned: extra, refuses: true, seen: Mutex::new(None) }
    }

    /// The same judgement, but every connection is let through: for reading a certificate, not for talking.
    pub fn only_looking() -> Trust {
        Trust { refuses: false, ..Trust::new(Vec::new()) }
    }

    /// The last certificate that a server showed.
    pub fn seen(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Judges without a connection.
    ///
    /// # Errors
    /// Why the certificate is not believed, in words and as rustls says it.
    pub fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), (String, rustls::Error)> {
        if self.pinned.iter().any(|p| p == leaf) {
            return in_date(leaf, now).map_err(|e| (reason(&e, leaf), e));
        }
        let Some(authorities) = &self.authorities else {
            let e = rustls::Error::from(CertificateError::UnknownIssuer);
            return Err((no_authorities(), e));
        };
        authorities
            .verify_server_cert(leaf, chain, name, &[], now)
            .map(drop)
            .map_err(|e| (reason(&e, leaf), e))
    }
}

fn authorities(extra: &[CertificateDer<'static>]) -> Option<Arc<WebPkiServerVerifier>> {
    let mut roots = system_roots().clone();
    roots.add_parsable_certificates(extra.iter().cloned());
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().ok()
}

fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    })
}

/// A certificate that is given as trusted is known by all its bytes; only its dates are left to look at.
fn in_date(leaf: &CertificateDer<'_>, now: UnixTime) -> Result<(), rustls::Error> {
    let facts = Certificate::read(leaf).map_err(|_| CertificateError::BadEncoding)?;
    let second = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if second > facts.not_after.as_second() {
        return Err(CertificateError::Expired.into());
    }
    if second < facts.not_before.as_second() {
        return Err(CertificateError::NotValidYet.into());
    }
    Ok(())
}

fn no_authorities() -> String {
    crate::t!(
        "this machine has no certificate authorities; install the package ca-certificates, or name a PEM file with `ca`",
        "このマシンには認証局の証明書がありません。ca-certificates パッケージを入れるか、`ca` で PEM ファイルを指定してください"
    )
}

/// Why a certificate is not believed, in a person's words.
fn reason(error: &rustls::Error, leaf: &CertificateDer<'_>) -> String {
    let facts = Certificate::read(leaf).ok();
    let of = |f: fn(&Certificate) -> String| facts.as_ref().map(f).unwrap_or_default();
    let rustls::Error::InvalidCertificate(why) = error else { return error.to_string() };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let when = of(|c| c.not_after.to_string());
            crate::t!("the certificate expired at {when}", "証明書の有効期限が切れています（{when}）")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let when = of(|c| c.not_before.to_string());
            crate::t!(
                "the certificate is valid only from {when}",
                "証明書はまだ有効ではありません（{when} から）"
            )
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = of(|c| c.names.join(", "));
            crate::t!("the certificate is for other names: {names}", "証明書は別の名前のものです: {names}")
        }
        CertificateError::UnknownIssuer => unknown_issuer(facts.as_ref()),
        _ if facts.as_ref().is_some_and(|c| c.self_signed) => unknown_issuer(facts.as_ref()),
        _ => error.to_string(),
    }
}

fn unknown_issuer(facts: Option<&Certificate>) -> String {
    if facts.is_some_and(|c| c.self_signed) {
        return crate::t!(
            "the certificate is self-signed and not trusted here; name its PEM file with `ca`",
            "証明書は自己署名で、信頼されていません。その PEM ファイルを `ca` で指定してください"
        );
    }
    let issuer = facts.map(|c| c.issuer.clone()).unwrap_or_default();
    crate::t!(
        "the certificate's issuer is not trusted here ({issuer}); name its PEM file with `ca`",
        "証明書の発行者（{issuer}）は信頼されていません。その PEM ファイルを `ca` で指定してください"
    )
}

/// The present moment as rustls counts it.
pub fn unix_time(now: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(now.as_second()).unwrap_or(0)))
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let judged = self.judge(leaf, chain, name, now);
        let refused = judged.as_ref().err().map(|(words, _)| words.clone());
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Seen { leaf: leaf.clone().into_owned(), refused });
        match judged {
            Err((_, error)) if self.refuses => Err(error),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if !self.refuses {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, leaf, signed, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if !self.refuses {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, leaf, signed, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
