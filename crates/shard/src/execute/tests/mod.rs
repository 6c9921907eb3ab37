//! The engine against a naive scorer that looks at every document by definition, and against itself: memory blocks, sealed
//! segments and mixtures, one segment or many, pruned or exhaustive, must answer alike.

mod aggregations;
mod corpus;
mod deferred;
mod floors;
mod kinds;
mod metrics;
mod naive;
mod nested;
mod places;
mod queries;
mod ranked;
mod recorded;
mod stretches;
mod trees;

use std::sync::Arc;

use model::geo::distance::{DistanceKind, DistanceUnit};
use model::search::{Missing, SortMode, TrackTotal};
use search::bound::{BoundQuery, NumberCode};
use search::shard_query::{BoundDistance, BoundSort, ShardHits, ShardQuery, SortBy, SortValues};

use super::*;
use corpus::{Corpus, Layouts, Rng};

fn request(query: &BoundQuery, top: usize) -> ShardQuery {
    ShardQuery {
        query: Arc::new(query.clone()),
        post_filter: None,
        statistics: None,
        top,
        sort: Arc::new([]),
        after: None,
        track_scores: false,
        track_total: TrackTotal::All,
        min_score: None,
        terminate_after: None,
        aggregations: None,
    }
}

fn ask(reader: &Reader, request: &ShardQuery) -> ShardHits {
    query(reader, request, &Endless).unwrap_or_else(|error| panic!("{error} for {request:?}"))
}

/// Ids and scores, bit by bit.
fn seen(hits: &ShardHits) -> Vec<(String, u32)> {
    hits.hits.iter().map(|hit| (hit.id.to_string(), hit.score.to_bits())).collect()
}

#[test]
fn every_query_scores_by_definition() {
    for seed in 0..12 {
        let mut rng = Rng(seed * 7919 + 1);
        let corpus = Corpus::random(&mut rng, 40);
        let reader = corpus.reader(Layouts::OneBlock);
        for _ in 0..60 {
            let query = queries::random(&mut rng, 2, false);
            let top = 1 + rng.below(50);
            let hits = ask(&reader, &request(&query, top));
            let expected = naive::best(&corpus, &query);
            assert_eq!(hits.total as usize, expected.len(), "total of {query:?}");
            assert_eq!(hits.hits.len(), top.min(expected.len()), "number of hits of {query:?}");
            for (hit, (_, score)) in hits.hits.iter().zip(&expected) {
                let own = expected
                    .iter()
                    .find(|(id, _)| **id == *hit.id)
                    .unwrap_or_else(|| panic!("{} for {query:?}", hit.id));
                for naive in [*score, own.1] {
                    let close = (f64::from(hit.score) - naive).abs() <= 2e-5 * naive.abs().max(1e-6);
                    assert!(close, "seed {seed}: {} scores {} instead of {naive} for {query:?}", hit.id, hit.score);
                }
            }
            let count = count(
                &reader,
                &CountQuery { query: Arc::new(query), statistics: None, min_score: None, terminate_after: None },
                &Endless,
            );
            assert_eq!(count.expect("counts").count as usize, expected.len());
        }
    }
}

#[test]
fn where_documents_lie_changes_nothing() {
    for seed in 0..6 {
        let mut rng = Rng(seed * 104_729 + 3);
        let corpus = Corpus::random(&mut rng, 90);
        let directory = tempfile::tempdir().expect("a directory");
        let layouts = [Layouts::OneBlock, Layouts::Blocks(4), Layouts::Sealed(1), Layouts::Mixed(3), Layouts::Mixed(5)];
        let readers: Vec<Reader> = layouts
            .iter()
            .enumerate()
            .map(|(n, layout)| corpus.reader_in(*layout, &directory.path().join(n.to_string())))
            .collect();
        for _ in 0..60 {
            let query = queries::random(&mut rng, 3, true);
            let mut request = request(&query, 1 + rng.below(30));
            if rng.below(4) == 0 {
                request.post_filter = Some(Arc::new(queries::random(&mut rng, 1, false)));
            }
            let first = ask(&readers[0], &request);
            // The second time what filters find is put aside, the third time it is there.
            for ((reader, layout), time) in
                readers.iter().zip(&layouts).skip(1).flat_map(|one| [(one, 1), (one, 2), (one, 3)])
            {
                let hits = ask(reader, &request);
                assert_eq!(seen(&hits), seen(&first), "{layout:?}, time {time}: {request:?}");
                assert_eq!(
                    (hits.total, hits.max_score),
                    (first.total, first.max_score),
                    "{layout:?}, time {time}: {query:?}"
                );
            }
        }
    }
}

#[test]
fn pruning_loses_nothing_over_many_blocks() {
    let mut rng = Rng(42);
    let corpus = Corpus::zipf(&mut rng, 4000);
    let directory = tempfile::tempdir().expect("a directory");
    let readers = [
        corpus.reader_in(Layouts::Sealed(1), &directory.path().join("a")),
        corpus.reader_in(Layouts::Mixed(3), &directory.path().join("b")),
    ];
    for round in 0..80 {
        let query = queries::of_terms(&mut rng);
        let mut request = request(&query, 1 + rng.below(25));
        if round % 5 == 0 {
            request.post_filter = Some(Arc::new(queries::range(&mut rng)));
        }
        let mut exhaustive = request.clone();
        exhaustive.min_score = Some(0.0);
        let expected = ask(&readers[0], &exhaustive);
        request.track_total = TrackTotal::UpTo(100);
        for reader in &readers {
            let hits = ask(reader, &request);
            assert_eq!(seen(&hits), seen(&expected), "{query:?}");
            assert_eq!((hits.total, hits.at_least), (expected.total.min(100), expected.total > 100), "{query:?}");
            assert_eq!(ask(reader, &exhaustive).total, expected.total);
        }
    }
}

#[test]
fn frequent_words_are_found_alike_before_and_after_their_documents_are_kept() {
    let mut rng = Rng(7);
    let corpus = Corpus::zipf(&mut rng, 4000);
    let directory = tempfile::tempdir().expect("a directory");
    let sealed = corpus.reader_in(Layouts::Sealed(1), directory.path());
    // Memory keeps none.
    let memory = corpus.reader(Layouts::OneBlock);
    let word = |rank: usize| queries::term(&format!("w{rank}"));
    for round in 0..90 {
        let count = 2 + rng.below(2);
        // The last words are rare.
        let ranks: Vec<usize> = (0..count).map(|_| rng.below([6, 12, 60][round % 3])).collect();
        let query = match round % 2 {
            0 => queries::exact_phrase("title", ranks.iter().map(|&rank| word(rank)).collect()),
            _ => queries::all_of("title", ranks.iter().map(|&rank| word(rank)).collect()),
        };
        let mut request = request(&query, 1 + rng.below(12));
        request.track_total = [TrackTotal::No, TrackTotal::UpTo(50), TrackTotal::All][rng.below(3)];
        let expected = ask(&memory, &request);
        for time in 1..=3 {
            let hits = ask(&sealed, &request);
            assert_eq!(seen(&hits), seen(&expected), "time {time}: {query:?}");
            assert_eq!((hits.total, hits.at_least), (expected.total, expected.at_least), "time {time}: {query:?}");
        }
    }
    let kept = |reader: &Reader, rank: usize| {
        let slot = reader.fields.by_path("title").expect("a field").slot;
        let terms = reader.segments[0].segment.terms(slot).expect("reads").expect("has terms");
        let entry = terms.get(&word(rank)).expect("reads").expect("is there");
        terms.dense(&entry).expect("reads").is_some()
    };
    assert!(kept(&sealed, 0) && kept(&sealed, 3) && !kept(&sealed, 59) && !kept(&memory, 0));
}

#[test]
fn sorting_orders_as_asked_and_pages_join() {
    for seed in 0..10 {
        let mut rng = Rng(seed * 31 + 5);
        let corpus = Corpus::random(&mut rng, 60);
        let directory = tempfile::tempdir().expect("a directory");
        let readers = [corpus.reader(Layouts::Blocks(3)), corpus.reader_in(Layouts::Mixed(3), directory.path())];
        for _ in 0..20 {
            let mut request = request(&queries::random(&mut rng, 1, false), 200);
            let sort = random_sort(&mut rng);
            request.sort = Arc::from(sort.clone());
            let all = ask(&readers[0], &request);
            assert_eq!(all.total as usize, all.hits.len());
            let expected = naive::sorted(&corpus, &request);
            let ids = |hits: &ShardHits| hits.hits.iter().map(|hit| hit.id.to_string()).collect::<Vec<_>>();
            assert_eq!(ids(&all), expected, "{sort:?}");
            let values = |hits: &ShardHits| hits.hits.iter().map(|hit| hit.sort.clone()).collect::<Vec<_>>();
            let other = ask(&readers[1], &request);
            assert_eq!((ids(&other), values(&other)), (ids(&all), values(&all)), "{sort:?}");
            let mut sort = sort;
            sort.push(BoundSort { by: SortBy::Id, descending: false });
            request.sort = Arc::from(sort);
            request.top = 7;
            let mut paged = Vec::new();
            loop {
                let page = ask(&readers[1], &request);
                let Some(last) = page.hits.last() else { break };
                request.after = Some(last.sort.clone().into());
                paged.extend(ids(&page));
            }
            assert_eq!(paged, expected, "{:?}", request.sort);
        }
    }
}

fn random_sort(rng: &mut Rng) -> Vec<BoundSort> {
    let mut sort = Vec::new();
    for _ in 0..1 + rng.below(2) {
        let missing = || [Missing::First, Missing::Last];
        let [first, last] = missing();
        let missing = if rng.below(2) == 0 { first } else { last };
        let mode = [SortMode::Min, SortMode::Max, SortMode::Sum, SortMode::Median][rng.below(4)];
        let field = |field: &str, values, mode| SortBy::Field {
            field: field.into(),
            values,
            missing: missing.clone(),
            mode,
            nested: None,
        };
        let by = match rng.below(5) {
            3 => {
                let from = (0..1 + rng.below(2)).map(|_| corpus::place(rng)).collect();
                let (kind, unit) = (DistanceKind::Arc, DistanceUnit::Miles);
                field("g", SortValues::Distance(Arc::new(BoundDistance { from, kind, unit })), mode)
            }
            0 => field("k", SortValues::Bytes, if mode == SortMode::Max { mode } else { SortMode::Min }),
            1 => field("d", SortValues::Number(NumberCode::Long), mode),
            2 => SortBy::Unmapped { missing },
            _ => field("n", SortValues::Number(NumberCode::Long), mode),
        };
        sort.push(BoundSort { by, descending: rng.below(2) == 0 });
    }
    sort
}
