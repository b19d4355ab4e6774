//! Telling people of a run who are not there: how that went. It tells nobody.

use std::future::Future;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use super::{Failure, Unit};
use crate::model::Occasion;

/// How one way of telling people went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The way: `mail` or `webhook`.
    pub by: String,
    /// Why they could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// Whoever tells people who are not there.
pub trait Messenger {
    /// Tells them; `unit` is what is asked about, `remark` what else a person has to know. Resolves with how each way
    /// went.
    fn tell<'a>(
        &'a self,
        about: Occasion,
        unit: Option<&'a Unit>,
        remark: &'a str,
    ) -> Pin<Box<dyn Future<Output = Vec<Told>> + 'a>>;
}
