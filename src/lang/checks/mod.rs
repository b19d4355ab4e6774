//! What a model may say and still be wrong: ids, order, names, types of inputs, effects. Each check has a file.

mod all;
mod closing;
mod connections;
mod destroy;
mod environments;
mod facts;
mod far;
mod gather;
mod holders;
mod ids;
mod inputs;
mod lint;
mod loops;
mod names;
mod order;
mod outputs;
mod schedule;
mod shape_rules;
mod site;
mod times;
mod vars;

pub use all::all;
pub use environments::unknown_environment;
pub use facts::system;
pub use far::NOT_OVER_SSH;
pub use lint::{CRON_NEVER, CRON_OR, RULES, Rule, SCHEDULE_ASKS, SCHEDULE_INPUTS, chapter};
pub use schedule::environments as schedule_environments;
