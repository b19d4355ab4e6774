//! From a checked playbook to a plan: every step of every part in one graph, each with what surrounds it, and the
//! code that renders a step for a dry run and for the run alike. It performs nothing and keeps no state.

mod allowed;
mod alone;
mod before;
mod chosen;
mod clock;
mod compile;
mod complete;
mod deadline;
mod diff;
mod edges;
mod expand;
mod finding;
mod foresee;
mod guess;
mod handlers;
mod judge;
mod layout;
mod limit;
mod node;
mod only_inputs;
mod outline;
mod prepare;
mod preview;
mod preview_docker;
mod preview_plain;
#[cfg(test)]
mod preview_tests;
mod record;
mod renderer;
pub mod saved;
mod tell;
mod tell_secrets;
mod tell_system;
mod told;
mod uses;
mod wording;

pub use allowed::Allowed;
pub use alone::{Now, PlanWindow, ToldWindow};
pub use before::Before;
pub use chosen::{Chosen, Lack, Unchosen};
pub use compile::{CompileError, compile, sha256_hex};
pub use deadline::PlanDeadline;
pub use diff::{Changes, DiffLine, Side, StepChange, ValueChange, changes, line_diff};
pub use finding::{ProbeCounts, ProbeFinding};
pub use foresee::Unknown;
pub use guess::Guess;
pub use judge::{Judged, Results};
pub use limit::MOST_UNITS;
pub use node::{Body, Frame, LAID_OUT, Node, NodeIx, Plan, RunFacts};
pub use only_inputs::OnlyInputs;
pub use outline::outline;
pub use prepare::Prepared;
pub use preview::preview;
pub use record::{Found, LastTold, PlanOrigin, PlanRecord, StepRecord, record};
pub use renderer::{Facts, Item, Missing, Renderer, SecretNames, Secrets};
pub use told::{
    Estimate, Outline, OutlineStep, ToldCondition, ToldFact, ToldLoop, ToldNeed, ToldQuestion, ToldSecret,
    ToldText, ToldUnknown,
};
pub use uses::Uses;
pub use wording::titles;
