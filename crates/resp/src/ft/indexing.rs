//! From a key's value to the documents of the indexes that it belongs to.

use model::write::{Write, WriteFailure};

use crate::error::RespError;
use crate::keyspace::value::Value;
use crate::server::Server;

/// The definitions of every index of `FT.CREATE`.
#[derive(Debug, Default)]
pub struct Registry {}

/// What a change of `key` writes to each index that it belongs to, or belonged to. `value`: the new one; `None`: the key is gone.
pub fn documents(_registry: &Registry, _key: &[u8], _value: Option<&Value>) -> Vec<Write> {
    Vec::new()
}

/// What became of one of those writes, when it was refused: counted for `FT.INFO`.
pub fn failed(_registry: &Registry, _failure: &WriteFailure) {}

/// Drops every index of `FT.CREATE`: their keys are about to go.
///
/// # Errors
/// What the node answers.
pub async fn flush_all(_server: &Server) -> Result<(), RespError> {
    Ok(())
}

/// Reads the definitions that the metadata holds, when the node starts, and fills what a crash has left behind.
///
/// # Errors
/// What the node answers.
pub async fn load(_server: &Server) -> Result<(), RespError> {
    Ok(())
}
