//! The files of an attempt: they appear at their places when its results pass, and are gone otherwise.

use std::rc::Rc;

use super::driver::{Done, Driver, News};
use crate::action::Pending;
use crate::event::Outcome;
use crate::plan::Results;
use crate::state::UnitRef;

impl Driver {
    /// Files on other hosts appear or are removed, which takes a while; then the attempt is done.
    pub(super) fn settle_elsewhere(&self, mut done: Done) {
        let machine = &self.session.machine;
        let (unit, item) = (done.unit, machine.item(done.unit));
        let judged = machine.renderer().judge(unit.node, item, machine, &done.results);
        let keep = judged.outcome != Outcome::Failed;
        let (sender, hosts) = (self.sender.clone(), self.session.sites.first().map(|s| Rc::clone(&s.hosts)));
        tokio::task::spawn_local(async move {
            if let Some(hosts) = hosts
                && let Err(failure) = done.pending.settle_elsewhere(keep, &hosts).await
            {
                done.results.failure = Some(failure);
            }
            drop(sender.send(News::Done(done)));
        });
    }

    /// Files of an attempt appear at their places when its results pass, and are gone otherwise.
    pub(super) fn settle_files(&self, unit: UnitRef, mut results: Results, pending: &Pending) -> Results {
        if pending.is_empty() {
            return results;
        }
        let machine = &self.session.machine;
        let judged = machine.renderer().judge(unit.node, machine.item(unit), machine, &results);
        if judged.outcome == Outcome::Failed {
            pending.discard();
        } else if let Err(failure) = pending.commit() {
            results.failure = Some(failure);
        }
        results
    }
}
