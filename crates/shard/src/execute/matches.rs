//! All matches of a search, segment by segment, in batches: what sorting, `min_score` and `terminate_after` need.

use super::by_score::filtered;
use super::{Search, Watch};
use crate::compile::scorer::Leaf;
use crate::reader::SegmentView;
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

/// Receives the segment, documents and their scores (empty unless asked for).
pub(super) type Receive<'r> = &'r mut dyn FnMut(u32, &[DocId], &[f32]) -> Outcome<()>;

/// Hands every match to `receive`, in order of segments and documents.
pub(super) fn each(search: &Search<'_>, scoring: bool, watch: &mut Watch<'_>, receive: Receive<'_>) -> Outcome<Walked> {
    let mut walk = Walk {
        scoring: scoring || search.min_score.is_some(),
        least: search.min_score.unwrap_or(f32::NEG_INFINITY),
        left: search.terminate_after.unwrap_or(u64::MAX),
        walked: Walked::default(),
        docs: Vec::with_capacity(BATCH as usize),
        scores: Vec::new(),
        receive,
    };
    for (segment, view) in search.reader.segments.iter().enumerate() {
        if walk.walked.terminated_early || !watch.go_on()? {
            break;
        }
        let leaf = Leaf::new(search.reader, segment);
        let mut scorer = filtered(search, &leaf)?;
        if walk.scoring {
            walk.scored(segment as u32, view, &mut *scorer, watch)?;
        } else {
            walk.filled(segment as u32, view, &mut *scorer, watch)?;
        }
    }
    Ok(walk.walked)
}

struct Walk<'r> {
    scoring: bool,
    least: f32,
    /// Matches that may still be looked at.
    left: u64,
    walked: Walked,
    docs: Vec<DocId>,
    scores: Vec<f32>,
    receive: Receive<'r>,
}

impl Walk<'_> {
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
        while from < max && !self.walked.terminated_early {
            if !watch.go_on()? {
                return Ok(());
            }
            let to = (from + BATCH).min(max);
            words.fill(0);
            scorer.fill(from, to, &mut words)?;
            if let Some(alive) = &view.alive {
                let alive = alive.words();
                bits::and(&mut words, &alive[(from as usize / 64).min(alive.len())..]);
            }
            bits::docs(&words, from, &mut self.docs);
            if self.docs.len() as u64 > self.left {
                self.docs.truncate(self.left as usize);
                self.walked.terminated_early = true;
            }
            self.deliver(segment)?;
            from = to;
        }
        Ok(())
    }

    fn deliver(&mut self, segment: u32) -> Outcome<()> {
        let count = self.docs.len() as u64;
        self.walked.count += count;
        self.left -= count;
        if count > 0 {
            (self.receive)(segment, &self.docs, &self.scores)?;
        }
        self.docs.clear();
        self.scores.clear();
        Ok(())
    }
}
