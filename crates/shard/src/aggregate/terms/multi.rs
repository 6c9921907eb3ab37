//! `multi_terms`: a bucket for each combination of the values of several fields.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use model::aggregation::key::Key;
use model::aggregation::partial::Partial;
use search::aggregation::values::Values;

use super::deferred::Deferred;
use super::rows::{Finish, Keyed, Rows};
use crate::aggregate::batch::Sorted;
use crate::aggregate::interned::Interned;
use crate::aggregate::{Batch, Collector, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;

pub(super) struct MultiTerms {
    rows: Rows,
    finish: Box<dyn Finish>,
    children: Deferred,
    fields: Vec<Interned>,
    combinations: Combinations,
    inside: Sorted,
}

/// The values of each bucket, by their numbers, one a field.
#[derive(Default)]
struct Combinations {
    width: usize,
    ids: Vec<u32>,
    buckets: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Combinations {
    fn of(&self, bucket: u32) -> &[u32] {
        let begin = bucket as usize * self.width;
        &self.ids[begin..begin + self.width]
    }

    /// The bucket of a combination, made when it is new.
    fn bucket(&mut self, rows: &mut Rows, owner: u32, ids: &[u32]) -> Outcome<u32> {
        let hash = self.hasher.hash_one((owner, ids));
        let same = |&bucket: &u32| rows.owners[bucket as usize] == owner && self.of(bucket) == ids;
        if let Some(found) = self.buckets.find(hash, same) {
            return Ok(*found);
        }
        let made = rows.add(owner, (self.width + 2) * size_of::<u32>())?;
        self.ids.extend_from_slice(ids);
        let (all, width, owners, hasher) = (&self.ids, self.width, &rows.owners, &self.hasher);
        let rehash = |&bucket: &u32| {
            let begin = bucket as usize * width;
            hasher.hash_one((owners[bucket as usize], &all[begin..begin + width]))
        };
        self.buckets.insert_unique(hash, made, rehash);
        Ok(made)
    }
}

impl MultiTerms {
    pub(super) fn new(rows: Rows, finish: Box<dyn Finish>, children: Collectors, fields: &[Values]) -> Self {
        let combinations = Combinations { width: fields.len(), ..Combinations::default() };
        let fields = fields.iter().map(|values| Interned::new(values, rows.budget.clone())).collect();
        let children = Deferred::new(children, &*finish, &rows.budget);
        Self { rows, finish, children, fields, combinations, inside: Sorted::default() }
    }
}

/// Steps `at`, a place in each list, to the next combination; false: that was the last.
fn step(at: &mut [usize], lists: &[&[u32]]) -> bool {
    for (place, list) in at.iter_mut().zip(lists).rev() {
        *place += 1;
        if *place < list.len() {
            return true;
        }
        *place = 0;
    }
    false
}

impl Collector for MultiTerms {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.fields.iter_mut().try_for_each(|field| field.enter(leaf))?;
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.finish.collect(&batch)?;
        self.inside.clear();
        self.fields.iter_mut().try_for_each(|field| field.read(batch.docs))?;
        let plain = self.children.is_empty();
        let mut lists: Vec<&[u32]> = Vec::with_capacity(self.fields.len());
        let mut places = vec![0; self.fields.len()];
        let mut ids = Vec::with_capacity(self.fields.len());
        for at in 0..batch.docs.len() {
            lists.clear();
            lists.extend(self.fields.iter().map(|field| field.of(at)));
            if lists.iter().any(|list| list.is_empty()) {
                continue;
            }
            let owner = batch.owners.of(at);
            places.fill(0);
            loop {
                ids.clear();
                ids.extend(lists.iter().zip(&places).map(|(list, &place)| list[place]));
                let bucket = self.combinations.bucket(&mut self.rows, owner, &ids)?;
                self.rows.counts[bucket as usize] += 1;
                if !plain {
                    self.inside.push(&batch, at, bucket);
                }
                if !step(&mut places, &lists) {
                    break;
                }
            }
        }
        self.children.collect(self.inside.batch(), self.rows.counts.len())
    }

    fn leave(&mut self) -> Outcome<()> {
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        let (fields, combinations) = (&self.fields, &self.combinations);
        let key = |bucket: u32| Ok(list(fields, combinations.of(bucket)));
        self.children.end(reader, (&mut self.rows, &mut *self.finish), Keyed { key: &key, ranks: None })
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let (fields, combinations) = (&self.fields, &self.combinations);
        let key = |bucket: u32| Ok(list(fields, combinations.of(bucket)));
        self.children.partial(owner, (&mut self.rows, &mut *self.finish), Keyed { key: &key, ranks: None })
    }
}

fn list(fields: &[Interned], ids: &[u32]) -> Key {
    Key::List(fields.iter().zip(ids).map(|(field, &id)| field.key(id)).collect())
}
