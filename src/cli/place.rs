//! Where the steps of a plan are performed or looked at, and their secrets. It resolves none and starts nothing.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::saved::secrets;
use super::start::Start;
use crate::action::Site;
use crate::event::Failure;
use crate::inputs::{Prompt, Vault};
use crate::plan::Plan;

/// The place of each frame of a plan. `id` marks the processes that are started there.
pub fn sites(plan: &Plan, id: String, scratch: &Path, vault: &Rc<Vault>) -> Vec<Rc<Site>> {
    plan.frames
        .iter()
        .map(|frame| {
            let vault = Rc::clone(vault);
            Rc::new(Site {
                system: Arc::clone(&frame.system),
                base_dir: frame.base_dir.clone(),
                scratch_dir: scratch.to_path_buf(),
                marker: ("TOBAN_RUN".into(), id.clone()),
                secret: Box::new(move |name| {
                    let found = vault.get(&format!("secrets.{name}"));
                    found
                        .map(|(secret, _)| secret)
                        .map_err(|e| Failure::Unavailable { message: e.to_string() })
                }),
            })
        })
        .collect()
}

/// The secrets of a plan, none of them resolved yet; `prompt` asks for those that are typed.
pub fn vault(start: &Start, prompt: Prompt) -> Vault {
    Vault::new(secrets(start), start.loaded.base_dir.clone(), prompt)
}
