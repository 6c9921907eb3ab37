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

/// From this share on the walk goes through all rows.
pub(crate) const INLINE_FROM: f64 = 0.3;
/// Rows that are met before the walk is judged.
const JUDGED_FROM: usize = 192;
/// What is admitted near the query, as a part of what the share says, below which the walk gives up.
const LEAST: f64 = 0.25;
/// Neighbours of neighbours that one step looks at, in widths of a list.
const REACH: usize = 2;

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
    let Scratch { visited, pool, found, fresh } = scratch;
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
        fresh.extend(layer.linked(from.place()).filter(|place| visited.first(*place)));
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
    let Scratch { visited, pool, found, fresh } = scratch;
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
        for near in layer.linked(from.place()) {
            let counts = admitted.contains(near);
            prefetch(if counts { target.vectors.row(layer.node(near)) } else { layer.list(near).as_flattened() });
        }
        for near in layer.linked(from.place()) {
            if !visited.first(near) {
                continue;
            }
            met.all += 1;
            if admitted.contains(near) {
                met.admitted += 1;
                fresh.push(near);
                continue;
            }
            let room = (REACH * layer.width).saturating_sub(fresh.len());
            let beyond = layer.linked(near).filter(|far| admitted.contains(*far) && visited.first(*far));
            fresh.extend(beyond.take(room));
        }
        compared += fresh.len();
        compare(layer, target, fresh, |place, distance| {
            pool.push(place, distance);
            found.push(place, distance);
        });
    }
    Walked::Done
}
