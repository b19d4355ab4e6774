//! The mail server of a system, and where it is reached. It opens no connection.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Duration;

/// The mail server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtp://host:587`, which has to offer STARTTLS unless it is on this machine, or `smtps://host`, where all is
    /// encrypted from the first byte. The port is 587 and 465 where none is named.
    pub server: String,
    /// The sender: `toban@example.org`, or `当番 <toban@example.org>`.
    pub from: String,
    /// The login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The name of the secret that is the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// How a connection that began in the clear goes on: `starttls`, or `none` for a relay that takes mail without a
    /// login. Default: starttls; none on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<MailTls>,
    /// A PEM file of certificate authorities to trust besides the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// How long handing over one mail may take. Default: 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}

/// How a connection that began in the clear goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// It is encrypted before anything else is said, or given up.
    Starttls,
    /// It stays in the clear.
    None,
}

/// Where a mail server is reached, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from others.
    pub cover: Cover,
}

/// How a connection is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// TLS from the first byte.
    Tls,
    /// TLS after a word in the clear.
    StartTls,
    /// Not at all.
    Plain,
}

impl Mail {
    /// Where the server is reached, and how.
    ///
    /// # Errors
    /// What is wrong with the address, or that a password would be sent in the clear.
    pub fn reached(&self) -> Result<MailServer, String> {
        let (scheme, rest) = self.server.split_once("://").ok_or_else(not_an_address)?;
        let (cover, usual) = match scheme {
            "smtps" => (Cover::Tls, 465),
            "smtp" => (Cover::StartTls, 587),
            _ => return Err(not_an_address()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            return Err(crate::t!(
                "the login does not stand in the address: write `user:` and `password:`, the name of a secret",
                "ログイン情報はアドレスではなく `user:` と `password:`（シークレット名）に書いてください"
            ));
        }
        let (host, port) = host_and_port(rest, usual).ok_or_else(not_an_address)?;
        let cover = match (cover, self.tls) {
            (Cover::StartTls, Some(MailTls::None)) => Cover::Plain,
            (Cover::StartTls, None) if is_here(&host) => Cover::Plain,
            (cover, _) => cover,
        };
        if cover == Cover::Plain && self.user.is_some() && !is_here(&host) {
            return Err(crate::t!(
                "a password is not sent to {host} in the clear: take `tls: none` away",
                "{host} へ平文でパスワードは送りません。`tls: none` を外してください"
            ));
        }
        Ok(MailServer { host, port, cover })
    }
}

fn host_and_port(text: &str, usual: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let whole = !host.is_empty()
        && !host.contains(|c: char| c.is_whitespace() || c.is_control() || "/?#".contains(c));
    let port = port.map_or(Some(usual), |port| port.parse().ok().filter(|p| *p != 0))?;
    whole.then(|| (host.to_string(), port))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn not_an_address() -> String {
    crate::t!(
        "the address of a mail server is smtp://host:587 or smtps://host",
        "メールサーバーのアドレスは smtp://ホスト:587 か smtps://ホスト の形です"
    )
}

/// Whether a text can be a mail address, with or without a name before it in `<…>`. A server may think otherwise.
pub fn is_mail_address(text: &str) -> bool {
    let bare = match text.trim().strip_suffix('>').and_then(|t| t.rsplit_once('<')) {
        Some((_, inside)) => inside,
        None => text.trim(),
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;".contains(c);
    bare.rsplit_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !bare.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(server: &str) -> Mail {
        Mail { server: server.into(), from: "a@example.org".into(), ..Mail::default() }
    }

    fn reached(server: &str) -> Option<(String, u16, Cover)> {
        mail(server).reached().ok().map(|s| (s.host, s.port, s.cover))
    }

    #[test]
    fn an_address_says_where_a_server_is_and_how_the_way_there_is_covered() {
        let is = |host: &str, port, cover| Some((host.to_string(), port, cover));
        assert_eq!(reached("smtp://mail.example.org"), is("mail.example.org", 587, Cover::StartTls));
        assert_eq!(reached("smtp://mail.example.org:25/"), is("mail.example.org", 25, Cover::StartTls));
        assert_eq!(reached("smtps://mail.example.org"), is("mail.example.org", 465, Cover::Tls));
        assert_eq!(reached("smtp://127.0.0.1:2525"), is("127.0.0.1", 2525, Cover::Plain));
        assert_eq!(reached("smtp://[::1]:25"), is("::1", 25, Cover::Plain));
        assert_eq!(reached("smtps://localhost"), is("localhost", 465, Cover::Tls));
        for wrong in [
            "mail.example.org",
            "http://x",
            "smtp://",
            "smtp://x:0",
            "smtp://x:y",
            "smtp://u:p@x",
            "smtp://a b",
        ] {
            assert_eq!(reached(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_password_goes_nowhere_in_the_clear_but_on_this_machine() {
        let plain = Mail { tls: Some(MailTls::None), ..mail("smtp://relay.example.org:25") };
        assert_eq!(plain.reached().map(|s| s.cover), Ok(Cover::Plain));
        assert!(Mail { user: Some("u".into()), ..plain }.reached().is_err());
        let here = Mail { user: Some("u".into()), ..mail("smtp://localhost:25") };
        assert_eq!(here.reached().map(|s| s.cover), Ok(Cover::Plain));
        let asked = Mail { tls: Some(MailTls::Starttls), ..here };
        assert_eq!(asked.reached().map(|s| s.cover), Ok(Cover::StartTls));
    }

    #[test]
    fn what_can_be_an_address_is_told_from_what_cannot() {
        for right in ["a@b", "佐藤 <sato@example.org>", " a.b+c@example.co.jp "] {
            assert!(is_mail_address(right), "{right}");
        }
        for wrong in ["", "a", "a@", "@b", "a b@c", "x <a>", "a@b\nBcc: c@d", "a@b,c@d"] {
            assert!(!is_mail_address(wrong), "{wrong}");
        }
    }
}
