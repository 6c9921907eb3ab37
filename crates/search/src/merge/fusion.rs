//! One ranking out of several: hybrid search.
//!
//! In: the best hits of each query, best first, and how they are fused. Out: every hit once, with its fused score and what each query gave
//! to it. Pure. Scores follow OpenSearch's `normalization-processor` and `score-ranker-processor`; reciprocal rank fusion is that of
//! Cormack, Clarke and Buettcher (2009).

use std::collections::BTreeMap;
use std::sync::Arc;

use model::query::hybrid::{Combination, Fusion, Normalization};
use model::search::Explanation;

/// What stands for the least score of a query, so that its worst hit is still a hit.
const LEAST: f32 = 0.001;

/// Index and `_id`.
pub type Key = (Arc<str>, Arc<str>);

/// A hit of one query.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    pub key: Key,
    pub score: f32,
    pub explanation: Option<Box<Explanation>>,
}

/// A hit of some of the queries.
#[derive(Clone, Debug, PartialEq)]
pub struct Fused {
    pub key: Key,
    pub score: f32,
    /// By query: `None`: not among its best.
    pub parts: Vec<Option<Part>>,
}

/// What one query gave to a hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// As the query scored it.
    pub score: f32,
    /// On the common scale.
    pub scaled: f32,
    pub explanation: Option<Box<Explanation>>,
}

/// All hits of all queries, best first; ties go to the lower `_id`, then to the lower index.
pub fn fuse(fusion: &Fusion, queries: Vec<Vec<Ranked>>) -> Vec<Fused> {
    let count = queries.len();
    let mut hits: BTreeMap<Key, Vec<Option<Part>>> = BTreeMap::new();
    for (at, ranked) in queries.into_iter().enumerate() {
        let scaled = scaled(fusion, at, &ranked);
        for (hit, scaled) in ranked.into_iter().zip(scaled) {
            let parts = hits.entry(hit.key).or_insert_with(|| vec![None; count]);
            parts[at] = Some(Part { score: hit.score, scaled, explanation: hit.explanation });
        }
    }
    let fused = hits.into_iter().map(|(key, parts)| Fused { key, score: combined(fusion, &parts), parts });
    let mut fused: Vec<Fused> = fused.collect();
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| (&a.key.1, &a.key.0).cmp(&(&b.key.1, &b.key.0))));
    fused
}

/// The scores of one query on the common scale.
fn scaled(fusion: &Fusion, query: usize, ranked: &[Ranked]) -> Vec<f32> {
    let scores = ranked.iter().map(|hit| hit.score);
    match fusion {
        Fusion::ReciprocalRank { constant, weights } => {
            let weight = weights.get(query).copied().unwrap_or(1.0);
            (1..=ranked.len()).map(|rank| weight / (*constant as f32 + rank as f32)).collect()
        }
        Fusion::Normalized { normalization: Normalization::MinMax, .. } => {
            let (least, greatest) =
                scores.clone().fold((f32::INFINITY, f32::NEG_INFINITY), |(least, greatest), score| {
                    (least.min(score), greatest.max(score))
                });
            let scale = |score: f32| match (score - least) / (greatest - least) {
                _ if least == greatest => 1.0,
                0.0 => LEAST,
                scaled => scaled,
            };
            scores.map(scale).collect()
        }
        Fusion::Normalized { normalization: Normalization::L2, .. } => {
            let norm = scores.clone().map(|score| f64::from(score).powi(2)).sum::<f64>().sqrt() as f32;
            scores.map(|score| if norm == 0.0 { LEAST } else { score / norm }).collect()
        }
        Fusion::Normalized { normalization: Normalization::ZScore, .. } => {
            let count = ranked.len() as f64;
            let mean = scores.clone().map(f64::from).sum::<f64>() / count;
            let deviation = (scores.clone().map(|score| (f64::from(score) - mean).powi(2)).sum::<f64>() / count).sqrt();
            let scale = |score: f32| match ((f64::from(score) - mean) / deviation) as f32 {
                _ if deviation == 0.0 => 1.0,
                scaled if scaled <= 0.0 => LEAST,
                scaled => scaled,
            };
            scores.map(scale).collect()
        }
    }
}

/// One score of what the queries gave. A query that did not find the hit counts as 0 in the arithmetic mean and not at all in others.
fn combined(fusion: &Fusion, parts: &[Option<Part>]) -> f32 {
    let Fusion::Normalized { combination, weights, .. } = fusion else {
        return parts.iter().flatten().map(|part| part.scaled).sum();
    };
    let weight = |at: usize| weights.get(at).copied().unwrap_or(1.0);
    let found = || parts.iter().enumerate().filter_map(|(at, part)| Some((weight(at), part.as_ref()?.scaled)));
    let positive = || found().filter(|(_, score)| *score > 0.0);
    let (sum, of) = match combination {
        Combination::Arithmetic => {
            let all: f32 = (0..parts.len()).map(weight).sum();
            (found().map(|(weight, score)| weight * score).sum::<f32>(), all)
        }
        Combination::Geometric => {
            let of = positive().map(|(weight, _)| weight).sum::<f32>();
            let mean = positive().map(|(weight, score)| weight * score.ln()).sum::<f32>() / of;
            return if of > 0.0 { mean.exp() } else { 0.0 };
        }
        Combination::Harmonic => {
            let of = positive().map(|(weight, score)| weight / score).sum::<f32>();
            (positive().map(|(weight, _)| weight).sum(), of)
        }
    };
    if of > 0.0 { sum / of } else { 0.0 }
}

/// How a fused score came about.
pub fn explained(fusion: &Fusion, fused: &Fused) -> Explanation {
    let (how, scale) = match fusion {
        Fusion::ReciprocalRank { constant, .. } => {
            ("rrf combination of:".to_owned(), format!("rrf [rank_constant {constant}] of:"))
        }
        Fusion::Normalized { normalization, combination, .. } => {
            let combination = match combination {
                Combination::Arithmetic => "arithmetic_mean",
                Combination::Geometric => "geometric_mean",
                Combination::Harmonic => "harmonic_mean",
            };
            let normalization = match normalization {
                Normalization::MinMax => "min_max",
                Normalization::L2 => "l2",
                Normalization::ZScore => "z_score",
            };
            (format!("{combination} combination of:"), format!("{normalization} normalization of:"))
        }
    };
    let part = |part: &Part| {
        let raw = part.explanation.as_deref().cloned();
        let raw = raw.unwrap_or_else(|| Explanation::matched(part.score, "score of the query", Vec::new()));
        Explanation::matched(part.scaled, scale.clone(), vec![raw])
    };
    let parts = fused.parts.iter().map(|found| match found {
        Some(found) => part(found),
        None => Explanation::matched(0.0, "not among the best of this query", Vec::new()),
    });
    Explanation::matched(fused.score, how, parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(list: &[(&str, f32)]) -> Vec<Ranked> {
        let hit =
            |(id, score): &(&str, f32)| Ranked { key: ("i".into(), (*id).into()), score: *score, explanation: None };
        list.iter().map(hit).collect()
    }

    fn check(fusion: &Fusion, expected: &[(&str, f32)]) {
        let queries = vec![hits(&[("a", 4.0), ("b", 3.0), ("c", 2.0)]), hits(&[("c", 10.0), ("d", 5.0)])];
        let fused = fuse(fusion, queries);
        assert_eq!(
            fused.iter().map(|hit| &*hit.key.1).collect::<Vec<_>>(),
            expected.iter().map(|e| e.0).collect::<Vec<_>>()
        );
        for (hit, (id, score)) in fused.iter().zip(expected) {
            assert!((hit.score - score).abs() < 1e-5, "{id}: {} for {score} by {fusion:?}", hit.score);
        }
    }

    fn normalized(normalization: Normalization, combination: Combination, weights: &[f32]) -> Fusion {
        Fusion::Normalized { normalization, combination, weights: weights.to_vec() }
    }

    #[test]
    fn scores_are_scaled_and_combined_by_definition() {
        use {Combination as C, Normalization as N};
        check(&normalized(N::MinMax, C::Arithmetic, &[]), &[("c", 0.5005), ("a", 0.5), ("b", 0.25), ("d", 0.0005)]);
        check(
            &normalized(N::MinMax, C::Arithmetic, &[0.9, 0.1]),
            &[("a", 0.9), ("b", 0.45), ("c", 0.1009), ("d", 0.0001)],
        );
        check(
            &normalized(N::MinMax, C::Geometric, &[]),
            &[("a", 1.0), ("b", 0.5), ("c", 0.001f32.sqrt()), ("d", 0.001)],
        );
        check(
            &normalized(N::MinMax, C::Harmonic, &[]),
            &[("a", 1.0), ("b", 0.5), ("c", 2.0 / (1000.0 + 1.0)), ("d", 0.001)],
        );
        let (first, second) = (29f32.sqrt(), 125f32.sqrt());
        check(
            &normalized(N::L2, C::Arithmetic, &[]),
            &[("c", (2.0 / first + 10.0 / second) / 2.0), ("a", 2.0 / first), ("b", 1.5 / first), ("d", 2.5 / second)],
        );
        let deviation = (2f32 / 3.0).sqrt();
        check(
            &normalized(N::ZScore, C::Arithmetic, &[]),
            &[("a", 0.5 / deviation), ("c", 0.5005), ("b", 0.0005), ("d", 0.0005)],
        );
    }

    #[test]
    fn ranks_are_fused_by_their_reciprocals() {
        let fusion = Fusion::ReciprocalRank { constant: 60, weights: Vec::new() };
        check(&fusion, &[("c", 1.0 / 63.0 + 1.0 / 61.0), ("a", 1.0 / 61.0), ("b", 1.0 / 62.0), ("d", 1.0 / 62.0)]);
    }

    #[test]
    fn one_hit_and_no_hit_are_no_trouble() {
        assert!(fuse(&Fusion::default(), vec![Vec::new(), Vec::new()]).is_empty());
        let alone = fuse(&Fusion::default(), vec![hits(&[("a", 3.0)]), Vec::new()]);
        assert_eq!((alone.len(), alone[0].score), (1, 0.5));
        assert_eq!(explained(&Fusion::default(), &alone[0]).details.len(), 2);
    }
}
