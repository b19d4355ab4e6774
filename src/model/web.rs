//! HTTP as a playbook writes it.

use indexmap::IndexMap;

use super::Tree;
use super::place::at;
use super::stage::Slot;
use crate::base::{Confidential, Duration};

staged! {
    /// One HTTP request. Gives `status` (0 and `error` when nothing answered), `headers`, `body`, `json`,
    /// `elapsed_ms` and, over TLS, `tls.days_left`.
    pub struct Http {
        /// The address to GET.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        get: Option<Slot<S, String, { at::URL }>>,
        /// The address to POST to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        post: Option<Slot<S, String, { at::URL }>>,
        /// The address to PUT to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        put: Option<Slot<S, String, { at::URL }>>,
        /// The address to PATCH.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        patch: Option<Slot<S, String, { at::URL }>>,
        /// The address to DELETE.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delete: Option<Slot<S, String, { at::URL }>>,
        /// The address to ask for its HEAD.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        head: Option<Slot<S, String, { at::URL }>>,
        /// Header fields.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        headers: IndexMap<String, Slot<S, Confidential, { at::HEADER }>>,
        /// A body of JSON.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        json: Option<Tree<S>>,
        /// A body of form fields.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        form: IndexMap<String, Slot<S>>,
        /// A body of text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Slot<S>>,
        /// How to log in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        auth: Option<Auth<S>>,
        /// A PEM file of certificate authorities to trust besides the system's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<Slot<S, String, { at::PATH }>>,
        /// How long the whole exchange may take.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout: Option<Slot<S, Duration>>,
        /// Whether redirects are followed, up to 10. Default: true for GET and HEAD.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow: Option<Slot<S, bool>>,
    }
}

staged! {
    /// One of the two ways to log in.
    pub struct Auth {
        /// A bearer token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bearer: Option<Slot<S, Confidential, { at::AUTH }>>,
        /// User and password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basic: Option<BasicAuth<S>>,
    }
}

staged! {
    /// User and password.
    pub struct BasicAuth {
        /// The user's name.
        user: Slot<S, Confidential, { at::AUTH }>,
        /// The password.
        password: Slot<S, Confidential, { at::AUTH }>,
    }
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Head,
}

impl<S: super::Stage> Http<S> {
    /// The methods that are given, with their addresses: exactly one in a checked playbook.
    pub fn targets(&self) -> Vec<(HttpMethod, &Slot<S, String, { at::URL }>)> {
        use HttpMethod::*;
        [
            (Get, &self.get),
            (Post, &self.post),
            (Put, &self.put),
            (Patch, &self.patch),
            (Delete, &self.delete),
            (Head, &self.head),
        ]
        .into_iter()
        .filter_map(|(method, slot)| slot.as_ref().map(|s| (method, s)))
        .collect()
    }
}

impl HttpMethod {
    /// The method as it is sent.
    pub fn name(self) -> &'static str {
        match self {
            HttpMethod::Get => "GET",
            HttpMethod::Post => "POST",
            HttpMethod::Put => "PUT",
            HttpMethod::Patch => "PATCH",
            HttpMethod::Delete => "DELETE",
            HttpMethod::Head => "HEAD",
        }
    }
}
