//! Where the steps of a plan are performed or looked at, and their secrets. It resolves none and starts nothing.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::saved::{host, secrets};
use super::start::Start;
use crate::action::Site;
use crate::event::{Failure, Messenger};
use crate::inputs::{Prompt, Vault};
use crate::journal::{RunFolder, StateDir};
use crate::notify::Crier;
use crate::plan::Plan;
use crate::report::Heading;
use crate::ssh::Hosts;

/// The place of each frame of a plan. `id` marks the processes that are started there.
pub fn sites(plan: &Plan, id: String, scratch: &Path, vault: &Rc<Vault>) -> Vec<Rc<Site>> {
    let marker = marker(id);
    let hosts = Rc::new(Hosts::new(scratch, marker.clone()));
    plan.frames
        .iter()
        .map(|frame| {
            let vault = Rc::clone(vault);
            Rc::new(Site {
                system: Arc::clone(&frame.system),
                base_dir: frame.base_dir.clone(),
                scratch_dir: scratch.to_path_buf(),
                marker: marker.clone(),
                hosts: Rc::clone(&hosts),
                secret: Box::new(move |name| {
                    // It was looked up before the step was given its permit, or looked at.
                    vault.get(&format!("secrets.{name}")).ok_or_else(|| {
                        let message = crate::t!("secrets.{name} is not known", "secrets.{name} は未取得です");
                        Failure::Unavailable { message }
                    })
                }),
            })
        })
        .collect()
}

/// Who tells people of a run, where the plan says that anybody is told.
pub fn messenger(
    plan: &Plan,
    heading: Heading,
    sites: &[Rc<Site>],
    vault: &Rc<Vault>,
    (state, folder): (&StateDir, &RunFolder),
) -> Option<Rc<dyn Messenger>> {
    let notifications = plan.notifications.clone()?;
    Some(Rc::new(Crier {
        notifications,
        heading,
        site: Rc::clone(sites.first()?),
        vault: Rc::clone(vault),
        folder: folder.clone(),
        state: state.path().to_path_buf(),
        host: host(),
    }))
}

/// The secrets of a plan, none of them looked up yet; `prompt` asks for those that are typed.
pub fn vault(start: &Start, id: String, prompt: Prompt) -> Vault {
    Vault::new(secrets(start), start.loaded.base_dir.clone(), marker(id), prompt)
}

/// What every child of a run has in its environment.
pub fn marker(id: String) -> (String, String) {
    ("TOBAN_RUN".into(), id)
}
