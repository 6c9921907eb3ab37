//! The best hits of a bucket, of all shards.

use model::aggregation::answer::{Body, TopHits as Shown};
use model::aggregation::partial::Partial;
use model::search::Total;

use crate::aggregation::metric::TopHits;

pub(super) fn answer(asked: &TopHits, partial: Partial) -> (&'static str, Body) {
    let stored = asked.asked.fetch.stored_fields.iter().flatten();
    let without_ids = stored.into_iter().any(|name| name == "_none_");
    let Partial::TopHits(found) = partial else {
        let total = Total { value: 0, exact: true };
        return ("top_hits", Body::TopHits(Shown { without_ids, total, max_score: None, hits: Vec::new() }));
    };
    let from = asked.asked.from as usize;
    let hits = found.hits.into_iter().skip(from).take(asked.asked.size as usize).map(|hit| hit.hit).collect();
    let total = Total { value: found.total, exact: true };
    ("top_hits", Body::TopHits(Shown { without_ids, total, max_score: found.max_score, hits }))
}
