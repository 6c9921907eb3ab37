//! Stored queries: read, checked, bound.

use model::error::Error;
use model::query::{Kind, Query};

use crate::bind::{BindContext, bind_stored};
use crate::bound::BoundQuery;

/// A query that may be stored.
#[derive(Debug)]
pub struct Stored {
    pub query: Query,
    pub bound: BoundQuery,
}

impl Stored {
    /// Reads what stands in a field of stored queries.
    ///
    /// # Errors
    /// What the dialect finds wrong with it, kinds of queries that cannot be stored, and what does not fit the mapping; 501 for what would
    /// have to be looked up in other documents.
    pub fn read(text: &[u8], context: &BindContext) -> Result<Self, Error> {
        let mut query = (context.read_query)(text)?;
        check_kinds(&query)?;
        if !query.lookups().is_empty() {
            return Err(Error::not_implemented("a stored query of [terms] that are to be looked up"));
        }
        let bound = bind_stored(&query, context)?;
        Ok(Self { query, bound })
    }
}

/// Documents that belong to others are not there when a query is run on one.
fn check_kinds(query: &Query) -> Result<(), Error> {
    if matches!(query.kind, Kind::HasChild(_) | Kind::HasParent(_)) {
        let name = query.kind_name();
        let reason = format!("the [{name}] query is unsupported inside a percolator query");
        return Err(Error::illegal_argument(reason));
    }
    query.parts().into_iter().try_for_each(check_kinds)
}
