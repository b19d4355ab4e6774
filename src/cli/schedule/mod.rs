//! `toban schedule`: what runs by itself and when, whether that goes well, and who follows it.

mod args;
mod check;
mod command;
mod crontab;
mod ground;
mod install;
mod list;
mod next;
mod run;
mod systemd;

pub use args::flags;
pub use command::run;
pub use run::random;
