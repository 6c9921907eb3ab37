//! `cardinality`: hashes of values into a sketch a bucket. A string is hashed once a segment, however many documents have it.

use std::sync::Arc;

use model::aggregation::partial::{Cardinality, Partial, hash};
use model::number::u64_from_ordered;
use search::aggregation::metric::Cardinality as Asked;
use search::aggregation::values::{Shape, number};
use search::bound::NumberCode;

use super::Charged;
use crate::aggregate::numbers::Numbers;
use crate::aggregate::ranges::Ranges;
use crate::aggregate::strings::{Ords, Read, Strings};
use crate::aggregate::tally::Tally;
use crate::aggregate::{Batch, Budget, Collector, Owners};
use crate::compile::scorer::Leaf;
use crate::score::found::Found;
use crate::score::{Outcome, bits};
use crate::segment::DocId;

pub(in crate::aggregate) struct Distinct {
    source: Source,
    mapped: bool,
    empty: Cardinality,
    by_owner: Vec<Cardinality>,
    charged: Charged,
    budget: Arc<Budget>,
}

enum Source {
    Numbers(Box<Numbers>),
    Strings(Box<Words>),
    /// All of a document's are one value.
    Ranges(Box<Ranges>),
}

/// The strings of a segment.
struct Words {
    strings: Strings,
    ords: Ords,
    /// A bit for each ordinal that the only owner has; empty: none yet.
    seen: Vec<u64>,
    /// The hash of each ordinal, 0 where it is not known; empty: none is.
    hashes: Vec<u64>,
    buffer: Vec<u8>,
    /// Documents by ordinal, of a segment that was taken in with all of its documents.
    tally: Tally,
}

impl Distinct {
    pub(in crate::aggregate) fn new(asked: &Asked, budget: Arc<Budget>) -> Self {
        let values = &asked.values;
        let source = match (Ranges::new(values, &budget), values.shape()) {
            (Some(ranges), _) => Source::Ranges(Box::new(ranges)),
            (None, Shape::Bytes) => Source::Strings(Box::new(Words::new(Strings::new(values)))),
            (None, _) => Source::Numbers(Box::new(Numbers::new(values))),
        };
        let mapped = values.is_mapped() || values.missing.is_some();
        let empty = Cardinality::new(asked.threshold);
        Self { source, mapped, empty, by_owner: Vec::new(), charged: Charged::default(), budget }
    }

    fn grow(&mut self, owners: usize) -> Outcome<()> {
        if owners > self.by_owner.len() {
            self.budget.take((owners - self.by_owner.len()) * self.empty.bytes())?;
            self.by_owner.resize(owners, self.empty.clone());
        }
        Ok(())
    }
}

impl Words {
    fn new(strings: Strings) -> Self {
        let (ords, seen, hashes, buffer, tally) = Default::default();
        Self { strings, ords, seen, hashes, buffer, tally }
    }

    fn begin_noting(&mut self, budget: &Budget) -> Outcome<()> {
        if self.seen.is_empty() {
            let words = self.strings.ord_bound().div_ceil(64) as usize;
            budget.take(words * size_of::<u64>())?;
            self.seen.resize(words, 0);
        }
        Ok(())
    }

    /// Notes all ordinals of the segment.
    fn note_all(&mut self, budget: &Budget) -> Outcome<()> {
        self.begin_noting(budget)?;
        bits::set_range(&mut self.seen, 0, self.strings.ord_bound() as u32);
        Ok(())
    }

    /// Notes the ordinals of the only owner.
    fn note(&mut self, budget: &Budget, read: impl for<'o> FnOnce(&Strings, &'o mut Ords) -> Read<'o>) -> Outcome<()> {
        self.begin_noting(budget)?;
        let seen = &mut self.seen;
        read(&self.strings, &mut self.ords).for_each(|_, ord| seen[(ord / 64) as usize] |= 1 << (ord % 64));
        Ok(())
    }

    /// Notes the ordinals of which documents are left.
    fn note_counted(&mut self, budget: &Budget) -> Outcome<()> {
        if !self.tally.is_empty() {
            self.begin_noting(budget)?;
            self.tally.counted().for_each(|(ord, _)| self.seen[(ord / 64) as usize] |= 1 << (ord % 64));
            self.tally.reset(0);
        }
        Ok(())
    }

    /// Calls `each` with the place of a document and the hash of one of its strings.
    fn hashed(
        &mut self,
        batch: Batch<'_>,
        budget: &Budget,
        mut each: impl FnMut(usize, u64) -> Outcome<()>,
    ) -> Outcome<()> {
        if self.hashes.is_empty() {
            let count = self.strings.ord_bound() as usize;
            budget.take(count * size_of::<u64>())?;
            self.hashes.resize(count, 0);
        }
        let (strings, hashes, buffer) = (&self.strings, &mut self.hashes, &mut self.buffer);
        strings.read(batch.docs, &mut self.ords).try_for_each(|at, ord| {
            let known = &mut hashes[ord as usize];
            if *known == 0 {
                strings.value(ord, buffer)?;
                *known = hash::of_bytes(buffer);
            }
            each(at, *known)
        })
    }

    /// The hashes of what was noted.
    fn take_noted(&mut self, found: &mut Cardinality) -> Outcome<()> {
        let mut ords = Vec::with_capacity(PART + 64);
        for (at, word) in std::mem::take(&mut self.seen).into_iter().enumerate() {
            let mut rest = word;
            while rest != 0 {
                ords.push(at as u64 * 64 + u64::from(rest.trailing_zeros()));
                rest &= rest - 1;
            }
            if ords.len() >= PART {
                add_values(&self.strings, &mut ords, found)?;
            }
        }
        add_values(&self.strings, &mut ords, found)
    }
}

/// Ordinals whose values are read together.
const PART: usize = 1 << 14;

/// The hashes of the values of ascending ordinals.
fn add_values(strings: &Strings, ords: &mut Vec<u64>, found: &mut Cardinality) -> Outcome<()> {
    strings.each_value(ords, |_, value| {
        found.add(hash::of_bytes(value));
        Ok(())
    })?;
    ords.clear();
    Ok(())
}

/// Of a number as the index holds it: one value has one hash, whatever the index.
#[inline]
fn hash_of(code: i64, read_as: NumberCode) -> u64 {
    hash::of_number(match read_as {
        NumberCode::Long | NumberCode::Nanos => code as u64,
        NumberCode::Unsigned => u64_from_ordered(code),
        NumberCode::Double | NumberCode::Scaled(_) => number(code, read_as).to_bits(),
    })
}

impl Collector for Distinct {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        match &mut self.source {
            Source::Numbers(numbers) => numbers.enter(leaf),
            Source::Strings(words) => words.strings.enter(leaf),
            Source::Ranges(ranges) => ranges.enter(leaf),
        }
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.grow(batch.owners.bound())?;
        let (found, charged, budget) = (&mut self.by_owner, &mut self.charged, &*self.budget);
        let mut add = |at: usize, hash: u64| {
            let found = &mut found[batch.owners.of(at) as usize];
            let before = found.bytes();
            found.add(hash);
            charged.change(before, found.bytes(), budget)
        };
        match &mut self.source {
            Source::Numbers(numbers) => {
                let code = numbers.code;
                numbers.read(batch.docs).try_for_each(|at, value| add(at, hash_of(value, code)))
            }
            Source::Strings(words) if matches!(batch.owners, Owners::One(0)) => {
                words.note(budget, |strings, ords| strings.read(batch.docs, ords))
            }
            Source::Strings(words) => words.hashed(batch, budget, add),
            Source::Ranges(ranges) => {
                for (at, &doc) in batch.docs.iter().enumerate() {
                    if let Some(hash) = ranges.hash(doc)? {
                        add(at, hash)?;
                    }
                }
                Ok(())
            }
        }
    }

    fn collect_found(&mut self, found: &Found<'_>, owner: u32) -> Outcome<()> {
        if owner != 0 || !matches!(self.source, Source::Strings(_)) {
            return self.collect(Batch::of(found, owner));
        }
        self.grow(1)?;
        match &mut self.source {
            Source::Strings(words) => words.note(&self.budget, |strings, ords| strings.read_found(found, ords)),
            Source::Numbers(_) | Source::Ranges(_) => Ok(()),
        }
    }

    fn whole(&mut self, _: &Leaf<'_>) -> Outcome<bool> {
        let Source::Strings(words) = &mut self.source else { return Ok(false) };
        if !words.strings.has_all() {
            return Ok(false);
        }
        self.grow(1)?;
        let Source::Strings(words) = &mut self.source else { return Ok(false) };
        words.note_all(&self.budget)?;
        Ok(true)
    }

    fn nearly_whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        if !matches!(self.source, Source::Strings(_)) {
            return Ok(false);
        }
        self.grow(1)?;
        let (Source::Strings(words), budget) = (&mut self.source, &self.budget) else { return Ok(false) };
        let tally = &mut words.tally;
        tally.reset(words.strings.ord_bound());
        words.strings.each_count(leaf, |ord, count| tally.add_many(ord, count, budget))
    }

    fn take_back(&mut self, docs: &[DocId]) -> Outcome<()> {
        let Source::Strings(words) = &mut self.source else { return Ok(()) };
        let (Read::Dense(ords) | Read::Sparse(ords, _)) = words.strings.read(docs, &mut words.ords);
        words.tally.take_back(ords);
        Ok(())
    }

    fn leave(&mut self) -> Outcome<()> {
        let Source::Strings(words) = &mut self.source else { return Ok(()) };
        words.note_counted(&self.budget)?;
        words.hashes = Vec::new();
        if let (false, Some(found)) = (words.seen.is_empty(), self.by_owner.first_mut()) {
            let before = found.bytes();
            words.take_noted(found)?;
            self.charged.change(before, found.bytes(), &self.budget)?;
        }
        Ok(())
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.mapped {
            return Ok(Partial::Unmapped);
        }
        let found = self.by_owner.get_mut(owner as usize);
        let found = found.map_or_else(|| self.empty.clone(), |found| std::mem::replace(found, self.empty.clone()));
        Ok(Partial::Cardinality(Box::new(found)))
    }
}
