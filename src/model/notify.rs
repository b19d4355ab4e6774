//! What a playbook tells people who are not there.

use super::Tree;
use super::place::at;
use super::stage::Slot;
use crate::base::Confidential;

staged! {
    /// Tells people who are not there; not being able to is a failure of the step. Gives `status`: what the other side
    /// answered, as a number.
    pub struct Notify {
        /// A request that tells a service, such as a channel of Slack.
        webhook: Webhook<S>,
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
