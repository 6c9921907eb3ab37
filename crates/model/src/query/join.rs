//! Documents by those that belong to them, or to which they belong.

use serde::{Deserialize, Serialize};

use super::Query;
use super::nested::{InnerHits, NestedScore};

/// Documents with children of a kind that a query matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HasChild {
    pub kind: String,
    pub query: Query,
    /// How the scores of the children become the parent's; with none of them it is 1.
    pub score_mode: NestedScore,
    /// How many children must match.
    pub min_children: u32,
    pub max_children: u32,
    /// Without such a kind nothing matches; otherwise it is an error.
    pub ignore_unmapped: bool,
    /// Which of the children to show with each hit.
    pub inner_hits: Option<Box<InnerHits>>,
}

/// Documents whose parent, of a kind, a query matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HasParent {
    pub kind: String,
    pub query: Query,
    /// Whether they have the score of the parent, and not 1.
    pub score: bool,
    /// As of [`HasChild`].
    pub ignore_unmapped: bool,
    /// Whether to show the parent with each hit, and what of it.
    pub inner_hits: Option<Box<InnerHits>>,
}

/// Documents of a kind whose parent has this id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParentId {
    pub kind: Option<String>,
    pub id: Option<String>,
    /// As of [`HasChild`].
    pub ignore_unmapped: bool,
}
