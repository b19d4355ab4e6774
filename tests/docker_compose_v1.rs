//! The compose tests once more, with version 1 in place of version 2 (see `ENGINE` in `support`).

#[path = "docker/compose.rs"]
mod compose;
#[allow(dead_code, reason = "other test binaries use the rest")]
#[path = "docker/support.rs"]
mod support;
