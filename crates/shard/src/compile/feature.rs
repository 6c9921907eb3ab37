//! `rank_feature`: all values of a feature walked when the query is compiled, each document scored by a function of its own.

use std::ops::Bound;

use model::error::{Error, ErrorKind};
use search::feature::{BoundFeature, FeatureFunction};

use super::pattern::prefix_end;
use super::{Compiler, Context, Kind, NearestWeight, Weight};
use crate::execute::Verdict;
use crate::features;
use crate::score::Outcome;
use crate::segment::{DocId, EveryTerm};

/// The codes of a feature in one segment, with their documents.
type Found = Vec<(DocId, u16)>;

impl Compiler<'_, '_> {
    pub(super) fn feature(&mut self, query: &BoundFeature, context: Context) -> Outcome<Weight> {
        let prefix = features::prefix(query.feature.as_deref());
        let end = prefix_end(&prefix);
        let range = (
            if prefix.is_empty() { Bound::Unbounded } else { Bound::Included(prefix.as_slice()) },
            end.as_deref().map_or(Bound::Unbounded, Bound::Excluded),
        );
        let reader = self.counts.reader();
        let (mut found, mut times, mut sum) = (vec![Found::new(); reader.segments.len()], 0u64, 0u64);
        if let Some(entry) = reader.fields.by_path(&query.field) {
            for (view, found) in reader.segments.iter().zip(&mut found) {
                let Some(terms) = view.segment.terms(entry.slot)? else { continue };
                let mut entries = Vec::new();
                terms.walk(range, &EveryTerm, &mut |term, entry| {
                    entries.extend(features::code_of(term, &prefix).map(|code| (code, entry)));
                    true
                })?;
                let mut docs = Vec::new();
                for (code, entry) in entries {
                    let documents = entry.statistics.doc_freq;
                    times += documents;
                    sum += u64::from(code) * documents;
                    docs.clear();
                    terms.docs(&entry, &mut docs)?;
                    found.extend(docs.iter().map(|&doc| (doc, code)));
                    match self.patience.verdict() {
                        Verdict::GoOn => {}
                        Verdict::TimedOut => break,
                        Verdict::Cancelled => {
                            return Err(Error::new(ErrorKind::TaskCancelled, "the search was cancelled").into());
                        }
                    }
                }
                found.sort_unstable();
            }
        }
        let function = Function::of(query.function, (sum, times));
        let scored = |found: Found| -> Vec<(DocId, f32)> {
            found.into_iter().map(|(doc, code)| (doc, function.score(features::decode(code), context.boost))).collect()
        };
        let hits = found.into_iter().map(scored).collect();
        let notation = query.notation();
        Ok(Weight::new(Kind::Nearest(NearestWeight { hits, count: None, k: None, notation }), context.boost))
    }
}

/// As [`FeatureFunction`], with nothing left open.
enum Function {
    Saturation(f32),
    Log(f32),
    Sigmoid { pivot: f64, exponent: f64 },
    Linear,
}

impl Function {
    /// `sum` of the codes of so many values: where no pivot is given, it is the value of their average, which lies near the geometric mean.
    fn of(function: FeatureFunction, (sum, times): (u64, u64)) -> Self {
        match function {
            FeatureFunction::Saturation { pivot: Some(pivot) } => Self::Saturation(pivot),
            FeatureFunction::Saturation { pivot: None } => {
                let average = sum.checked_div(times).unwrap_or(0);
                Self::Saturation(features::decode(u16::try_from(average).unwrap_or(u16::MAX)))
            }
            FeatureFunction::Log { scaling_factor } => Self::Log(scaling_factor),
            FeatureFunction::Sigmoid { pivot, exponent } => {
                let exponent = f64::from(exponent);
                Self::Sigmoid { pivot: f64::from(pivot).powf(exponent), exponent }
            }
            FeatureFunction::Linear => Self::Linear,
        }
    }

    fn score(&self, value: f32, weight: f32) -> f32 {
        match self {
            Self::Saturation(pivot) => weight * (1.0 - pivot / (value + pivot)),
            Self::Log(factor) => (f64::from(weight) * f64::from(factor + value).ln()) as f32,
            Self::Sigmoid { pivot, exponent } => {
                let power = f64::from(value).powf(*exponent);
                (f64::from(weight) * (1.0 - pivot / (power + pivot))) as f32
            }
            Self::Linear => weight * value,
        }
    }
}
