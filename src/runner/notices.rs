//! Tells people who are not there, beside the run. It does not know how.

use std::rc::Rc;

use super::driver::{Driver, News};
use crate::event::{Failure, Told, Unit};
use crate::model::Occasion;
use crate::process::Stopper;
use crate::state::Input;

impl Driver {
    /// Tells people; what comes of it is a fact.
    pub(super) fn notify(&mut self, about: Occasion, unit: Option<Unit>) {
        let (stopper, mut stop) = Stopper::new();
        self.notices.push(stopper);
        let (messenger, sender) = (self.session.messenger.clone(), self.sender.clone());
        tokio::task::spawn_local(async move {
            let told = async {
                match &messenger {
                    Some(messenger) => Rc::clone(messenger).tell(about, unit.as_ref(), "").await,
                    None => Vec::new(),
                }
            };
            let told = tokio::select! {
                biased;
                _ = stop.stopped() => {
                    vec![Told { by: given_up(), failure: Some(Failure::Cancelled) }]
                }
                told = told => told,
            };
            drop(sender.send(News::Input(Input::Notified { about, unit: unit.clone(), told })));
        });
    }
}

fn given_up() -> String {
    crate::t!("any way", "どの方法でも")
}
