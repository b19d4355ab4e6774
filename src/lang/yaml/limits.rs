//! How large a file may be. It measures nothing.

/// Bytes of a file.
pub const MAX_BYTES: usize = 64 << 20;
/// Levels of nesting.
pub const MAX_DEPTH: usize = 64;
/// Values that anchors may add by being used again, all together.
pub const MAX_ALIASED: u64 = 250_000;
