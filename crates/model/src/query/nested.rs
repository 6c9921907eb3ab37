//! `nested`: documents by what lies inside of them.

use serde::{Deserialize, Serialize};

use super::Query;
use crate::search::{Fetch, SortKey};

/// Documents with an object at `path` that `query` matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nested {
    pub path: String,
    pub query: Query,
    pub score_mode: NestedScore,
    /// Without such a path nothing matches; otherwise it is an error.
    pub ignore_unmapped: bool,
    /// Which of the objects to show with each hit.
    pub inner_hits: Option<Box<InnerHits>>,
}

/// How the scores of the objects inside become the document's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NestedScore {
    #[default]
    Avg,
    Sum,
    Max,
    Min,
    /// Every match scores 0.
    None,
}

/// The objects that matched, as hits of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InnerHits {
    /// `None`: the path.
    pub name: Option<String>,
    pub from: u64,
    pub size: u64,
    /// Empty: by score.
    pub sort: Vec<SortKey>,
    pub track_scores: bool,
    pub explain: bool,
    pub fetch: Fetch,
}

impl Default for InnerHits {
    fn default() -> Self {
        Self {
            name: None,
            from: 0,
            size: 3,
            sort: Vec::new(),
            track_scores: false,
            explain: false,
            fetch: Fetch::default(),
        }
    }
}

impl Query {
    /// The queries whose inner hits are to be shown, each without those inside of it. A nested query that shows none hides those inside.
    pub fn inner_hits(&self) -> Vec<&Nested> {
        let mut found = Vec::new();
        self.collect_inner_hits(&mut found);
        found
    }

    fn collect_inner_hits<'q>(&'q self, found: &mut Vec<&'q Nested>) {
        if let super::Kind::Nested(nested) = &self.kind {
            found.extend(nested.inner_hits.is_some().then_some(&**nested));
        } else if let super::Kind::Bool(bool) = &self.kind {
            // What must not match has no hits to show.
            let all = bool.filter.iter().chain(&bool.must).chain(&bool.should);
            all.for_each(|part| part.collect_inner_hits(found));
        } else {
            self.parts().into_iter().for_each(|part| part.collect_inner_hits(found));
        }
    }
}
