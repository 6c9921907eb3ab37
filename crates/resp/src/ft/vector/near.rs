//! Hits by distance: the pages that are ordered by it, and the distances of documents that were found otherwise.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::gateway::Gateway;
use model::query::compound::Boolean;
use model::query::{Kind, Query};
use model::search::{Hit, SearchRequest, SearchResponse, SourceFilter};

use super::super::stream::sort_key;
use super::measure::{MOST, Measure};
use crate::error::RespError;

/// Ids with their distances, nearest first.
pub type Found = Vec<(Arc<str>, f64)>;

/// Ids that one request fetches.
const CHUNK: usize = 1_000;

/// `query` restricted to some documents.
pub fn among<'i>(query: Query, ids: impl IntoIterator<Item = &'i Arc<str>>) -> Query {
    let values = ids.into_iter().map(|id| id.to_string()).collect();
    let filter = vec![Query::new(Kind::Ids { values })];
    Query::new(Kind::Bool(Boolean { must: vec![query], filter, ..Boolean::default() }))
}

/// `query` without some documents.
pub fn besides<'i>(query: Query, ids: impl IntoIterator<Item = &'i Arc<str>>) -> Query {
    let values = ids.into_iter().map(|id| id.to_string()).collect();
    let must_not = vec![Query::new(Kind::Ids { values })];
    Query::new(Kind::Bool(Boolean { filter: vec![query], must_not, ..Boolean::default() }))
}

/// The request with the measure as its query, the query that it had as the filter.
pub fn request(measure: &Measure, request: &SearchRequest) -> SearchRequest {
    let mut knn = measure.knn.clone();
    knn.filter = (!matches!(request.query.kind, Kind::MatchAll)).then(|| request.query.clone());
    SearchRequest { query: Query::new(Kind::Knn(Box::new(knn))), sort: Vec::new(), ..request.clone() }
}

/// The same without content.
fn bare(request: SearchRequest) -> SearchRequest {
    let mut bare = request;
    bare.fetch.source = Some(SourceFilter::nothing());
    bare
}

/// All documents that `asked` finds and the measure reaches, with their distances.
///
/// # Errors
/// What the gateway answers.
pub async fn all(gateway: &dyn Gateway, measure: &Measure, asked: &SearchRequest) -> Result<Found, RespError> {
    let size = measure.most().unwrap_or(MOST);
    if size == 0 {
        return Ok(Vec::new());
    }
    let response = gateway.search(SearchRequest { from: 0, size, ..bare(request(measure, asked)) }).await?;
    Ok(found(measure, &response).collect())
}

fn found(measure: &Measure, response: &SearchResponse) -> impl Iterator<Item = (Arc<str>, f64)> {
    response.hits.iter().map(|hit| (hit.id.clone(), measure.distance(hit.score.unwrap_or_default())))
}

/// A page in the order of a distance.
pub struct Sorted {
    /// `None`: not within reach of the measure.
    pub hits: Vec<(Hit, Option<f64>)>,
    pub total: u64,
}

/// The page of `asked` by the distance of `measure`. `everywhere`: what is not within its reach is not wanted; otherwise it comes last.
///
/// # Errors
/// What the gateway answers.
pub async fn sorted(
    gateway: &dyn Gateway,
    measure: &Measure,
    asked: &SearchRequest,
    (descending, everywhere): (bool, bool),
) -> Result<Sorted, RespError> {
    let most = measure.most().unwrap_or(u64::MAX);
    if everywhere && !descending {
        let size = asked.size.min(most.saturating_sub(asked.from));
        let response = gateway.search(SearchRequest { size, ..request(measure, asked) }).await?;
        let total = response.total.map_or(0, |total| total.value).min(most);
        let hits = response.hits.into_iter().map(|hit| {
            let distance = measure.distance(hit.score.unwrap_or_default());
            (hit, Some(distance))
        });
        return Ok(Sorted { hits: hits.collect(), total });
    }
    let mut found = all(gateway, measure, asked).await?;
    if descending {
        found.reverse();
    }
    let from = usize::try_from(asked.from).unwrap_or(usize::MAX).min(found.len());
    let to = from.saturating_add(usize::try_from(asked.size).unwrap_or(usize::MAX)).min(found.len());
    let ids: Vec<Arc<str>> = found[from..to].iter().map(|(id, _)| id.clone()).collect();
    let distances: BTreeMap<&Arc<str>, f64> = found[from..to].iter().map(|(id, distance)| (id, *distance)).collect();
    let mut page: Vec<(Hit, Option<f64>)> = Vec::with_capacity(ids.len());
    for hit in hits(gateway, &ids, (asked, false)).await? {
        let distance = distances.get(&hit.id).copied();
        page.push((hit, distance));
    }
    if everywhere {
        return Ok(Sorted { hits: page, total: found.len() as u64 });
    }
    let query = besides(asked.query.clone(), found.iter().map(|(id, _)| id));
    let rest = SearchRequest {
        query,
        from: asked.from.saturating_sub(found.len() as u64),
        size: asked.size - page.len() as u64,
        sort: vec![sort_key("_id", false)],
        ..asked.clone()
    };
    let rest = gateway.search(rest).await?;
    let total = found.len() as u64 + rest.total.map_or(0, |total| total.value);
    page.extend(rest.hits.into_iter().map(|hit| (hit, None)));
    Ok(Sorted { hits: page, total })
}

/// The distances of these documents, of those that the measure reaches.
///
/// # Errors
/// What the gateway answers.
pub async fn of(
    gateway: &dyn Gateway,
    measure: &Measure,
    ids: &[Arc<str>],
    asked: &SearchRequest,
) -> Result<BTreeMap<Arc<str>, f64>, RespError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let asked = SearchRequest { query: among(Query::match_all(), ids), ..asked.clone() };
    let response = gateway.search(SearchRequest { from: 0, size: ids.len() as u64, ..bare(request(measure, &asked)) });
    let response = response.await?;
    Ok(found(measure, &response).collect())
}

/// The hits of these documents, in their order, with what `asked` fetches, scored by its query or not. Those that have gone meanwhile
/// are left out.
///
/// # Errors
/// What the gateway answers.
pub async fn hits(
    gateway: &dyn Gateway,
    ids: &[Arc<str>],
    (asked, scored): (&SearchRequest, bool),
) -> Result<Vec<Hit>, RespError> {
    let mut hits = Vec::with_capacity(ids.len());
    for some in ids.chunks(CHUNK) {
        let query = among(if scored { asked.query.clone() } else { Query::match_all() }, some);
        let (from, size) = (0, some.len() as u64);
        let request = SearchRequest { query, from, size, sort: Vec::new(), ..asked.clone() };
        let mut by_id: BTreeMap<Arc<str>, Hit> = BTreeMap::new();
        for hit in gateway.search(request).await?.hits {
            by_id.insert(hit.id.clone(), hit);
        }
        hits.extend(some.iter().filter_map(|id| by_id.remove(id)));
    }
    Ok(hits)
}
