//! What the variables of a playbook are made of: the results of steps, which who uses them waits for, and each other,
//! which must not be a ring.

use std::collections::HashMap;

use super::gather::Text;
use super::site::{Site, segs};
use crate::base::StepId;
use crate::graph::{Graph, Why};
use crate::lang::yaml::Seg;
use crate::model::Playbook;
use crate::template::references;

/// The steps whose results each variable is made of, directly or through others.
pub fn steps(playbook: &Playbook, texts: &[Text]) -> HashMap<String, Vec<StepId>> {
    let mut made: HashMap<String, Vec<StepId>> = HashMap::new();
    let mut others: Vec<(String, String)> = Vec::new();
    for (name, text) in texts.iter().filter_map(|text| Some((of_var(text)?, text))) {
        for reference in references(&text.source, text.form).unwrap_or_default() {
            match reference.path.as_slice() {
                [root, id, ..] if root == "steps" => {
                    made.entry(name.to_string()).or_default().push(StepId::new(id))
                }
                [root, other, ..] if root == "vars" => others.push((name.to_string(), other.clone())),
                _ => {}
            }
        }
    }
    // A chain is at most as long as there are variables.
    for _ in 0..playbook.vars.len() {
        let mut more = false;
        for (name, other) in &others {
            for id in made.get(other).cloned().unwrap_or_default() {
                let own = made.entry(name.clone()).or_default();
                if !own.contains(&id) {
                    own.push(id);
                    more = true;
                }
            }
        }
        if !more {
            break;
        }
    }
    made
}

/// The variable that a text belongs to.
fn of_var(text: &Text) -> Option<&str> {
    match text.path.as_slice() {
        [Seg::Name(group), Seg::Name(name), ..] if group.as_ref() == "vars" && text.step.is_none() => {
            Some(name.as_ref())
        }
        _ => None,
    }
}

/// Finds a ring among the variables of a playbook.
pub fn check(playbook: &Playbook, texts: &[Text], site: &mut Site<'_>) {
    let numbers: HashMap<&str, u32> = playbook.vars.keys().map(String::as_str).zip(0..).collect();
    let mut edges = Vec::new();
    for text in texts {
        let Some(name) = of_var(text) else { continue };
        for reference in references(&text.source, text.form).unwrap_or_default() {
            if let [root, other, ..] = reference.path.as_slice()
                && root == "vars"
                && let (Some(from), Some(to)) = (numbers.get(other.as_str()), numbers.get(name))
            {
                edges.push((*from, *to, Why::Reference));
            }
        }
    }
    let Err(cycle) = Graph::build(numbers.len(), edges).order() else { return };
    let names: Vec<&str> = playbook.vars.keys().map(String::as_str).collect();
    let ring: Vec<&str> = cycle.path.iter().filter_map(|n| names.get(*n as usize).copied()).collect();
    let Some(first) = ring.first() else { return };
    let chain = ring.join(" → ");
    let title =
        crate::t!("these variables are made of each other: {chain}", "変数が互いを参照しています: {chain}");
    let at = site.doc.key(&segs(&["vars", first]));
    site.error("cycle", at, title, None);
}
