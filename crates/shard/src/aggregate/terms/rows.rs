//! Buckets of all owners with their counts.

use std::sync::Arc;

use model::aggregation::key::Key;
use model::aggregation::partial::Partial;

use super::merged::Wanted;
use crate::aggregate::{Batch, Budget, Collectors};
use crate::reader::Reader;
use crate::score::Outcome;

/// Bytes of a bucket besides its key: its owner, its count, and its place among the owner's.
const BUCKET_BYTES: usize = 20;

pub(super) struct Rows {
    pub(super) budget: Arc<Budget>,
    pub(super) owners: Vec<u32>,
    pub(super) counts: Vec<u64>,
    /// Buckets by owner, made when all are there.
    by_owner: Vec<Vec<u32>>,
    /// Whether every bucket will be in the answer.
    pub(super) all_shown: bool,
    /// Whether all documents are one owner's.
    pub(super) one_owner: bool,
    /// Documents of owner 0's buckets that are not here.
    pub(super) left_out: u64,
}

/// The key of a bucket.
pub(super) type KeyOf<'k> = &'k dyn Fn(u32) -> Outcome<Key>;

/// The place of a bucket's key among all keys.
pub(super) type RankOf<'k> = &'k dyn Fn(u32) -> u64;

/// What is known of the keys of buckets.
#[derive(Clone, Copy)]
pub(super) struct Keyed<'k> {
    pub(super) key: KeyOf<'k>,
    /// Numbers that stand in the order of the buckets' keys, where they cost less.
    pub(super) ranks: Option<RankOf<'k>>,
}

/// Which buckets are told, and with what else.
pub(super) trait Finish {
    /// Sees every batch before it is counted.
    fn collect(&mut self, batch: &Batch<'_>) -> Outcome<()> {
        let _ = batch;
        Ok(())
    }

    /// Whether [`Finish::collect`] does anything.
    fn sees_batches(&self) -> bool {
        false
    }

    /// Whether most keys are never asked for.
    fn needs_few_keys(&self) -> bool {
        false
    }

    /// Which buckets alone are told, where that does not depend on anything inside of them.
    fn wanted(&self) -> Option<Wanted> {
        None
    }

    /// All buckets are there.
    fn end(&mut self, reader: &Reader, rows: &Rows, key: KeyOf<'_>) -> Outcome<()> {
        let _ = (reader, rows, key);
        Ok(())
    }

    /// Whether [`Finish::choose`] asks nothing of the children.
    fn chooses_first(&self) -> bool;

    /// Which of one owner's buckets are told; asked once.
    fn choose(&mut self, owner: u32, rows: &mut Rows, keyed: Keyed<'_>, children: &mut Collectors) -> Outcome<Chosen>;
}

/// What one owner's buckets say, maybe without what is inside of them.
pub(super) struct Chosen {
    pub(super) partial: Partial,
    /// Rows of it whose insides are not there yet, with their buckets.
    pub(super) open: Vec<(usize, u32)>,
}

impl Chosen {
    /// Nothing of it is open.
    pub(super) fn whole(partial: Partial) -> Self {
        Self { partial, open: Vec::new() }
    }

    /// With what was found inside of the buckets.
    pub(super) fn told_with(mut self, children: &mut Collectors) -> Outcome<Partial> {
        for (row, bucket) in self.open {
            let open = match &mut self.partial {
                Partial::Table(table) => table.rows.get_mut(row).map(|row| &mut row.bucket),
                Partial::Significance(found) => found.rows.get_mut(row).map(|row| &mut row.bucket),
                _ => None,
            };
            if let Some(open) = open {
                open.children = children.partials(bucket)?;
            }
        }
        Ok(self.partial)
    }
}

impl Rows {
    /// `all_shown`: whether every bucket will be in the answer.
    pub(super) fn new(budget: Arc<Budget>, all_shown: bool) -> Self {
        let (owners, counts, by_owner) = Default::default();
        Self { budget, owners, counts, by_owner, all_shown, one_owner: false, left_out: 0 }
    }

    /// Buckets of one owner alone, if it is so.
    pub(super) fn of_one_owner(self, one_owner: bool) -> Self {
        Self { one_owner, ..self }
    }

    fn check(&self) -> Outcome<()> {
        self.has_room(self.counts.len())
    }

    /// Whether so many buckets of one owner may be in the answer.
    pub(super) fn has_room(&self, buckets: usize) -> Outcome<()> {
        if self.all_shown { self.budget.shown(buckets) } else { Ok(()) }
    }

    /// A new bucket, whose key takes so many bytes.
    pub(super) fn add(&mut self, owner: u32, key_bytes: usize) -> Outcome<u32> {
        self.budget.buckets(1, BUCKET_BYTES + key_bytes)?;
        self.owners.push(owner);
        self.counts.push(0);
        self.check()?;
        Ok(self.owners.len() as u32 - 1)
    }

    /// New buckets of one owner with these counts, whose keys take so many bytes each; the first of them.
    pub(super) fn add_all(&mut self, owner: u32, counts: impl Iterator<Item = u64>, key_bytes: usize) -> Outcome<u32> {
        let first = self.counts.len();
        self.counts.extend(counts);
        let made = self.counts.len() - first;
        self.check()?;
        self.owners.resize(first + made, owner);
        self.budget.buckets(made, BUCKET_BYTES + key_bytes)?;
        Ok(first as u32)
    }

    /// All buckets are there.
    pub(super) fn end(&mut self) {
        if self.owners.iter().all(|&owner| owner == 0) {
            self.by_owner = vec![(0..self.owners.len() as u32).collect()];
            return;
        }
        let owners = self.owners.iter().max().map_or(0, |&owner| owner as usize + 1);
        self.by_owner = vec![Vec::new(); owners];
        for (bucket, &owner) in self.owners.iter().enumerate() {
            self.by_owner[owner as usize].push(bucket as u32);
        }
    }

    /// The buckets of an owner; taken once.
    pub(super) fn take(&mut self, owner: u32) -> Vec<u32> {
        self.by_owner.get_mut(owner as usize).map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn count(&self, bucket: u32) -> u64 {
        self.counts.get(bucket as usize).copied().unwrap_or(0)
    }

    /// One more than the greatest owner of a bucket, when all are there.
    pub(super) fn owners_bound(&self) -> u32 {
        self.by_owner.len() as u32
    }

    /// A bucket that nothing was collected in.
    pub(super) fn nobody(&self) -> u32 {
        self.counts.len() as u32
    }
}
