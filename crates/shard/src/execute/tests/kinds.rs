//! What single features promise: totals, limits, patience, statistics, names, explanations.

use std::sync::atomic::{AtomicU32, Ordering};

use model::error::ErrorKind;
use model::query::compound::{BoostMode, Modifier, ScoreMode};
use search::bound::{BoundBool, BoundFunction, BoundFunctionScore, BoundKind, Expand, Pattern, Rewrite, ScoreFunction};

use super::*;

fn corpus() -> (Corpus, Reader) {
    let corpus = Corpus::zipf(&mut Rng(9), 5000);
    let reader = corpus.reader(Layouts::Blocks(3));
    (corpus, reader)
}

fn word(word: &str) -> BoundQuery {
    BoundQuery::new(BoundKind::Term("title".into(), queries::term(word)))
}

#[test]
fn terminate_after_stops_behind_so_many_and_says_so() {
    let (_, reader) = corpus();
    for query in [word("w0"), BoundQuery::new(BoundKind::MatchAll)] {
        let mut request = request(&query, 5);
        let all = ask(&reader, &request).total;
        request.terminate_after = Some(all);
        assert_eq!((ask(&reader, &request).total, ask(&reader, &request).terminated_early), (all, false));
        request.terminate_after = Some(17);
        assert_eq!((ask(&reader, &request).total, ask(&reader, &request).terminated_early), (17, true));
        let count = CountQuery { query: Arc::new(query), statistics: None, min_score: None, terminate_after: Some(17) };
        assert_eq!(super::count(&reader, &count, &Endless).expect("counts").count, 17);
    }
}

#[test]
fn filters_alone_score_zero_and_not_below() {
    let (_, reader) = corpus();
    let filters = BoundBool { filter: vec![word("w0")], ..BoundBool::default() };
    let hits = ask(&reader, &request(&BoundQuery::new(BoundKind::Bool(filters)), 3));
    let scores: Vec<String> = hits.hits.iter().map(|hit| format!("{:?}", hit.score)).collect();
    assert_eq!(scores, ["0.0"; 3]);
}

/// Says `last` from the third question on.
struct Impatient(AtomicU32, Verdict);

impl Patience for Impatient {
    fn verdict(&self) -> Verdict {
        if self.0.fetch_add(1, Ordering::Relaxed) < 2 { Verdict::GoOn } else { self.1 }
    }
}

#[test]
fn a_search_ends_when_its_time_is_up_or_nobody_waits() {
    let (_, reader) = corpus();
    let request = request(&word("w0"), 5);
    let hits = query(&reader, &request, &Impatient(AtomicU32::new(0), Verdict::TimedOut)).expect("a partial answer");
    assert!(hits.timed_out);
    let error = query(&reader, &request, &Impatient(AtomicU32::new(0), Verdict::Cancelled)).expect_err("cancelled");
    assert_eq!(error.kind, ErrorKind::TaskCancelled);
}

#[test]
fn global_statistics_make_shards_score_as_one() {
    let (corpus, whole) = corpus();
    let shards: Vec<Reader> =
        whole.segments.iter().map(|view| Reader { segments: Arc::new([view.clone()]), ..whole.clone() }).collect();
    let mut rng = Rng(77);
    let fuzzy =
        Pattern::Fuzzy { text: "w12".into(), edits: 1, prefix_length: 1, max_expansions: 50, transpositions: true };
    let expand =
        |rewrite| BoundQuery::new(BoundKind::Expand(Expand { field: "title".into(), pattern: fuzzy.clone(), rewrite }));
    let mut asked: Vec<BoundQuery> = (0..40).map(|_| queries::of_terms(&mut rng)).collect();
    asked.extend([
        expand(Rewrite::TopTermsBlended(10)),
        expand(Rewrite::TopTerms(3)),
        expand(Rewrite::TopTermsBoost(5)),
    ]);
    for query in asked {
        let mut together = Statistics::default();
        shards.iter().for_each(|shard| together.merge(statistics(shard, &query).expect("counts")));
        let mut request = request(&query, 20);
        let expected = ask(&whole, &request);
        request.statistics = Some(Arc::new(together));
        let mut merged: Vec<(String, u32)> = shards.iter().flat_map(|shard| seen(&ask(shard, &request))).collect();
        merged.sort_by(|a, b| f32::from_bits(b.1).total_cmp(&f32::from_bits(a.1)).then_with(|| a.0.cmp(&b.0)));
        merged.truncate(20);
        assert_eq!(merged, seen(&expected), "{query:?} over {} documents", corpus.docs.len());
    }
}

#[test]
fn names_of_matching_queries_come_in_order() {
    let (_, reader) = corpus();
    let named = |mut query: BoundQuery, name: &str| {
        query.name = Some(name.into());
        query
    };
    let clauses = search::bound::BoundBool {
        should: vec![named(word("w0"), "first"), named(word("w1"), "second"), named(word("missing"), "never")],
        ..search::bound::BoundBool::default()
    };
    let both =
        BoundQuery::new(BoundKind::Bool(search::bound::BoundBool { minimum_should_match: 2, ..clauses.clone() }));
    let hit = ask(&reader, &request(&both, 1)).hits.remove(0);
    let query = named(BoundQuery::new(BoundKind::Bool(clauses)), "all");
    let names = matched((&reader, None), (&query, false), &[hit.address]).expect("names");
    assert_eq!(names, [["all", "first", "second"].map(|name| (Arc::from(name), None)).to_vec()]);
    let unknown = DocAddress { segment: 9, doc: 0 };
    assert_eq!(
        matched((&reader, None), (&query, false), &[unknown]).expect_err("no such segment").kind,
        ErrorKind::IllegalArgument
    );
}

#[test]
fn explanations_say_the_score_of_every_hit() {
    for seed in 0..12 {
        let mut rng = Rng(seed + 1000);
        let corpus = Corpus::random(&mut rng, 40);
        let reader = corpus.reader(Layouts::Blocks(2));
        for _ in 0..40 {
            let query = queries::random(&mut rng, 2, true);
            for hit in ask(&reader, &request(&query, 3)).hits {
                let explanation = explain(&reader, &query, None, hit.address).expect("explains");
                let close = (explanation.value - hit.score).abs() <= 1e-5 * hit.score.abs().max(1e-6);
                assert!(explanation.matched && close, "{hit:?} {explanation:#?} {query:?}");
            }
        }
    }
}

#[test]
fn a_function_without_its_value_is_an_error() {
    let corpus = Corpus::random(&mut Rng(5), 30);
    let reader = corpus.reader(Layouts::OneBlock);
    let function = ScoreFunction::FieldValue {
        field: "gone".into(),
        code: NumberCode::Long,
        factor: 1.0,
        modifier: Modifier::None,
        missing: None,
    };
    let query = BoundQuery::new(BoundKind::FunctionScore(Box::new(BoundFunctionScore {
        query: BoundQuery::new(BoundKind::MatchAll),
        functions: vec![BoundFunction { filter: None, weight: None, function: Some(function) }],
        score_mode: ScoreMode::Multiply,
        boost_mode: BoostMode::Multiply,
        max_boost: f32::MAX,
        min_score: None,
        boosts_result: false,
    })));
    let error = super::query(&reader, &request(&query, 1), &Endless).expect_err("no value");
    assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Generic, "Missing value for field [gone]"));
}

#[test]
fn patterns_that_grow_too_large_are_refused() {
    let (_, reader) = corpus();
    let pattern = Pattern::Wildcard { pattern: format!("*a{}", "?".repeat(60)), case_insensitive: false };
    let query =
        BoundQuery::new(BoundKind::Expand(Expand { field: "title".into(), pattern, rewrite: Rewrite::Constant }));
    let error = super::query(&reader, &request(&query, 1), &Endless).expect_err("too large");
    assert_eq!(error.kind, ErrorKind::QueryShard);
    let all = Pattern::Prefix { prefix: String::new(), case_insensitive: false };
    let query = BoundQuery::new(BoundKind::Expand(Expand {
        field: "title".into(),
        pattern: all,
        rewrite: Rewrite::ScoringBoolean,
    }));
    assert!(super::query(&reader, &request(&query, 1), &Endless).is_ok(), "300 words are few enough");
}
