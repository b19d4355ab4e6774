//! Screens of recorded runs: as files get them, and as a real (pseudo-)terminal gets them.
//!
//! This program starts itself on a pseudo-terminal with `TOBAN_SCENE` set, and then only plays that scene.
#![allow(clippy::print_stdout)] // a test program of its own reports its own results

mod player;
mod scenes;

fn main() {
    if let Ok(scene) = std::env::var("TOBAN_SCENE") {
        return player::play(&scene);
    }
}
