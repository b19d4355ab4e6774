//! The secrets that looking at a step needs: as few as possible, and none that a person would have to type.

use crate::base::{Confidential, MASK};
use crate::event::Verdict;
use crate::model::{Action, Sql, StepBody, System, Template, Templated};
use crate::plan::{NodeIx, Secrets};

use super::facts::Looked;
use super::unit::{LIMIT, no_answer, within};
use super::walk::Setup;
use crate::process::{Stop, Stopper};

impl Setup<'_> {
    /// The values of the secrets that a step's templates name.
    pub(super) async fn secrets_of(&self, ix: NodeIx, stop: &Stop) -> Result<Secrets, Box<Looked>> {
        let mut secrets = Secrets::default();
        for name in self.renderer.secret_names(ix) {
            self.look_up(&name, stop).await?;
            if let Some(found) = self.vault.get(&name) {
                secrets.insert(name, Confidential::new(found.expose().to_string(), MASK.to_string()));
            }
        }
        Ok(secrets)
    }

    /// Looks up the password of a step's connection or mail server, unless somebody would have to be asked for it.
    pub(super) async fn connection_is_open(&self, ix: NodeIx, stop: &Stop) -> Result<(), Box<Looked>> {
        let node = self.renderer.plan.at(ix);
        let system = &self.renderer.plan.frames[node.frame as usize].system;
        let name = sql_of(&node.step.body).and_then(|sql| match &sql.connection.0 {
            Template::Literal(text) => password(system, text.expose()),
            Template::Source(_) => None,
        });
        let mail = || system.mail.as_ref().filter(|_| sends_mail(&node.step.body))?.password.clone();
        match name.or_else(mail) {
            Some(name) => self.look_up(&format!("secrets.{name}"), stop).await,
            None => Ok(()),
        }
    }

    /// Looks a secret up within the time of one look.
    async fn look_up(&self, name: &str, stop: &Stop) -> Result<(), Box<Looked>> {
        self.nobody_is_asked(name)?;
        let (stopper, inner) = Stopper::new();
        match within(self.vault.look_up(name, inner), LIMIT, &stopper, stop).await {
            Some(found) => found.map_err(|e| {
                // A step before may make the file.
                let wants = self.vault.files(name);
                Box::new(Looked { wants, ..Looked::new(Verdict::No, e.to_string()) })
            }),
            None => Err(Box::new(Looked::new(Verdict::CannotKnow, no_answer()))),
        }
    }

    fn nobody_is_asked(&self, name: &str) -> Result<(), Box<Looked>> {
        match self.vault.asks(name) {
            false => Ok(()),
            true => Err(Box::new(Looked::new(
                Verdict::CannotKnow,
                crate::t!(
                    "a person types {name}, and a probe asks nobody",
                    "{name} は人が入力しますが、確認中は誰にも尋ねません"
                ),
            ))),
        }
    }
}

/// Whether a step's connection is made of a secret, so that there is no connection without it.
pub(super) fn connects_by_secret(body: &StepBody) -> bool {
    matches!(sql_of(body).map(|sql| &sql.connection.0), Some(Template::Source(_)))
}

fn sends_mail(body: &StepBody) -> bool {
    matches!(body, StepBody::Act(action) if action.sends_mail())
}

fn sql_of(body: &StepBody) -> Option<&Sql<Templated>> {
    let StepBody::Act(action) = body else { return None };
    match &**action {
        Action::Sql(sql) => Some(sql),
        Action::Wait(wait) => wait.sql.as_ref(),
        _ => None,
    }
}

/// The name of the secret that is the password of a connection.
fn password(system: &System, name: &str) -> Option<String> {
    let mut name = name.to_string();
    for _ in 0..=system.connections.len() {
        let connection = system.connections.get(&name)?;
        if let Some(secret) = &connection.password {
            return Some(secret.clone());
        }
        name.clone_from(connection.like.as_ref()?);
    }
    None
}
