//! All matches of a search, segment by segment, in batches: what sorting, `min_score` and `terminate_after` need.

use super::by_score::filtered;
use super::{Search, Watch};
use crate::compile::scorer::Leaf;
use crate::reader::SegmentView;
use crate::score::found::Found;
use crate::score::{Outcome, Scorer, bits};
use crate::segment::DocId;

/// Documents of a batch at most.
const BATCH: u32 = 4096;

/// What came of a walk over all matches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walked {
    pub(super) count: u64,
    pub(super) terminated_early: bool,
}

/// Who is shown the matches.
pub(super) trait Receiver {
    /// Every document of a segment matches. True: that is all there is to know of it, and none of them is shown.
    fn whole(&mut self, segment: u32) -> Outcome<bool> {
        let _ = segment;
        Ok(false)
    }

    /// Nearly every document of a segment matches. True: what comes must be all of the segment, stretch by stretch, even those without a match.
    fn nearly_whole(&mut self, segment: u32) -> Outcome<bool> {
        let _ = segment;
        Ok(false)
    }

    /// Matches of a segment, with their scores if they were asked for.
    fn receive(&mut self, segment: u32, found: &Found<'_>) -> Outcome<()>;
}

impl<F: FnMut(u32, &Found<'_>) -> Outcome<()>> Receiver for F {
    fn receive(&mut self, segment: u32, found: &Found<'_>) -> Outcome<()> {
        self(segment, found)
    }
}

/// Shows every match to `receiver`, in order of segments and documents.
pub(super) fn each(
    search: &Search<'_>,
    scoring: bool,
    watch: &mut Watch<'_>,
    receiver: &mut dyn Receiver,
) -> Outcome<Walked> {
    let mut walk = Walk {
        scoring: scoring || search.min_score.is_some(),
        least: search.min_score.unwrap_or(f32::NEG_INFINITY),
        left: search.terminate_after.unwrap_or(u64::MAX),
        walked: Walked::default(),
        docs: Vec::with_capacity(BATCH as usize),
        scores: Vec::new(),
        receiver,
    };
    for (segment, view) in search.reader.segments.iter().enumerate() {
        if walk.walked.terminated_early || !watch.go_on()? {
            break;
        }
        let leaf = Leaf::new(search.reader, segment);
        let mut scorer = filtered(search, &leaf)?;
        if walk.scoring {
            walk.scored(segment as u32, view, &mut *scorer, watch)?;
        } else if !walk.is_whole(segment as u32, view, &*scorer)? {
            walk.filled(segment as u32, view, &mut *scorer, watch)?;
        }
    }
    Ok(walk.walked)
}

/// Whether so many documents match that taking in all and taking back the others is the shorter way.
fn is_nearly_whole(view: &SegmentView, scorer: &dyn Scorer) -> bool {
    let count = u64::from(view.segment.doc_count());
    let dead = view.alive.as_ref().map_or(0, |alive| count - u64::from(alive.len()));
    let matching = scorer.exact_count().map_or(0, |matching| matching.saturating_sub(dead));
    matching > 0 && matching >= count / 4 * 3
}

struct Walk<'r> {
    scoring: bool,
    least: f32,
    /// Matches that may still be looked at.
    left: u64,
    walked: Walked,
    docs: Vec<DocId>,
    scores: Vec<f32>,
    receiver: &'r mut dyn Receiver,
}

impl Walk<'_> {
    /// Whether all documents of a segment match, and nobody wants to see them.
    fn is_whole(&mut self, segment: u32, view: &SegmentView, scorer: &dyn Scorer) -> Outcome<bool> {
        let count = u64::from(view.segment.doc_count());
        if count == 0 || count > self.left || view.alive.is_some() || !scorer.matches_all() {
            return Ok(false);
        }
        let whole = self.receiver.whole(segment)?;
        if whole {
            self.walked.count += count;
            self.left -= count;
        }
        Ok(whole)
    }

    fn scored(
        &mut self,
        segment: u32,
        view: &SegmentView,
        scorer: &mut dyn Scorer,
        watch: &mut Watch<'_>,
    ) -> Outcome<()> {
        let max = view.segment.doc_count();
        let mut looked = 0u32;
        let mut doc = scorer.seek(0)?;
        while doc < max {
            if view.is_alive(doc) {
                let score = scorer.score()?;
                if score >= self.least {
                    if self.docs.len() as u64 == self.left {
                        self.walked.terminated_early = true;
                        break;
                    }
                    self.docs.push(doc);
                    self.scores.push(score);
                }
            }
            looked += 1;
            if looked.is_multiple_of(BATCH) {
                self.deliver(segment)?;
                if !watch.go_on()? {
                    break;
                }
            }
            doc = scorer.seek(doc + 1)?;
        }
        self.deliver(segment)
    }

    fn filled(
        &mut self,
        segment: u32,
        view: &SegmentView,
        scorer: &mut dyn Scorer,
        watch: &mut Watch<'_>,
    ) -> Outcome<()> {
        let max = view.segment.doc_count();
        let mut words = [0u64; BATCH as usize / 64];
        let mut from = 0;
        let nearly = self.left == u64::MAX && is_nearly_whole(view, scorer) && self.receiver.nearly_whole(segment)?;
        while from < max && !self.walked.terminated_early {
            let to = (from + BATCH).min(max);
            if !watch.go_on()? {
                if !nearly {
                    return Ok(());
                }
                // What was taken in and not looked at is taken back.
                self.receiver.receive(segment, &Found::bits(from..to, &[0; BATCH as usize / 64], &mut self.docs))?;
                from = to;
                continue;
            }
            if !nearly && view.alive.is_none() && scorer.list(from, to, &mut self.docs)? {
                self.deliver(segment)?;
                from = to;
                continue;
            }
            words.fill(0);
            scorer.fill(from, to, &mut words)?;
            if let Some(alive) = &view.alive {
                let alive = alive.words();
                bits::and(&mut words, &alive[(from as usize / 64).min(alive.len())..]);
            }
            let found = Found::bits(from..to, &words, &mut self.docs);
            if nearly && found.count() == 0 {
                self.receiver.receive(segment, &found)?;
            }
            self.show(segment, found)?;
            from = to;
        }
        Ok(())
    }

    /// Shows as many as may still be looked at.
    fn show(&mut self, segment: u32, found: Found<'_>) -> Outcome<()> {
        let mut found = found;
        if found.count() as u64 > self.left {
            let docs = found.docs()[..self.left as usize].to_vec();
            found = Found::list(docs, &[]);
            self.walked.terminated_early = true;
        }
        let count = found.count() as u64;
        self.walked.count += count;
        self.left -= count;
        if count > 0 {
            self.receiver.receive(segment, &found)?;
        }
        self.docs = found.into_spare();
        Ok(())
    }

    fn deliver(&mut self, segment: u32) -> Outcome<()> {
        let (docs, scores) = (std::mem::take(&mut self.docs), std::mem::take(&mut self.scores));
        let outcome = self.show(segment, Found::list(docs, &scores));
        self.scores = scores;
        self.scores.clear();
        outcome
    }
}
