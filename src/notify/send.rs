//! Sends a message by every way that the notifications of a plan name, each as a `notify` step would.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::words::{About, notice};
use crate::action::{Context, Site, notify};
use crate::base::{Confidential, MASK, Masker, Secret, StepId};
use crate::event::{Failure, Messenger, Told, Unit};
use crate::inputs::Vault;
use crate::journal::{RunFolder, read};
use crate::model::{Around, Letter, Notifications, Notify, Occasion, Rendered, Slot, Tree, Webhook};
use crate::process::Stop;
use crate::report::Heading;

/// Tells people of one run.
pub struct Crier {
    /// Whom, and how.
    pub notifications: Notifications,
    /// What stands at the head of the run.
    pub heading: Heading,
    /// The place of the run.
    pub site: Rc<Site>,
    /// Its secrets.
    pub vault: Rc<Vault>,
    /// Its folder: what happened is read from its journal, where no secret stands.
    pub folder: RunFolder,
    /// The state folder.
    pub state: std::path::PathBuf,
    /// The name of this machine.
    pub host: String,
}

impl Messenger for Crier {
    fn tell<'a>(
        &'a self,
        about: Occasion,
        unit: Option<&'a Unit>,
        remark: &'a str,
    ) -> Pin<Box<dyn Future<Output = Vec<Told>> + 'a>> {
        Box::pin(self.all(about, unit, remark))
    }
}

impl Crier {
    async fn all(&self, occasion: Occasion, unit: Option<&Unit>, remark: &str) -> Vec<Told> {
        let events = read(&self.folder).unwrap_or_default();
        let mut said = notice(About {
            occasion,
            unit,
            remark,
            system: self.site.system.title.as_deref(),
            heading: self.heading.clone(),
            events: &events,
            state: &self.state,
            host: &self.host,
        });
        // The journal and the logs hold no secret; titles that the author wrote might.
        let masker = Masker::new(self.vault.masked().iter().map(Secret::expose));
        said.subject = masker.mask(&said.subject).0;
        said.body = masker.mask(&said.body).0;
        mask(&mut said.json, &masker);
        let name = format!("notice.{}", occasion.word());
        let mut told = Vec::new();
        if let Some(mail) = &self.notifications.mail {
            let list = |all: &[String]| all.iter().map(|one| Slot(Confidential::plain(one))).collect();
            let letter = Letter {
                to: list(&mail.to),
                cc: list(&mail.cc),
                bcc: Vec::new(),
                reply_to: None,
                subject: Slot(said.subject),
                body: Some(Slot(said.body)),
            };
            let password = self.site.system.mail.as_ref().and_then(|m| m.password.clone());
            let action = Notify { mail: Some(letter), webhook: None, when_changed: None };
            let went = self.one(&name, password.as_deref(), |_| Ok(action)).await;
            told.push(Told { by: "mail".into(), failure: went.err() });
        }
        if let Some(hook) = &self.notifications.webhook {
            let json = Tree::Leaf(Slot(said.json));
            let went = self.one(&name, hook.secret.as_deref(), |secret| {
                let url = match (&hook.url, secret) {
                    (Some(url), _) => Confidential::plain(url),
                    (None, Some(secret)) => Confidential::new(secret.expose().to_string(), MASK.to_string()),
                    (None, None) => return Err(nowhere()),
                };
                Ok(Notify { mail: None, webhook: Some(Webhook { url: Slot(url), json }), when_changed: None })
            });
            told.push(Told { by: "webhook".into(), failure: went.await.err() });
        }
        // A server may repeat what it was told.
        let masker = Masker::new(self.vault.masked().iter().map(Secret::expose));
        told.iter_mut().for_each(|one| one.failure = one.failure.take().map(|why| hushed(why, &masker)));
        told
    }

    /// Sends by one way, with its secret.
    async fn one(
        &self,
        name: &str,
        secret: Option<&str>,
        make: impl FnOnce(Option<Secret>) -> Result<Notify<Rendered>, Failure>,
    ) -> Result<(), Failure> {
        let found = match secret {
            Some(secret) => Some(self.secret(secret).await?),
            None => None,
        };
        let unit = Unit::step(StepId::new(name));
        let around = Around::<Rendered>::none();
        let cx = Context {
            unit: &unit,
            attempt: 1,
            around: &around,
            site: &self.site,
            log: &|_, _| {},
            child: &|_, _| {},
            stop: Stop::never(),
            max_output: 64 * 1024,
            held: false,
        };
        let report = notify::perform(&make(found)?, &cx).await?;
        report.failure.map_or(Ok(()), Err)
    }

    /// Nobody types a secret for a message about something that goes wrong while nobody is there.
    async fn secret(&self, name: &str) -> Result<Secret, Failure> {
        let key = format!("secrets.{name}");
        let unavailable = |message: String| Failure::Unavailable { message };
        if self.vault.asks(&key) {
            return Err(unavailable(crate::t!("{key} is typed by a person", "{key} は人が入力するものです")));
        }
        self.vault.look_up(&key, Stop::never()).await.map_err(|e| unavailable(e.to_string()))?;
        self.vault.get(&key).ok_or_else(|| unavailable(crate::t!("{key} is not known", "{key} は未取得です")))
    }
}

fn nowhere() -> Failure {
    Failure::Unavailable {
        message: crate::t!("the webhook has no address", "webhook のアドレスがありません"),
    }
}

/// A failure without secrets.
fn hushed(failure: Failure, masker: &Masker) -> Failure {
    let mask = |text: String| masker.mask(&text).0;
    match failure {
        Failure::Unavailable { message } => Failure::Unavailable { message: mask(message) },
        Failure::Rejected { message } => Failure::Rejected { message: mask(message) },
        other => other,
    }
}

/// Every text of a value without secrets.
fn mask(value: &mut serde_json::Value, masker: &Masker) {
    use serde_json::Value;
    match value {
        Value::String(text) => *text = masker.mask(text).0,
        Value::Array(list) => list.iter_mut().for_each(|one| mask(one, masker)),
        Value::Object(map) => map.values_mut().for_each(|one| mask(one, masker)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
