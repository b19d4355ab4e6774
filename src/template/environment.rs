//! The one minijinja environment of this room: strict, with our filters, without what leads out of it. It
//! does not know any value.

use minijinja::{Environment, UndefinedBehavior};

use super::encode;
use super::filters;
use super::syntax::config;

/// The instructions that one rendering may take: about a tenth of a second.
const FUEL: u64 = 1_000_000;

/// What plain minijinja has and this language has not: HTML, Python spelling, and ways around the names.
const REMOVED: [&str; 6] = ["safe", "escape", "e", "pprint", "attr", "bool"];

pub(super) fn build() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_debug(false);
    env.set_syntax(config());
    env.set_fuel(Some(FUEL));
    env.set_formatter(encode::write);
    for name in REMOVED {
        env.remove_filter(name);
    }
    env.remove_global("debug");
    filters::add(&mut env);
    env
}
