//! A block of vectors with or without its graph: how the nearest are found.

use std::sync::Arc;

use crate::graph::Graph;
use crate::graph::Limits;
use crate::{Admitted, Neighbour, Query, Rows, flat};

/// So few rows are compared one by one, whatever the graph: so many, and so many more for each candidate of a walk.
const SCAN_ROWS: usize = 500;
const SCAN_PER_CANDIDATE: usize = 20;
/// Candidates that are always compared by their full vectors, so that it is seen how far codes err.
const CALIBRATED: usize = 10;
/// Nearer than so many standard deviations of that error none is taken to be.
const DEVIATIONS: f64 = 4.0;

/// Rows, and their graph when it has been built.
#[derive(Clone)]
pub struct Block {
    rows: Rows,
    graph: Option<Arc<Graph>>,
}

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Candidates of a walk; at least `k` are taken.
    pub ef: usize,
    /// How many times `k` candidates may be compared by their full vectors, where the walk goes over codes: those are that may come to be among the `k`.
    pub oversample: f32,
}

impl Default for Effort {
    fn default() -> Self {
        Self { ef: 100, oversample: 3.0 }
    }
}

/// How they were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// All admitted rows were compared.
    Scan,
    /// All admitted rows were compared by their codes, the best by their vectors.
    Codes,
    Walk,
    FilteredWalk,
}

/// The nearest, best first.
#[derive(Clone, Debug)]
pub struct Found {
    pub neighbours: Vec<Neighbour>,
    pub strategy: Strategy,
}

impl Block {
    pub fn new(rows: Rows, graph: Option<Arc<Graph>>) -> Self {
        Self { rows, graph }
    }

    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    pub fn graph(&self) -> Option<&Arc<Graph>> {
        self.graph.as_ref()
    }

    /// The `k` rows nearest to `query` among those that `admitted` names (`None`: all), best first, by their full vectors. Fewer than `k` only when fewer
    /// are admitted. Without a graph, and where few are admitted, exactly those; else nearly always.
    pub fn nearest(&self, query: &Query, k: usize, admitted: Option<Admitted<'_>>, effort: Effort) -> Found {
        self.nearest_within(query, (k, f32::INFINITY), admitted, effort)
    }

    /// As [`Block::nearest`], but nothing beyond the distance `within` is wanted, so that less is looked at. Fewer than `k` when fewer lie so near.
    pub fn nearest_within(
        &self,
        query: &Query,
        (k, within): (usize, f32),
        admitted: Option<Admitted<'_>>,
        effort: Effort,
    ) -> Found {
        let mut found = self.looked_for(query, (k, within), admitted, effort);
        let near = found.neighbours.partition_point(|found| found.distance.total_cmp(&within).is_le());
        found.neighbours.truncate(near);
        found
    }

    fn looked_for(
        &self,
        query: &Query,
        (k, within): (usize, f32),
        admitted: Option<Admitted<'_>>,
        effort: Effort,
    ) -> Found {
        let count = admitted.map_or(self.rows.count(), |admitted| admitted.count()) as usize;
        let ef = effort.ef.max(k);
        let graph = match &self.graph {
            Some(graph) if count > SCAN_ROWS + SCAN_PER_CANDIDATE * ef && count > k && k > 0 => graph,
            _ => return self.scanned(query, k, admitted),
        };
        let share = count as f64 / f64::from(self.rows.count().max(1));
        let (candidates, strategy) = match admitted {
            Some(admitted) if share < 1.0 => (self.admitted(graph, query, admitted, ef), Strategy::FilteredWalk),
            _ => (Some(self.walked(graph, query, ef, within)), Strategy::Walk),
        };
        let wanted = Wanted { k, within, kept: kept(k, effort) };
        if let Some(candidates) = candidates.filter(|candidates| candidates.len() >= k) {
            return Found { neighbours: self.rescored(graph, query, candidates, wanted), strategy };
        }
        match graph.scan_codes(&self.rows, query, admitted, wanted.kept) {
            Some(candidates) => {
                Found { neighbours: self.rescored(graph, query, candidates, wanted), strategy: Strategy::Codes }
            }
            None => self.scanned(query, k, admitted),
        }
    }

    /// The candidates of a walk through all rows.
    fn walked(&self, graph: &Graph, query: &Query, ef: usize, within: f32) -> Vec<Neighbour> {
        if within == f32::INFINITY {
            return graph.nearest(&self.rows, query, ef);
        }
        graph.nearest_within(&self.rows, query, ef, |mut near| match graph.unit(query) {
            Some(unit) => {
                near.truncate(CALIBRATED);
                let erring = self.compare_fully(query, &mut near, unit);
                ((f64::from(within) - erring.mean + DEVIATIONS * erring.deviation) / f64::from(unit)) as f32
            }
            None => within,
        })
    }

    /// The candidates of a walk through the rows that are admitted; `None`: it found too few, or comparing all takes no longer.
    fn admitted(&self, graph: &Graph, query: &Query, admitted: Admitted<'_>, ef: usize) -> Option<Vec<Neighbour>> {
        let limits = Limits::of(ef, (admitted.count(), self.rows.count()));
        (admitted.count() as usize > limits.scanned()).then_some(())?;
        graph.nearest_admitted(&self.rows, query, admitted, limits)
    }

    fn scanned(&self, query: &Query, k: usize, admitted: Option<Admitted<'_>>) -> Found {
        Found { neighbours: flat::scan(&self.rows, query, admitted, k), strategy: Strategy::Scan }
    }

    fn rescored(&self, graph: &Graph, query: &Query, mut candidates: Vec<Neighbour>, wanted: Wanted) -> Vec<Neighbour> {
        if let Some(unit) = graph.unit(query) {
            candidates.truncate(wanted.kept);
            self.compare_worthy(query, &mut candidates, wanted, unit);
        }
        candidates.sort_unstable_by(Neighbour::order);
        candidates.truncate(wanted.k);
        candidates
    }

    /// Puts the distances of full vectors in the place of those of codes. How far codes err is seen on the first candidates; of the others only those
    /// stay that may be among the `k` nearest nevertheless.
    fn compare_worthy(&self, query: &Query, candidates: &mut Vec<Neighbour>, wanted: Wanted, unit: f32) {
        let first = wanted.k.max(CALIBRATED).min(candidates.len());
        let (near, others) = candidates.split_at_mut(first);
        let erring = self.compare_fully(query, near, unit);
        near.sort_unstable_by(Neighbour::order);
        let last = near.get(wanted.k.saturating_sub(1)).map_or(f32::INFINITY, |last| last.distance);
        let bound = f64::from(last.min(wanted.within));
        let least =
            |candidate: &Neighbour| f64::from(unit * candidate.distance) + erring.mean - DEVIATIONS * erring.deviation;
        // What cannot be told (two infinities subtracted) is compared.
        let worth = others.partition_point(|candidate| !least(candidate).gt(&bound));
        self.measure(query, &mut others[..worth]);
        candidates.truncate(first + worth);
    }

    /// Puts the distances of full vectors in the place of those of codes, of which each is `unit` of them, and tells how far these erred.
    fn compare_fully(&self, query: &Query, near: &mut [Neighbour], unit: f32) -> Erring {
        let guessed: Vec<f64> = near.iter().map(|candidate| f64::from(unit * candidate.distance)).collect();
        self.measure(query, near);
        Erring::of(near.iter().zip(&guessed).map(|(candidate, guess)| f64::from(candidate.distance) - guess))
    }

    fn measure(&self, query: &Query, candidates: &mut [Neighbour]) {
        let view = self.rows.view();
        for ahead in candidates.iter() {
            crate::kernel::prefetch(view.row(ahead.row));
        }
        for candidate in candidates {
            candidate.distance = view.metric.distance(&query.row, view.row(candidate.row));
        }
    }
}

/// What of the candidates of a walk is wanted.
#[derive(Clone, Copy)]
struct Wanted {
    k: usize,
    /// None beyond this distance.
    within: f32,
    /// Candidates whose vectors may be compared.
    kept: usize,
}

fn kept(k: usize, effort: Effort) -> usize {
    let asked = (k as f64 * f64::from(effort.oversample.clamp(1.0, 100.0))).ceil() as usize;
    asked.max(k + 20)
}

/// How far distances of codes are from those of vectors.
struct Erring {
    mean: f64,
    deviation: f64,
}

impl Erring {
    fn of(errors: impl Iterator<Item = f64> + Clone) -> Self {
        let count = errors.clone().count().max(1) as f64;
        let mean = errors.clone().sum::<f64>() / count;
        let deviation = (errors.map(|error| (error - mean).powi(2)).sum::<f64>() / count).sqrt();
        Self { mean, deviation }
    }
}
