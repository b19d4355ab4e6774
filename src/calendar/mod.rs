//! When things are due: cron expressions in a zone, what a scheduler decides about each time, which times collide, and
//! how systemd and cron are told the same. Pure: the present moment is a value that comes in. It starts nothing and
//! reads no file.

mod book;
mod change;
mod collide;
mod cron;
mod crontab;
mod decide;
mod on_calendar;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
mod times;

pub use book::{Book, Entered, Fact, Line, Running, Why};
pub use change::{Change, ChangeKind, changes};
pub use collide::{Busy, Collision, collisions};
pub use cron::Cron;
pub use crontab::{CronLine, cron_line};
pub use decide::{GRACE, Rule, Settled, Standing, decide, settle};
pub use on_calendar::on_calendar;
pub use times::Times;
