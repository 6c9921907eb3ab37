//! `nested`: documents by what lies inside of them; and hits that are shown with others.

use serde::{Deserialize, Serialize};

use super::{Kind, Query};
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
    /// `None`: the path, or the kind of the others of a family.
    pub name: Option<String>,
    pub from: u64,
    pub size: u64,
    /// Empty: by score.
    pub sort: Vec<SortKey>,
    pub track_scores: bool,
    pub explain: bool,
    pub fetch: Fetch,
    /// Of a group of `collapse`: of all its hits with the same value of this field only the best.
    pub collapse: Option<String>,
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
            collapse: None,
        }
    }
}

/// A query that shows hits with its own: what they are found by, and what is shown of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithInner<'q> {
    /// `nested`, `has_child` or `has_parent`.
    pub outer: &'q Query,
    pub query: &'q Query,
    /// The path of the objects, or the kind of the documents.
    pub place: &'q str,
    pub asked: &'q InnerHits,
}

impl Query {
    /// The queries whose inner hits are to be shown, each without those inside of it. One that shows none hides those inside.
    pub fn inner_hits(&self) -> Vec<WithInner<'_>> {
        let mut found = Vec::new();
        self.collect_inner_hits(&mut found);
        found
    }

    fn collect_inner_hits<'q>(&'q self, found: &mut Vec<WithInner<'q>>) {
        let mut shows = |query: &'q Self, place: &'q str, asked: &'q Option<Box<InnerHits>>| {
            found.extend(asked.as_deref().map(|asked| WithInner { outer: self, query, place, asked }));
        };
        match &self.kind {
            Kind::Nested(nested) => shows(&nested.query, &nested.path, &nested.inner_hits),
            Kind::HasChild(child) => shows(&child.query, &child.kind, &child.inner_hits),
            Kind::HasParent(parent) => shows(&parent.query, &parent.kind, &parent.inner_hits),
            Kind::Bool(bool) => {
                // What must not match has no hits to show.
                let all = bool.filter.iter().chain(&bool.must).chain(&bool.should);
                all.for_each(|part| part.collect_inner_hits(found));
            }
            _ => self.parts().into_iter().for_each(|part| part.collect_inner_hits(found)),
        }
    }
}
