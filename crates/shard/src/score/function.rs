//! `function_score`: numbers out of columns, combined with a query's score.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::number::float_text;
use model::query::compound::{BoostMode, DecayShape, Modifier, MultiValueMode, ScoreMode};
use search::aggregation::values::number;
use search::bound::NumberCode;

use super::script::ScriptRun;
use super::{Outcome, Scorer};
use crate::segment::column::{NumberColumn, StringColumn};
use crate::segment::{DocId, NO_MORE_DOCS};

/// A function over the columns of one segment. A column is `None` where no document has the field.
pub(crate) enum Function {
    /// Only a weight.
    One,
    Random {
        seed: i32,
        values: RandomBy,
    },
    FieldValue {
        path: Arc<str>,
        column: Option<Arc<dyn NumberColumn>>,
        code: NumberCode,
        factor: f32,
        modifier: Modifier,
        missing: Option<f64>,
    },
    Decay {
        column: Option<Arc<dyn NumberColumn>>,
        code: NumberCode,
        decay: DecayCurve,
        mode: MultiValueMode,
    },
    Script(ScriptRun),
    /// The nearer the better: half at `pivot`.
    Distance {
        column: Option<Arc<dyn NumberColumn>>,
        code: NumberCode,
        origin: f64,
        pivot: f64,
    },
}

/// What a random score is made of.
pub(crate) enum RandomBy {
    Term(Option<Arc<dyn StringColumn>>),
    Number(Option<Arc<dyn NumberColumn>>, NumberCode),
}

/// One curve: its parameter is prepared as OpenSearch prepares it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecayCurve {
    pub(crate) shape: DecayShape,
    pub(crate) origin: f64,
    pub(crate) offset: f64,
    /// Gauss: the variance, doubled and negative by convention of `value`; exp: the rate; linear: where it reaches zero.
    pub(crate) parameter: f64,
}

impl DecayCurve {
    pub(crate) fn new(shape: DecayShape, origin: f64, offset: f64, (scale, decay): (f64, f64)) -> Self {
        let parameter = match shape {
            DecayShape::Gauss => 0.5 * scale.powi(2) / decay.ln(),
            DecayShape::Exp => decay.ln() / scale,
            DecayShape::Linear => scale / (1.0 - decay),
        };
        Self { shape, origin, offset, parameter }
    }

    fn value(&self, distance: f64) -> f64 {
        match self.shape {
            DecayShape::Gauss => (0.5 * distance.powi(2) / self.parameter).exp(),
            DecayShape::Exp => (self.parameter * distance).exp(),
            DecayShape::Linear => ((self.parameter - distance) / self.parameter).max(0.0),
        }
    }
}

impl Function {
    /// The function's value for a document; `None` where it has none and so does not take part.
    fn value(&self, (doc, score): (DocId, f32), scratch: &mut Vec<i64>) -> Outcome<f64> {
        match self {
            Self::One => Ok(1.0),
            Self::Random { seed, values } => values.random(*seed, doc),
            Self::FieldValue { path, column, code, factor, modifier, missing } => {
                let value =
                    column.as_ref().and_then(|column| column.first(doc)).map(|value| number(value, *code)).or(*missing);
                let Some(value) = value else {
                    return Err(Error::new(ErrorKind::Generic, format!("Missing value for field [{path}]")).into());
                };
                modified(*modifier, (value, f64::from(*factor)))
            }
            Self::Decay { column, code, decay, mode } => {
                scratch.clear();
                if let Some(column) = column {
                    column.values(doc, scratch);
                }
                let distances =
                    scratch.iter().map(|&value| ((number(value, *code) - decay.origin).abs() - decay.offset).max(0.0));
                Ok(decay.value(chosen(distances, *mode)))
            }
            Self::Script(script) => script.number(doc, score),
            Self::Distance { column, code, origin, pivot } => {
                scratch.clear();
                if let Some(column) = column {
                    column.values(doc, scratch);
                }
                let distances = scratch.iter().map(|&value| (number(value, *code) - origin).abs());
                Ok(distances.min_by(f64::total_cmp).map_or(0.0, |distance| pivot / (pivot + distance)))
            }
        }
    }
}

/// One distance of several; 0 without any.
fn chosen(distances: impl Iterator<Item = f64> + Clone, mode: MultiValueMode) -> f64 {
    let count = distances.clone().count();
    match mode {
        _ if count == 0 => 0.0,
        MultiValueMode::Min => distances.fold(f64::INFINITY, f64::min),
        MultiValueMode::Max => distances.fold(f64::NEG_INFINITY, f64::max),
        MultiValueMode::Avg => distances.sum::<f64>() / count as f64,
        MultiValueMode::Sum => distances.sum(),
        MultiValueMode::Median => {
            let mut sorted: Vec<f64> = distances.collect();
            sorted.sort_by(f64::total_cmp);
            let upper = sorted[count / 2];
            if count % 2 == 1 { upper } else { f64::midpoint(sorted[count / 2 - 1], upper) }
        }
    }
}

/// A value times a factor, bent; NaN is for the score to refuse.
fn modified(modifier: Modifier, (given, factor): (f64, f64)) -> Outcome<f64> {
    let value = given * factor;
    let result = match modifier {
        Modifier::None => value,
        Modifier::Log => value.log10(),
        Modifier::Log1p => (value + 1.0).log10(),
        Modifier::Log2p => (value + 2.0).log10(),
        Modifier::Ln => value.ln(),
        Modifier::Ln1p => value.ln_1p(),
        Modifier::Ln2p => (value + 2.0).ln(),
        Modifier::Square => value.powi(2),
        Modifier::Sqrt => value.sqrt(),
        Modifier::Reciprocal => 1.0 / value,
    };
    if result < 0.0 {
        let hint = match modifier {
            Modifier::Log => "; consider using log1p or log2p instead of log to avoid negative scores",
            Modifier::Ln => "; consider using ln1p or ln2p instead of ln to avoid negative scores",
            _ => "",
        };
        return Err(Error::illegal_argument(format!(
            "field value function must not produce negative scores, but got: [{}] for field value: [{}]{hint}",
            float_text(result),
            float_text(given)
        ))
        .into());
    }
    Ok(result)
}

/// What a script gives among other functions.
fn positive(result: f64) -> Outcome<f64> {
    if result < 0.0 {
        let got = float_text(result);
        let reason = format!("script score function must not produce negative scores, but got: [{got}]");
        return Err(Error::illegal_argument(reason).into());
    }
    Ok(result)
}

/// The lesser, or what is no number.
fn lesser(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// The greater, or what is no number.
fn greater(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

impl RandomBy {
    fn random(&self, seed: i32, doc: DocId) -> Outcome<f64> {
        let mut text = Vec::new();
        match self {
            Self::Term(Some(terms)) => {
                if let Some(ord) = terms.first(doc) {
                    terms.value(ord, &mut text)?;
                }
            }
            Self::Number(Some(column), code) => {
                if let Some(value) = column.first(doc) {
                    text = match code {
                        NumberCode::Long => value.to_string(),
                        // As milliseconds.
                        NumberCode::Nanos => value.div_euclid(1_000_000).to_string(),
                        NumberCode::Unsigned => model::number::u64_from_ordered(value).to_string(),
                        NumberCode::Double => format!("{:?}", number(value, *code)),
                        // OpenSearch multiplies, which rounds otherwise than to divide does.
                        NumberCode::Scaled(factor) => format!("{:?}", value as f64 * (1.0 / factor)),
                    }
                    .into_bytes();
                }
            }
            Self::Term(None) | Self::Number(None, _) => {}
        }
        let salted = mixed(seed);
        let hash = if text.is_empty() { salted } else { murmur3(&text, salted) };
        Ok(f64::from((hash & 0x00ff_ffff) as f32 / (1 << 24) as f32))
    }
}

/// Murmur3's finalizer (Appleby).
fn mixed(seed: i32) -> u32 {
    let mut hash = seed as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

/// Murmur3, 32 bits (Appleby).
fn murmur3(bytes: &[u8], seed: u32) -> u32 {
    let scramble = |k: u32| k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let mut hash = seed;
    let mut chunks = bytes.chunks_exact(4);
    for chunk in &mut chunks {
        let k = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        hash = (hash ^ scramble(k)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let rest = chunks.remainder().iter().rev().fold(0u32, |k, &byte| k << 8 | u32::from(byte));
    if !chunks.remainder().is_empty() {
        hash ^= scramble(rest);
    }
    mixed((hash ^ bytes.len() as u32) as i32)
}

/// A function with its filter and weight.
pub(crate) struct Weighted {
    pub(crate) filter: Option<Box<dyn Scorer>>,
    pub(crate) weight: Option<f32>,
    pub(crate) function: Function,
}

/// How functions and the query's score combine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Modes {
    pub(crate) score_mode: ScoreMode,
    pub(crate) boost_mode: BoostMode,
    pub(crate) max_boost: f32,
    /// A query that is scored by a script and by nothing else.
    pub(crate) alone: bool,
}

/// A query's matches, scored with functions.
pub(crate) struct FunctionScore {
    base: Box<dyn Scorer>,
    functions: Vec<Weighted>,
    modes: Modes,
    doc: DocId,
    scratch: Vec<i64>,
}

/// What the functions made of a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct FunctionValues {
    /// By function; `None`: its filter does not match.
    pub(crate) each: Vec<Option<f64>>,
    /// Combined, before `max_boost`; `None`: none matched.
    pub(crate) combined: Option<f64>,
}

impl FunctionScore {
    pub(crate) fn new(base: Box<dyn Scorer>, functions: Vec<Weighted>, modes: Modes) -> Self {
        Self { base, functions, modes, doc: 0, scratch: Vec::new() }
    }

    /// The functions' values at `doc`, which ascends.
    pub(crate) fn values(&mut self, doc: DocId, score: f32) -> Outcome<FunctionValues> {
        let mut each = Vec::with_capacity(self.functions.len());
        let mut combination = Combination::new(self.modes.score_mode);
        for entry in &mut self.functions {
            let matches = match &mut entry.filter {
                Some(filter) => filter.probe(doc)? == doc,
                None => true,
            };
            let skipped = self.modes.score_mode == ScoreMode::First && combination.count > 0;
            if !matches || skipped {
                each.push(None);
                continue;
            }
            let weight = f64::from(entry.weight.unwrap_or(1.0));
            let own = entry.function.value((doc, score), &mut self.scratch)?;
            let is_part = matches!(entry.function, Function::Script(_)) && !self.modes.alone;
            let value = if is_part { positive(own)? } else { own } * weight;
            combination.add(value, weight);
            each.push(Some(value));
        }
        Ok(FunctionValues { each, combined: combination.finish() })
    }

    /// Why a score cannot be.
    fn invalid(&self, score: f32) -> Error {
        match self.modes.alone {
            true => Error::illegal_argument(format!(
                "script_score script returned an invalid score [{score:?}] for doc [{}]. Must be a non-negative score!",
                self.doc
            )),
            false => Error::new(
                ErrorKind::Generic,
                format!("function score query returned an invalid score: {score:?} for doc: {}", self.doc),
            ),
        }
    }

    /// The final score.
    pub(crate) fn combined(&self, score: f32, values: &FunctionValues) -> f32 {
        let function = lesser(values.combined.unwrap_or(1.0), f64::from(self.modes.max_boost));
        let score = f64::from(score);
        let result = match self.modes.boost_mode {
            BoostMode::Multiply => score * function,
            BoostMode::Replace => function,
            BoostMode::Sum => score + function,
            BoostMode::Avg => (score + function) / 2.0,
            BoostMode::Max => greater(score, function),
            BoostMode::Min => lesser(score, function),
        };
        result as f32
    }
}

struct Combination {
    mode: ScoreMode,
    count: u32,
    value: f64,
    weights: f64,
}

impl Combination {
    fn new(mode: ScoreMode) -> Self {
        Self { mode, count: 0, value: 0.0, weights: 0.0 }
    }

    fn add(&mut self, value: f64, weight: f64) {
        self.weights += weight;
        self.value = match self.mode {
            _ if self.count == 0 => value,
            ScoreMode::Multiply => self.value * value,
            ScoreMode::Sum | ScoreMode::Avg => self.value + value,
            ScoreMode::First => self.value,
            ScoreMode::Max => greater(self.value, value),
            ScoreMode::Min => lesser(self.value, value),
        };
        self.count += 1;
    }

    fn finish(&self) -> Option<f64> {
        (self.count > 0).then_some(match self.mode {
            ScoreMode::Avg if self.weights != 0.0 => self.value / self.weights,
            _ => self.value,
        })
    }
}

impl Scorer for FunctionScore {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.doc = doc;
        self.base.probe(doc)
    }

    fn seek(&mut self, target: DocId) -> Outcome<DocId> {
        self.doc = self.base.seek(target)?;
        Ok(self.doc)
    }

    fn score(&mut self) -> Outcome<f32> {
        let score = self.base.score()?;
        if self.doc == NO_MORE_DOCS {
            return Ok(score);
        }
        let values = self.values(self.doc, score)?;
        let result = self.combined(score, &values);
        if result.is_nan() || result < 0.0 {
            return Err(self.invalid(result).into());
        }
        Ok(result)
    }

    fn cost(&self) -> u64 {
        self.base.cost()
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        self.base.fill(from, to, words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn murmur_of_known_texts() {
        for (text, seed, expected) in
            [("", 0, 0), ("a", 0, 0x3c25_69b2), ("hello", 0, 0x248b_fa47), ("hello, world", 0, 0x149b_bb7f)]
        {
            assert_eq!(murmur3(text.as_bytes(), seed), expected, "{text}");
        }
    }
}
