//! `terms` of keywords and addresses.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use model::aggregation::key::Key;
use model::aggregation::partial::Partial;

use search::aggregation::values::Values;

use super::deferred::Deferred;
use super::late::Late;
use super::merged::{self, Counted, Wanted};
use super::rows::{Finish, Keyed, RankOf, Rows};
use crate::aggregate::batch::Sorted;
use crate::aggregate::choice::Chooser;
use crate::aggregate::places::{NONE, Places, REFUSED};
use crate::aggregate::strings::{Ords, Read, Strings};
use crate::aggregate::tally::Tally;
use crate::aggregate::{Batch, Collector, Collectors, Owners};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::found::Found;
use crate::segment::DocId;

pub(super) struct StringTerms {
    rows: Rows,
    finish: Box<dyn Finish>,
    children: Deferred,
    strings: Strings,
    keys: Keys,
    /// Ordinals of the segment -> buckets.
    places: Places,
    /// Documents by ordinal, where nothing but their number is wanted.
    tally: Tally,
    /// Segments that were counted so, and whose buckets are not made yet.
    counted: Vec<Counted>,
    ords: Ords,
    inside: Sorted,
    /// No segment has been entered yet, and children may see documents when it is known which values are told.
    may_be_late: bool,
    late: Option<Late>,
}

/// The value of each bucket.
struct Keys {
    chooser: Chooser,
    /// All buckets are of one segment, and have their ordinals for keys.
    lazy: bool,
    ords: Vec<u64>,
    values: Vec<Box<[u8]>>,
    buckets: HashTable<u32>,
    hasher: DefaultHashBuilder,
    buffer: Vec<u8>,
}

impl Keys {
    fn new(chooser: Chooser) -> Self {
        let (values, buffer, ords) = Default::default();
        let lazy = chooser.admits_all();
        Self { chooser, lazy, ords, values, buckets: HashTable::new(), hasher: DefaultHashBuilder::default(), buffer }
    }

    /// The bucket of an ordinal's value, made when it is new.
    fn bucket(&mut self, strings: &Strings, rows: &mut Rows, (owner, ord): (u32, u64)) -> Outcome<u32> {
        if self.lazy {
            let made = rows.add(owner, size_of::<u64>())?;
            self.ords.push(ord);
            return Ok(made);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let found = strings.value(ord, &mut buffer).and_then(|()| self.named(rows, owner, &buffer));
        self.buffer = buffer;
        found
    }

    /// The bucket of a value, made when it is new.
    fn named(&mut self, rows: &mut Rows, owner: u32, value: &[u8]) -> Outcome<u32> {
        if !self.chooser.admits_bytes(value) {
            return Ok(REFUSED);
        }
        let hash = self.hasher.hash_one((owner, value));
        let (values, owners) = (&self.values, &rows.owners);
        let same = |&bucket: &u32| owners[bucket as usize] == owner && *values[bucket as usize] == *value;
        if let Some(found) = self.buckets.find(hash, same) {
            return Ok(*found);
        }
        let made = rows.add(owner, value.len() + size_of::<Box<[u8]>>())?;
        self.values.push(value.into());
        self.remember(&rows.owners, hash, made);
        Ok(made)
    }

    fn remember(&mut self, owners: &[u32], hash: u64, made: u32) {
        let (values, hasher) = (&self.values, &self.hasher);
        let rehash = |&bucket: &u32| hasher.hash_one((owners[bucket as usize], &*values[bucket as usize]));
        self.buckets.insert_unique(hash, made, rehash);
    }

    /// Makes the keys that were put off ones that another segment can find.
    fn settle(&mut self, strings: &Strings, rows: &Rows) -> Outcome<()> {
        if !self.look_up(strings, rows)? {
            return Ok(());
        }
        for bucket in 0..rows.owners.len() as u32 {
            let hash = self.hasher.hash_one((rows.owners[bucket as usize], &*self.values[bucket as usize]));
            self.remember(&rows.owners, hash, bucket);
        }
        Ok(())
    }

    /// Looks up the keys that were put off, in their order; false: none were.
    fn look_up(&mut self, strings: &Strings, rows: &Rows) -> Outcome<bool> {
        if !std::mem::replace(&mut self.lazy, false) {
            return Ok(false);
        }
        let ords = std::mem::take(&mut self.ords);
        let mut order: Vec<u32> = (0..ords.len() as u32).collect();
        rows.budget.take(ords.len() * (size_of::<(u32, u64)>() + size_of::<Box<[u8]>>()))?;
        order.sort_unstable_by_key(|&bucket| ords[bucket as usize]);
        let ascending: Vec<u64> = order.iter().map(|&bucket| ords[bucket as usize]).collect();
        self.values.resize(ords.len(), Box::default());
        let values = &mut self.values;
        strings.each_value(&ascending, |at, value| {
            rows.budget.take(value.len())?;
            values[order[at] as usize] = value.into();
            Ok(())
        })?;
        Ok(true)
    }

    /// `rank`, where the ordinals of the buckets are their places.
    fn ranks<'r>(&self, strings: &Strings, rank: RankOf<'r>) -> Option<RankOf<'r>> {
        (self.lazy && strings.is_ordered()).then_some(rank)
    }

    fn key(&self, strings: &Strings, bucket: u32) -> Outcome<Key> {
        if !self.lazy {
            return Ok(Key::Bytes(self.values[bucket as usize].clone()));
        }
        let mut value = Vec::new();
        strings.value(self.ords[bucket as usize], &mut value)?;
        Ok(Key::Bytes(value.into()))
    }
}

impl StringTerms {
    pub(super) fn new(
        (rows, finish): (Rows, Box<dyn Finish>),
        chooser: Chooser,
        children: Collectors,
        values: &Values,
    ) -> Self {
        let chooses = finish.chooses_first() && finish.wanted().is_some() && chooser.admits_all();
        Self {
            may_be_late: rows.one_owner && chooses && !children.is_empty() && !children.counts_late(),
            late: None,
            strings: Strings::new(values),
            places: Places::new(rows.budget.clone()),
            children: Deferred::new(children, &*finish, &rows.budget),
            rows,
            keys: Keys::new(chooser),
            finish,
            tally: Tally::default(),
            counted: Vec::new(),
            ords: Ords::default(),
            inside: Sorted::default(),
        }
    }

    /// Whether there are so many values that few of them are told.
    fn is_wide(&self, reader: &Reader) -> Outcome<bool> {
        let docs = |segment: &usize| reader.segments[*segment].segment.doc_count();
        let Some(largest) = (0..reader.segments.len()).max_by_key(docs) else { return Ok(false) };
        let mut strings = self.strings.clone();
        strings.enter(&Leaf::new(reader, largest))?;
        Ok(!strings.has_stand_in() && strings.ord_bound() > self.rows.budget.depth_first() as u64)
    }

    /// Makes the buckets that are told, and shows what was held back of them.
    fn show_late(&mut self, reader: &Reader, late: Late) -> Outcome<()> {
        let counted = std::mem::take(&mut self.counted);
        if let Some(wanted) = self.finish.wanted() {
            self.make_best(&counted, wanted)?;
        }
        for (segment, docs) in late.of(&self.keys.values)? {
            self.children.show(reader, segment, &docs)?;
        }
        Ok(())
    }

    /// Whether nothing but the number of documents is wanted of each value.
    fn only_counts(&self) -> bool {
        self.children.is_empty() && !self.finish.sees_batches()
    }

    /// Buckets of a batch that has one owner, and whose documents have one value each; false where they are not found by position.
    fn place(&mut self, batch: &Batch<'_>, owner: u32) -> Outcome<bool> {
        let (strings, keys, rows) = (&self.strings, &mut self.keys, &mut self.rows);
        let (places, owners) = (&mut self.places, &mut self.inside.owners);
        let Read::Dense(ords) = strings.read(batch.docs, &mut self.ords) else { return Ok(false) };
        let Some(row) = places.row(owner)? else { return Ok(false) };
        owners.extend(ords.iter().map(|&ord| row.get(ord as usize).copied().unwrap_or(NONE)));
        if !owners.contains(&NONE) {
            return Ok(true);
        }
        for (bucket, &ord) in owners.iter_mut().zip(ords).filter(|(bucket, _)| **bucket == NONE) {
            *bucket = places.get(owner, ord, || keys.bucket(strings, rows, (owner, ord)))?;
        }
        Ok(true)
    }
}

impl StringTerms {
    /// Makes the buckets of what was only counted.
    fn make_counted(&mut self) -> Outcome<()> {
        let mut counted = std::mem::take(&mut self.counted);
        let ordered = counted.iter().all(|one| one.strings.is_ordered());
        match (self.finish.wanted(), &counted[..]) {
            (_, []) => return Ok(()),
            (Some(wanted), [_]) if is_few(wanted, &counted[0]) && self.takes_best(ordered) => {
                return self.make_best(&counted, wanted);
            }
            (_, [_]) if self.rows.owners.is_empty() && self.keys.lazy => {
                // The only segment of which there are buckets.
                self.strings.clone_from(&counted[0].strings);
                let (ords, only) = (&mut self.keys.ords, counted.remove(0));
                let counts = only.iter().map(|(ord, count)| {
                    ords.push(ord);
                    count
                });
                self.rows.add_all(0, counts, size_of::<u64>())?;
                return Ok(());
            }
            (Some(wanted), [_, _, ..]) if self.takes_best(ordered) => {
                return self.make_best(&counted, wanted);
            }
            _ => {}
        }
        self.keys.settle(&self.strings, &self.rows)?;
        counted.iter().try_for_each(|one| self.make_all(one))
    }

    /// Whether the best can be found before there are buckets.
    fn takes_best(&self, ordered: bool) -> bool {
        ordered && self.rows.owners.is_empty() && self.keys.chooser.admits_all()
    }

    fn make_best(&mut self, counted: &[Counted], wanted: Wanted) -> Outcome<()> {
        self.keys.lazy = false;
        let mut shown = 0;
        for (value, count) in merged::best(counted, wanted)? {
            let bucket = self.keys.named(&mut self.rows, 0, &value)?;
            self.rows.counts[bucket as usize] = count;
            shown += count;
        }
        self.rows.left_out = counted.iter().map(Counted::docs).sum::<u64>() - shown;
        Ok(())
    }

    fn make_all(&mut self, counted: &Counted) -> Outcome<()> {
        let (keys, rows) = (&mut self.keys, &mut self.rows);
        let (ords, counts): (Vec<u64>, Vec<u64>) = counted.iter().unzip();
        rows.budget.take(ords.len() * size_of::<(u64, u64)>())?;
        counted.strings.each_value(&ords, |at, value| {
            let bucket = keys.named(rows, 0, value)?;
            if bucket != REFUSED {
                rows.counts[bucket as usize] += counts[at];
            }
            Ok(())
        })
    }
}

/// Whether nearly all values of a segment are left out.
fn is_few(wanted: Wanted, counted: &Counted) -> bool {
    wanted.size < counted.counts.len() / 8
}

impl Collector for StringTerms {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        if !self.rows.owners.is_empty() {
            self.keys.settle(&self.strings, &self.rows)?;
        }
        if std::mem::take(&mut self.may_be_late) && self.is_wide(leaf.reader)? {
            self.late = Some(Late::default());
        }
        self.strings.enter(leaf)?;
        self.tally.reset(self.strings.ord_bound());
        if let Some(late) = &mut self.late {
            late.enter(leaf.number, &self.strings);
            return Ok(());
        }
        self.places.reset(self.strings.ord_bound());
        self.children.enter(leaf)
    }

    /// Counts by ordinal; the buckets are made when the segment ends.
    fn collect_found(&mut self, found: &Found<'_>, owner: u32) -> Outcome<()> {
        if owner != 0 || !self.only_counts() {
            return self.collect(Batch::of(found, owner));
        }
        let (Read::Dense(ords) | Read::Sparse(ords, _)) = self.strings.read_found(found, &mut self.ords);
        self.tally.add(ords, |ord| ord as i64, &self.rows.budget)
    }

    fn nearly_whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        self.whole(leaf)
    }

    fn take_back(&mut self, docs: &[DocId]) -> Outcome<()> {
        let (Read::Dense(ords) | Read::Sparse(ords, _)) = self.strings.read(docs, &mut self.ords);
        self.tally.take_back(ords);
        Ok(())
    }

    fn whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        if !self.only_counts() {
            return Ok(false);
        }
        let (tally, budget) = (&mut self.tally, &self.rows.budget);
        self.strings.each_count(leaf, |ord, count| tally.add_many(ord, count, budget))
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.finish.collect(&batch)?;
        if let Some(late) = &mut self.late {
            let read = self.strings.read(batch.docs, &mut self.ords);
            let (Read::Dense(ords) | Read::Sparse(ords, _)) = &read;
            self.tally.add(ords, |ord| ord as i64, &self.rows.budget)?;
            return late.hold(&batch, &read, &self.rows.budget);
        }
        if self.children.is_empty() && matches!(batch.owners, Owners::One(0)) {
            let (Read::Dense(ords) | Read::Sparse(ords, _)) = self.strings.read(batch.docs, &mut self.ords);
            return self.tally.add(ords, |ord| ord as i64, &self.rows.budget);
        }
        self.inside.clear();
        let plain = self.children.is_empty();
        if let Owners::One(owner) = batch.owners
            && !plain
            && self.place(&batch, owner)?
            && !self.inside.owners.contains(&REFUSED)
        {
            // Every document has one value that is not refused: the batch goes on as it is.
            let owners = &self.inside.owners;
            owners.iter().for_each(|&bucket| self.rows.counts[bucket as usize] += 1);
            let buckets = self.rows.counts.len();
            return self.children.collect(Batch { owners: Owners::Each(owners), ..batch }, buckets);
        }
        self.inside.clear();
        let (strings, keys, rows) = (&self.strings, &mut self.keys, &mut self.rows);
        let (places, inside) = (&mut self.places, &mut self.inside);
        let read = strings.read(batch.docs, &mut self.ords);
        if let (Read::Dense(ords), false, Owners::Each(_)) = (&read, plain, batch.owners) {
            for (at, &ord) in ords.iter().enumerate() {
                let owner = batch.owners.of(at);
                inside.owners.push(places.get(owner, ord, || keys.bucket(strings, rows, (owner, ord)))?);
            }
            if !inside.owners.contains(&REFUSED) {
                inside.owners.iter().for_each(|&bucket| rows.counts[bucket as usize] += 1);
                let batch = Batch { owners: Owners::Each(&inside.owners), ..batch };
                return self.children.collect(batch, rows.counts.len());
            }
            inside.clear();
        }
        read.try_for_each(|at, ord| {
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
        self.children.collect(self.inside.batch(), self.rows.counts.len())
    }

    fn leave(&mut self) -> Outcome<()> {
        if !self.tally.is_empty() {
            let counted = Counted { strings: self.strings.clone(), counts: self.tally.take() };
            if self.rows.all_shown {
                self.rows.has_room(counted.iter().count())?;
            }
            self.counted.push(counted);
        }
        if self.late.is_some() { Ok(()) } else { self.children.leave() }
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        match self.late.take() {
            Some(late) => self.show_late(reader, late)?,
            None => self.make_counted()?,
        }
        if !self.finish.needs_few_keys() {
            self.keys.look_up(&self.strings, &self.rows)?;
        }
        let (keys, strings) = (&self.keys, &self.strings);
        let (key, rank) = (|bucket: u32| keys.key(strings, bucket), |bucket: u32| keys.ords[bucket as usize]);
        let keyed = Keyed { key: &key, ranks: keys.ranks(strings, &rank) };
        self.children.end(reader, (&mut self.rows, &mut *self.finish), keyed)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let (keys, strings) = (&self.keys, &self.strings);
        let (key, rank) = (|bucket: u32| keys.key(strings, bucket), |bucket: u32| keys.ords[bucket as usize]);
        let keyed = Keyed { key: &key, ranks: keys.ranks(strings, &rank) };
        self.children.partial(owner, (&mut self.rows, &mut *self.finish), keyed)
    }
}
