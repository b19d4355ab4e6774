//! Work on files: written whole or not at all, removed only when that is safe, ended at once when stopped.
//! It runs on this host.

mod archive;
mod copy;
mod desk;
mod extract;
mod listing;
mod packing;
mod perform;
mod prune;
mod read;
mod remove;
mod verify;
mod verify_shell;
mod whole;
mod words;
mod write;

#[cfg(test)]
mod tests_archive;
#[cfg(test)]
mod tests_prune;
#[cfg(test)]
mod tests_write;

pub use perform::perform;
