//! The host of a step: this machine, or one that ssh reaches. It runs nothing there.

use std::rc::Rc;

use super::Context;
use crate::event::Failure;
use crate::model::{Become, Host};
use crate::ssh::{Address, Connection};

/// Where a step happens.
pub enum Place<'a> {
    /// On this machine, maybe as root by sudo.
    Here {
        /// How to become root where the step names no user.
        become_root: Option<Become>,
    },
    /// On a host that ssh reaches.
    There(There<'a>),
}

impl<'a> Place<'a> {
    /// The host, where ssh reaches it.
    pub fn there(self) -> Option<There<'a>> {
        match self {
            Place::Here { .. } => None,
            Place::There(there) => Some(there),
        }
    }
}

/// A host that ssh reaches.
#[derive(Clone)]
pub struct There<'a> {
    /// Its name in `system.yaml`.
    pub name: &'a str,
    /// Where it is.
    pub address: Address,
    /// How to become root there where the step names no user.
    pub become_root: Option<Become>,
}

impl There<'_> {
    /// Whether the step is done there by another user than the one who logs in.
    pub fn becomes(&self, cx: &Context<'_>) -> bool {
        self.become_root.is_some() || cx.around.run_as.is_some()
    }
}

impl Context<'_> {
    /// The host of the step: its own, else the system's `run_on`, else this machine.
    ///
    /// # Errors
    /// When there is no such host, or nothing says how it is reached.
    pub fn place(&self) -> Result<Place<'_>, Failure> {
        let named = self.around.host.as_ref().map(|h| h.as_str()).or(self.site.system.run_on.as_deref());
        self.host(named.unwrap_or("local"))
    }

    /// A host by its name.
    ///
    /// # Errors
    /// When there is none, or nothing says how it is reached.
    pub fn host(&self, name: &str) -> Result<Place<'_>, Failure> {
        let unusable = |message| Failure::Unavailable { message };
        let hosts = &self.site.system.hosts;
        match hosts.get_key_value(name) {
            None if name == "local" => Ok(Place::Here { become_root: None }),
            None => Err(unusable(crate::t!(
                "there is no host `{name}`; name it under `hosts` in system.yaml",
                "ホスト `{name}` がありません。system.yaml の `hosts` に書いてください"
            ))),
            Some((_, Host { local: true, become_root, .. })) => Ok(Place::Here { become_root: *become_root }),
            Some((name, Host { ssh: Some(ssh), become_root, .. })) => Ok(Place::There(There {
                name,
                address: Address::new(ssh, &self.site.base_dir),
                become_root: *become_root,
            })),
            Some(_) => Err(unusable(crate::t!(
                "the host `{name}` is neither `local` nor has `ssh`; say in system.yaml how it is reached",
                "ホスト `{name}` は `local` でも `ssh` でもありません。system.yaml に接続方法を書いてください"
            ))),
        }
    }

    /// The connection to a host.
    ///
    /// # Errors
    /// Why there is none, or the failure of an attempt that was stopped meanwhile.
    pub async fn connect(&self, there: &There<'_>) -> Result<Rc<Connection>, Failure> {
        let made = self.site.hosts.connect(there.name, &there.address, self.stop.clone()).await;
        made.map_err(|why| match (why, self.stop.reason()) {
            (Some(message), _) => Failure::Unavailable { message },
            (None, reason) => reason.map_or(Failure::Cancelled, |reason| self.stopped(reason)),
        })
    }
}
