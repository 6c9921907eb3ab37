//! Queries of terms whose values stand in a document, and of what documents are like or match: the document is read, as a get reads it, before the query is bound.
//!
//! In: a query as the client sent it. Out: the same with the values in their places; a document that is not there has none.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::geo::shape::Geometry;
use model::geo::shape::read::Reading;
use model::id::Version;
use model::query::Query;
use model::query::geo::AskedShape;
use model::query::more_like_this::Like;
use model::query::percolate::{Documents, StoredDocument};
use model::query::term_level::Lookup;
use model::search::{GetRequest, SearchRequest};
use model::write::VersionType;
use search::fetch::extract::extract;
use serde_json::Value;

use crate::core::Core;

/// Looks up what the queries of a search need.
///
/// # Errors
/// As a get of the documents.
pub(super) async fn of_search(core: &Arc<Core>, request: &mut SearchRequest) -> Result<(), Error> {
    let target = request.target.names.join(",");
    for query in request.queries_mut() {
        of_query(core, query, &target).await?;
    }
    Ok(())
}

/// Looks up what one query needs, which is nothing mostly: what looks up is boxed. `target`: where documents are whose index is not said.
///
/// # Errors
/// As a get of the documents.
pub(super) async fn of_query(core: &Arc<Core>, query: &mut Query, target: &str) -> Result<(), Error> {
    for like in query.likenesses() {
        for one in like.likes.iter_mut().chain(&mut like.unlikes) {
            if let Like::Document { index, id, routing } = one {
                let index = index.clone().unwrap_or_else(|| target.to_owned());
                let source = Box::pin(source_of(core, (index, id.clone(), routing.clone()))).await?;
                *one = Like::Source { id: Some(id.clone()), source: source.unwrap_or_default() };
            }
        }
    }
    for percolate in query.percolations() {
        if let Documents::Stored(document) = &percolate.documents {
            percolate.documents = Documents::Given(vec![Box::pin(percolated(core, document)).await?]);
        }
    }
    for shape in query.shape_lookups() {
        if let AskedShape::Indexed(lookup) = shape {
            *shape = AskedShape::Given(Box::pin(geometry(core, lookup.clone())).await?);
        }
    }
    for terms in query.lookups() {
        if let Some(lookup) = terms.lookup.take() {
            terms.values = Box::pin(values(core, lookup)).await?;
        }
    }
    Ok(())
}

/// The document that stored queries are to match.
///
/// # Errors
/// As a get; `resource_not_found_exception` for one that is not there.
async fn percolated(core: &Arc<Core>, document: &StoredDocument) -> Result<Value, Error> {
    let StoredDocument { index, id, routing, version, .. } = document.clone();
    let version = version.map(|version| (Version(version.max(0) as u64), VersionType::Internal));
    let request = GetRequest { routing, version, ..GetRequest::new(index.clone(), id.clone()) };
    let found = super::get::get(core, request).await?.found.ok_or_else(|| {
        Error::new(ErrorKind::ResourceNotFound, format!("indexed document [{index}/{id}] couldn't be found"))
    })?;
    let source = found.source.filter(|source| !source.is_empty());
    let source =
        source.ok_or_else(|| Error::illegal_argument(format!("indexed document [{index}/{id}] source disabled")))?;
    read(&source, &id)
}

/// The shape that stands in a document.
async fn geometry(core: &Arc<Core>, lookup: Lookup) -> Result<Geometry, Error> {
    let Lookup { index, id, path, routing } = lookup;
    let request = GetRequest { routing, ..GetRequest::new(index, id.clone()) };
    let found = super::get::get(core, request).await?.found;
    let found = found.ok_or_else(|| Error::illegal_argument(format!("Shape with ID [{id}] not found")))?;
    let source = found.source.filter(|source| !source.is_empty());
    let source = source.ok_or_else(|| Error::illegal_argument(format!("Shape with ID [{id}] source disabled")))?;
    let source = read(&source, &id)?;
    let value = at_path(&source, &path.split('.').collect::<Vec<_>>());
    let shape = value.map(|value| Reading::LOOKED_UP.read(value)).transpose()?.flatten();
    shape.ok_or_else(|| {
        Error::new(ErrorKind::IllegalState, format!("Shape with name [{id}] found but missing {path} field"))
    })
}

/// The first value at a path, through arrays of objects.
fn at_path<'v>(value: &'v Value, steps: &[&str]) -> Option<&'v Value> {
    match (steps, value) {
        ([], value) => Some(value),
        ([step, rest @ ..], Value::Object(entries)) => at_path(entries.get(*step)?, rest),
        (steps, Value::Array(items)) => items.iter().find_map(|item| at_path(item, steps)),
        _ => None,
    }
}

async fn values(core: &Arc<Core>, lookup: Lookup) -> Result<Vec<Value>, Error> {
    let Lookup { index, id, path, routing } = lookup;
    let Some(source) = source_of(core, (index, id, routing)).await? else { return Ok(Vec::new()) };
    let (steps, mut found) = (path.split('.').collect::<Vec<_>>(), Vec::new());
    extract(&steps, &source, None, &mut found);
    Ok(found.into_iter().cloned().collect())
}

/// The source of a document, as a get reads it; `None`: it is not there, or has none.
async fn source_of(
    core: &Arc<Core>,
    (index, id, routing): (String, String, Option<String>),
) -> Result<Option<Value>, Error> {
    let request = GetRequest { routing, ..GetRequest::new(index, id.clone()) };
    let answer = super::get::get(core, request).await?;
    let source = answer.found.and_then(|found| found.source);
    let Some(source) = source.filter(|source| !source.is_empty()) else { return Ok(None) };
    read(&source, &id).map(Some)
}

fn read(source: &[u8], id: &str) -> Result<Value, Error> {
    let unreadable = |e| Error::new(ErrorKind::Parse, format!("the source of [{id}] does not read: {e}"));
    serde_json::from_slice(source).map_err(unreadable)
}
