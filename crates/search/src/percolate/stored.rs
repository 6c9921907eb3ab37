//! Stored queries: read, checked, bound.

use model::error::Error;
use model::query::more_like_this::Like;
use model::query::{Kind, Query};

use crate::bind::{BindContext, bind_stored};
use crate::bound::BoundQuery;

/// Objects and lists in each other.
const MAX_DEPTH: u32 = 128;

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
        check_depth(text)?;
        let mut query = (context.read_query)(text)?;
        check_kinds(&query)?;
        if let Some(what) = looked_up(&mut query) {
            return Err(Error::not_implemented(format!("a stored query of {what} that are to be looked up")));
        }
        if context.settings.percolated && !query.percolations().is_empty() {
            return Err(Error::not_implemented("a [percolate] query in a document that is percolated"));
        }
        let bound = bind_stored(&query, context)?;
        Ok(Self { query, bound })
    }
}

/// What a query has to look up in other documents before it is bound, which nobody does for a stored one.
fn looked_up(query: &mut Query) -> Option<&'static str> {
    let is_document = |like: &Like| matches!(like, Like::Document { .. });
    if !query.lookups().is_empty() {
        return Some("[terms]");
    }
    let likenesses = query.likenesses();
    let mut likes = likenesses.iter().flat_map(|query| query.likes.iter().chain(&query.unlikes));
    likes.any(is_document).then_some("documents ([more_like_this])")
}

/// Whoever replays a log reads it on a small stack.
fn check_depth(text: &[u8]) -> Result<(), Error> {
    let (mut depth, mut quoted, mut escaped) = (0u32, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let reason = format!("the JSON of a stored query nests deeper than the allowed {MAX_DEPTH} levels");
            return Err(Error::illegal_argument(reason));
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::check_depth;

    #[test]
    fn brackets_in_texts_do_not_count() {
        let check = |text: String, expected: bool| assert_eq!(check_depth(text.as_bytes()).is_ok(), expected, "{text}");
        check(format!("{}{}", "[".repeat(128), "]".repeat(128)), true);
        check(format!("{}{}", "[{".repeat(65), "}]".repeat(65)), false);
        check(format!(r#"{{"a": "{}\"{}"}}"#, "[".repeat(200), "{".repeat(200)), true);
        check("[],".repeat(500), true);
    }
}
