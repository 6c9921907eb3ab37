//! `has_child`, `has_parent` and `parent_id`.

use model::error::Error;
use model::query::join::{HasChild, HasParent, ParentId};
use model::query::nested::{InnerHits, NestedScore};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields};
use super::nested::{self, read_inner_hits};
use super::queries::within;

/// What `has_child` and `has_parent` have in common.
struct Others {
    owner: &'static str,
    kind: Option<String>,
    query: Option<Query>,
    ignore_unmapped: bool,
    inner_hits: Option<Box<InnerHits>>,
    carried: Carried,
    depth: usize,
}

impl Others {
    fn new(owner: &'static str, depth: usize) -> Self {
        Self {
            owner,
            kind: None,
            query: None,
            ignore_unmapped: false,
            inner_hits: None,
            carried: Carried::new(),
            depth,
        }
    }

    /// Reads a key; `kind` is the one that names the kind of the others.
    fn read(&mut self, field: Field<'_>, kind: &str) -> Result<(), Error> {
        match (field.key, field.value) {
            ("query", Value::Object(_)) => self.query = Some(within(field.value, self.depth + 1)?),
            ("inner_hits", Value::Object(options)) => self.inner_hits = Some(Box::new(read_inner_hits(options)?)),
            _ if !is_plain(field) => return Err(field.unsupported()),
            ("ignore_unmapped", _) => self.ignore_unmapped = field.flag()?,
            (key, _) if key == kind => self.kind = Some(field.text()?),
            _ if self.carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
        Ok(())
    }

    /// The kind and the query, without which nothing can be found.
    fn found(&mut self, kind: &str) -> Result<(String, Query), Error> {
        let missing = |what: &str| Error::illegal_argument(format!("[{}] requires '{what}' field", self.owner));
        let named = self.kind.take().ok_or_else(|| missing(kind))?;
        let query = self.query.take().ok_or_else(|| missing("query"))?;
        Ok((named, query))
    }
}

/// `has_child`.
pub(super) fn has_child(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    const OWNER: &str = "has_child";
    let mut others = Others::new(OWNER, depth);
    let mut score_mode = NestedScore::None;
    let (mut min_children, mut max_children) = (1_i32, i32::MAX);
    for field in fields(OWNER, object) {
        match field.key {
            "score_mode" if is_plain(field) => score_mode = nested::score_mode(&field.text()?)?,
            "min_children" if is_plain(field) => min_children = field.int()?,
            "max_children" if is_plain(field) => max_children = field.int()?,
            _ => others.read(field, "type")?,
        }
    }
    let (kind, query) = others.found("type")?;
    let bounds = |what: &str| Error::illegal_argument(format!("[{OWNER}] {what}"));
    let not_negative = |given: i32, name: &str| {
        u32::try_from(given).map_err(|_| bounds(&format!("requires non-negative '{name}' field")))
    };
    let min_children = not_negative(min_children, "min_children")?;
    let max_children = not_negative(max_children, "max_children")?;
    if max_children < min_children {
        return Err(bounds("'max_children' is less than 'min_children'"));
    }
    let Others { ignore_unmapped, inner_hits, .. } = others;
    let found = HasChild { kind, query, score_mode, min_children, max_children, ignore_unmapped, inner_hits };
    Ok(others.carried.query(Kind::HasChild(Box::new(found))))
}

/// `has_parent`.
pub(super) fn has_parent(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    const OWNER: &str = "has_parent";
    let (mut others, mut score) = (Others::new(OWNER, depth), false);
    for field in fields(OWNER, object) {
        match field.key {
            "score" if is_plain(field) => score = field.flag()?,
            _ => others.read(field, "parent_type")?,
        }
    }
    let (kind, query) = others.found("parent_type")?;
    let Others { ignore_unmapped, inner_hits, .. } = others;
    let found = HasParent { kind, query, score, ignore_unmapped, inner_hits };
    Ok(others.carried.query(Kind::HasParent(Box::new(found))))
}

/// `parent_id`.
pub(super) fn parent_id(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut found = ParentId { kind: None, id: None, ignore_unmapped: false };
    for field in fields("parent_id", object) {
        match (field.key, field.value) {
            _ if !is_plain(field) => return Err(field.unsupported()),
            ("type", _) => found.kind = Some(field.text()?),
            ("id", _) => found.id = Some(field.text()?),
            ("ignore_unmapped", _) => found.ignore_unmapped = field.flag()?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    Ok(carried.query(Kind::ParentId(found)))
}

/// Whether the value is a text, a number or a flag.
fn is_plain(field: Field<'_>) -> bool {
    !matches!(field.value, Value::Object(_) | Value::Array(_) | Value::Null)
}
