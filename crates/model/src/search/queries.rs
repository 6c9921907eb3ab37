//! The queries of a search, wherever they stand: for what is done to each before the search begins.

use super::{Fetch, NestedSort, SearchRequest, SortKey};
use crate::aggregation::request::bucket::FilterList;
use crate::aggregation::request::{Aggregation, Kind};
use crate::query::Query;
use crate::query::nested::InnerHits;

impl SearchRequest {
    /// All of them; each may be made of others.
    pub fn queries_mut(&mut self) -> Vec<&mut Query> {
        let mut found = vec![&mut self.query];
        found.extend(&mut self.post_filter);
        found.extend(self.rescores.iter_mut().map(|rescore| &mut rescore.query));
        of_sort(&mut self.sort, &mut found);
        found.extend(self.fetch.queries_mut());
        let inner = self.collapse.iter_mut().flat_map(|collapse| &mut collapse.inner_hits);
        found.extend(inner.flat_map(InnerHits::queries_mut));
        let mut waiting: Vec<&mut Aggregation> = self.aggregations.iter_mut().collect();
        while let Some(aggregation) = waiting.pop() {
            of_aggregation(&mut aggregation.kind, &mut found);
            waiting.extend(&mut aggregation.children);
        }
        found
    }
}

impl Fetch {
    /// The queries by which hits are shown.
    pub(crate) fn queries_mut(&mut self) -> impl Iterator<Item = &mut Query> {
        let fields = self.highlight.iter_mut().flat_map(|highlight| &mut highlight.fields);
        fields.filter_map(|field| field.highlight_query.as_mut())
    }
}

impl InnerHits {
    /// The queries by which these hits are ordered and shown.
    pub(crate) fn queries_mut(&mut self) -> Vec<&mut Query> {
        let mut found: Vec<&mut Query> = self.fetch.queries_mut().collect();
        of_sort(&mut self.sort, &mut found);
        found
    }
}

fn of_sort<'q>(sort: &'q mut [SortKey], found: &mut Vec<&'q mut Query>) {
    for key in sort {
        let mut next = key.nested.as_deref_mut();
        while let Some(NestedSort { filter, inner, .. }) = next {
            found.extend(filter);
            next = inner.as_deref_mut();
        }
    }
}

fn of_aggregation<'q>(kind: &'q mut Kind, found: &mut Vec<&'q mut Query>) {
    match kind {
        Kind::Filter(query) => found.push(query),
        Kind::Filters(filters) => match &mut filters.filters {
            FilterList::Anonymous(queries) => found.extend(queries),
            FilterList::Named(queries) => found.extend(queries.iter_mut().map(|(_, query)| query)),
        },
        Kind::AdjacencyMatrix(matrix) => found.extend(matrix.filters.iter_mut().map(|(_, query)| query)),
        Kind::SignificantTerms(terms) => found.extend(&mut terms.background_filter),
        Kind::SignificantText(text) => found.extend(&mut text.terms.background_filter),
        Kind::TopHits(hits) => {
            of_sort(&mut hits.sort, found);
            found.extend(hits.fetch.queries_mut());
        }
        _ => {}
    }
}
