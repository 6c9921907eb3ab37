//! From a key's value to the documents of the indexes that it belongs to.

use model::write::Write;

use crate::keyspace::value::Value;

/// The definitions of every index of `FT.CREATE`.
#[derive(Debug, Default)]
pub struct Registry {}

/// What a change of `key` writes to each index that it belongs to, or belonged to. `value`: the new one; `None`: the key is gone.
pub fn documents(_registry: &Registry, _key: &[u8], _value: Option<&Value>) -> Vec<Write> {
    Vec::new()
}
