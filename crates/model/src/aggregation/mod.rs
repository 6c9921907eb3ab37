//! Aggregations: what is asked ([`request`]), what one shard found ([`partial`], which merges), what is answered ([`answer`]).
//!
//! A [`partial::Partial`] is a value: merging is associative and commutative, so that neither the number of shards nor the order of
//! their answers changes anything. The answer is made once, from the one partial that is left. Names are resolved and values read by
//! `search::bind`, collected by `shard::aggregate`, finished by `search::merge::aggregations`.

pub mod answer;
pub mod key;
pub mod partial;
pub mod request;
pub mod sum;
