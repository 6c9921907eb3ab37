//! How good a list of hits is, by what people said of them.

use model::error::{Error, ErrorKind};
use serde_json::{Map, Value, json};

/// A measure with its options.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Metric {
    kind: Kind,
    /// Hits that are looked at.
    pub(super) k: u32,
    /// Ratings from here on are relevant.
    threshold: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Precision {
        ignore_unlabeled: bool,
    },
    Recall,
    ReciprocalRank,
    /// Järvelin and Kekäläinen (2002).
    Gain {
        normalize: bool,
    },
    /// Chapelle et al. (2009).
    ExpectedReciprocalRank {
        maximum: u32,
        unknown: Option<u32>,
    },
}

/// A score, and how it came about.
pub(super) struct Score {
    pub(super) value: f64,
    pub(super) details: Value,
}

impl Metric {
    /// # Errors
    /// `named_object_not_found_exception` for a measure that there is not, `x_content_parse_exception` for options that it has not.
    pub(super) fn read(name: &str, options: &Map<String, Value>) -> Result<Self, Error> {
        let number = |key: &str, default: u32| match options.get(key) {
            None => Ok(default),
            Some(value) => value.as_u64().and_then(|n| u32::try_from(n).ok()).ok_or_else(|| wrong(name, key)),
        };
        let flag = |key: &str| match options.get(key) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| wrong(name, key)),
        };
        let threshold = number("relevant_rating_threshold", 1)?;
        let (kind, known): (Kind, &[&str]) = match name {
            "precision" => (
                Kind::Precision { ignore_unlabeled: flag("ignore_unlabeled")? },
                &["k", "relevant_rating_threshold", "ignore_unlabeled"],
            ),
            "recall" => (Kind::Recall, &["k", "relevant_rating_threshold"]),
            "mean_reciprocal_rank" => (Kind::ReciprocalRank, &["k", "relevant_rating_threshold"]),
            "dcg" => (Kind::Gain { normalize: flag("normalize")? }, &["k", "normalize", "unknown_doc_rating"]),
            "expected_reciprocal_rank" => {
                let maximum = match options.get("maximum_relevance") {
                    None => return Err(Error::illegal_argument("Required [maximum_relevance]")),
                    Some(_) => number("maximum_relevance", 0)?,
                };
                let unknown = options.contains_key("unknown_doc_rating").then(|| number("unknown_doc_rating", 0));
                let unknown = unknown.transpose()?;
                (Kind::ExpectedReciprocalRank { maximum, unknown }, &["k", "maximum_relevance", "unknown_doc_rating"])
            }
            _ => return Err(Error::new(ErrorKind::NamedObjectNotFound, format!("unknown field [{name}]"))),
        };
        if options.contains_key("unknown_doc_rating") && name == "dcg" {
            return Err(Error::not_implemented("[unknown_doc_rating] of [dcg]"));
        }
        if let Some(other) = options.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(Error::new(ErrorKind::XContentParse, format!("[{name}] unknown field [{other}]")));
        }
        let k = number("k", 10)?;
        if k == 0 {
            return Err(Error::illegal_argument("Window size k must be positive."));
        }
        Ok(Self { kind, k, threshold })
    }

    /// `hits`: what was said of each, in order. `rated`: all that was said.
    pub(super) fn score(&self, hits: &[Option<u32>], rated: &[u32]) -> Score {
        let relevant = |rating: &u32| *rating >= self.threshold;
        let found = hits.iter().flatten().filter(|rating| relevant(rating)).count();
        let ratio = |part: usize, all: usize| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        let unrated = hits.iter().filter(|rating| rating.is_none()).count();
        match &self.kind {
            Kind::Precision { ignore_unlabeled } => {
                let all = if *ignore_unlabeled { hits.len() - unrated } else { hits.len() };
                let details = json!({"precision": {"relevant_docs_retrieved": found, "docs_retrieved": all}});
                Score { value: ratio(found, all), details }
            }
            Kind::Recall => {
                let all = rated.iter().filter(|rating| relevant(rating)).count();
                let details = json!({"recall": {"relevant_docs_retrieved": found, "relevant_docs": all}});
                Score { value: ratio(found, all), details }
            }
            Kind::ReciprocalRank => {
                let first = hits.iter().position(|rating| rating.as_ref().is_some_and(relevant)).map(|at| at + 1);
                let shown = first.map_or(-1, |rank| rank as i64);
                let details = json!({"mean_reciprocal_rank": {"first_relevant": shown}});
                Score { value: first.map_or(0.0, |rank| 1.0 / rank as f64), details }
            }
            Kind::Gain { normalize } => gain(hits, rated, (*normalize, unrated)),
            Kind::ExpectedReciprocalRank { maximum, unknown } => {
                let details = json!({"expected_reciprocal_rank": {"unrated_docs": unrated}});
                Score { value: expected(hits, *maximum, *unknown), details }
            }
        }
    }
}

fn wrong(name: &str, key: &str) -> Error {
    Error::new(ErrorKind::XContentParse, format!("[{name}] failed to parse field [{key}]"))
}

fn gain(hits: &[Option<u32>], rated: &[u32], (normalize, unrated): (bool, usize)) -> Score {
    let dcg = discounted(hits.iter().map(|rating| rating.unwrap_or_default()));
    let mut details = json!({"dcg": dcg});
    let mut value = dcg;
    if normalize {
        let mut best = rated.to_vec();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let ideal = discounted(best.into_iter().take(hits.len()));
        value = if ideal > 0.0 { dcg / ideal } else { 0.0 };
        // Where nothing is rated there is no ideal.
        if ideal > 0.0 {
            details["ideal_dcg"] = ideal.into();
            details["normalized_dcg"] = value.into();
        }
    }
    details["unrated_docs"] = unrated.into();
    Score { value, details: json!({"dcg": details}) }
}

fn discounted(ratings: impl Iterator<Item = u32>) -> f64 {
    let part = |(at, rating): (usize, u32)| (f64::from(rating).exp2() - 1.0) / (at as f64 + 2.0).log2();
    ratings.enumerate().map(part).sum()
}

fn expected(hits: &[Option<u32>], maximum: u32, unknown: Option<u32>) -> f64 {
    let (mut left, mut sum) = (1.0, 0.0);
    for (at, rating) in hits.iter().enumerate() {
        let Some(rating) = rating.or(unknown) else { continue };
        let stops = (f64::from(rating).exp2() - 1.0) / f64::from(maximum).exp2();
        sum += left * stops / (at as f64 + 1.0);
        left *= 1.0 - stops;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, options: Value, expected: f64) {
        let metric = Metric::read(name, options.as_object().unwrap()).unwrap();
        let score = metric.score(&[Some(0), Some(3), None], &[0, 3, 1]).value;
        assert!((score - expected).abs() < 1e-9, "{name} {options}: {score}");
    }

    #[test]
    fn measures() {
        check("precision", json!({}), 1.0 / 3.0);
        check("precision", json!({"ignore_unlabeled": true}), 0.5);
        check("recall", json!({}), 0.5);
        check("mean_reciprocal_rank", json!({}), 0.5);
        check("dcg", json!({}), 4.416508275000202);
        check("dcg", json!({"normalize": true}), 0.5787641110093);
        check("expected_reciprocal_rank", json!({"maximum_relevance": 3}), 0.4375);
        assert!(Metric::read("zz", &Map::new()).is_err());
    }
}
