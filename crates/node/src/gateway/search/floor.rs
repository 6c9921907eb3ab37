//! What a hit must score to be among the best of a search, as far as shards have answered.
//!
//! In: the scores of each shard's hits. Out: the least of the best so far, which the shards that are still to be searched are told: they need not look
//! for less. Only of searches by score, whose hits are those that score best in all shards together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use model::search::SearchRequest;
use parking_lot::Mutex;

/// The floor of one search in the shards of one node.
pub(in crate::gateway) struct Floor {
    /// Hits that are wanted.
    wanted: usize,
    /// The best scores so far, of at most so many hits.
    best: Mutex<Vec<f32>>,
    /// Bits of the floor.
    least: AtomicU32,
}

impl Floor {
    /// `None`: a shard's hits are wanted whatever the others have.
    pub(in crate::gateway) fn of(request: &SearchRequest) -> Option<Arc<Self>> {
        let wanted = request.from.saturating_add(request.size) as usize;
        let by_score = request.sort.is_empty() && request.merge.is_none() && !request.profile;
        let least = request.least_score.unwrap_or(f32::NEG_INFINITY);
        let floor = || Self { wanted, best: Mutex::default(), least: AtomicU32::new(least.to_bits()) };
        (by_score && wanted > 0).then(|| Arc::new(floor()))
    }

    pub(super) fn least(&self) -> f32 {
        f32::from_bits(self.least.load(Ordering::Relaxed))
    }

    /// Takes in the scores of a shard that has answered.
    pub(super) fn raise(&self, scores: impl Iterator<Item = f32>) {
        let mut best = self.best.lock();
        best.extend(scores.filter(|score| !score.is_nan()));
        if best.len() < self.wanted {
            return;
        }
        let (_, last, _) = best.select_nth_unstable_by(self.wanted - 1, |a, b| b.total_cmp(a));
        let least = last.max(self.least());
        best.truncate(self.wanted);
        self.least.store(least.to_bits(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use model::target::Target;

    use super::*;

    fn request() -> SearchRequest {
        SearchRequest::new(Target::default())
    }

    #[test]
    fn it_is_the_last_of_the_best_of_all() {
        let request = SearchRequest { from: 1, size: 2, ..request() };
        let floor = Floor::of(&request).unwrap();
        floor.raise([4.0, f32::NAN, 1.0].into_iter());
        assert_eq!(floor.least(), f32::NEG_INFINITY, "three are wanted");
        floor.raise([3.0, 2.0].into_iter());
        assert_eq!(floor.least(), 2.0);
        floor.raise([1.5].into_iter());
        assert_eq!(floor.least(), 2.0);
        floor.raise([9.0, 8.0].into_iter());
        assert_eq!(floor.least(), 4.0);
    }

    #[test]
    fn what_is_known_before_is_where_it_begins() {
        let request = SearchRequest { size: 1, least_score: Some(2.5), ..request() };
        let floor = Floor::of(&request).unwrap();
        assert_eq!(floor.least(), 2.5);
        floor.raise([2.0].into_iter());
        assert_eq!(floor.least(), 2.5);
        assert!(Floor::of(&SearchRequest { size: 0, ..request }).is_none());
    }
}
