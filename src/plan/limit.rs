//! How much a loop may make of a run. A list that came out far longer than anybody thought would fill the memory and the
//! journal before anyone sees it.

use super::node::{Body, LAID_OUT, NodeIx, Plan};

/// So many steps and items may a run have: what all loops over steps lay out, and what one loop over items repeats.
pub const MOST_UNITS: usize = 100_000;

impl Plan {
    /// Why the loop at a node cannot have so many items; none where it can.
    pub(super) fn too_many(&self, ix: NodeIx, items: usize) -> Option<String> {
        let (each, there) = match self.at(ix).body {
            // After a crash it may be laid out already.
            Body::Open { .. } if self.at(ix + 1).pattern == LAID_OUT => return None,
            Body::Open { close, .. } => {
                let held = ix + 1..close;
                (held.filter(|held| self.at(*held).is_shown()).count(), self.step_count() as usize)
            }
            Body::Act | Body::Close { .. } => (1, 0),
        };
        let new = items.saturating_mul(each);
        if new.saturating_add(there) <= MOST_UNITS {
            return None;
        }
        let most = MOST_UNITS;
        Some(match each {
            1 => crate::t!(
                "for_each: {items} items are more than the {most} that a run may have; make the list shorter, or loop \
                 within the step",
                "for_each: 対象が {items} 件あり、上限の {most} 件を超えています。リストを短くするか、ステップの中で繰り返してください"
            ),
            _ => crate::t!(
                "for_each: {items} items of {each} steps make {new}, and the run would have more than {most} steps; make \
                 the list shorter, or loop within a step",
                "for_each: {items} 件 × {each} ステップ = {new} となり、実行全体の上限 {most} ステップを超えます。リストを短くするか、ステップの中で繰り返してください"
            ),
        })
    }
}
