//! What looking found out about a step, as a plan tells it. It looks at nothing itself.

use serde::{Deserialize, Serialize};

use crate::event::{Gives, Verdict};

/// What a probe found out about a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeFinding {
    /// Whether the step could start; for one that was run, whether it did what it should.
    pub verdict: Verdict,
    /// Why, in words; one line for each item of a loop.
    pub words: String,
    /// Whether it only reads and was run.
    pub ran: bool,
    /// What it gave, should it have run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives: Option<Gives>,
}

/// How many steps of a plan were found to be what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeCounts {
    /// They only read and were run.
    pub ran: usize,
    /// They could start.
    pub yes: usize,
    /// They could not.
    pub no: usize,
    /// Looking does not tell.
    pub cannot_know: usize,
}

impl ProbeCounts {
    /// Counts findings.
    pub fn of<'f>(findings: impl Iterator<Item = &'f ProbeFinding>) -> ProbeCounts {
        let mut counts = ProbeCounts::default();
        for finding in findings {
            counts.ran += usize::from(finding.ran);
            match finding.verdict {
                Verdict::Yes => counts.yes += 1,
                Verdict::No => counts.no += 1,
                Verdict::CannotKnow => counts.cannot_know += 1,
            }
        }
        counts
    }
}
