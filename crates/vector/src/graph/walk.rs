//! Walks towards a query: greedily down the layers, then with a pool of candidates in one.

use super::format::Layout;
use super::layer::Layer;
use super::pool::{Candidate, Pool};
use crate::Neighbour;
use crate::kernel::{lines, prefetch};
use crate::rows::View;
use crate::visited::Visited;

/// Lines of vectors that are fetched ahead of their comparison.
const LINES_AHEAD: usize = 40;
/// Candidates that are followed before it is asked how far the wanted lie.
const FIRST: usize = 2;
/// One in so many candidates is followed though it lies beyond what is wanted.
const BEYOND: usize = 3;

/// A query and what it is compared with: rows, or codes of both.
pub(crate) struct Target<'a> {
    pub(crate) vectors: View<'a>,
    pub(crate) query: &'a [u8],
}

impl Target<'_> {
    #[inline]
    pub(crate) fn distance(&self, node: u32) -> f32 {
        self.vectors.metric.distance(self.query, self.vectors.row(node))
    }
}

/// All layers at hand.
pub(crate) struct Layers<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) layout: &'a Layout,
}

impl<'a> Layers<'a> {
    pub(crate) fn layer(&self, at: usize) -> Layer<'a> {
        self.layout.layer(self.bytes, at)
    }
}

/// What a walk writes on.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) visited: Visited,
    pub(crate) pool: Pool,
    /// What a filtered walk has found.
    pub(crate) found: Pool,
    pub(crate) fresh: Vec<u32>,
    /// Places that a filtered walk reaches over.
    pub(crate) over: Vec<u32>,
}

/// From the top to the layer `to`: the place there that is nearest, going greedily.
pub(crate) fn descend(layers: &Layers<'_>, target: &Target<'_>, to: usize) -> Candidate {
    let mut at = layers.layout.layers() - 1;
    let mut layer = layers.layer(at);
    let entry = layers.layout.entry(layers.bytes);
    let mut best = Candidate::new(layer.place(entry).unwrap_or(0), target.distance(entry));
    while at > to {
        loop {
            let here = best;
            for place in layer.linked(here.place()) {
                prefetch(target.vectors.row(layer.node(place)));
            }
            for place in layer.linked(here.place()) {
                let distance = target.distance(layer.node(place));
                if distance < best.distance {
                    best = Candidate::new(place, distance);
                }
            }
            if best.place() == here.place() {
                break;
            }
        }
        let node = layer.node(best.place());
        at -= 1;
        layer = layers.layer(at);
        // Every node of a layer is in the one below; `Graph::open` has seen to it.
        best = Candidate::new(layer.place(node).unwrap_or(0), best.distance);
    }
    best
}

/// Fills `scratch.pool` with the `ef` nearest places of a layer that the walk from `entry` meets.
pub(crate) fn beam(layer: &Layer<'_>, target: &Target<'_>, entry: Candidate, ef: usize, scratch: &mut Scratch) {
    begin(layer, entry, ef, scratch);
    while let Some(from) = scratch.pool.follow() {
        expand(layer, target, from, scratch);
    }
}

/// As [`beam`], where nothing beyond a distance is wanted. `within`: that distance, as the walk measures it, told the nearest places near its begin.
///
/// Of the candidates beyond it so many are followed nevertheless, one in [`BEYOND`] of `ef`: what is wanted may lie behind them.
pub(crate) fn beam_within(
    layer: &Layer<'_>,
    target: &Target<'_>,
    (entry, ef): (Candidate, usize),
    within: impl FnOnce(Vec<Neighbour>) -> f32,
    scratch: &mut Scratch,
) {
    begin(layer, entry, ef, scratch);
    for _ in 0..FIRST {
        let Some(from) = scratch.pool.follow() else { break };
        expand(layer, target, from, scratch);
    }
    let within = within(scratch.pool.neighbours());
    let mut beyond = ef / BEYOND;
    while let Some(from) = scratch.pool.follow() {
        if from.distance > within {
            let Some(left) = beyond.checked_sub(1) else { break };
            beyond = left;
        }
        expand(layer, target, from, scratch);
    }
}

fn begin(layer: &Layer<'_>, entry: Candidate, ef: usize, scratch: &mut Scratch) {
    let Scratch { visited, pool, .. } = scratch;
    visited.reset(layer.links.len() / layer.width.max(1));
    pool.reset(ef);
    visited.first(entry.place());
    pool.push(entry.place(), entry.distance);
}

/// Looks at what a candidate is linked to.
#[inline]
fn expand(layer: &Layer<'_>, target: &Target<'_>, from: Candidate, scratch: &mut Scratch) {
    let Scratch { visited, pool, fresh, .. } = scratch;
    // Unless something nearer is met, this one is next.
    if let Some(next) = pool.peek() {
        prefetch(layer.list(next).as_flattened());
    }
    fresh.clear();
    visited.first_of(layer.list(from.place()), fresh);
    compare(layer, target, fresh, |place, distance| {
        if pool.push(place, distance) {
            prefetch(layer.list(place).as_flattened());
        }
    });
}

/// The distances of `places`, each fetched before it is its turn.
#[inline]
pub(crate) fn compare(layer: &Layer<'_>, target: &Target<'_>, places: &[u32], mut visit: impl FnMut(u32, f32)) {
    let ahead = LINES_AHEAD / lines(target.vectors.stride);
    for &place in places.iter().take(ahead) {
        prefetch(target.vectors.row(layer.node(place)));
    }
    for (at, &place) in places.iter().enumerate() {
        if let Some(&ahead) = places.get(at + ahead) {
            prefetch(target.vectors.row(layer.node(ahead)));
        }
        visit(place, target.distance(layer.node(place)));
    }
}
