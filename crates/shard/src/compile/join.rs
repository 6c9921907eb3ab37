//! Documents by the others of their family: those are found when the query is compiled, in all segments, and afterwards the families are
//! documents with scores like any other clause's.
//!
//! Memory: an entry for each family that matches, and a document with its score for each match.

use hashbrown::HashMap;
use model::error::{Error, ErrorKind};
use model::query::nested::NestedScore;
use search::bound::BoundJoined;

use super::scorer::Leaf;
use super::{Compiler, Context, Kind, NearestWeight, Weight};
use crate::execute::{Patience, Verdict};
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::{DocId, NO_MORE_DOCS};

/// Documents between two looks at the clock.
const STRIDE: u64 = 4096;

/// The others of one family that matched.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Others {
    count: u32,
    sum: f64,
    least: f32,
    greatest: f32,
}

impl Others {
    fn add(&mut self, score: f32) {
        self.least = if self.count == 0 { score } else { self.least.min(score) };
        self.greatest = if self.count == 0 { score } else { self.greatest.max(score) };
        self.count += 1;
        self.sum += f64::from(score);
    }

    fn score(&self, mode: NestedScore) -> f32 {
        match mode {
            NestedScore::None => 1.0,
            NestedScore::Avg => (self.sum / f64::from(self.count)) as f32,
            NestedScore::Sum => self.sum as f32,
            NestedScore::Max => self.greatest,
            NestedScore::Min => self.least,
        }
    }
}

impl Compiler<'_, '_> {
    pub(super) fn joined(&mut self, joined: &BoundJoined, context: Context) -> Outcome<Weight> {
        let scored = context.scoring && joined.score != NestedScore::None;
        // Of others that are shown the words are counted, for their own scores.
        let scoring = scored || (context.scoring && joined.shown);
        let inner = self.weight(&joined.inner, Context { boost: 1.0, scoring })?;
        let to = self.weight(&joined.to, context.filter())?;
        let families = Families { reader: self.counts.reader(), field: &joined.field, patience: self.patience };
        let mut others: HashMap<Box<[u8]>, Others> = HashMap::new();
        families.each(&inner, scored, &mut |_, family, score| match others.get_mut(family) {
            Some(known) => known.add(score),
            None => others.entry(family.into()).or_default().add(score),
        })?;
        others.retain(|_, others| (joined.least..=joined.most).contains(&others.count));
        let mut hits = vec![Vec::new(); families.reader.segments.len()];
        families.each(&to, false, &mut |(segment, doc), family, _| {
            if let Some(others) = others.get(family) {
                hits[segment].push((doc, others.score(joined.score) * context.boost));
            }
        })?;
        let notation = format!("GlobalOrdinalsQuery{{joinField={}}}", joined.field);
        Ok(Weight::new(Kind::Nearest(NearestWeight { hits, count: None, k: None, notation }), context.boost))
    }
}

/// Walks over documents by family.
struct Families<'a> {
    reader: &'a Reader,
    field: &'a str,
    patience: &'a dyn Patience,
}

/// A segment's number and a document of it.
type At = (usize, DocId);

impl Families<'_> {
    /// Calls `each` with every live document that `weight` matches, the id of its family's parent, and its score if it is `scored`.
    fn each(&self, weight: &Weight, scored: bool, each: &mut dyn FnMut(At, &[u8], f32)) -> Outcome<()> {
        let Some(entry) = self.reader.fields.by_path(self.field) else { return Ok(()) };
        let (mut family, mut seen) = (Vec::new(), 0_u64);
        for (number, view) in self.reader.segments.iter().enumerate() {
            let Some(column) = view.segment.strings(entry.slot)? else { continue };
            let mut scorer = Leaf::new(self.reader, number).scorer(weight)?;
            let mut doc = scorer.seek(0)?;
            while doc != NO_MORE_DOCS {
                if seen.is_multiple_of(STRIDE) {
                    self.go_on()?;
                }
                seen += 1;
                if view.is_alive(doc)
                    && let Some(ord) = column.first(doc)
                {
                    column.value(ord, &mut family)?;
                    each((number, doc), &family, if scored { scorer.score()? } else { 1.0 });
                }
                doc = scorer.seek(doc + 1)?;
            }
        }
        Ok(())
    }

    fn go_on(&self) -> Outcome<()> {
        match self.patience.verdict() {
            Verdict::GoOn => Ok(()),
            Verdict::TimedOut => Err(Error::new(ErrorKind::Timeout, "the families were not found in time").into()),
            Verdict::Cancelled => Err(Error::new(ErrorKind::TaskCancelled, "the search was cancelled").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_others_become_one() {
        let mut others = Others::default();
        [3.0, 1.0, 2.0].into_iter().for_each(|score| others.add(score));
        let modes = [NestedScore::Avg, NestedScore::Sum, NestedScore::Max, NestedScore::Min, NestedScore::None];
        assert_eq!(modes.map(|mode| others.score(mode)), [2.0, 6.0, 3.0, 1.0, 1.0]);
    }
}
