//! Toban.
