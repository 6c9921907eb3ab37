//! All buckets of each owner: of those that are too common only their counts, so that other shards' parts of them are known for common.

use model::aggregation::partial::{Bucket, Partial, Row, Table};

use super::rows::{Finish, Keyed, Rows};
use crate::aggregate::Collectors;
use crate::score::Outcome;

pub(super) struct All {
    /// Whether the index knows the values, or something stands for them.
    pub(super) known: bool,
    /// Documents of a bucket whose insides are told.
    pub(super) most: u64,
}

impl Finish for All {
    fn partial(
        &mut self,
        owner: u32,
        rows: &mut Rows,
        keyed: Keyed<'_>,
        children: &mut Collectors,
    ) -> Outcome<Partial> {
        if !self.known {
            return Ok(Partial::Unmapped);
        }
        let buckets = rows.take(owner);
        let mut found = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            let doc_count = rows.count(bucket);
            let children = if doc_count <= self.most { children.partials(bucket)? } else { Vec::new() };
            found.push(Row { key: (keyed.key)(bucket)?, bucket: Bucket { doc_count, children }, known: 0 });
        }
        found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(Partial::Table(Table { rows: found, other: 0, error: 0, shards: 1 }))
    }
}
