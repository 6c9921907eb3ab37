//! The buckets of all owners, by the numbers that histograms give them.

use std::sync::Arc;

use hashbrown::HashMap;
use model::aggregation::key::Key;
use model::aggregation::partial::{Bucket, Partial, Row, Table};

use super::{Budget, Collectors};
use crate::score::Outcome;

/// Bytes of a bucket with its key, its place in the table of keys, and its count.
const BUCKET_BYTES: usize = 56;

pub(super) struct Buckets {
    by_key: HashMap<(u32, i64), u32>,
    owners: Vec<u32>,
    keys: Vec<i64>,
    pub(super) counts: Vec<u64>,
    budget: Arc<Budget>,
    by_owner: Vec<Vec<u32>>,
    /// Whether every bucket will be in the answer.
    all_shown: bool,
}

impl Buckets {
    pub(super) fn new(budget: Arc<Budget>, all_shown: bool) -> Self {
        let (by_key, owners, keys, counts, by_owner) = Default::default();
        Self { by_key, owners, keys, counts, budget, by_owner, all_shown }
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The bucket of a number, made when it is new.
    pub(super) fn get(&mut self, owner: u32, key: i64) -> Outcome<u32> {
        if let Some(found) = self.by_key.get(&(owner, key)) {
            return Ok(*found);
        }
        self.budget.buckets(1, BUCKET_BYTES)?;
        let made = self.keys.len() as u32;
        self.by_key.insert((owner, key), made);
        self.owners.push(owner);
        self.keys.push(key);
        self.counts.push(0);
        if self.all_shown {
            self.budget.shown(self.counts.len())?;
        }
        Ok(made)
    }

    /// All documents have been seen.
    pub(super) fn group(&mut self) {
        let owners = self.owners.iter().max().map_or(0, |&owner| owner as usize + 1);
        self.by_owner = vec![Vec::new(); owners];
        for (bucket, &owner) in self.owners.iter().enumerate() {
            self.by_owner[owner as usize].push(bucket as u32);
        }
    }

    /// The buckets of one owner by their numbers; taken once, when they are grouped.
    pub(super) fn table(&mut self, owner: u32, children: &mut Collectors) -> Outcome<Partial> {
        let mut mine = self.by_owner.get_mut(owner as usize).map(std::mem::take).unwrap_or_default();
        let (keys, counts) = (&self.keys, &self.counts);
        mine.sort_unstable_by_key(|&bucket| keys[bucket as usize]);
        let mut rows = Vec::with_capacity(mine.len());
        for bucket in mine {
            let found = Bucket { doc_count: counts[bucket as usize], children: children.partials(bucket)? };
            rows.push(Row { key: Key::Long(keys[bucket as usize]), bucket: found, known: 0 });
        }
        Ok(Partial::Table(Table { rows, other: 0, error: 0, shards: 1 }))
    }
}
