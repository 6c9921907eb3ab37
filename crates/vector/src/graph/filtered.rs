//! Walks that find admitted rows only.
//!
//! Where many are admitted, the walk goes through all and keeps those that are (`inline`). Where few are, it goes only through those, reaching over
//! one that is not to its neighbours (`two_hop`; Patel et al. 2024, ACORN-1). Both give up when they meet far fewer admitted rows than the
//! share says, for then these do not lie near the query and a walk would miss them, or when they have done the work of a scan.

use super::layer::Layer;
use super::pool::Candidate;
use super::walk::{Scratch, Target, compare};
use crate::Admitted;
use crate::kernel::prefetch;
use crate::visited::Visited;

/// From this share on the walk goes through all rows.
pub(crate) const INLINE_FROM: f64 = 0.3;
/// Rows that are met before the walk is judged.
const JUDGED_FROM: usize = 192;
/// What is admitted near the query, as a part of what the share says, below which the walk gives up.
const LEAST: f64 = 0.25;
/// Rows after which one step reaches no further, in widths of a list.
const REACH: usize = 2;

/// Below this share what is admitted hangs together so loosely that a walk needs more candidates: as many times more as it is less, up to [`MOST`].
const LOOSE: f64 = 0.1;
const MOST: f64 = 10.0;
/// In the time that a walk takes for one candidate so many rows are compared, by codes or not: where it goes only through the admitted, and where
/// it goes through all and all are admitted.
const ROWS_PER_REACHED: f64 = 160.0;
const ROWS_PER_WALKED: f64 = 60.0;

/// How far a walk goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Rows that are kept.
    pub(crate) ef: usize,
    /// The part of all rows that is admitted.
    pub(crate) share: f64,
    /// Comparisons after which it gives up.
    pub(crate) work: usize,
}

impl Limits {
    /// For a walk of `ef` candidates, if nothing were left out, to those of `all` rows that are `admitted`.
    pub(crate) fn of(ef: usize, (admitted, all): (u32, u32)) -> Self {
        let share = f64::from(admitted) / f64::from(all.max(1));
        let more = (LOOSE / share.max(f64::MIN_POSITIVE)).clamp(1.0, MOST);
        Self { ef: (ef as f64 * more) as usize, share, work: admitted as usize / 2 }
    }

    /// So many admitted rows are compared as fast as they are walked.
    pub(crate) fn scanned(&self) -> usize {
        let rows = if self.share < INLINE_FROM { ROWS_PER_REACHED } else { ROWS_PER_WALKED / self.share };
        (rows * self.ef as f64) as usize
    }
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// `Scratch::found` has what there is.
    Done,
    GaveUp,
}

/// What a walk has met so far.
#[derive(Default)]
struct Met {
    all: usize,
    admitted: usize,
}

impl Met {
    /// Whether what is admitted lies elsewhere.
    fn too_few(&self, limits: &Limits) -> bool {
        self.all >= JUDGED_FROM && (self.admitted as f64) < LEAST * limits.share * self.all as f64
    }
}

pub(crate) fn inline(
    layer: &Layer<'_>,
    target: &Target<'_>,
    entry: Candidate,
    (admitted, limits): (&Admitted<'_>, &Limits),
    scratch: &mut Scratch,
) -> Walked {
    let Scratch { visited, pool, found, fresh, .. } = scratch;
    visited.reset(layer.links.len() / layer.width.max(1));
    // What lies behind so many nearer ones leads nowhere better.
    pool.reset((2.0 * limits.ef as f64 / limits.share.max(0.01)) as usize + 64);
    found.reset(limits.ef);
    visited.first(entry.place());
    pool.push(entry.place(), entry.distance);
    let mut met = Met::default();
    if admitted.contains(entry.place()) {
        found.push(entry.place(), entry.distance);
    }
    while let Some(from) = pool.follow() {
        if from.distance > found.bound() {
            break;
        }
        if visited.count() > limits.work || met.too_few(limits) {
            return Walked::GaveUp;
        }
        fresh.clear();
        visited.first_of(layer.list(from.place()), fresh);
        met.all += fresh.len();
        compare(layer, target, fresh, |place, distance| {
            let counts = admitted.contains(place);
            met.admitted += usize::from(counts);
            if distance < found.bound() {
                if pool.push(place, distance) {
                    prefetch(layer.list(place).as_flattened());
                }
                if counts {
                    found.push(place, distance);
                }
            }
        });
    }
    // Nearer rows that are not admitted have filled the pool: what was found lies beyond what was looked at.
    if found.bound() > pool.bound() {
        return Walked::GaveUp;
    }
    Walked::Done
}

pub(crate) fn two_hop(
    layer: &Layer<'_>,
    target: &Target<'_>,
    entry: Candidate,
    (admitted, limits): (&Admitted<'_>, &Limits),
    scratch: &mut Scratch,
) -> Walked {
    let Scratch { visited, pool, found, fresh, over } = scratch;
    visited.reset(layer.links.len() / layer.width.max(1));
    pool.reset(limits.ef);
    found.reset(limits.ef);
    visited.first(entry.place());
    pool.push(entry.place(), entry.distance);
    if admitted.contains(entry.place()) {
        found.push(entry.place(), entry.distance);
    }
    let (mut met, mut compared) = (Met::default(), 0);
    while let Some(from) = pool.follow() {
        if compared > limits.work || met.too_few(limits) {
            return Walked::GaveUp;
        }
        fresh.clear();
        over.clear();
        for near in layer.linked(from.place()).filter(|near| visited.first(*near)) {
            if admitted.contains(near) {
                prefetch(target.vectors.row(layer.node(near)));
                fresh.push(near);
            } else {
                prefetch(layer.list(near).as_flattened());
                over.push(near);
            }
        }
        met.all += fresh.len() + over.len();
        met.admitted += fresh.len();
        reach_over(layer, over, admitted, visited, fresh);
        compared += fresh.len();
        compare(layer, target, fresh, |place, distance| {
            if pool.push(place, distance) {
                prefetch(layer.list(place).as_flattened());
            }
            found.push(place, distance);
        });
    }
    Walked::Done
}

/// Adds to `fresh` the admitted neighbours, not met before, of those places `over` that are not admitted themselves.
fn reach_over(layer: &Layer<'_>, over: &[u32], admitted: &Admitted<'_>, visited: &mut Visited, fresh: &mut Vec<u32>) {
    for &near in over {
        let begin = fresh.len();
        if begin >= REACH * layer.width {
            return;
        }
        // All are written and those that count are kept: few are admitted, but which ones no processor can foretell.
        let mut kept = begin;
        fresh.resize(begin + layer.width, 0);
        for far in layer.linked(near) {
            fresh[kept] = far;
            kept += usize::from(admitted.contains(far));
        }
        fresh.truncate(kept);
        kept = begin;
        for at in begin..fresh.len() {
            let far = fresh[at];
            fresh[kept] = far;
            kept += usize::from(visited.first(far));
        }
        fresh.truncate(kept);
    }
}
