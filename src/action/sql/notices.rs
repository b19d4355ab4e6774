//! What PostgreSQL says beside its results (NOTICE, WARNING): the driver only tells it to tracing, so it is heard
//! there, for the time of one statement. Everything else goes on to whoever listens already.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};

const TARGET: &str = "sqlx::postgres::notice";
const AT_MOST: usize = 1_000;

/// A listener and what it heard.
pub(super) struct Notices {
    heard: Arc<Mutex<Vec<String>>>,
    dispatch: Dispatch,
}

impl Notices {
    /// A listener that has heard nothing.
    pub fn new() -> Notices {
        let heard = Arc::default();
        let parent = tracing::dispatcher::get_default(Clone::clone);
        let dispatch = Dispatch::new(Ear { heard: Arc::clone(&heard), parent });
        Notices { heard, dispatch }
    }

    /// Hears what is said while the work is done.
    pub async fn heard_during<F: Future>(&self, work: F) -> F::Output {
        work.with_subscriber(self.dispatch.clone()).await
    }

    /// What was heard since the last call.
    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Ear {
    heard: Arc<Mutex<Vec<String>>>,
    parent: Dispatch,
}

impl Subscriber for Ear {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET || self.parent.enabled(metadata)
    }

    fn event(&self, event: &Event<'_>) {
        if event.metadata().target() != TARGET {
            return self.parent.event(event);
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() < AT_MOST {
            event.record(&mut Message(&mut heard));
        }
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.parent.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.parent.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.parent.record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.parent.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.parent.exit(span);
    }
}

struct Message<'a>(&'a mut Vec<String>);

impl Visit for Message<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.0.push(value.to_string());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.push(format!("{value:?}"));
        }
    }
}
