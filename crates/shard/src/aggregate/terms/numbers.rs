//! `terms` of numbers, dates and booleans.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use model::aggregation::key::Key;
use model::aggregation::partial::Partial;
use model::date::DateResolution;
use search::aggregation::format::Format;
use search::aggregation::values::{Values, key};
use search::bound::NumberCode;

use super::deferred::Deferred;
use super::rows::{Finish, Keyed, Rows};
use crate::aggregate::batch::Sorted;
use crate::aggregate::choice::Chooser;
use crate::aggregate::numbers::{Numbers, Read};
use crate::aggregate::places::{Places, REFUSED};
use crate::aggregate::tally::{NARROW, Tally};
use crate::aggregate::{Batch, Collector, Collectors, Owners};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;

pub(super) struct NumberTerms {
    rows: Rows,
    finish: Box<dyn Finish>,
    chooser: Chooser,
    /// What codes are to the chooser.
    read_as: NumberCode,
    children: Deferred,
    numbers: Numbers,
    codes: Codes,
    /// Of the segment, where its codes lie close together.
    places: Places,
    least: Option<i64>,
    /// Documents by code above the least, where nothing but their number is wanted.
    tally: Tally,
    inside: Sorted,
}

impl NumberTerms {
    pub(super) fn new(
        (rows, finish): (Rows, Box<dyn Finish>),
        chooser: Chooser,
        children: Collectors,
        values: &Values,
    ) -> Self {
        let read_as = match &values.format {
            // Dates are told apart in milliseconds, whatever their resolution.
            Format::Date(shown) if shown.resolution == DateResolution::Nanos => NumberCode::Nanos,
            _ => values.code(),
        };
        Self {
            read_as,
            numbers: Numbers::new(values),
            places: Places::new(rows.budget.clone()),
            children: Deferred::new(children, &*finish, &rows.budget),
            rows,
            finish,
            chooser,
            codes: Codes::default(),
            least: None,
            tally: Tally::default(),
            inside: Sorted::default(),
        }
    }
}

/// The code of each bucket. They may be many: a bucket is found by what it has anyway.
#[derive(Default)]
struct Codes {
    codes: Vec<i64>,
    buckets: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// Bytes of a code and of its bucket in a table that is half full.
const CODE_BYTES: usize = 18;

impl Codes {
    /// The bucket of a code, made when it is new.
    fn bucket(
        &mut self,
        (rows, chooser): (&mut Rows, (&Chooser, NumberCode)),
        (owner, code): (u32, i64),
    ) -> Outcome<u32> {
        let hash = self.hasher.hash_one((owner, code));
        let (codes, owners) = (&self.codes, &rows.owners);
        let same = |&bucket: &u32| codes[bucket as usize] == code && owners[bucket as usize] == owner;
        if let Some(found) = self.buckets.find(hash, same) {
            return Ok(*found);
        }
        if !chooser.0.admits_code(code, chooser.1) {
            return Ok(REFUSED);
        }
        let made = rows.add(owner, CODE_BYTES)?;
        self.codes.push(code);
        let (codes, owners, hasher) = (&self.codes, &rows.owners, &self.hasher);
        let rehash = |&bucket: &u32| hasher.hash_one((owners[bucket as usize], codes[bucket as usize]));
        self.buckets.insert_unique(hash, made, rehash);
        Ok(made)
    }

    fn key(&self, bucket: u32, read_as: NumberCode) -> Key {
        key(self.codes[bucket as usize], read_as)
    }

    /// Codes stand in the order of what they are codes of.
    fn rank(&self, bucket: u32) -> u64 {
        (self.codes[bucket as usize] as u64) ^ (1 << 63)
    }
}

impl Collector for NumberTerms {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.numbers.enter(leaf)?;
        self.least = None;
        if let Some((least, greatest)) = self.numbers.range()
            && let Some(width) = greatest.checked_sub(least).and_then(|width| u64::try_from(width).ok())
            && width < NARROW
        {
            self.least = Some(least);
            self.places.reset(width + 1);
            self.tally.reset(width + 1);
        }
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.finish.collect(&batch)?;
        if self.children.is_empty()
            && let (Some(least), Owners::One(0)) = (self.least, batch.owners)
            && let Read::Dense(codes) = self.numbers.read(batch.docs)
        {
            return self.tally.add(codes, |code| code.wrapping_sub(least), &self.rows.budget);
        }
        self.inside.clear();
        let plain = self.children.is_empty();
        let (rows, codes, chooser) = (&mut self.rows, &mut self.codes, (&self.chooser, self.read_as));
        let (places, least, inside) = (&mut self.places, self.least, &mut self.inside);
        let mut previous = (u32::MAX, 0, 0);
        let mut each = |at: usize, code: i64| -> Outcome<()> {
            let owner = batch.owners.of(at);
            // A document that holds a value twice counts once.
            if previous == (at as u32, owner, code) {
                return Ok(());
            }
            previous = (at as u32, owner, code);
            let found = match least {
                Some(least) => {
                    let make = || codes.bucket((rows, chooser), (owner, code));
                    places.get(owner, (code - least) as u64, make)?
                }
                None => codes.bucket((rows, chooser), (owner, code))?,
            };
            if found == REFUSED {
                return Ok(());
            }
            rows.counts[found as usize] += 1;
            if !plain {
                inside.push(&batch, at, found);
            }
            Ok(())
        };
        self.numbers.read(batch.docs).try_for_each(&mut each)?;
        self.children.collect(self.inside.batch(), self.rows.counts.len())
    }

    fn leave(&mut self) -> Outcome<()> {
        let (rows, codes, chooser) = (&mut self.rows, &mut self.codes, (&self.chooser, self.read_as));
        let least = self.least.unwrap_or(0);
        self.tally.drain(|at, count| {
            let found = codes.bucket((rows, chooser), (0, least + at))?;
            if found != REFUSED {
                rows.counts[found as usize] += count;
            }
            Ok(())
        })?;
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        let (codes, read_as) = (&self.codes, self.numbers.code);
        let (key, rank) = (|bucket: u32| Ok(codes.key(bucket, read_as)), |bucket: u32| codes.rank(bucket));
        let keyed = Keyed { key: &key, ranks: Some(&rank) };
        self.children.end(reader, (&mut self.rows, &mut *self.finish), keyed)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let (codes, read_as) = (&self.codes, self.numbers.code);
        let (key, rank) = (|bucket: u32| Ok(codes.key(bucket, read_as)), |bucket: u32| codes.rank(bucket));
        let keyed = Keyed { key: &key, ranks: Some(&rank) };
        self.children.partial(owner, (&mut self.rows, &mut *self.finish), keyed)
    }
}
