//! Variables that are made of each other in a ring. It knows no other names.

use std::collections::HashMap;

use super::gather::Text;
use super::site::{Site, segs};
use crate::graph::{Graph, Why};
use crate::lang::yaml::Seg;
use crate::model::Playbook;
use crate::template::references;

/// Finds a ring among the variables of a playbook.
pub fn check(playbook: &Playbook, texts: &[Text], site: &mut Site<'_>) {
    let numbers: HashMap<&str, u32> = playbook.vars.keys().map(String::as_str).zip(0..).collect();
    let mut edges = Vec::new();
    for text in texts {
        let [Seg::Name(group), Seg::Name(name), ..] = text.path.as_slice() else { continue };
        if group.as_ref() != "vars" || text.step.is_some() {
            continue;
        }
        for reference in references(&text.source, text.form).unwrap_or_default() {
            if let [root, other, ..] = reference.path.as_slice()
                && root == "vars"
                && let (Some(from), Some(to)) = (numbers.get(other.as_str()), numbers.get(name.as_ref()))
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
