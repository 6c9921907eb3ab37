//! Random queries of every kind.

use std::ops::Bound;
use std::sync::Arc;

use model::geo::GeoBox;
use model::geo::area::Area;
use model::geo::polygon::Polygon;
use model::query::compound::{BoostMode, Modifier, ScoreMode};
use search::bound::*;

use super::corpus::{KEYS, Rng, WORDS, place};

pub(super) fn term(word: &str) -> TermBytes {
    word.as_bytes().into()
}

fn field(rng: &mut Rng) -> FieldName {
    rng.pick(&["title", "title", "title", "plain", "unknown"]).into()
}

fn some_terms(rng: &mut Rng, from: &[&str], most: usize) -> Vec<TermBytes> {
    let mut terms: Vec<TermBytes> = (0..1 + rng.below(most)).map(|_| term(rng.pick(from))).collect();
    terms.sort();
    terms.dedup();
    terms
}

fn boxed(rng: &mut Rng, depth: u32, all: bool) -> Box<BoundQuery> {
    Box::new(random(rng, depth, all))
}

fn several(rng: &mut Rng, most: usize, depth: u32, all: bool) -> Vec<BoundQuery> {
    (0..rng.below(most + 1)).map(|_| random(rng, depth, all)).collect()
}

/// `all`: also what the naive scorer does not know (sloppy phrases, rewrites that score).
pub(super) fn random(rng: &mut Rng, depth: u32, all: bool) -> BoundQuery {
    let compound = depth > 0 && rng.below(2) == 0;
    let kind = if compound { compound_kind(rng, depth - 1, all) } else { leaf(rng, all) };
    let boost = if rng.below(4) == 0 { 0.5 + rng.below(4) as f32 } else { 1.0 };
    BoundQuery { kind, boost, name: None }
}

fn leaf(rng: &mut Rng, all: bool) -> BoundKind {
    match rng.below(16) {
        0 => BoundKind::MatchAll,
        1..=4 => BoundKind::Term(field(rng), term(rng.pick(&WORDS))),
        5 => BoundKind::Synonyms(field(rng), some_terms(rng, &WORDS, 3)),
        6 => BoundKind::Terms("k".into(), some_terms(rng, &KEYS, 3)),
        7 => {
            let mut codes: Vec<i64> = (0..1 + rng.below(3)).map(|_| rng.below(9) as i64 - 3).collect();
            codes.sort_unstable();
            codes.dedup();
            BoundKind::Numbers(rng.pick(&["n", "d"]).into(), codes)
        }
        8 => range(rng).kind,
        9 => {
            let bound = |rng: &mut Rng| match rng.below(3) {
                0 => Bound::Unbounded,
                1 => Bound::Included(term(rng.pick(&["k1", "k15", "z", "a"]))),
                _ => Bound::Excluded(term(rng.pick(&["k1", "k15", "z", "a"]))),
            };
            BoundKind::TermRange("k".into(), bound(rng), bound(rng))
        }
        10 => phrase(rng, all),
        11 => expand(rng, all),
        12 => BoundKind::Exists(vec![rng.pick(&["title", "k", "n", "d", "g"]).into()]),
        14 => {
            let factor = |rng: &mut Rng| 1.0 + rng.below(4) as f32 / 2.0;
            let fields = match rng.below(3) {
                0 => vec![("plain".into(), factor(rng))],
                1 => vec![("title".into(), factor(rng))],
                _ => vec![("body".into(), factor(rng)), ("title".into(), factor(rng))],
            };
            BoundKind::Combined(BoundCombined { fields, term: term(rng.pick(&WORDS)) })
        }
        13 => BoundKind::Geo("g".into(), Arc::new(area(rng))),
        _ => {
            let mut ids: Vec<Arc<str>> = (0..rng.below(4)).map(|_| format!("id{}", rng.below(101)).into()).collect();
            ids.sort();
            ids.dedup();
            BoundKind::Ids(ids)
        }
    }
}

fn area(rng: &mut Rng) -> Area {
    let (a, b) = (place(rng), place(rng));
    match rng.below(3) {
        0 => Area::Circle { center: a, radius_m: 1e6 * (1 + rng.below(19)) as f64 },
        1 => Area::Box(GeoBox { top: a.lat.max(b.lat), left: a.lon, bottom: a.lat.min(b.lat), right: b.lon }),
        _ => Polygon::new(vec![a, b, place(rng), place(rng)])
            .map_or(Area::Circle { center: a, radius_m: 1.0 }, Area::Polygon),
    }
}

pub(super) fn range(rng: &mut Rng) -> BoundQuery {
    let (from, width) = (rng.below(30) as i64 - 20, rng.below(600) as i64);
    BoundQuery::new(BoundKind::NumberRange(rng.pick(&["n", "d"]).into(), from, from + width))
}

fn phrase(rng: &mut Rng, all: bool) -> BoundKind {
    let mut at = 0;
    let positions = (0..1 + rng.below(3)).map(|_| {
        let several = rng.below(5) == 0;
        let position = PhrasePosition { position: at, terms: some_terms(rng, &WORDS, if several { 2 } else { 1 }) };
        at += 1 + u32::from(rng.below(5) == 0);
        position
    });
    let positions = positions.collect();
    let slop = if all { rng.below(4) as u32 } else { 0 };
    let prefix_expansions = (rng.below(4) == 0).then_some(3);
    BoundKind::Phrase(Phrase { field: field(rng), positions, slop, prefix_expansions })
}

fn expand(rng: &mut Rng, all: bool) -> BoundKind {
    let case_insensitive = rng.below(2) == 0;
    let pattern = match rng.below(4) {
        0 => Pattern::Prefix { prefix: rng.pick(&["a", "ab", "s", ""]).into(), case_insensitive },
        1 => Pattern::Wildcard { pattern: rng.pick(&["a*", "*b*", "sh?p", "*"]).into(), case_insensitive },
        2 => Pattern::Fuzzy {
            text: rng.pick(&["ship", "alien", "ab"]).into(),
            edits: 1 + rng.below(2) as u8,
            prefix_length: rng.below(2) as u32,
            max_expansions: 50,
            transpositions: true,
        },
        _ => Pattern::Regexp {
            pattern: rng.pick(&["a.*", "sh[io]p", "a|b", "(alien)s?"]).into(),
            flags: RegexpFlags { complement: false, interval: true, intersection: true, any_string: true, empty: true },
            case_insensitive,
            max_determinized_states: 10_000,
        },
    };
    let rewrite = match rng.below(5) {
        1 if all => Rewrite::ScoringBoolean,
        2 if all => Rewrite::TopTerms(2),
        3 if all => Rewrite::TopTermsBlended(3),
        4 if all => Rewrite::TopTermsBoost(2),
        _ => Rewrite::Constant,
    };
    BoundKind::Expand(Expand { field: rng.pick(&["title", "plain"]).into(), pattern, rewrite })
}

fn compound_kind(rng: &mut Rng, depth: u32, all: bool) -> BoundKind {
    match rng.below(8) {
        0..=3 => {
            let should = several(rng, 4, depth, all);
            let minimum = if rng.below(2) == 0 { 0 } else { rng.below(should.len() + 2) as u32 };
            BoundKind::Bool(BoundBool {
                must: several(rng, 2, depth, all),
                filter: several(rng, 1, depth, all),
                must_not: several(rng, 1, depth, all),
                should,
                minimum_should_match: minimum,
            })
        }
        4 => BoundKind::Boosting {
            positive: boxed(rng, depth, all),
            negative: boxed(rng, depth, all),
            negative_boost: 0.3,
        },
        5 => BoundKind::ConstantScore(boxed(rng, depth, all)),
        6 => {
            let tie_breaker = rng.below(3) as f32 * 0.25;
            BoundKind::DisMax { queries: several(rng, 3, depth, all), tie_breaker }
        }
        _ => BoundKind::FunctionScore(Box::new(function_score(rng, depth, all))),
    }
}

fn function_score(rng: &mut Rng, depth: u32, all: bool) -> BoundFunctionScore {
    let functions = (0..1 + rng.below(2)).map(|_| BoundFunction {
        filter: (rng.below(2) == 0).then(|| random(rng, 0, all)),
        weight: (rng.below(2) == 0).then_some(2.0),
        function: (rng.below(2) == 0).then(|| ScoreFunction::FieldValue {
            field: "n".into(),
            code: NumberCode::Long,
            factor: 0.5,
            modifier: Modifier::Square,
            missing: Some(3.0),
        }),
    });
    let functions = functions.collect();
    let score_mode =
        [ScoreMode::Multiply, ScoreMode::Sum, ScoreMode::Max, ScoreMode::First, ScoreMode::Avg, ScoreMode::Min]
            [rng.below(6)];
    let boost_mode =
        [BoostMode::Multiply, BoostMode::Sum, BoostMode::Replace, BoostMode::Max, BoostMode::Avg, BoostMode::Min]
            [rng.below(6)];
    let min_score = (rng.below(3) == 0).then_some(1.0);
    BoundFunctionScore {
        query: random(rng, depth, all),
        functions,
        score_mode,
        boost_mode,
        max_boost: 5.0,
        min_score,
        boosts_result: false,
    }
}

/// Documents with all words in a field.
pub(super) fn all_of(field: &str, words: Vec<TermBytes>) -> BoundQuery {
    let must = words.into_iter().map(|word| BoundQuery::new(BoundKind::Term(field.into(), word))).collect();
    BoundQuery::new(BoundKind::Bool(BoundBool { must, ..BoundBool::default() }))
}

/// Documents with the words one behind another.
pub(super) fn exact_phrase(field: &str, words: Vec<TermBytes>) -> BoundQuery {
    let positions = (0..).zip(words).map(|(position, word)| PhrasePosition { position, terms: vec![word] }).collect();
    BoundQuery::new(BoundKind::Phrase(Phrase { field: field.into(), positions, slop: 0, prefix_expansions: None }))
}

/// What the fast paths run, over the words of a large corpus.
pub(super) fn of_terms(rng: &mut Rng) -> BoundQuery {
    let word = |rng: &mut Rng| {
        let limit = [5, 40, 300][rng.below(3)];
        format!("w{}", rng.below(limit))
    };
    let one = |rng: &mut Rng| {
        let boost = if rng.below(4) == 0 { 2.0 } else { 1.0 };
        BoundQuery { boost, ..BoundQuery::new(BoundKind::Term("title".into(), term(&word(rng)))) }
    };
    let terms = |rng: &mut Rng, most: usize| (0..2 + rng.below(most)).map(|_| one(rng)).collect::<Vec<_>>();
    let inner = match rng.below(5) {
        0 => one(rng).kind,
        1 => BoundKind::Bool(BoundBool { should: terms(rng, 5), minimum_should_match: 1, ..BoundBool::default() }),
        2 => BoundKind::Bool(BoundBool { must: terms(rng, 2), ..BoundBool::default() }),
        3 => {
            let words = (0..2 + rng.below(2)).map(|_| term(&format!("w{}", rng.below(12)))).collect();
            exact_phrase("title", words).kind
        }
        _ => BoundKind::DisMax { queries: terms(rng, 3), tie_breaker: 0.3 },
    };
    let inner = BoundQuery::new(inner);
    match rng.below(4) {
        0 => BoundQuery::new(BoundKind::Bool(BoundBool {
            must: vec![inner],
            filter: vec![range(rng)],
            ..BoundBool::default()
        })),
        1 => BoundQuery::new(BoundKind::Bool(BoundBool {
            must: vec![inner],
            must_not: vec![one(rng)],
            ..BoundBool::default()
        })),
        _ => inner,
    }
}
