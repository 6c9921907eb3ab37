//! What all copies of a node share, so as not to find or make it again.

use std::sync::Arc;

use crate::percolate::StoredQueries;
use crate::query_cache::QueryCache;
use crate::reader::{FuzzyTables, Scratches};
use crate::source_cache::SourceCache;

/// Shared by all shards of a node. The default keeps nothing but the tables.
#[derive(Clone, Default)]
pub struct Caches {
    /// Made once, when a fuzzy query first wants them.
    pub fuzzy: Arc<FuzzyTables>,
    pub queries: Arc<QueryCache>,
    pub sources: Arc<SourceCache>,
    /// Of documents that hold queries.
    pub stored: Arc<StoredQueries>,
    /// What searches write on.
    pub scratches: Arc<Scratches>,
}
