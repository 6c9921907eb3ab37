//! What other shards have found better is left out of the hits, and of nothing else.

use std::sync::Arc;

use model::search::TrackTotal;
use search::shard_query::{ShardHits, ShardQuery};

use super::corpus::{Corpus, Layouts, Rng};
use super::*;

/// Compares with what is found without a floor, for the scores of some hits and what lies between them.
fn check(reader: &Reader, request: &ShardQuery) {
    let all = ask(reader, request);
    let last = all.hits.len().saturating_sub(1);
    for at in [0, last / 3, last] {
        let Some(hit) = all.hits.get(at) else { return };
        for floor in [hit.score, hit.score * 1.000_1, hit.score * 0.999_9] {
            let limits = Limits { floor, ..Limits::none() };
            let above = query_within(reader, request, &Endless, &limits).expect("an answer");
            let wanted = all.hits.iter().filter(|hit| hit.score >= floor).cloned().collect();
            let wanted = ShardHits { hits: wanted, ..ShardHits::default() };
            assert_eq!(seen(&above), seen(&wanted), "above {floor}: {request:?}");
            assert_eq!((above.total, above.at_least), (all.total, all.at_least), "above {floor}: {request:?}");
        }
    }
}

#[test]
fn hits_above_a_floor_are_those_of_a_search_without_one() {
    let mut rng = Rng(4711);
    let directory = tempfile::tempdir().expect("a directory");
    let small = Corpus::random(&mut rng, 120).reader_in(Layouts::Mixed(3), &directory.path().join("a"));
    let large = Corpus::zipf(&mut rng, 3000).reader_in(Layouts::Mixed(2), &directory.path().join("b"));
    for round in 0..120 {
        let mut random = request(&queries::random(&mut rng, 3, false), 1 + rng.below(30));
        random.min_score = (round % 7 == 0).then_some(0.1);
        check(&small, &random);
        let mut terms = request(&queries::of_terms(&mut rng), 1 + rng.below(25));
        terms.track_total = [TrackTotal::All, TrackTotal::UpTo(50), TrackTotal::No][round % 3];
        if round % 5 == 0 {
            terms.post_filter = Some(Arc::new(queries::range(&mut rng)));
        }
        check(&large, &terms);
    }
}
