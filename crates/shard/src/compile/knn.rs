//! Nearest neighbours: found when the query is compiled, segment by segment, and merged; afterwards they are documents with scores like any
//! other clause's.
//!
//! A filter is evaluated first, so that as many as are wanted come whenever so many pass it.

use std::sync::Arc;

use search::bound::{BoundKnn, BoundReach, KnnGroups, KnnObjects};
use vector::{Effort, Query};

use super::scorer::Leaf;
use super::{Compiler, Context, Kind, Weight};
use crate::fields::{FieldSlot, Layout};
use crate::reader::{Reader, SegmentView};
use crate::score::sets::Scored;
use crate::score::{Outcome, Scorer, bits};
use crate::segment::DocId;
use crate::segment::vectors::{Among, Wanted};

/// What a search for neighbours found in a reader.
pub(crate) struct NearestWeight {
    /// Documents and scores of each segment, ascending by document; boosted.
    pub(crate) hits: Vec<Vec<(DocId, f32)>>,
    /// How many there are, where `hits` leaves out those that score too little to be wanted.
    pub(crate) count: Option<u64>,
    /// `None`: all within a distance were wanted.
    pub(crate) k: Option<u32>,
    /// How a query's notation names it.
    pub(crate) notation: String,
}

impl Compiler<'_, '_> {
    pub(super) fn knn(&mut self, knn: &BoundKnn, context: Context) -> Outcome<Weight> {
        let floor = std::mem::replace(&mut self.floor, f32::NEG_INFINITY) / context.boost;
        let filter = knn.filter.as_ref().map(|filter| self.weight(filter, context.filter())).transpose()?;
        let reader = self.counts.reader();
        let (found, count) = Search { reader, knn, filter: filter.as_ref(), farthest: farthest(knn, floor) }.run()?;
        let mut hits = vec![Vec::new(); reader.segments.len()];
        for (distance, segment, doc) in found {
            let score = if knn.by_distance { -distance } else { knn.vectors.score(distance) };
            hits[segment].push((doc, score * context.boost));
        }
        hits.iter_mut().for_each(|docs| docs.sort_unstable_by_key(|(doc, _)| *doc));
        let k = match knn.reach {
            BoundReach::Nearest { k, .. } => Some(k),
            BoundReach::Within(_) => None,
        };
        let first = knn.vector.first().copied().unwrap_or_default();
        let notation = format!("KnnFloatVectorQuery:{}[{first:?},...][{}]", knn.field, k.unwrap_or_default());
        Ok(Weight::new(Kind::Nearest(NearestWeight { hits, count, k, notation }), context.boost))
    }
}

/// Where a score of at least `floor` can lie, and a little farther, as scores are rounded.
fn farthest(knn: &BoundKnn, floor: f32) -> f32 {
    const ROUNDED: f32 = 1e-6;
    if !floor.is_finite() {
        return f32::INFINITY;
    }
    let lower = floor - floor.abs() * ROUNDED;
    if knn.by_distance { -lower } else { knn.vectors.distance_at(lower) }
}

/// Distance, segment and document.
type Hit = (f32, usize, DocId);

/// One search over all segments of a reader.
struct Search<'a> {
    reader: &'a Reader,
    knn: &'a BoundKnn,
    filter: Option<&'a Weight>,
    /// What lies beyond is not wanted.
    farthest: f32,
}

impl Search<'_> {
    /// What is found, and how much there is where more might have been.
    fn run(&self) -> Outcome<(Vec<Hit>, Option<u64>)> {
        let Some(entry) = self.reader.fields.by_path(&self.knn.field) else { return Ok((Vec::new(), None)) };
        let Layout::Vector { shape, .. } = entry.layout else { return Ok((Vec::new(), None)) };
        let query = Query::new(shape, &self.knn.vector)
            .map_err(|error| model::error::Error::illegal_argument(error.to_string()))?;
        let (found, there) = self.nearest(&query, entry.slot)?;
        let Some(KnnObjects { grouped: Some(KnnGroups { all: true, .. }), .. }) = &self.knn.objects else {
            let count = there.filter(|_| self.farthest < f32::INFINITY);
            return Ok((found, count));
        };
        Ok((self.expanded(found, entry.slot, &query)?, None))
    }

    /// The nearest of all segments, nearest first, and how many there are without a bound, if that is known. The largest segment is searched first:
    /// what is found in it bounds what is looked for in the others.
    fn nearest(&self, query: &Query, slot: FieldSlot) -> Outcome<(Vec<Hit>, Option<u64>)> {
        let mut columns = Vec::with_capacity(self.reader.segments.len());
        for (number, view) in self.reader.segments.iter().enumerate() {
            let column = view.segment.vectors(slot)?;
            columns.extend(column.filter(|column| column.rows().shape() == query.shape()).map(|it| (number, view, it)));
        }
        columns.sort_by_key(|(.., column)| std::cmp::Reverse(column.rows().count()));
        let (mut found, mut there): (Vec<Hit>, _) = (Vec::new(), Some(0));
        for (number, view, column) in columns {
            let admitted = self.admitted(number, view)?;
            let around = self.around(number);
            let among = Among { admitted: admitted.as_deref(), around: around.as_deref() };
            let (near, _) = column.search(query, self.wanted(&found), among);
            there = there.zip(column.count(among.admitted)).map(|(sum, count)| sum + u64::from(count));
            found.extend(near.into_iter().map(|(doc, distance)| (distance, number, doc)));
            self.cut(&mut found);
        }
        let there = match self.knn.reach {
            BoundReach::Nearest { k, within: None, .. } if self.knn.objects.is_none() => {
                there.map(|there| there.min(u64::from(k)))
            }
            _ => None,
        };
        Ok((found, there))
    }

    /// Leaves the nearest, as many as are wanted, nearest first.
    fn cut(&self, found: &mut Vec<Hit>) {
        found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        if let BoundReach::Nearest { k, .. } = self.knn.reach {
            found.truncate(k as usize);
        }
    }

    /// What is wanted of the next segment.
    fn wanted(&self, found: &[Hit]) -> Wanted {
        match self.knn.reach {
            BoundReach::Nearest { k, ef, oversample, within } => {
                let last = (k as usize).checked_sub(1).and_then(|last| found.get(last));
                let last = last.map_or(f32::INFINITY, |(distance, ..)| *distance);
                let oversample = oversample.unwrap_or(Effort::default().oversample);
                Wanted::Nearest {
                    k: k as usize,
                    within: last.min(within.unwrap_or(f32::INFINITY)).min(self.farthest),
                    effort: Effort { ef: ef as usize, oversample },
                }
            }
            BoundReach::Within(distance) => Wanted::Within(distance),
        }
    }

    /// The documents that objects are grouped by; `None`: they are not.
    fn around(&self, number: usize) -> Option<Arc<[u64]>> {
        let group = self.knn.objects.as_ref()?.grouped.as_ref()?;
        Leaf::new(self.reader, number).around(group.parent.as_deref()).cloned()
    }

    /// All admitted objects of the documents whose nearest were found.
    fn expanded(&self, found: Vec<Hit>, slot: FieldSlot, query: &Query) -> Outcome<Vec<Hit>> {
        let mut all = Vec::with_capacity(found.len());
        for (number, view) in self.reader.segments.iter().enumerate() {
            let Some(around) = self.around(number) else { continue };
            let mut inside = bits::none(view.segment.doc_count());
            let mut any = false;
            for (.., doc) in found.iter().filter(|(_, segment, _)| *segment == number) {
                let Some(parent) = bits::next(&around, *doc) else { continue };
                let first = bits::last_before(&around, parent).map_or(0, |before| before + 1);
                bits::set_range(&mut inside, first, parent);
                any = true;
            }
            let Some(column) = view.segment.vectors(slot)?.filter(|_| any) else { continue };
            if let Some(admitted) = self.admitted(number, view)? {
                bits::and(&mut inside, &admitted);
            }
            let among = Among { admitted: Some(&inside), around: None };
            let (near, _) = column.search(query, Wanted::Within(f32::INFINITY), among);
            all.extend(near.into_iter().map(|(doc, distance)| (distance, number, doc)));
        }
        Ok(all)
    }

    /// What is alive and passes the filter; `None`: all.
    fn admitted(&self, number: usize, view: &SegmentView) -> Outcome<Option<Vec<u64>>> {
        let alive = self.alive(view);
        let Some(filter) = self.filter else { return Ok(alive) };
        let leaf = Leaf::new(self.reader, number);
        let mut words = bits::none(leaf.max);
        leaf.scorer(filter)?.fill(0, leaf.max, &mut words)?;
        if let Some(alive) = alive {
            bits::and(&mut words, &alive);
        }
        Ok(Some(words))
    }

    /// Documents that are alive, or what lies inside of such; `None`: all.
    fn alive(&self, view: &SegmentView) -> Option<Vec<u64>> {
        let alive = view.alive.as_ref()?;
        match (&self.knn.objects, view.segment.nested()) {
            (Some(_), Some(nested)) => nested.but_dead(alive),
            _ => Some(alive.words().to_vec()),
        }
    }
}

impl NearestWeight {
    /// What was found in one segment.
    pub(super) fn scorer(&self, segment: u32) -> Box<dyn Scorer> {
        Box::new(Scored::new(self.hits.get(segment as usize).cloned().unwrap_or_default()))
    }
}
