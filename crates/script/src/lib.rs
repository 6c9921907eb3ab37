//! User code over numbers: expressions in the words of Painless.
//!
//! In: a source and named parameters. Out: a value, or an error that points at a place of the source. Nothing here can loop, allocate
//! without bound or touch the world.

pub mod expression;
