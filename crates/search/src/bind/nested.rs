//! `nested` queries, and the objects that sorting goes by.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::{Found, Mapping};
use model::query::nested::Nested;
use model::search::NestedSort;

use super::fault::{Fault, Outcome};
use super::{Around, BindContext, Binder, bind_within};
use crate::bound::{BoundKind, BoundNested, BoundQuery};
use crate::shard_query::{BoundNestedSort, NestedLevel};

/// Whether nested objects lie at `path`.
pub(super) fn is_nested(mapping: &Mapping, path: &str) -> bool {
    matches!(mapping.find(path), Found::Object(object) if object.nested.is_some())
}

/// Whether the objects at `path` lie inside of those at `scope`.
pub(super) fn lies_in(path: &str, scope: Option<&str>) -> bool {
    scope.is_none_or(|scope| path.strip_prefix(scope).is_some_and(|rest| rest.starts_with('.')))
}

impl Binder<'_> {
    pub(super) fn nested(&self, query: &Nested) -> Outcome<BoundQuery> {
        let (mapping, path) = (&self.context.mapping, query.path.as_str());
        if !is_nested(mapping, path) {
            let refused = |what: &str| {
                let reason = format!("[nested] {what}");
                Err(Fault::Create(Error::new(ErrorKind::IllegalState, reason)))
            };
            return match mapping.find(path) {
                Found::Object(_) if !path.is_empty() => {
                    refused(&format!("nested object under path [{path}] is not of nested type"))
                }
                _ if query.ignore_unmapped => Ok(super::none_requested()),
                _ => refused(&format!("failed to find nested object under path [{path}]")),
            };
        }
        let inner = Binder { scope: Some(path), joined: Some(Around(self.scope)), ..*self }.query(&query.query)?;
        if !lies_in(path, self.scope) {
            return Ok(BoundQuery::match_none(format!(
                "[{path}] does not lie inside of the objects that are asked for"
            )));
        }
        Ok(BoundQuery::new(BoundKind::Nested(Box::new(BoundNested {
            path: path.into(),
            parent: self.scope.map(Arc::from),
            query: inner,
            score_mode: query.score_mode,
        }))))
    }
}

/// The objects that a sort key goes by.
///
/// # Errors
/// `query_shard_exception` for a path that is not nested; as [`bind_within`] for filters.
pub(super) fn nested_sort(
    asked: &NestedSort,
    context: &BindContext,
    scope: Option<&str>,
) -> Result<BoundNestedSort, Fault> {
    let mut bound =
        BoundNestedSort { parent: scope.map(Arc::from), levels: Vec::new(), max_children: asked.max_children };
    let mut next = Some(asked);
    while let Some(level) = next {
        let path = level.path.as_str();
        if !is_nested(&context.mapping, path) {
            let reason = match context.mapping.find(path) {
                Found::Object(_) if !path.is_empty() => {
                    format!("[nested] nested object under path [{path}] is not of nested type")
                }
                _ => format!("[nested] failed to find nested object under path [{path}]"),
            };
            return Err(Fault::query_shard(reason));
        }
        let filter = level.filter.as_ref().map(|filter| bind_within(filter, context, Some(path)).map(Arc::new));
        bound.levels.push(NestedLevel { path: path.into(), filter: filter.transpose().map_err(Fault::AsIs)? });
        next = level.inner.as_deref();
    }
    Ok(bound)
}
