//! Docker actions against a real engine, and the real compose. The engine is the tests' own: see `tests/support/docker-up`.

mod compose;
mod compose_v2;
mod exec;
mod lists;
mod probe;
mod run;
mod stopping;
mod support;
