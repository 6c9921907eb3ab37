//! All buckets of each owner: of those that are too common only their counts, so that other shards' parts of them are known for common.

use model::aggregation::partial::{Bucket, Partial, Row, Table};

use super::rows::{Chosen, Finish, Keyed, Rows};
use crate::aggregate::Collectors;
use crate::score::Outcome;

pub(super) struct All {
    /// Whether the index knows the values, or something stands for them.
    pub(super) known: bool,
    /// Documents of a bucket whose insides are told.
    pub(super) most: u64,
}

impl Finish for All {
    fn chooses_first(&self) -> bool {
        self.most < u64::MAX
    }

    fn choose(&mut self, owner: u32, rows: &mut Rows, keyed: Keyed<'_>, _: &mut Collectors) -> Outcome<Chosen> {
        if !self.known {
            return Ok(Chosen::whole(Partial::Unmapped));
        }
        let buckets = rows.take(owner);
        rows.budget.take(buckets.len() * size_of::<(u32, Row)>())?;
        let row = |bucket: u32| {
            let told = Bucket { doc_count: rows.count(bucket), children: Vec::new() };
            Ok((bucket, Row { key: (keyed.key)(bucket)?, bucket: told, known: 0 }))
        };
        let mut found: Vec<(u32, Row)> = buckets.into_iter().map(row).collect::<Outcome<_>>()?;
        found.sort_unstable_by(|(_, a), (_, b)| a.key.cmp(&b.key));
        let told = found.iter().enumerate().filter(|(_, (_, row))| row.bucket.doc_count <= self.most);
        let open = told.map(|(at, (bucket, _))| (at, *bucket)).collect();
        let rows = found.into_iter().map(|(_, row)| row).collect();
        Ok(Chosen { partial: Partial::Table(Table { rows, other: 0, error: 0, shards: 1 }), open })
    }
}
