//! What scripts make of the documents of a shard.

use serde::{Deserialize, Serialize};

/// A value that a script leaves behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ScriptState {
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Text(String),
    /// Milliseconds since 1970.
    Date(i64),
    List(Vec<ScriptState>),
    /// In the order in which its keys came.
    Map(Vec<(String, ScriptState)>),
}

impl ScriptState {
    /// Lists and maps within each other at most.
    pub const MAX_DEPTH: usize = 50;
}

/// What the scripts made of each shard, in an order that does not depend on which came first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScriptStates(Vec<ScriptState>);

impl ScriptStates {
    pub fn of(state: ScriptState) -> Self {
        Self(vec![state])
    }

    /// Takes in those of other shards.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
        self.0.sort_by_cached_key(crate::wire::to_bytes);
    }

    /// One a shard.
    pub fn into_list(self) -> Vec<ScriptState> {
        self.0
    }
}
