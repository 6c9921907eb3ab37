//! `has_child`, `has_parent` and `parent_id`: documents by the others of their family.

use model::error::{Error, ErrorKind};
use model::mapping::Field;
use model::query::join::{HasChild, HasParent, ParentId};
use model::query::nested::NestedScore;

use super::fault::{Fault, Outcome};
use super::{Binder, none_requested, term};
use crate::bound::{BoundBool, BoundJoined, BoundKind, BoundQuery, FieldName};

/// The field that holds the parents of one kind.
pub(super) fn family(join: &Field, parent: &str) -> FieldName {
    format!("{}#{parent}", join.path).into()
}

/// Documents of these kinds.
pub(super) fn of_kinds(join: &Field, kinds: &[String]) -> BoundQuery {
    let mut terms: Vec<_> = kinds.iter().map(|kind| term::bytes(kind)).collect();
    terms.sort_unstable();
    BoundQuery::new(BoundKind::Terms(join.path.clone(), terms))
}

/// Those of `kind` that `query` matches.
fn within(query: BoundQuery, join: &Field, kind: &str) -> BoundQuery {
    let filter = vec![of_kinds(join, &[kind.to_owned()])];
    BoundQuery::new(BoundKind::Bool(BoundBool { must: vec![query], filter, ..BoundBool::default() }))
}

impl Binder<'_> {
    /// `None`: nothing matches.
    fn joining(&self, owner: &str, ignore_unmapped: bool) -> Outcome<Option<&Field>> {
        match self.context.mapping.join() {
            Some(join) => Ok(Some(join)),
            None if ignore_unmapped => Ok(None),
            None => Err(Fault::query_shard(format!("[{owner}] no join field has been configured"))),
        }
    }

    pub(super) fn has_child(&self, query: &HasChild) -> Outcome<BoundQuery> {
        let Some(join) = self.joining("has_child", query.ignore_unmapped)? else { return Ok(none_requested()) };
        let kind = query.kind.as_str();
        let Some(parent) = join.parent_kind(kind) else {
            let reason = format!("[has_child] join field [{}] doesn't hold [{kind}] as a child", join.path);
            return if query.ignore_unmapped { Ok(none_requested()) } else { Err(Fault::query_shard(reason)) };
        };
        Ok(BoundQuery::new(BoundKind::Joined(Box::new(BoundJoined {
            field: family(join, &parent),
            inner: within(self.query(&query.query)?, join, kind),
            least: query.min_children.max(1),
            most: query.max_children,
            to: of_kinds(join, &[parent]),
            score: query.score_mode,
            shown: query.inner_hits.is_some(),
        }))))
    }

    pub(super) fn has_parent(&self, query: &HasParent) -> Outcome<BoundQuery> {
        let Some(join) = self.joining("has_parent", query.ignore_unmapped)? else { return Ok(none_requested()) };
        let kind = query.kind.as_str();
        let Some(children) = join.child_kinds(kind) else {
            let reason = format!("[has_parent] join field [{}] doesn't hold [{kind}] as a parent", join.path);
            return if query.ignore_unmapped { Ok(none_requested()) } else { Err(Fault::query_shard(reason)) };
        };
        Ok(BoundQuery::new(BoundKind::Joined(Box::new(BoundJoined {
            field: family(join, kind),
            inner: within(self.query(&query.query)?, join, kind),
            least: 1,
            most: u32::MAX,
            to: of_kinds(join, &children),
            score: if query.score { NestedScore::Max } else { NestedScore::None },
            shown: query.inner_hits.is_some(),
        }))))
    }

    pub(super) fn parent_id(&self, query: &ParentId) -> Outcome<BoundQuery> {
        let index = &self.context.index.name;
        let Some(join) = self.context.mapping.join() else {
            let reason = format!("[parent_id] no join field found for index [{index}]");
            return if query.ignore_unmapped { Ok(none_requested()) } else { Err(Fault::query_shard(reason)) };
        };
        let kind = query.kind.as_deref().unwrap_or("null");
        let Some(parent) = join.parent_kind(kind) else {
            let reason = format!("[parent_id] no relation found for child [{kind}]");
            return if query.ignore_unmapped { Ok(none_requested()) } else { Err(Fault::query_shard(reason)) };
        };
        let Some(id) = &query.id else {
            let reason = "[parent_id] requires 'id' field";
            return Err(Fault::AsIs(Error::new(ErrorKind::NullPointer, reason)));
        };
        let found = BoundQuery::new(BoundKind::Term(family(join, &parent), term::bytes(id)));
        Ok(within(found, join, kind))
    }
}
