//! YAML text with its places: an index of spans from one parser, the values from another. It knows no key of
//! the language.

mod decode;
mod index;
mod limits;
mod locate;
mod syntax;

pub use decode::{both, decode};
pub use index::{Index, Kind};
pub use limits::MAX_BYTES;
pub use locate::Seg;
pub use syntax::Trouble;
