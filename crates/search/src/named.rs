//! The parts of a bound query that carry names.

use std::sync::Arc;

use crate::bound::{BoundKind, BoundQuery};

impl BoundQuery {
    /// The queries right inside of this one whose names are a document's to match; those within nested objects are not.
    pub fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            BoundKind::Bool(clauses) => {
                let all = clauses.must.iter().chain(&clauses.should).chain(&clauses.filter).chain(&clauses.must_not);
                all.collect()
            }
            BoundKind::Boosting { positive, negative, .. } => vec![&**positive, &**negative],
            BoundKind::ConstantScore(inner) => vec![&**inner],
            BoundKind::DisMax { queries, .. } => queries.iter().collect(),
            BoundKind::Ranked(ranked) => vec![&ranked.candidates],
            BoundKind::FunctionScore(function) => {
                let filters = function.functions.iter().filter_map(|function| function.filter.as_ref());
                std::iter::once(&function.query).chain(filters).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Every query with a name, the outer ones first.
    pub fn named<'q>(&'q self, out: &mut Vec<(&'q Arc<str>, &'q Self)>) {
        out.extend(self.name.as_ref().map(|name| (name, self)));
        self.parts().into_iter().for_each(|part| part.named(out));
    }
}
