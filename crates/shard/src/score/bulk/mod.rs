//! The fast paths for the best hits: single terms, any of several terms, all of several terms, phrases.
//!
//! They look at blocks and their bounds first, decode what may still matter and offer only what may be among the best, so
//! they do not count. Ties matter: what scores as much as the worst of the best is offered too.

use meeting::{Meeting, stretch};
pub(crate) use scratch::Scratch;
pub use scratch::Scratches;
use scratch::WINDOW;

use super::Outcome;
use super::cursor::TermCursor;
use super::sets::Accept;
use crate::segment::DocId;

pub(crate) mod all;
pub(crate) mod any;
mod crossing;
mod meeting;
pub(crate) mod phrase;
mod scratch;
pub(crate) mod term;

/// Takes the candidates.
pub(crate) trait Sink {
    /// What scores less is of no use; negative infinity as long as everything is.
    fn threshold(&self) -> f32;

    /// Admits a document, or not.
    fn offer(&mut self, doc: DocId, score: f32) -> Outcome<()>;

    /// A number of documents worth scoring lets the threshold begin at the score of the worst of them.
    fn wanted(&self) -> usize;

    /// Raises the threshold: at least as many documents as are wanted score so much.
    fn raise(&mut self, score: f32);

    /// False: time is up.
    fn go_on(&mut self) -> Outcome<bool>;
}

/// Counts matches on the way, up to one more than are asked for; as long as it counts, nothing is skipped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    /// `None`: nobody counts.
    pub(crate) most: Option<u64>,
}

impl Tally {
    pub(crate) fn is_counting(&self) -> bool {
        self.most.is_some_and(|most| self.count <= most)
    }

    /// What a bound must reach to be worth a look.
    pub(crate) fn floor(&self, threshold: f32) -> f64 {
        if self.is_counting() { f64::NEG_INFINITY } else { floor(threshold) }
    }

    fn add(&mut self, candidates: &[Candidate], accept: Accept<'_>) {
        self.count += if accept.words.is_none() && accept.checks.is_empty() {
            candidates.len() as u64
        } else {
            candidates.iter().filter(|&&(doc, _)| accept.accepts(doc)).count() as u64
        };
    }
}

/// Where candidates come from and go to.
pub(crate) struct Run<'a> {
    pub(crate) accept: Accept<'a>,
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) tally: &'a mut Tally,
}

impl Run<'_> {
    fn floor(&self) -> f64 {
        self.tally.floor(self.sink.threshold())
    }

    /// Counts whole matches and offers those that the filters admit.
    fn offer(&mut self, candidates: &[Candidate]) -> Outcome<()> {
        if self.tally.is_counting() {
            self.tally.add(candidates, self.accept);
        }
        for &(doc, sum) in candidates {
            let score = sum as f32;
            if score >= self.sink.threshold() && self.accept.accepts(doc) {
                self.sink.offer(doc, score)?;
            }
        }
        Ok(())
    }
}

/// A candidate and its score so far. Sums are in `f64`, in which a few `f32` add up exactly in any order, so that equal
/// documents score equally wherever they lie.
pub(crate) type Candidate = (DocId, f64);

/// What a bound must reach to be worth a look: a little below the threshold, for rounding.
pub(crate) fn floor(threshold: f32) -> f64 {
    let threshold = f64::from(threshold);
    if threshold > 0.0 { threshold * (1.0 - 1e-6) } else { threshold }
}

/// Appends the entries of a block that score at least `needed`: first one bit an entry without branches, as which pass is a
/// coin's toss, then those that pass.
pub(crate) fn select(docs: &[DocId], scores: &[f32], needed: f64, out: &mut Vec<Candidate>) {
    // Rounded down, so that nothing is lost.
    let needed = if needed > 0.0 { needed as f32 * (1.0 - 2e-7) } else { needed as f32 };
    for (docs, scores) in docs.chunks(64).zip(scores.chunks(64)) {
        let mut flags = [0u8; 64];
        for (flag, &score) in flags.iter_mut().zip(scores) {
            *flag = u8::from(score >= needed);
        }
        let mut passing = 0u64;
        for (at, flags) in flags.as_chunks::<8>().0.iter().enumerate() {
            // Gathers the lowest bits of eight bytes in the highest byte.
            passing |= (u64::from_le_bytes(*flags).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * at);
        }
        while passing != 0 {
            let at = passing.trailing_zeros() as usize;
            passing &= passing - 1;
            if let (Some(&doc), Some(&score)) = (docs.get(at), scores.get(at)) {
                out.push((doc, f64::from(score)));
            }
        }
    }
}

/// Scores the most promising blocks of the weightiest term and raises the threshold to the score that enough documents reach, if there is none yet: one
/// from other segments or shards is as good.
pub(crate) fn prime(cursors: &mut [TermCursor], accept: Accept<'_>, sink: &mut dyn Sink) -> Outcome<()> {
    if sink.threshold() > f32::NEG_INFINITY {
        return Ok(());
    }
    let wanted = sink.wanted();
    let promising = |cursor: &&mut TermCursor| cursor.has_bounds() && cursor.blocks() >= 4 * wanted.max(1);
    let Some(cursor) = cursors.iter_mut().filter(promising).max_by(|a, b| a.score.weight.total_cmp(&b.score.weight))
    else {
        return Ok(());
    };
    let mut order = promising_blocks(cursor, wanted.max(1));
    order.sort_unstable_by_key(|&(_, block)| block);
    let mut best: Vec<f32> = Vec::new();
    for (_, block) in order {
        cursor.block = block;
        cursor.load_scores()?;
        let scores = &cursor.scores()[..cursor.len];
        best.extend(
            scores.iter().zip(cursor.docs.iter()).filter(|&(_, &doc)| accept.accepts(doc)).map(|(score, _)| *score),
        );
    }
    cursor.block = 0;
    if best.len() >= wanted && wanted > 0 {
        best.select_nth_unstable_by(wanted - 1, |a, b| b.total_cmp(a));
        sink.raise(best[wanted - 1]);
    }
    Ok(())
}

/// The blocks with the greatest bounds, about `count` of them.
fn promising_blocks(cursor: &TermCursor, count: usize) -> Vec<(f32, usize)> {
    let mut kept: Vec<(f32, usize)> = Vec::with_capacity(4 * count);
    let mut least = f32::NEG_INFINITY;
    for block in 0..cursor.blocks() {
        let bound = cursor.block_bound(block);
        if bound <= least {
            continue;
        }
        if kept.len() == 4 * count {
            kept.select_nth_unstable_by(count - 1, |a, b| b.0.total_cmp(&a.0));
            kept.truncate(count);
            least = kept[count - 1].0;
        }
        kept.push((bound, block));
    }
    if kept.len() > count {
        kept.select_nth_unstable_by(count - 1, |a, b| b.0.total_cmp(&a.0));
        kept.truncate(count);
    }
    kept
}

/// What [`probe`] needs besides the cursor.
pub(crate) struct Probe {
    /// Bound on what the cursors not yet asked can add.
    pub(crate) rest: f64,
    /// What a candidate must be able to reach.
    pub(crate) floor: f64,
    /// A candidate without the term falls out.
    pub(crate) required: bool,
}

/// Adds a term's scores to the candidates, ascending by document; keeps those that can still reach the floor.
pub(crate) fn probe(
    cursor: &mut TermCursor,
    candidates: &mut Vec<Candidate>,
    meeting: &mut Meeting,
    probe: &Probe,
) -> Outcome<()> {
    let count = candidates.len();
    let (mut out, mut from) = (0, 0);
    while from < count {
        cursor.skip_to(candidates[from].0);
        if cursor.is_done() {
            out = if probe.required { out } else { keep(candidates, from..count, out, probe) };
            break;
        }
        let to = from + stretch(&candidates[from..], cursor.last(cursor.block), |candidate| candidate.0);
        let best = candidates[from..to]
            .iter()
            .fold(0.0f64, |best, candidate| if candidate.1 > best { candidate.1 } else { best });
        if best + f64::from(cursor.block_bound(cursor.block)) + probe.rest >= probe.floor {
            cursor.load()?;
            out = probe_block(cursor, candidates, (from..to, out), (meeting, probe))?;
        }
        from = to;
    }
    candidates.truncate(out);
    Ok(())
}

/// Moves the candidates that can reach the floor to `out`; returns the place behind them.
fn keep(candidates: &mut [Candidate], range: std::ops::Range<usize>, mut out: usize, probe: &Probe) -> usize {
    for at in range {
        let candidate = candidates[at];
        candidates[out] = candidate;
        out += usize::from(candidate.1 + probe.rest >= probe.floor);
    }
    out
}

/// A stretch of candidates, and where those kept go.
type Stretch = (std::ops::Range<usize>, usize);

/// Asks the loaded block for a stretch of candidates, none of which lies behind it.
fn probe_block(
    cursor: &mut TermCursor,
    candidates: &mut [Candidate],
    (range, mut out): Stretch,
    (meeting, probe): (&mut Meeting, &Probe),
) -> Outcome<usize> {
    let hits = meeting.hits(&cursor.docs, &candidates[range.clone()], |candidate| candidate.0);
    if !hits.is_empty() {
        cursor.load_freqs()?;
    }
    for &(place, number) in hits {
        let score = cursor.score_entry(usize::from(place))?;
        let candidate = &mut candidates[range.start + usize::from(number)];
        candidate.1 += f64::from(score);
        if probe.required {
            let candidate = *candidate;
            candidates[out] = candidate;
            out += usize::from(candidate.1 + probe.rest >= probe.floor);
        }
    }
    Ok(if probe.required { out } else { keep(candidates, range, out, probe) })
}
