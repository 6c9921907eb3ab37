//! The best hits by fields: every match is looked at; its codes are compared with those of the worst hit so far.

use std::cmp::Ordering;

use model::search::SortValue;
use search::shard_query::{BoundSort, DocAddress, ShardHit, ShardHits, ShardQuery, SortBy};

use super::ids::{IdPlace, Ids};
use super::keys::{Code, Key, Values, compare};
use super::{Search, Watch, matches, total};
use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::found::Found;
use crate::segment::DocId;

pub(super) fn best(search: &Search<'_>, request: &ShardQuery, watch: &mut Watch<'_>) -> Outcome<ShardHits> {
    let scoring = request.track_scores || request.sort.iter().any(|key| key.by == SortBy::Score);
    let scoring = scoring || request.min_score.is_some();
    let mut hits = Sorted::new(search.reader, &request.sort, request.top, request.after.as_deref());
    let mut max_score: Option<f32> = None;
    let walked = matches::each(search, scoring, watch, &mut |segment: u32, found: &Found<'_>| {
        let (docs, scores) = (found.docs(), found.scores());
        hits.enter(segment)?;
        if request.track_scores {
            let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            max_score = Some(max_score.map_or(best, |max| max.max(best)));
        }
        hits.offer(docs, scores)
    })?;
    let (total, at_least) = total::capped(walked.count, request.track_total);
    let hits = hits.into_hits(request.track_scores || request.sort.iter().any(|key| key.by == SortBy::Score))?;
    Ok(ShardHits {
        hits,
        total,
        at_least,
        max_score,
        terminated_early: walked.terminated_early,
        ..ShardHits::default()
    })
}

/// A match, to be ranked among others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranked {
    pub(crate) segment: u32,
    pub(crate) doc: DocId,
    /// NaN when not computed.
    pub(crate) score: f32,
}

/// The `k` best of `documents`, best first; they come in order of segments and documents.
pub(crate) fn rank(reader: &Reader, sort: &[BoundSort], k: usize, documents: &[Ranked]) -> Outcome<Vec<ShardHit>> {
    let mut hits = Sorted::new(reader, sort, k, None);
    let (mut docs, mut scores) = (Vec::new(), Vec::new());
    for segment in documents.chunk_by(|a, b| a.segment == b.segment) {
        hits.enter(segment[0].segment)?;
        for batch in segment.chunks(RANKED_AT_ONCE) {
            docs.clear();
            docs.extend(batch.iter().map(|one| one.doc));
            scores.clear();
            scores.extend(batch.iter().map(|one| one.score));
            hits.offer(&docs, &scores)?;
        }
    }
    hits.into_hits(true)
}

const RANKED_AT_ONCE: usize = 1024;

struct Entry {
    values: Vec<SortValue>,
    id: IdPlace,
    doc: DocId,
    score: f32,
}

/// A heap whose root is the worst.
struct Sorted<'a> {
    reader: &'a Reader,
    sort: &'a [BoundSort],
    ids: Ids<'a>,
    k: usize,
    after: Option<&'a [SortValue]>,
    heap: Vec<Entry>,
    segment: Option<u32>,
    keys: Vec<Key>,
    /// `after` in this segment's codes.
    after_codes: Option<Vec<Code>>,
    /// The worst hit in this segment's codes, and its place among the ids.
    worst: Option<(Vec<Code>, u64)>,
    values: Values,
    codes: Vec<Code>,
    candidate: Vec<Code>,
    pool: Vec<Code>,
}

impl<'a> Sorted<'a> {
    fn new(reader: &'a Reader, sort: &'a [BoundSort], k: usize, after: Option<&'a [SortValue]>) -> Self {
        Self {
            reader,
            sort,
            ids: Ids::new(reader),
            k,
            after,
            heap: Vec::with_capacity(k.min(1024)),
            segment: None,
            keys: Vec::new(),
            after_codes: None,
            worst: None,
            values: Values::default(),
            codes: Vec::new(),
            candidate: Vec::new(),
            pool: Vec::new(),
        }
    }

    fn enter(&mut self, segment: u32) -> Outcome<()> {
        if self.segment == Some(segment) {
            return Ok(());
        }
        self.segment = Some(segment);
        self.worst = None;
        self.keys =
            self.sort.iter().map(|sort| Key::new(self.reader, segment as usize, sort)).collect::<Outcome<_>>()?;
        self.after_codes = match self.after {
            Some(after) => {
                Some(self.keys.iter().zip(after).map(|(key, value)| key.code_of(value)).collect::<Outcome<_>>()?)
            }
            None => None,
        };
        Ok(())
    }

    fn offer(&mut self, docs: &[DocId], scores: &[f32]) -> Outcome<()> {
        let Some(first) = self.keys.first() else { return Ok(()) };
        let mut codes = std::mem::take(&mut self.codes);
        first.codes(docs, scores, &mut codes, &mut self.values)?;
        let limit = self.limit(&codes)?;
        for (at, (&doc, &code)) in docs.iter().zip(&codes).enumerate() {
            if code <= limit && self.may_enter(code)? {
                self.offer_one(doc, scores.get(at).copied().unwrap_or(f32::NAN), code)?;
            }
        }
        self.codes = codes;
        Ok(())
    }

    /// Codes of the first key above it cannot be among the best: enough of the batch are below. Without this, documents that come in the
    /// very opposite of the order asked, as the newest log lines do, would all pass through the heap.
    fn limit(&mut self, codes: &[Code]) -> Outcome<Code> {
        if codes.len() <= 2 * self.k {
            return Ok(Code::MAX);
        }
        let after = self.after_codes.as_ref().and_then(|after| after.first().copied());
        let mut worst = Code::MAX;
        if self.heap.len() >= self.k {
            self.load_worst()?;
            worst = self.worst.as_ref().map_or(Code::MAX, |(worst, _)| worst[0]);
        }
        self.pool.clear();
        self.pool.extend(codes.iter().filter(|&&code| code <= worst && after.is_none_or(|after| code > after)));
        if self.pool.len() <= self.k {
            return Ok(Code::MAX);
        }
        Ok(*self.pool.select_nth_unstable(self.k - 1).1)
    }

    /// Whether the first key leaves a chance.
    fn may_enter(&mut self, code: Code) -> Outcome<bool> {
        if self.after_codes.as_ref().and_then(|after| after.first()).is_some_and(|&after| code < after) {
            return Ok(false);
        }
        if self.heap.len() < self.k {
            return Ok(true);
        }
        self.load_worst()?;
        Ok(self.worst.as_ref().is_none_or(|(worst, _)| code <= worst[0]))
    }

    fn load_worst(&mut self) -> Outcome<()> {
        if self.worst.is_none() {
            let codes = self.keys.iter().zip(&self.heap[0].values).map(|(key, value)| key.code_of(value));
            let codes = codes.collect::<Outcome<Vec<_>>>()?;
            let bound = self.ids.bound(self.segment.unwrap_or(0), self.heap[0].id)?;
            self.worst = Some((codes, bound));
        }
        Ok(())
    }

    fn offer_one(&mut self, doc: DocId, score: f32, first: Code) -> Outcome<()> {
        self.candidate.clear();
        self.candidate.push(first);
        for key in &self.keys[1..] {
            let code = key.code(doc, score, &mut self.values)?;
            self.candidate.push(code);
        }
        let coarse = self.keys.iter().any(Key::is_coarse);
        if !coarse && self.after_codes.as_ref().is_some_and(|after| self.candidate <= *after) {
            return Ok(());
        }
        let id = self.ids.place(self.segment.unwrap_or(0), doc)?;
        let full = self.heap.len() >= self.k;
        if !coarse
            && full
            && let Some((worst, bound)) = &self.worst
        {
            let order = self.candidate.cmp(worst).then_with(|| id.ord.cmp(bound));
            if order != Ordering::Less {
                return Ok(());
            }
        }
        let values =
            self.keys.iter().map(|key| key.value(doc, score, &mut self.values)).collect::<Outcome<Vec<_>>>()?;
        let entry = Entry { values, id, doc, score };
        if coarse && self.is_beaten(&entry)? {
            return Ok(());
        }
        self.worst = None;
        if full {
            self.heap[0] = entry;
            self.sink()
        } else {
            self.heap.push(entry);
            self.rise()
        }
    }

    /// By values, where codes do not tell: it lies before the page, or is no better than the worst of a full one.
    fn is_beaten(&mut self, entry: &Entry) -> Outcome<bool> {
        let order = |sort: &[BoundSort], other: &[SortValue]| {
            let keys = sort.iter().zip(entry.values.iter().zip(other));
            keys.map(|(sort, (a, b))| compare(sort, a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        if self.after.is_some_and(|after| order(self.sort, after) != Ordering::Greater) {
            return Ok(true);
        }
        if self.heap.len() < self.k {
            return Ok(false);
        }
        let (keys, worst) = (order(self.sort, &self.heap[0].values), self.heap[0].id);
        Ok(keys.is_gt() || keys.is_eq() && self.ids.compare(entry.id, worst)? != Ordering::Less)
    }

    fn is_worse(&mut self, a: usize, b: usize) -> Outcome<bool> {
        let (one, other) = (&self.heap[a], &self.heap[b]);
        for (sort, (a, b)) in self.sort.iter().zip(one.values.iter().zip(&other.values)) {
            match compare(sort, a, b) {
                Ordering::Equal => {}
                order => return Ok(order == Ordering::Greater),
            }
        }
        // Only objects inside of one document share its id.
        let docs = one.doc.cmp(&other.doc);
        let (one, other) = (one.id, other.id);
        Ok(self.ids.compare(one, other)?.then(docs) == Ordering::Greater)
    }

    fn rise(&mut self) -> Outcome<()> {
        let mut at = self.heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.is_worse(at, parent)? {
                break;
            }
            self.heap.swap(at, parent);
            at = parent;
        }
        Ok(())
    }

    fn sink(&mut self) -> Outcome<()> {
        let mut at = 0;
        loop {
            let mut child = 2 * at + 1;
            if child >= self.heap.len() {
                return Ok(());
            }
            if child + 1 < self.heap.len() && self.is_worse(child + 1, child)? {
                child += 1;
            }
            if !self.is_worse(child, at)? {
                return Ok(());
            }
            self.heap.swap(at, child);
            at = child;
        }
    }

    fn into_hits(mut self, with_scores: bool) -> Outcome<Vec<ShardHit>> {
        let mut hits = Vec::with_capacity(self.heap.len());
        while !self.heap.is_empty() {
            let worst = self.heap.swap_remove(0);
            self.sink()?;
            let address = DocAddress { segment: worst.id.segment, doc: worst.doc };
            let score = if with_scores { worst.score } else { f32::NAN };
            hits.push(ShardHit { id: self.ids.text(worst.id)?, address, score, sort: worst.values });
        }
        hits.reverse();
        Ok(hits)
    }
}
