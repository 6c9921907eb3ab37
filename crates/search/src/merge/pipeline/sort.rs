//! `bucket_sort`: orders the buckets of an aggregation and cuts them.

use std::cmp::Ordering;

use model::aggregation::answer::{Bucket, Buckets};
use model::aggregation::key::Key;
use model::aggregation::request::pipeline::GapPolicy;
use model::aggregation::request::{Order, OrderBy};
use model::error::Error;

use super::path::{self, Path};
use super::{Step, sort_path};

/// What a bucket is ordered by; `None` comes last either way.
type Rank = Option<Key>;

/// Orders by `sort`, ties as they were; keeps `page.1` from `page.0` on. Buckets without any value to order by are left out.
pub(super) fn sort(step: &Step, sort: &[Order], page: (u32, Option<u32>), buckets: &mut Buckets) -> Result<(), Error> {
    if !sort.is_empty() {
        let mut ranked = Vec::with_capacity(buckets.list.len());
        for bucket in std::mem::take(&mut buckets.list) {
            let ranks = ranks(step, sort, &bucket)?;
            if ranks.iter().any(Option::is_some) {
                ranked.push((ranks, bucket));
            }
        }
        ranked.sort_by(|a, b| compare(sort, &a.0, &b.0));
        buckets.list = ranked.into_iter().map(|(_, bucket)| bucket).collect();
    }
    let from = (page.0 as usize).min(buckets.list.len());
    buckets.list.drain(..from);
    if let Some(size) = page.1 {
        buckets.list.truncate(size as usize);
    }
    Ok(())
}

fn ranks(step: &Step, sort: &[Order], bucket: &Bucket) -> Result<Vec<Rank>, Error> {
    let rank = |order: &Order| {
        if order.by == OrderBy::Key {
            return Ok(Some(bucket.key.clone()));
        }
        let path = Path::parse(sort_path(&order.by))?.flat();
        let gap: GapPolicy = step.pipeline.gap_policy;
        let value = path::value(bucket, &path, gap, &step.name)?;
        Ok(value.filter(|value| !value.is_nan()).map(Key::Double))
    };
    sort.iter().map(rank).collect()
}

fn compare(sort: &[Order], a: &[Rank], b: &[Rank]) -> Ordering {
    let orders = sort.iter().zip(a.iter().zip(b)).map(|(order, ranks)| match ranks {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) if order.descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
    });
    orders.fold(Ordering::Equal, Ordering::then)
}
