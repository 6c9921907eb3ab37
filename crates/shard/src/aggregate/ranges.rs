//! Fields of ranges: their columns, and histograms in which a document counts in each bucket that one of its ranges touches.

use std::sync::Arc;

use model::aggregation::partial::{Partial, hash};
use model::mapping::range::RangeKind;
use search::aggregation::histogram::{Histogram as Asked, Step};
use search::aggregation::values::{Column, Values};
use search::bound::FieldName;

use super::batch::Sorted;
use super::keyed::Buckets;
use super::{Batch, Budget, Collector, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::DocId;
use crate::segment::column::StringColumn;

/// Documents in buckets that are shown to what is inside at once.
const SHOWN_AT_ONCE: usize = 4096;
/// Ends of a range that nobody has read yet.
const UNREAD: (i64, i64) = (i64::MAX, i64::MIN);

/// The ranges of a field's documents.
pub(super) struct Ranges {
    field: FieldName,
    kind: RangeKind,
    column: Option<Arc<dyn StringColumn>>,
    /// Codes of the ends by ordinal; empty: none was asked for in the segment.
    ends: Vec<(i64, i64)>,
    ords: Vec<u64>,
    term: Vec<u8>,
    budget: Arc<Budget>,
}

impl Ranges {
    /// `None`: the values are something else.
    pub(super) fn new(values: &Values, budget: &Arc<Budget>) -> Option<Self> {
        let Column::Ranges(field, kind) = &values.column else { return None };
        let (ends, ords, term) = Default::default();
        Some(Self { field: field.clone(), kind: *kind, column: None, ends, ords, term, budget: budget.clone() })
    }

    pub(super) fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.ends.clear();
        self.column = match leaf.fields.by_path(&self.field) {
            Some(entry) => leaf.segment.strings(entry.slot)?,
            None => None,
        };
        Ok(())
    }

    pub(super) fn has(&self, doc: DocId) -> bool {
        self.column.as_ref().is_some_and(|column| column.has(doc))
    }

    /// The hash of all ranges of a document, which together are one value; `None`: it has none.
    pub(super) fn hash(&mut self, doc: DocId) -> Outcome<Option<u64>> {
        let Some(column) = &self.column else { return Ok(None) };
        self.ords.clear();
        column.ords(doc, &mut self.ords);
        let mut all = Vec::new();
        for &ord in &self.ords {
            column.value(ord, &mut self.term)?;
            all.extend_from_slice(&self.term);
        }
        Ok((!all.is_empty()).then(|| hash::of_bytes(&all)))
    }

    /// Appends the codes of the ends of a document's ranges, by where they begin.
    fn read(&mut self, doc: DocId, out: &mut Vec<(i64, i64)>) -> Outcome<()> {
        let Some(column) = &self.column else { return Ok(()) };
        if self.ends.is_empty() {
            let count = column.ord_count() as usize;
            self.budget.take(count.saturating_sub(self.ends.capacity()) * size_of::<(i64, i64)>())?;
            self.ends.resize(count, UNREAD);
        }
        self.ords.clear();
        column.ords(doc, &mut self.ords);
        for &ord in &self.ords {
            let known = &mut self.ends[ord as usize];
            if *known == UNREAD {
                column.value(ord, &mut self.term)?;
                *known = self.kind.codes(&self.term).unwrap_or(UNREAD);
            }
            out.push(*known);
        }
        Ok(())
    }
}

/// `histogram` and `date_histogram` over ranges.
pub(super) struct RangeHistogram {
    ranges: Ranges,
    reach: Reach,
    buckets: Buckets,
    children: Collectors,
    inside: Sorted,
    ends: Vec<(i64, i64)>,
}

impl RangeHistogram {
    pub(super) fn new(ranges: Ranges, asked: &Asked, children: Collectors, all_shown: bool) -> Self {
        let reach = Reach { step: asked.step.clone(), kind: ranges.kind };
        let buckets = Buckets::new(ranges.budget.clone(), all_shown);
        Self { ranges, reach, buckets, children, inside: Sorted::default(), ends: Vec::new() }
    }

    /// Counts the document at a place of `batch` in each bucket that one of its ranges (`ends`, by where they begin) touches.
    fn count(&mut self, batch: &Batch<'_>, at: usize) -> Outcome<()> {
        let owner = batch.owners.of(at);
        let mut last_counted = None;
        for &(from, to) in &self.ends {
            let (first, last) = self.reach.touched(from, to);
            let mut next = match last_counted {
                Some(counted) if counted >= first => self.reach.next(counted),
                _ => Some(first),
            };
            while let Some(key) = next.filter(|key| *key <= last) {
                let bucket = self.buckets.get(owner, key)?;
                self.buckets.counts[bucket as usize] += 1;
                if !self.children.is_empty() {
                    self.inside.push(batch, at, bucket);
                    if self.inside.docs.len() >= SHOWN_AT_ONCE {
                        self.children.collect(self.inside.batch())?;
                        self.inside.clear();
                    }
                }
                last_counted = Some(key);
                next = self.reach.next(key);
            }
        }
        Ok(())
    }
}

impl Collector for RangeHistogram {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.ranges.enter(leaf)?;
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.inside.clear();
        for (at, &doc) in batch.docs.iter().enumerate() {
            self.ends.clear();
            self.ranges.read(doc, &mut self.ends)?;
            self.count(&batch, at)?;
        }
        self.children.collect(self.inside.batch())
    }

    fn leave(&mut self) -> Outcome<()> {
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.buckets.group();
        self.children.finish(reader, &mut self.buckets.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        self.buckets.table(owner, &mut self.children)
    }
}

/// Which buckets ranges touch.
struct Reach {
    step: Step,
    kind: RangeKind,
}

impl Reach {
    /// The first and the last bucket that the part of a range within the hard bounds touches; nothing of it lies there: the last comes first, or
    /// both are the bucket of the bound and of the end before it.
    fn touched(&self, from: i64, to: i64) -> (i64, i64) {
        match &self.step {
            Step::Width { interval, offset, hard, .. } => {
                let (mut from, mut to) = (self.kind.number(from), self.kind.number(to));
                from = hard.and_then(|hard| hard.min).map_or(from, |min| from.max(min));
                to = hard.and_then(|hard| hard.max).map_or(to, |max| to.min(max));
                let number = |value: f64| ((value - offset) / interval).floor() as i64;
                (number(from), number(to))
            }
            Step::Dates { rounding, hard, .. } => {
                let from = hard.and_then(|hard| hard.min).map_or(from, |min| from.max(min));
                let to = hard.and_then(|hard| hard.max).map_or(to, |max| to.min(max));
                (rounding.round(from), rounding.round(to))
            }
        }
    }

    /// The bucket behind one; `None`: there is none.
    fn next(&self, key: i64) -> Option<i64> {
        let next = match &self.step {
            Step::Width { .. } => key.checked_add(1)?,
            Step::Dates { rounding, .. } => rounding.next(key),
        };
        (next > key).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use model::aggregation::request::histogram::{Bounds, CalendarUnit, DateInterval};
    use model::date::Zone;
    use model::date::rounding::Rounding;

    use super::*;

    fn dates(interval: DateInterval) -> Reach {
        let rounding = Rounding::new(interval, Zone::utc(), 0);
        Reach { step: Step::Dates { rounding, extended: None, hard: None }, kind: RangeKind::Date }
    }

    #[test]
    fn ranges_without_ends_have_first_and_last_buckets() {
        use CalendarUnit::{Day, Month, Week, Year};
        let intervals = [Day, Week, Month, Year].map(DateInterval::Calendar);
        for interval in intervals.into_iter().chain([DateInterval::FixedMs(7)]) {
            let reach = dates(interval);
            let (first, last) = reach.touched(i64::MIN, i64::MAX);
            assert!(first < reach.next(first).unwrap() && last > 0, "{interval:?}: {first} to {last}");
        }
    }

    #[test]
    fn hard_bounds_cut_ranges_off() {
        let hard = Some(Bounds { min: Some(4.0), max: Some(21.0) });
        let step = Step::Width { interval: 5.0, offset: 0.0, extended: None, hard };
        let reach = Reach { step, kind: RangeKind::Integer };
        assert_eq!(reach.touched(0, 30), (0, 4));
        assert_eq!(reach.touched(i32::MIN.into(), 3), (0, 0));
        assert_eq!(reach.touched(30, 40), (6, 4));
    }
}
