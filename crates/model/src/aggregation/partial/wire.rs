//! Partials as bytes, between nodes.

use serde::Deserialize;

use super::Partial;
use crate::wire::Bounded;

/// How deep what is read may be nested, in steps of the encoding: seven for each level of aggregations, of which there are at most 100, and
/// four for each level of what a script left there, of which there are [`super::ScriptState::MAX_DEPTH`].
const MAX_DEPTH: u32 = 920;

/// Bytes that are no partial.
#[derive(Debug, thiserror::Error)]
#[error("the bytes of an aggregation's findings are damaged: {0}")]
pub struct Damaged(#[from] postcard::Error);

impl Partial {
    /// In postcard's format.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("memory takes everything, and every list knows its length")
    }

    /// What [`Partial::to_bytes`] wrote. It needs memory in proportion to the bytes, and a bounded stack, whatever they are.
    ///
    /// # Errors
    /// [`Damaged`] where they are not a partial, or more than one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut deserializer = postcard::Deserializer::from_bytes(bytes);
        let partial = Self::deserialize(Bounded::new(&mut deserializer, MAX_DEPTH))?;
        if deserializer.finalize()?.is_empty() {
            return Ok(partial);
        }
        Err(Damaged(postcard::Error::SerdeDeCustom))
    }
}
