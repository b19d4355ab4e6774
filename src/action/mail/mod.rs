//! Mail over SMTP: a letter of plain text, handed to the server of the system. What a server has taken is told as sent;
//! whether anybody reads it is not known here.

mod could;
mod perform;
mod post;
mod talk;
mod wire;

pub use could::could_start;
pub use perform::perform;
pub use post::{Post, Posted};
pub use talk::{Office, deliver};
