//! Scores by definition: every query asked of every document.

use std::cmp::Ordering;
use std::ops::Bound;

use model::geo::{GeoPoint, decode};
use model::query::compound::{BoostMode, ScoreMode};
use model::search::{Missing, SortMode};
use search::bound::*;
use search::shard_query::{BoundDistance, ShardQuery, SortBy, SortValues};

use super::corpus::{Corpus, Doc, WORDS};
use crate::compile::pattern::Accepted;

/// Ids and scores of the alive matches, best first.
pub(super) fn best(corpus: &Corpus, query: &BoundQuery) -> Vec<(String, f64)> {
    let scored = corpus.docs.iter().filter(|doc| doc.alive);
    let mut found: Vec<_> = scored.filter_map(|doc| Some((doc.id.clone(), score(corpus, doc, query, 1.0)?))).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found
}

/// Ids of the alive matches in the order that `request` asks.
pub(super) fn sorted(corpus: &Corpus, request: &ShardQuery) -> Vec<String> {
    let mut found: Vec<&Doc> =
        corpus.docs.iter().filter(|doc| doc.alive && score(corpus, doc, &request.query, 1.0).is_some()).collect();
    found.sort_by(|a, b| {
        for key in request.sort.iter() {
            let order = match &key.by {
                SortBy::Field { field, missing, mode, .. } if **field == *"k" => {
                    let value =
                        |doc: &Doc| if *mode == SortMode::Max { doc.keys.last() } else { doc.keys.first() }.cloned();
                    in_order(value(a), value(b), key.descending, missing)
                }
                SortBy::Field { values: SortValues::Distance(asked), missing, mode, .. } => {
                    let value = |doc: &Doc| distance(doc, asked, *mode);
                    in_order(value(a), value(b), key.descending, missing)
                }
                SortBy::Field { field, missing, mode, .. } => {
                    let value = |doc: &Doc| number(if **field == *"n" { &doc.n } else { &doc.d }, *mode);
                    in_order(value(a), value(b), key.descending, missing)
                }
                _ => Ordering::Equal,
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        a.id.cmp(&b.id)
    });
    found.into_iter().map(|doc| doc.id.clone()).collect()
}

/// The distance of a document's places, as an integer that orders as it does.
fn distance(doc: &Doc, asked: &BoundDistance, mode: SortMode) -> Option<i64> {
    let one = |code: i64, from: GeoPoint| asked.kind.metres(from, decode(code)) / asked.unit.metres();
    let mut all: Vec<f64> =
        doc.g.iter().flat_map(|&code| asked.from.iter().map(move |&from| one(code, from))).collect();
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    let chosen = match mode {
        _ if all.is_empty() => return None,
        SortMode::Min => all[0],
        SortMode::Max => all[all.len() - 1],
        SortMode::Sum => all.iter().sum(),
        SortMode::Avg => all.iter().sum::<f64>() / all.len() as f64,
        SortMode::Median if all.len().is_multiple_of(2) => (all[middle - 1] + all[middle]) / 2.0,
        SortMode::Median => all[middle],
    };
    Some(chosen.to_bits() as i64)
}

fn number(values: &[i64], mode: SortMode) -> Option<i64> {
    let middle = values.len() / 2;
    match mode {
        _ if values.is_empty() => None,
        SortMode::Min => values.first().copied(),
        SortMode::Max => values.last().copied(),
        SortMode::Sum => Some(values.iter().sum()),
        SortMode::Avg => Some((values.iter().sum::<i64>() as f64 / values.len() as f64).round() as i64),
        SortMode::Median if values.len().is_multiple_of(2) => {
            Some(((values[middle - 1] + values[middle]) as f64 / 2.0).round() as i64)
        }
        SortMode::Median => Some(values[middle]),
    }
}

fn in_order<T: Ord>(a: Option<T>, b: Option<T>, descending: bool, missing: &Missing) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) if matches!(missing, Missing::First) => a.is_some().cmp(&b.is_some()),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn words<'d>(doc: &'d Doc, field: &str) -> &'d [String] {
    match field {
        "title" => &doc.title,
        "plain" => &doc.plain,
        "body" => &doc.body,
        "k" => &doc.keys,
        _ => &[],
    }
}

fn has(doc: &Doc, field: &str, term: &[u8]) -> bool {
    words(doc, field).iter().any(|word| word.as_bytes() == term)
}

fn doc_freq(corpus: &Corpus, field: &str, term: &[u8]) -> f64 {
    corpus.docs.iter().filter(|doc| has(doc, field, term)).count() as f64
}

fn idf(corpus: &Corpus, field: &str, doc_freq: f64) -> f64 {
    let count = corpus.docs.iter().filter(|doc| !words(doc, field).is_empty()).count() as f64;
    (1.0 + (count - doc_freq + 0.5) / (doc_freq + 0.5)).ln()
}

fn bm25(corpus: &Corpus, doc: &Doc, field: &str, (idf, freq): (f64, f64)) -> f64 {
    let with: Vec<f64> =
        corpus.docs.iter().map(|doc| words(doc, field).len() as f64).filter(|&length| length > 0.0).collect();
    let average = with.iter().sum::<f64>() / with.len() as f64;
    let length = if field == "plain" { 1.0 } else { words(doc, field).len() as f64 };
    idf * freq / (freq + 1.2 * (0.25 + 0.75 * length / average))
}

fn count(doc: &Doc, field: &str, term: &[u8]) -> f64 {
    words(doc, field).iter().filter(|word| word.as_bytes() == term).count() as f64
}

fn score(corpus: &Corpus, doc: &Doc, query: &BoundQuery, outer: f64) -> Option<f64> {
    let boost = outer * f64::from(query.boost);
    let constant = |matches: bool| matches.then_some(boost);
    match &query.kind {
        BoundKind::MatchAll => Some(boost),
        // Vectors are checked elsewhere (`tests/vectors.rs`).
        BoundKind::MatchNone(_) | BoundKind::Knn(_) | BoundKind::Approximate(_) | BoundKind::Slice(_) => None,
        BoundKind::Term(field, term) => {
            let freq = count(doc, field, term);
            let idf = idf(corpus, field, doc_freq(corpus, field, term));
            (freq > 0.0).then(|| boost * bm25(corpus, doc, field, (idf, freq)))
        }
        BoundKind::Synonyms(field, terms) => {
            let freq: f64 = terms.iter().map(|term| count(doc, field, term)).sum();
            let most = terms.iter().map(|term| doc_freq(corpus, field, term)).fold(0.0, f64::max);
            (freq > 0.0).then(|| boost * bm25(corpus, doc, field, (idf(corpus, field, most), freq)))
        }
        BoundKind::Combined(word) => combined(corpus, doc, word).map(|score| boost * score),
        BoundKind::Terms(field, terms) => constant(terms.iter().any(|term| has(doc, field, term))),
        BoundKind::Numbers(field, codes) => constant(numbers(doc, field).iter().any(|n| codes.contains(n))),
        BoundKind::NumberRange(field, from, to) => constant(numbers(doc, field).iter().any(|n| n >= from && n <= to)),
        BoundKind::Geo(field, area) => constant(numbers(doc, field).iter().any(|&code| area.contains(decode(code)))),
        BoundKind::TermRange(field, from, to) => constant(words(doc, field).iter().any(|word| {
            let word = word.as_bytes();
            let above = match from {
                Bound::Included(from) => word >= from.as_ref(),
                Bound::Excluded(from) => word > from.as_ref(),
                Bound::Unbounded => true,
            };
            above
                && match to {
                    Bound::Included(to) => word <= to.as_ref(),
                    Bound::Excluded(to) => word < to.as_ref(),
                    Bound::Unbounded => true,
                }
        })),
        BoundKind::Phrase(phrase) => phrase_score(corpus, doc, phrase).map(|score| boost * score),
        BoundKind::Expand(expand) => {
            let accepted = Accepted::of(&expand.pattern, &crate::reader::FuzzyTables::default()).expect("valid");
            constant(words(doc, &expand.field).iter().any(|word| accepted.accepts(word.as_bytes())))
        }
        BoundKind::Exists(fields) => {
            constant(fields.iter().any(|field| !words(doc, field).is_empty() || !numbers(doc, field).is_empty()))
        }
        BoundKind::Ids(ids) => constant(ids.iter().any(|id| **id == *doc.id)),
        BoundKind::Bool(clauses) => boolean(corpus, doc, clauses, boost),
        BoundKind::Boosting { positive, negative, negative_boost } => {
            let score_of = score(corpus, doc, positive, boost)?;
            let negative = score(corpus, doc, negative, 1.0).is_some();
            Some(if negative { score_of * f64::from(*negative_boost) } else { score_of })
        }
        BoundKind::ConstantScore(inner) => constant(score(corpus, doc, inner, 1.0).is_some()),
        BoundKind::DisMax { queries, tie_breaker } => {
            let scores: Vec<f64> = queries.iter().filter_map(|query| score(corpus, doc, query, boost)).collect();
            let best = scores.iter().copied().reduce(f64::max)?;
            Some(best + (scores.iter().sum::<f64>() - best) * f64::from(*tie_breaker))
        }
        BoundKind::FunctionScore(function) => function_score(corpus, doc, function, boost),
        BoundKind::Blended { .. }
        | BoundKind::Ranked(_)
        | BoundKind::TermsSet(_)
        | BoundKind::MoreLikeThis(_)
        | BoundKind::Spans(_)
        | BoundKind::ByFrequency(_)
        | BoundKind::Percolate(_)
        | BoundKind::Intervals(_) => unreachable!("not generated"),
        BoundKind::Nested(_) | BoundKind::InsideOf(_) | BoundKind::Shape(..) => unreachable!("not in the corpus"),
        BoundKind::Ranges(_) | BoundKind::Feature(_) | BoundKind::Joined(_) => unreachable!("the corpus has none"),
    }
}

/// Fields that count as one: all is added up, but a document with the word in several fields counts once, where most have it.
fn combined(corpus: &Corpus, doc: &Doc, word: &BoundCombined) -> Option<f64> {
    let sum = |of: &dyn Fn(&str) -> f64| {
        word.fields.iter().map(|(field, factor)| f64::from(*factor) * of(field)).sum::<f64>()
    };
    let most = |of: &dyn Fn(&str) -> f64| word.fields.iter().map(|(field, _)| of(field)).fold(0.0, f64::max);
    let freq = sum(&|field| count(doc, field, &word.term));
    let with = |field: &str| corpus.docs.iter().filter(|doc| !words(doc, field).is_empty()).count() as f64;
    let (n, known) = (most(&with), most(&|field| doc_freq(corpus, field, &word.term)));
    let total = sum(&|field| corpus.docs.iter().map(|doc| words(doc, field).len() as f64).sum()).floor();
    let without_norms = word.fields.iter().all(|(field, _)| **field == *"plain");
    let length = if without_norms { 1.0 } else { (sum(&|field| words(doc, field).len() as f64) + 0.5).floor() };
    let idf = (1.0 + (n - known + 0.5) / (known + 0.5)).ln();
    (freq > 0.0).then(|| idf * freq / (freq + 1.2 * (0.25 + 0.75 * length / (total / n))))
}

fn numbers<'d>(doc: &'d Doc, field: &str) -> &'d [i64] {
    match field {
        "n" => &doc.n,
        "d" => &doc.d,
        "g" => &doc.g,
        _ => &[],
    }
}

fn boolean(corpus: &Corpus, doc: &Doc, clauses: &BoundBool, boost: f64) -> Option<f64> {
    let BoundBool { must, should, filter, must_not, minimum_should_match } = clauses;
    if must.is_empty() && should.is_empty() && filter.is_empty() && must_not.is_empty() {
        return Some(boost);
    }
    let matches = |query: &BoundQuery| score(corpus, doc, query, 1.0).is_some();
    if !filter.iter().all(matches) || must_not.iter().any(matches) {
        return None;
    }
    let mut sum = 0.0;
    for query in must {
        sum += score(corpus, doc, query, boost)?;
    }
    let optional: Vec<f64> = should.iter().filter_map(|query| score(corpus, doc, query, boost)).collect();
    let alone = must.is_empty() && filter.is_empty() && !should.is_empty();
    let minimum = (*minimum_should_match as usize).max(usize::from(alone));
    (optional.len() >= minimum).then(|| sum + optional.iter().sum::<f64>())
}

fn phrase_score(corpus: &Corpus, doc: &Doc, phrase: &Phrase) -> Option<f64> {
    let field = &*phrase.field;
    let mut positions: Vec<(u32, Vec<String>)> = phrase
        .positions
        .iter()
        .map(|p| (p.position, p.terms.iter().map(|term| String::from_utf8_lossy(term).into_owned()).collect()))
        .collect();
    if let (Some(limit), Some((_, last))) = (phrase.prefix_expansions, positions.last_mut()) {
        let mut all: Vec<&str> =
            WORDS.into_iter().filter(|word| doc_freq(corpus, field, word.as_bytes()) > 0.0).collect();
        all.sort_unstable();
        all.retain(|word| last.iter().any(|prefix| word.starts_with(prefix.as_str())));
        all.truncate(limit as usize);
        *last = all.into_iter().map(str::to_owned).collect();
    }
    if let [(_, terms)] = positions.as_slice() {
        let one = |term: &String| {
            let freq = count(doc, field, term.as_bytes());
            let idf = idf(corpus, field, doc_freq(corpus, field, term.as_bytes()));
            (freq > 0.0).then(|| bm25(corpus, doc, field, (idf, freq)))
        };
        let scores: Vec<f64> = terms.iter().filter_map(one).collect();
        return (!scores.is_empty()).then(|| scores.iter().sum());
    }
    let first = positions.first()?.0;
    let text = words(doc, field);
    let at = |start: usize| {
        positions.iter().all(|(position, terms)| {
            text.get(start + (position - first) as usize).is_some_and(|word| terms.contains(word))
        })
    };
    let freq = (0..text.len()).filter(|&start| at(start)).count() as f64;
    let known = positions.iter().flat_map(|(_, terms)| terms).map(|term| doc_freq(corpus, field, term.as_bytes()));
    let idf: f64 = known.filter(|&df| df > 0.0).map(|df| idf(corpus, field, df)).sum();
    (freq > 0.0).then(|| bm25(corpus, doc, field, (idf, freq)))
}

fn function_score(corpus: &Corpus, doc: &Doc, function: &BoundFunctionScore, boost: f64) -> Option<f64> {
    let base = score(corpus, doc, &function.query, boost)?;
    let mut values = Vec::new();
    for one in &function.functions {
        if one.filter.as_ref().is_none_or(|filter| score(corpus, doc, filter, 1.0).is_some()) {
            let value = match &one.function {
                Some(ScoreFunction::FieldValue { .. }) => {
                    (doc.n.first().copied().map_or(3.0, |n| n as f64) * 0.5).powi(2)
                }
                _ => 1.0,
            };
            let weight = f64::from(one.weight.unwrap_or(1.0));
            values.push((value * weight, weight));
        }
    }
    let plain = values.iter().map(|(value, _)| *value);
    let combined = match function.score_mode {
        _ if values.is_empty() => 1.0,
        ScoreMode::Multiply => plain.product(),
        ScoreMode::Sum => plain.sum(),
        ScoreMode::Avg => plain.sum::<f64>() / values.iter().map(|(_, weight)| weight).sum::<f64>(),
        ScoreMode::First => values[0].0,
        ScoreMode::Max => plain.fold(f64::NEG_INFINITY, f64::max),
        ScoreMode::Min => plain.fold(f64::INFINITY, f64::min),
    }
    .min(f64::from(function.max_boost));
    let result = match function.boost_mode {
        BoostMode::Multiply => base * combined,
        BoostMode::Replace => combined,
        BoostMode::Sum => base + combined,
        BoostMode::Avg => (base + combined) / 2.0,
        BoostMode::Max => base.max(combined),
        BoostMode::Min => base.min(combined),
    };
    function.min_score.is_none_or(|least| result as f32 >= least).then_some(result)
}
