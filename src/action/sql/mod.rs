//! SQL steps on PostgreSQL, MySQL/MariaDB and SQLite: one statement, or a script in one transaction.
//!
//! Values are bound, never written into the text; every type of a database comes back as JSON; a stop reaches
//! the statement on the server. What a step may do is decided elsewhere, except that a reading step is held to
//! reading here, by an allow-list and by a read-only session.

mod compose;
mod could;
mod drive;
mod mysql;
mod mysql_value;
mod notices;
mod open;
mod perform;
mod postgres;
mod postgres_bind;
mod postgres_value;
mod result;
mod sqlite;
mod statement;
mod table;
mod target;
mod through;
mod trouble;

pub use could::could_start;
pub use perform::{perform, text};
pub use target::lite;
