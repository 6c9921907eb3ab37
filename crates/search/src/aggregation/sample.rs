//! Samples bound to one index.

use super::values::Values;

/// The best documents of each bucket of a shard.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler {
    pub shard_size: usize,
    pub diversity: Option<Diversity>,
}

/// At most so many documents of one value; documents without one count as if they shared one.
#[derive(Clone, Debug, PartialEq)]
pub struct Diversity {
    pub values: Values,
    pub most: usize,
}
