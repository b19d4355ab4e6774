//! One conversation with a mail server: log in, hand over a letter, take leave. It writes no letter.

use std::error::Error as _;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;

use super::post::Posted;
use super::wire::connect;
use crate::action::trust::{Trust, pem_file};
use crate::base::Secret;
use crate::event::Failure;
use crate::model::{Mail, MailServer};

/// How long handing over one mail may take where nobody says otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mail server, with all it takes to talk to it.
pub struct Office<'a> {
    /// Where it is, and as whom to log in.
    pub mail: &'a Mail,
    /// The password.
    pub password: Option<Secret>,
    /// The folder that its paths are relative to.
    pub base_dir: &'a std::path::Path,
}

/// Hands a letter over; gives what the server said: the code and the words, which often name the letter there.
///
/// # Errors
/// Why it was not taken: [`Failure::Unavailable`] where there is no talking to the server, [`Failure::Rejected`]
/// where it said no.
pub async fn deliver(office: &Office<'_>, posted: &Posted) -> Result<(u16, String), Failure> {
    office.within(hand_over(office, posted)).await
}

impl Office<'_> {
    /// Connects and logs in.
    ///
    /// # Errors
    /// Why that is not possible.
    pub(super) async fn open(&self) -> Result<AsyncSmtpConnection, Failure> {
        let server = self.server()?;
        let place = format!("{}:{}", server.host, server.port);
        let unavailable = |why: String| Failure::Unavailable { message: format!("{place}: {why}") };
        let trust = self.trust().map_err(unavailable)?;
        let hello = hello();
        let wire = connect(&server, trust, &hello.to_string()).await.map_err(unavailable)?;
        let mut talk = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello)
            .await
            .map_err(|e| unavailable(words(&e)))?;
        if let Some(user) = &self.mail.user {
            let password = self.password.as_ref().map(|p| p.expose().to_string()).unwrap_or_default();
            let login = Credentials::new(user.clone(), password);
            let known = [Mechanism::Plain, Mechanism::Login];
            if talk.server_info().get_auth_mechanism(&known).is_none() {
                let why = crate::t!("the server takes no login here", "サーバーがログインを受け付けません");
                return Err(unavailable(why));
            }
            talk.auth(&known, &login).await.map_err(|e| {
                let why = words(&e);
                unavailable(crate::t!(
                    "the login of {user} failed: {why}",
                    "{user} でログインできません: {why}"
                ))
            })?;
        }
        Ok(talk)
    }

    /// Where the server is.
    ///
    /// # Errors
    /// When its address is none.
    pub(super) fn server(&self) -> Result<MailServer, Failure> {
        self.mail.reached().map_err(|message| Failure::Unavailable { message })
    }

    fn trust(&self) -> Result<Trust, String> {
        match &self.mail.ca {
            Some(ca) => pem_file(&self.base_dir.join(ca)).map(Trust::new),
            None => Ok(Trust::new(Vec::new())),
        }
    }

    /// Gives up once it has taken too long.
    pub(super) async fn within<T>(
        &self,
        talk: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let limit = self.mail.timeout.map_or(PATIENCE, |t| t.std());
        tokio::time::timeout(limit, talk).await.unwrap_or_else(|_| {
            let server = &self.mail.server;
            let limit =
                crate::base::Duration::from_millis(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX));
            Err(Failure::Unavailable {
                message: crate::t!(
                    "{server}: no answer within {limit}",
                    "{server}: {limit} 以内に応答がありません"
                ),
            })
        })
    }
}

async fn hand_over(office: &Office<'_>, posted: &Posted) -> Result<(u16, String), Failure> {
    let mut talk = office.open().await?;
    let said = letter(&mut talk, posted).await;
    // The server has the letter, or not: whether it hears the farewell changes nothing.
    drop(talk.quit().await);
    said
}

async fn letter(talk: &mut AsyncSmtpConnection, posted: &Posted) -> Result<(u16, String), Failure> {
    let far = posted.to.iter().chain([&posted.from]).any(|a| !AsRef::<str>::as_ref(a).is_ascii());
    let mut options = Vec::new();
    if far {
        if !talk.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Failure::Rejected {
                message: crate::t!(
                    "the server takes no addresses beyond ASCII (SMTPUTF8)",
                    "サーバーが ASCII 以外のアドレス（SMTPUTF8）に対応していません"
                ),
            });
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    let from = MailFrom::new(Some(posted.from.clone()), options);
    talk.command(from)
        .await
        .map_err(|e| refused(&e, &crate::t!("the sender {}", "差出人 {}", posted.from)))?;
    for to in &posted.to {
        let asked = talk.command(Rcpt::new(to.clone(), Vec::new())).await;
        asked.map_err(|e| refused(&e, &crate::t!("the recipient {to}", "宛先 {to}")))?;
    }
    let letter = crate::t!("the mail", "メール");
    talk.command(Data).await.map_err(|e| refused(&e, &letter))?;
    talk.message(&posted.text).await.map(|said| taken(&said)).map_err(|e| refused(&e, &letter))
}

fn taken(said: &Response) -> (u16, String) {
    let code = said.code().to_string().parse().unwrap_or(250);
    (code, said.message().collect::<Vec<_>>().join(" ").trim().to_string())
}

fn refused(error: &Error, what: &str) -> Failure {
    let why = words(error);
    match error.status() {
        Some(_) => Failure::Rejected {
            message: crate::t!(
                "the server does not take {what}: {why}",
                "サーバーが{what}を拒否しました: {why}"
            ),
        },
        None => Failure::Unavailable { message: why },
    }
}

/// An error in the server's words, where it said any.
fn words(error: &Error) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_else(|| error.to_string());
    match error.status() {
        Some(code) => format!("{code} {}", source.trim()).trim().to_string(),
        None => source,
    }
}

/// The name by which this machine greets.
fn hello() -> ClientId {
    let name = this_machine();
    let whole = name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
    if whole { ClientId::Domain(name) } else { ClientId::default() }
}

/// The name of this machine.
pub(super) fn this_machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String =
        name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).collect();
    if name.is_empty() { "localhost".to_string() } else { name }
}
