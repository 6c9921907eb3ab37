//! `range`, `date_range`, `ip_range`, `geo_distance`: a bucket for each, which may overlap.

use std::ops::Range as Ords;
use std::sync::Arc;

use model::aggregation::partial::Partial;
use model::date::DateResolution;
use search::aggregation::format::Format;
use search::aggregation::geo::GeoDistance;
use search::aggregation::range::{IpRange, IpRanges, Ranges as Asked};
use search::aggregation::values::number;
use search::bound::{NumberCode, TermBytes};

use super::batch::Sorted;
use super::filter::{grow, slots};
use super::numbers::Numbers;
use super::strings::{Ords as OrdBuffer, Strings};
use super::{Batch, Budget, Collector, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;

/// Buckets in fixed places, by owner.
struct Slots {
    width: usize,
    counts: Vec<u64>,
    children: Collectors,
    inside: Sorted,
    /// Of each place, the document that was counted last: one of several values counts once.
    last: Vec<usize>,
    budget: Arc<Budget>,
}

impl Slots {
    fn new(width: usize, children: Collectors, budget: Arc<Budget>) -> Self {
        let last = vec![usize::MAX; width];
        Self { width, counts: Vec::new(), children, inside: Sorted::default(), last, budget }
    }

    fn begin(&mut self, batch: &Batch<'_>) -> Outcome<()> {
        self.inside.clear();
        self.last.fill(usize::MAX);
        grow(&mut self.counts, batch.owners.bound() * self.width, &self.budget)
    }

    #[inline]
    fn count(&mut self, batch: &Batch<'_>, at: usize, slot: usize) {
        if self.last[slot] == at {
            return;
        }
        self.last[slot] = at;
        let place = batch.owners.of(at) as usize * self.width + slot;
        self.counts[place] += 1;
        if !self.children.is_empty() {
            self.inside.push(batch, at, place as u32);
        }
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        slots(&self.counts, &mut self.children, (owner, self.width))
    }
}

/// `range`, `date_range` and `geo_distance`
pub(super) struct Ranges {
    numbers: Numbers,
    measure: Measure,
    ranges: Vec<(f64, f64)>,
    slots: Slots,
}

/// What of a code lies in the ranges.
enum Measure {
    Number(NumberCode),
    /// Milliseconds of nanoseconds.
    Millis,
    Distance(Box<GeoDistance>),
}

impl Ranges {
    /// Of distances from a place.
    pub(super) fn of_distances(asked: &GeoDistance, children: Collectors, budget: Arc<Budget>) -> Self {
        Self { measure: Measure::Distance(Box::new(asked.clone())), ..Self::new(&asked.ranges, children, budget) }
    }

    pub(super) fn new(asked: &Asked, children: Collectors, budget: Arc<Budget>) -> Self {
        let nanos = matches!(&asked.values.format, Format::Date(shown) if shown.resolution == DateResolution::Nanos);
        let numbers = Numbers::new(&asked.values);
        Self {
            measure: if nanos { Measure::Millis } else { Measure::Number(numbers.code) },
            numbers,
            ranges: asked.ranges.iter().map(|range| (range.least, range.beyond)).collect(),
            slots: Slots::new(asked.ranges.len(), children, budget),
        }
    }
}

impl Collector for Ranges {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.numbers.enter(leaf)?;
        self.slots.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.slots.begin(&batch)?;
        let (ranges, slots) = (&self.ranges, &mut self.slots);
        let mut sort = |at: usize, value: f64| {
            for (slot, &(from, to)) in ranges.iter().enumerate() {
                if value >= from && value < to {
                    slots.count(&batch, at, slot);
                }
            }
        };
        let read = self.numbers.read(batch.docs);
        match &self.measure {
            Measure::Number(code) => read.for_each(|at, value| sort(at, number(value, *code))),
            Measure::Millis => read.for_each(|at, value| sort(at, value.div_euclid(1_000_000) as f64)),
            Measure::Distance(asked) => read.for_each(|at, value| sort(at, asked.of(value))),
        }
        self.slots.children.collect(self.slots.inside.batch())
    }

    fn leave(&mut self) -> Outcome<()> {
        self.slots.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.slots.children.finish(reader, &mut self.slots.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        self.slots.partial(owner)
    }
}

/// `ip_range`
pub(super) struct IpSlots {
    strings: Strings,
    buffer: OrdBuffer,
    asked: Vec<IpRange>,
    /// The ranges as ordinals of the segment.
    ranges: Vec<Ords<u64>>,
    slots: Slots,
}

impl IpSlots {
    pub(super) fn new(asked: &IpRanges, children: Collectors, budget: Arc<Budget>) -> Self {
        Self {
            strings: Strings::new(&asked.values),
            buffer: OrdBuffer::default(),
            asked: asked.ranges.clone(),
            ranges: Vec::new(),
            slots: Slots::new(asked.ranges.len(), children, budget),
        }
    }
}

impl Collector for IpSlots {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.strings.enter(leaf)?;
        let strings = &self.strings;
        let end = |end: &Option<TermBytes>, open: u64| end.as_ref().map_or(Ok(open), |end| strings.first_at(end));
        let ranges = self.asked.iter().map(|range| Ok(end(&range.from, 0)?..end(&range.to, u64::MAX)?));
        self.ranges = ranges.collect::<Outcome<_>>()?;
        self.slots.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.slots.begin(&batch)?;
        let (ranges, slots) = (&self.ranges, &mut self.slots);
        let (strings, asked) = (&self.strings, &self.asked);
        strings.read(batch.docs, &mut self.buffer).for_each(|at, ord| {
            if let Some(value) = strings.outside(ord) {
                for (slot, _) in asked.iter().enumerate().filter(|(_, range)| range.holds(value)) {
                    slots.count(&batch, at, slot);
                }
                return;
            }
            for (slot, _) in ranges.iter().enumerate().filter(|(_, range)| range.contains(&ord)) {
                slots.count(&batch, at, slot);
            }
        });
        self.slots.children.collect(self.slots.inside.batch())
    }

    fn leave(&mut self) -> Outcome<()> {
        self.slots.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.slots.children.finish(reader, &mut self.slots.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        self.slots.partial(owner)
    }
}
