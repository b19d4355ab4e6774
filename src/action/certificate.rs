//! The facts of an X.509 certificate. It trusts none and fetches none.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it names, as `CN=example, O=…`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The names and addresses it is for.
    pub names: Vec<String>,
    /// Its first second.
    pub not_before: Timestamp,
    /// Its last second.
    pub not_after: Timestamp,
    /// Whether it is its own issuer.
    pub self_signed: bool,
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// Says why the bytes are no certificate.
    pub fn read(der: &[u8]) -> Result<Certificate, String> {
        let unreadable = |e: &dyn std::fmt::Display| {
            crate::t!("not a readable certificate: {e}", "証明書として読めません: {e}")
        };
        let (_, parsed) = X509Certificate::from_der(der).map_err(|e| unreadable(&e))?;
        let moment = |seconds: i64| Timestamp::from_second(seconds).map_err(|e| unreadable(&e));
        Ok(Certificate {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            names: names(&parsed),
            not_before: moment(parsed.validity().not_before.timestamp())?,
            not_after: moment(parsed.validity().not_after.timestamp())?,
            self_signed: parsed.subject() == parsed.issuer(),
        })
    }

    /// Whole days until it expires; negative when it has.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        (self.not_after.as_second() - now.as_second()).div_euclid(86_400)
    }

    /// Its facts as a step gives them.
    pub fn gives(&self, now: Timestamp) -> Map<String, Value> {
        let mut gives = Map::new();
        gives.insert("days_left".into(), self.days_left(now).into());
        gives.insert("not_before".into(), self.not_before.to_string().into());
        gives.insert("not_after".into(), self.not_after.to_string().into());
        gives.insert("subject".into(), self.subject.clone().into());
        gives.insert("issuer".into(), self.issuer.clone().into());
        gives.insert("names".into(), json!(self.names));
        gives.insert("self_signed".into(), self.self_signed.into());
        gives
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(text) => Some((*text).to_string()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|b| std::net::Ipv4Addr::from(b).to_string());
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|b| std::net::Ipv6Addr::from(b).to_string())).ok()
}
