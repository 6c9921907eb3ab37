//! What a request's aggregations may hold in memory, and how many buckets they may make on one shard.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::error::{Error, ErrorKind};
use search::merge::aggregations::too_many_buckets;

use crate::score::Outcome;

/// Accounts of one request on one shard; what it took it gives back when it is dropped.
pub struct Budget {
    /// Bytes of all requests of the node.
    all: Arc<AtomicU64>,
    limit: u64,
    used: AtomicU64,
    /// `search.max_buckets`
    max_buckets: u64,
    buckets: AtomicU64,
    depth_first: usize,
}

/// Buckets of one aggregation whose insides are small beside the caches of a core.
const DEPTH_FIRST: usize = 1 << 16;

impl Budget {
    /// A share of `all`, whose sum stays below `limit` bytes.
    pub fn new(all: Arc<AtomicU64>, limit: u64, max_buckets: u64) -> Self {
        Self { all, limit, used: AtomicU64::new(0), max_buckets, buckets: AtomicU64::new(0), depth_first: DEPTH_FIRST }
    }

    /// With so many buckets of one aggregation before documents are held back until it is known which buckets are told.
    pub fn with_depth_first(mut self, buckets: usize) -> Self {
        self.depth_first = buckets;
        self
    }

    /// Buckets of one aggregation that are collected depth first.
    pub(crate) fn depth_first(&self) -> usize {
        self.depth_first
    }

    /// For tests and benches.
    pub fn unlimited() -> Self {
        Self::new(Arc::default(), u64::MAX, u64::MAX)
    }

    /// Takes bytes before they are allocated.
    ///
    /// # Errors
    /// `circuit_breaking_exception` beyond the limit.
    pub(crate) fn take(&self, bytes: usize) -> Outcome<()> {
        let bytes = bytes as u64;
        let all = self.all.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.used.fetch_add(bytes, Ordering::Relaxed);
        if all <= self.limit {
            return Ok(());
        }
        let reason = format!(
            "[request] Data too large, data for [<agg>] would be [{all}b], which is larger than the limit of [{}b]",
            self.limit
        );
        let error = Error::new(ErrorKind::CircuitBreaking, reason);
        let error = error.with_detail("bytes_wanted", all).with_detail("bytes_limit", self.limit);
        Err(error.with_detail("durability", "TRANSIENT").into())
    }

    /// As [`Budget::take`], for findings that wait to be merged.
    ///
    /// # Errors
    /// `circuit_breaking_exception` beyond the limit.
    pub fn hold(&self, bytes: u64) -> Result<(), Error> {
        Ok(self.take(usize::try_from(bytes).unwrap_or(usize::MAX))?)
    }

    /// `search.max_buckets`
    pub(crate) fn max_buckets(&self) -> u64 {
        self.max_buckets
    }

    /// Of buckets that will all be in the answer.
    ///
    /// # Errors
    /// `too_many_buckets_exception` beyond `search.max_buckets`: what else is found cannot change that.
    pub(crate) fn shown(&self, buckets: usize) -> Outcome<()> {
        match buckets as u64 > self.max_buckets {
            true => Err(too_many_buckets(self.max_buckets, buckets as u64).into()),
            false => Ok(()),
        }
    }

    /// Counts buckets that a collector made, with the bytes of each.
    ///
    /// # Errors
    /// As [`Budget::take`]; `too_many_buckets_exception` where a shard makes far more buckets than an answer may have.
    pub(crate) fn buckets(&self, count: usize, bytes_each: usize) -> Outcome<()> {
        let made = self.buckets.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        if made > self.max_buckets.saturating_mul(COLLECTED_PER_SHOWN) {
            return Err(too_many_buckets(self.max_buckets, made).into());
        }
        self.take(count * bytes_each)
    }
}

/// A shard may see so many buckets for each one that may be shown: most are cut off afterwards.
const COLLECTED_PER_SHOWN: u64 = 200;

impl Drop for Budget {
    fn drop(&mut self) {
        self.all.fetch_sub(self.used.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
