//! Points in time and scrolls: searches that see an index as it was at one moment.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::search::Shards;
use crate::target::Target;

/// The point in time that a search is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointInTime {
    /// As it was told when the point was made.
    pub id: String,
    /// How much longer it is to be kept from now on; `None`: as long as it would be anyway.
    pub keep_alive_ms: Option<u64>,
}

/// Makes a point in time.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenPoint {
    pub target: Target,
    pub keep_alive_ms: u64,
    /// Empty: every shard.
    pub routing: Vec<String>,
    pub preference: Option<String>,
    /// Shards that do not answer are left out, and said to be.
    pub partial: bool,
}

/// A point in time that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct PointOpened {
    pub id: String,
    pub shards: Shards,
    pub created_ms: u64,
}

/// A point in time that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointKept {
    pub id: String,
    pub created_ms: u64,
    pub keep_alive_ms: u64,
}

/// A part of what a search finds: with all parts from 0 to `max` each hit is found once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// By whose values documents are told apart; `None`: by their ids.
    pub field: Option<Arc<str>>,
    pub id: u32,
    /// At least two.
    pub max: u32,
}

/// The next page of a scroll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scroll {
    pub id: String,
    /// How much longer it is to be kept; `None`: the answer names it no more.
    pub keep_alive_ms: Option<u64>,
}
