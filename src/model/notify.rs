//! What a playbook tells people who are not there.

use super::Tree;
use super::place::at;
use super::stage::Slot;
use crate::base::Confidential;

staged! {
    /// Tells people who are not there, by mail or by a webhook; not being able to is a failure of the step. Gives
    /// `status`: what the other side answered, as a number.
    pub struct Notify {
        /// A mail through the server of `mail:` in `system.yaml`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mail: Option<Letter<S>>,
        /// A request that tells a service, such as a channel of Slack.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        webhook: Option<Webhook<S>>,
        /// Whether to tell only what is new: the step is skipped where the run so far stands as it did when the step
        /// last told people, in an earlier run. What could not be sent is not told, and the next run tells
        /// it. As long as nothing was told, all is taken to be well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        when_changed: Option<bool>,
    }
}

staged! {
    /// A mail of plain text. Each entry of `to`, `cc` and `bcc` is an address, `名前 <name@example.org>`, or several
    /// with commas between them.
    pub struct Letter {
        /// To whom.
        to: Vec<Slot<S, Confidential, { at::HEADER }>>,
        /// Who gets a copy.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cc: Vec<Slot<S, Confidential, { at::HEADER }>>,
        /// Who gets a copy that the others do not know of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        bcc: Vec<Slot<S, Confidential, { at::HEADER }>>,
        /// To whom answers go, where that is not the sender.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Slot<S, String, { at::LINE }>>,
        /// What it is about: one line.
        #[schemars(with = "crate::model::LocalizedText")]
        subject: Slot<S, String, { at::LINE }>,
        /// What it says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<crate::model::LocalizedText>")]
        body: Option<Slot<S>>,
    }
}

staged! {
    /// A POST of JSON.
    pub struct Webhook {
        /// The address; it may be a secret, as those of Slack are.
        url: Slot<S, Confidential, { at::CONNECTION }>,
        /// What is sent; Slack shows `{text: …}`.
        json: Tree<S>,
    }
}

staged! {
    /// Tells the `contacts` of `system.yaml` one after another, each by mail and by webhook as they have them, until one
    /// of them acknowledges with `toban acknowledge RUN`; each has as long as their `acknowledge_within` says. That
    /// nobody does is a failure of the step. Gives `by`, `note` and `told`, the names of those who were told.
    pub struct Escalate {
        /// What they are told.
        #[schemars(with = "crate::model::LocalizedText")]
        message: Slot<S>,
        /// The subject of the mail: one line. Default: the title of the playbook and its run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<crate::model::LocalizedText>")]
        subject: Option<Slot<S, String, { at::LINE }>>,
        /// The roles of those who are told, in this order. Default: all contacts, in theirs.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        contacts: Vec<String>,
    }
}

impl<S: super::Stage> Escalate<S> {
    /// Whom of these it tells, in its order.
    pub fn whom<'c>(&self, contacts: &'c [super::Contact]) -> Vec<&'c super::Contact> {
        if self.contacts.is_empty() {
            return contacts.iter().collect();
        }
        self.contacts.iter().flat_map(|role| contacts.iter().filter(move |c| c.role == *role)).collect()
    }
}
