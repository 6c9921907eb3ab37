//! `terms` of keywords and addresses.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use model::aggregation::key::Key;
use model::aggregation::partial::Partial;

use search::aggregation::values::Values;

use super::rows::{Finish, Rows};
use crate::aggregate::batch::Sorted;
use crate::aggregate::choice::Chooser;
use crate::aggregate::places::{Places, REFUSED};
use crate::aggregate::strings::{Ords, Strings};
use crate::aggregate::{Batch, Collector, Collectors, Owners};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;

pub(super) struct StringTerms {
    rows: Rows,
    finish: Box<dyn Finish>,
    children: Collectors,
    strings: Strings,
    keys: Keys,
    /// Ordinals of the segment -> buckets.
    places: Places,
    /// Documents by ordinal, where nothing but their number is wanted.
    tally: Vec<u64>,
    ords: Ords,
    inside: Sorted,
}

/// The value of each bucket.
struct Keys {
    chooser: Chooser,
    values: Vec<Box<[u8]>>,
    buckets: HashTable<u32>,
    hasher: DefaultHashBuilder,
    buffer: Vec<u8>,
}

impl Keys {
    fn new(chooser: Chooser) -> Self {
        let (values, buffer) = Default::default();
        Self { chooser, values, buckets: HashTable::new(), hasher: DefaultHashBuilder::default(), buffer }
    }

    /// The bucket of an ordinal's value, made when it is new.
    fn bucket(&mut self, strings: &Strings, rows: &mut Rows, (owner, ord): (u32, u64)) -> Outcome<u32> {
        strings.value(ord, &mut self.buffer)?;
        if !self.chooser.admits_bytes(&self.buffer) {
            return Ok(REFUSED);
        }
        let hash = self.hasher.hash_one((owner, self.buffer.as_slice()));
        let (values, owners) = (&self.values, &rows.owners);
        let same = |&bucket: &u32| owners[bucket as usize] == owner && *values[bucket as usize] == *self.buffer;
        if let Some(found) = self.buckets.find(hash, same) {
            return Ok(*found);
        }
        let made = rows.add(owner, self.buffer.len() + size_of::<Box<[u8]>>())?;
        self.values.push(self.buffer.as_slice().into());
        let (values, owners, hasher) = (&self.values, &rows.owners, &self.hasher);
        let rehash = |&bucket: &u32| hasher.hash_one((owners[bucket as usize], &*values[bucket as usize]));
        self.buckets.insert_unique(hash, made, rehash);
        Ok(made)
    }
}

impl StringTerms {
    pub(super) fn new(
        (rows, finish): (Rows, Box<dyn Finish>),
        chooser: Chooser,
        children: Collectors,
        values: &Values,
    ) -> Self {
        Self {
            strings: Strings::new(values),
            places: Places::new(rows.budget.clone()),
            rows,
            finish,
            children,
            keys: Keys::new(chooser),
            tally: Vec::new(),
            ords: Ords::default(),
            inside: Sorted::default(),
        }
    }

    /// Counts by ordinal; the buckets are made when the segment ends.
    fn count(&mut self, batch: Batch<'_>) -> Outcome<()> {
        if self.tally.is_empty() {
            let len = self.strings.ord_bound() as usize;
            self.rows.budget.take(len * size_of::<u64>())?;
            self.tally.resize(len, 0);
        }
        let tally = &mut self.tally;
        self.strings.read(batch.docs, &mut self.ords).for_each(|_, ord| tally[ord as usize] += 1);
        Ok(())
    }
}

impl Collector for StringTerms {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.strings.enter(leaf)?;
        self.places.reset(self.strings.ord_bound());
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.finish.collect(&batch)?;
        if self.children.is_empty() && matches!(batch.owners, Owners::One(0)) {
            return self.count(batch);
        }
        self.inside.clear();
        let plain = self.children.is_empty();
        let (strings, keys, rows) = (&self.strings, &mut self.keys, &mut self.rows);
        let (places, inside) = (&mut self.places, &mut self.inside);
        strings.read(batch.docs, &mut self.ords).try_for_each(|at, ord| {
            let owner = batch.owners.of(at);
            let bucket = places.get(owner, ord, || keys.bucket(strings, rows, (owner, ord)))?;
            if bucket == REFUSED {
                return Ok(());
            }
            rows.counts[bucket as usize] += 1;
            if !plain {
                inside.push(&batch, at, bucket);
            }
            Ok(())
        })?;
        self.children.collect(self.inside.batch())
    }

    fn leave(&mut self) -> Outcome<()> {
        let mut tally = std::mem::take(&mut self.tally);
        for (ord, count) in tally.iter().enumerate().filter(|(_, count)| **count > 0) {
            let bucket = self.keys.bucket(&self.strings, &mut self.rows, (0, ord as u64))?;
            if bucket != REFUSED {
                self.rows.counts[bucket as usize] += count;
            }
        }
        tally.clear();
        self.tally = tally;
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.rows.end();
        let values = &self.keys.values;
        self.finish.end(reader, &self.rows, &|bucket| Key::Bytes(values[bucket as usize].clone()))?;
        self.children.end(reader)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let values = &self.keys.values;
        let key = |bucket: u32| Key::Bytes(values[bucket as usize].clone());
        self.finish.partial(owner, &mut self.rows, &key, &mut self.children)
    }
}
