//! User code: expressions over numbers in the words of Painless, templates of text in those of Mustache.
//!
//! In: a source and named parameters. Out: a value, or an error that points at a place of the source. Nothing here can loop, allocate
//! without bound or touch the world.

pub mod expression;
pub mod template;
