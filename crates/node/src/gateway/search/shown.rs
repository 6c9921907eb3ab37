//! Hits that were chosen by their scores alone, shown as the client asked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use model::error::Error;
use model::query::{Kind, Query};
use model::search::{Fetch, Hit, SearchRequest, SearchResponse, SourceFilter, TrackTotal};
use model::task::TaskId;

use super::search_counted;
use crate::core::Core;

/// A search of several steps.
pub(super) struct Steps<'a> {
    pub(super) core: &'a Arc<Core>,
    /// As the client asked for it.
    pub(super) request: &'a SearchRequest,
    pub(super) begun: Instant,
    pub(super) task: &'a TaskId,
}

/// Of a hit nothing but its place and its score.
pub(super) fn bare() -> Fetch {
    let none = SourceFilter::nothing();
    Fetch { source: Some(none), ..Fetch::default() }
}

impl Steps<'_> {
    pub(super) async fn run(&self, request: SearchRequest) -> Result<SearchResponse, Error> {
        Box::pin(search_counted(self.core, request, self.begun, self.task.clone())).await
    }

    /// A search that only finds hits.
    pub(super) fn plain(&self, query: Query, size: u64) -> SearchRequest {
        SearchRequest {
            query,
            from: 0,
            size,
            track_total_hits: TrackTotal::No,
            aggregations: Vec::new(),
            min_score: None,
            terminate_after: None,
            search_after: None,
            continues: None,
            least_score: None,
            collapse: None,
            rescores: Vec::new(),
            fetch: bare(),
            explain: false,
            ..self.request.clone()
        }
    }

    /// A search for a query among some documents; it scores and explains as the query alone.
    pub(super) fn among(&self, query: &Query, hits: &[Hit]) -> SearchRequest {
        let ids: BTreeSet<&str> = hits.iter().map(|hit| &*hit.id).collect();
        let indexes: BTreeSet<&str> = hits.iter().map(|hit| &*hit.index).collect();
        // An id may be in several indexes; the others are passed over.
        let size = (ids.len() * indexes.len()) as u64;
        let filter = Query::new(Kind::Ids { values: ids.into_iter().map(str::to_owned).collect() });
        SearchRequest { post_filter: Some(filter), ..self.plain(query.clone(), size) }
    }

    /// Hits with all that the client wants to see of them; scores, sort values and explanations stay as they are. `fetch`: what to show.
    pub(super) async fn show(&self, page: Vec<Hit>, fetch: Fetch) -> Result<Vec<Hit>, Error> {
        if page.is_empty() {
            return Ok(page);
        }
        let explain = self.request.explain;
        let request = SearchRequest { fetch, explain, sort: Vec::new(), ..self.among(&self.request.query, &page) };
        let mut found = self.run(request).await?.hits;
        let mut hits = Vec::with_capacity(page.len());
        for old in page {
            // A document that was deleted meanwhile is not shown.
            let at = found.iter().position(|hit| hit.index == old.index && hit.id == old.id);
            let Some(at) = at else { continue };
            let mut hit = found.swap_remove(at);
            (hit.score, hit.sort) = (old.score, old.sort);
            hit.explanation = old.explanation.or(hit.explanation);
            hits.push(hit);
        }
        Ok(hits)
    }
}
