//! Where the steps of a plan are performed or looked at, and their secrets. It resolves none and starts nothing.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::start::Start;
use crate::action::Site;
use crate::event::Failure;
use crate::inputs::{Prompt, Vault};
use crate::model::{InputType, SecretDecl, SecretSource};
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

/// The secrets of the system and of the inputs, none of them resolved yet; `prompt` asks for those that are typed.
pub fn vault(start: &Start, prompt: Prompt) -> Vault {
    let mut decls: IndexMap<String, SecretDecl> = IndexMap::new();
    for frame in &start.plan.frames {
        for (name, decl) in &frame.system.secrets {
            decls.entry(format!("secrets.{name}")).or_insert_with(|| decl.clone());
        }
    }
    for (name, source) in &start.given.secrets {
        let declared = start.loaded.playbook.inputs.get(name).filter(|d| d.kind == InputType::Secret);
        let unmasked = declared.and_then(|d| d.unmasked);
        let source: SecretSource = source.clone();
        decls.insert(format!("inputs.{name}"), SecretDecl { from: Some(source), generate: None, unmasked });
    }
    Vault::new(decls, start.loaded.base_dir.clone(), prompt)
}
