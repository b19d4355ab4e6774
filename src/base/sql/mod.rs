//! SQL as text: its tokens, its statements, and whether a statement only reads. It knows no server, no
//! template and no playbook; strings, comments and quoted names are told apart for each dialect.

mod read;
mod split;
mod token;

pub use read::{functions, is_read, is_read_statement};
pub use split::{Statement, ends_transaction, split};
pub use token::{Dialect, Token, TokenKind, tokens};
