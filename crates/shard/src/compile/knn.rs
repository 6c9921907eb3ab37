//! Nearest neighbours: found when the query is compiled, segment by segment, and merged; afterwards they are documents with scores like any
//! other clause's.
//!
//! A filter is evaluated first, so that as many as are wanted come whenever so many pass it.

use search::bound::{BoundKnn, BoundReach};
use vector::{Effort, Query};

use super::scorer::Leaf;
use super::{Compiler, Context, Kind, Weight};
use crate::fields::Layout;
use crate::reader::{Reader, SegmentView};
use crate::score::sets::Scored;
use crate::score::{Outcome, Scorer, bits};
use crate::segment::DocId;
use crate::segment::vectors::Wanted;

/// What a search for neighbours found in a reader.
pub(crate) struct NearestWeight {
    /// Documents and scores of each segment, ascending by document; boosted.
    pub(crate) hits: Vec<Vec<(DocId, f32)>>,
    /// `None`: all within a distance were wanted.
    pub(crate) k: Option<u32>,
    /// How a query's notation names it.
    pub(crate) notation: String,
}

impl Compiler<'_, '_> {
    pub(super) fn knn(&mut self, knn: &BoundKnn, context: Context) -> Outcome<Weight> {
        let filter = knn.filter.as_ref().map(|filter| self.weight(filter, context.filter())).transpose()?;
        let reader = self.counts.reader();
        let found = Search { reader, knn, filter: filter.as_ref() }.run()?;
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
        Ok(Weight::new(Kind::Nearest(NearestWeight { hits, k, notation }), context.boost))
    }
}

/// One search over all segments of a reader.
struct Search<'a> {
    reader: &'a Reader,
    knn: &'a BoundKnn,
    filter: Option<&'a Weight>,
}

impl Search<'_> {
    /// Distance, segment and document, nearest first.
    fn run(&self) -> Outcome<Vec<(f32, usize, DocId)>> {
        let Some(entry) = self.reader.fields.by_path(&self.knn.field) else { return Ok(Vec::new()) };
        let Layout::Vector { shape, .. } = entry.layout else { return Ok(Vec::new()) };
        let query = Query::new(shape, &self.knn.vector)
            .map_err(|error| model::error::Error::illegal_argument(error.to_string()))?;
        let (wanted, k, within) = self.wanted();
        let mut found = Vec::new();
        for (number, view) in self.reader.segments.iter().enumerate() {
            let Some(column) = view.segment.vectors(entry.slot)? else { continue };
            if column.rows().shape() != shape {
                continue;
            }
            let admitted = self.admitted(number, view)?;
            let (near, _) = column.search(&query, wanted, admitted.as_deref());
            found.extend(near.into_iter().map(|(doc, distance)| (distance, number, doc)));
        }
        found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        found.truncate(k);
        if let Some(within) = within {
            found.retain(|(distance, ..)| *distance <= within);
        }
        Ok(found)
    }

    fn wanted(&self) -> (Wanted, usize, Option<f32>) {
        match self.knn.reach {
            BoundReach::Nearest { k, ef, oversample, within } => {
                let oversample = oversample.unwrap_or(Effort::default().oversample);
                (Wanted::Nearest(k as usize, Effort { ef: ef as usize, oversample }), k as usize, within)
            }
            BoundReach::Within(distance) => (Wanted::Within(distance), usize::MAX, None),
        }
    }

    /// Alive documents that pass the filter; `None`: all.
    fn admitted(&self, number: usize, view: &SegmentView) -> Outcome<Option<Vec<u64>>> {
        let alive = view.alive.as_ref().map(|alive| alive.words());
        let Some(filter) = self.filter else { return Ok(alive.map(<[u64]>::to_vec)) };
        let leaf = Leaf::new(self.reader, number);
        let mut words = bits::none(leaf.max);
        leaf.scorer(filter)?.fill(0, leaf.max, &mut words)?;
        if let Some(alive) = alive {
            bits::and(&mut words, alive);
        }
        Ok(Some(words))
    }
}

impl NearestWeight {
    /// What was found in one segment.
    pub(super) fn scorer(&self, segment: u32) -> Box<dyn Scorer> {
        Box::new(Scored::new(self.hits.get(segment as usize).cloned().unwrap_or_default()))
    }
}
