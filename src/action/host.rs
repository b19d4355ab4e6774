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
    pub fn host<'b>(&'b self, name: &'b str) -> Result<Place<'b>, Failure> {
        let unusable = |message| Failure::Unavailable { message };
        match self.site.system.hosts.get(name) {
            None if name == "local" => Ok(Place::Here { become_root: None }),
            None => Err(unusable(crate::t!(
                "there is no host `{name}`; name it under `hosts` in system.yaml",
                "ホスト `{name}` がありません。system.yaml の `hosts` に書いてください"
            ))),
            Some(Host { local: true, become_root, .. }) => Ok(Place::Here { become_root: *become_root }),
            Some(Host { ssh: Some(ssh), become_root, .. }) => Ok(Place::There(There {
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

    /// What a step that cannot be done on a host over ssh fails of; none where the step is of this machine.
    ///
    /// # Errors
    /// As [`Context::place`].
    pub fn refuse_over_ssh(&self, what: &str) -> Result<(), Failure> {
        match self.place()? {
            Place::Here { .. } => Ok(()),
            Place::There(there) => Err(Failure::Unavailable {
                message: crate::t!(
                    "`{what}` is not done over ssh, and the host of the step is `{}`: write it as `shell`, or give the \
                     step `host: local`",
                    "`{what}` は ssh 経由では実行できません（ホスト `{}`）。`shell` で書くか、`host: local` を指定してください",
                    there.name
                ),
            }),
        }
    }
}
