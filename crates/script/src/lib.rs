//! User code: expressions over numbers in the words of Painless, templates of text in those of Mustache.
//!
//! In: a source and named parameters. Out: a value, or an error that points at a place of the source. Expressions cannot loop; programs loop for
//! so many steps. Nothing here allocates without bound or touches the world.

pub mod expression;
pub mod moving;
pub mod program;
pub mod template;
