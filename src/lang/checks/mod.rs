//! What a model may say and still be wrong: ids, order, names, types of inputs, effects. Each check has a file.

mod all;
mod alone;
mod closing;
mod connections;
mod deadlines;
mod destroy;
mod environments;
mod facts;
mod gather;
mod holders;
mod ids;
mod inputs;
mod lint;
mod loops;
mod mail;
mod names;
mod notices;
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
pub use lint::{CRON_NEVER, CRON_OR, RULES, Rule, SCHEDULE_ASKS, SCHEDULE_INPUTS, chapter};
pub use schedule::environments as schedule_environments;
