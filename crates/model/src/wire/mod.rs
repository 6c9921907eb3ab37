//! Plain data as bytes, between nodes of one cluster.
//!
//! In: any value of this crate that serialises. Out: postcard's format, and back. The wire does not describe itself, so JSON values inside
//! requests travel as a tree of their own ([`json`]); sources travel as they are ([`bytes`]). What is read needs memory in proportion to
//! the bytes and a bounded stack, whatever they are.

pub mod bytes;
mod depth;
pub mod json;

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use depth::Bounded;
pub use json::Json;

/// How deep what is read may be nested, in steps of the encoding: about six for each level of a query, of which there are at most 100.
const MAX_DEPTH: u32 = 900;

/// Bytes that are not what was expected.
#[derive(Debug, thiserror::Error)]
#[error("the bytes of a message are damaged: {0}")]
pub struct Damaged(#[from] postcard::Error);

/// A value in postcard's format.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("memory takes everything, and every list knows its length")
}

/// What [`to_bytes`] wrote.
///
/// # Errors
/// [`Damaged`] where the bytes are no `T`, or more than one.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Damaged> {
    match from_beginning(bytes)? {
        (value, []) => Ok(value),
        _ => Err(Damaged(postcard::Error::SerdeDeCustom)),
    }
}

/// What [`to_bytes`] wrote, and what was put behind it as it is.
///
/// # Errors
/// [`Damaged`] where the bytes do not begin with a `T`.
pub fn from_beginning<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), Damaged> {
    let mut deserializer = postcard::Deserializer::from_bytes(bytes);
    let value = T::deserialize(Bounded::new(&mut deserializer, MAX_DEPTH))?;
    Ok((value, deserializer.finalize()?))
}
