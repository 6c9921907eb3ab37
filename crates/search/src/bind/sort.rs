//! Sort keys, `search_after` values, and how sort values are shown.

use model::error::Error;
use model::mapping::Mapping;
use model::search::SortKey;
use serde_json::Value;

use super::BindContext;
use crate::shard_query::{BoundSort, SortValue};

/// Binds sort keys to one index.
///
/// # Errors
/// `query_shard_exception` for a field that is not there, `illegal_argument_exception` for one that cannot be sorted on.
pub fn bind_sort(keys: &[SortKey], context: &BindContext) -> Result<Vec<BoundSort>, Error> {
    let _ = (keys, context);
    Err(Error::not_implemented("sort"))
}

/// The values of `search_after`, typed as the sort keys are; `keys` and `sorts` stand side by side (both empty: by score, descending).
///
/// # Errors
/// `illegal_argument_exception` for another number of values than keys, and for values that a key cannot have.
pub fn bind_after(
    values: &[Value],
    keys: &[SortKey],
    sorts: &[BoundSort],
    context: &BindContext,
) -> Result<Vec<SortValue>, Error> {
    let _ = (values, keys, sorts, context);
    Err(Error::not_implemented("search_after"))
}

/// A sort value of a hit as the answer shows it.
pub fn render_sort_value(value: &SortValue, key: &SortKey, sort: &BoundSort, mapping: &Mapping) -> Value {
    let _ = (value, key, sort, mapping);
    Value::Null
}
