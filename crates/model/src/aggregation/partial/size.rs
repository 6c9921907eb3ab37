//! How much memory findings hold.

use super::{Bucket, Partial, Row, Table};
use crate::aggregation::key::Key;

impl Partial {
    /// About how many bytes it holds, itself included.
    pub fn bytes(&self) -> u64 {
        let held = match self {
            Self::Unmapped | Self::Count(_) => 0,
            Self::Stats(stats) => size_of_val(&**stats),
            Self::TDigest(digest) => digest.bytes(),
            Self::Hdr(sketch) => sketch.bytes(),
            Self::Cardinality(sketch) => sketch.bytes(),
            Self::Weighted(sums) => size_of_val(&**sums),
            Self::Extent(extent) => size_of_val(&**extent),
            Self::Centroid(centroid) => size_of_val(&**centroid),
            // Few, and of many parts: as long as on the wire.
            Self::Moments(_) | Self::TopHits(_) | Self::Scripted(_) => self.to_bytes().len(),
            Self::Bucket(bucket) => inside(bucket) as usize,
            Self::Slots(buckets) => {
                buckets.iter().map(|bucket| (size_of::<Bucket>() as u64 + inside(bucket)) as usize).sum()
            }
            Self::Table(table) => rows(table) as usize,
            Self::AutoDates(dates) => rows(&dates.table) as usize,
            Self::Clusters(clusters) => {
                clusters.list.iter().map(|one| (size_of_val(one) as u64 + inside(&one.bucket)) as usize).sum()
            }
            Self::Significance(found) => {
                let row =
                    |key: &Key, bucket: &Bucket| (size_of::<Row>() as u64 + key_bytes(key) + inside(bucket)) as usize;
                found.rows.iter().map(|one| row(&one.key, &one.bucket)).sum()
            }
        };
        (size_of::<Self>() + held) as u64
    }
}

fn inside(bucket: &Bucket) -> u64 {
    bucket.children.iter().map(Partial::bytes).sum()
}

fn rows(table: &Table) -> u64 {
    let row = |row: &Row| size_of::<Row>() as u64 + key_bytes(&row.key) + inside(&row.bucket);
    table.rows.iter().map(row).sum()
}

fn key_bytes(key: &Key) -> u64 {
    match key {
        Key::Null | Key::Long(_) | Key::Unsigned(_) | Key::Double(_) => 0,
        Key::Bytes(bytes) => bytes.len() as u64,
        Key::List(keys) => keys.iter().map(|key| size_of::<Key>() as u64 + key_bytes(key)).sum(),
    }
}
