//! Scores by models of similarity as Lucene computes them.

use search::statistics::{FieldStatistics, TermStatistics};

use crate::similarity::{AfterEffect, BasicModel, Distribution, IndependenceMeasure, Model, Normalization};

/// A word under a model: what does not depend on the document is computed once.
#[derive(Clone, Debug)]
pub(crate) struct WordModel {
    model: Model,
    boost: f64,
    field: Field,
    /// Documents that have the word, and its occurrences.
    docs: f64,
    occurrences: f64,
}

/// What a model asks of a field.
#[derive(Clone, Copy, Debug)]
struct Field {
    docs: f64,
    tokens: f64,
    /// Tokens of a document on average.
    average: f64,
}

impl WordModel {
    pub(crate) fn new(model: Model, boost: f32, field: FieldStatistics, word: TermStatistics) -> Self {
        let (docs, tokens) = (field.doc_count.max(1) as f64, field.total_term_freq as f64);
        Self {
            model,
            boost: f64::from(boost),
            field: Field { docs, tokens, average: tokens / docs },
            docs: word.doc_freq as f64,
            occurrences: word.total_term_freq as f64,
        }
    }

    /// The score of `freq` occurrences in a document of so many tokens.
    pub(crate) fn score(&self, freq: f32, length: u32) -> f32 {
        let (freq, length) = (f64::from(freq), f64::from(length));
        let score = match self.model {
            Model::Randomness { basic, after, lengths } => {
                self.randomness(basic, self.alike(lengths, freq, length)) * self.after(after)
            }
            Model::Independence(measure) => {
                let expected = (self.occurrences + 1.0) * length / (self.field.tokens + 1.0);
                if freq <= expected { 0.0 } else { (apart(measure, freq, expected) + 1.0).log2() }
            }
            Model::Information { spread, by_documents, lengths } => {
                let counted = if by_documents { self.docs } else { self.occurrences };
                information(spread, self.alike(lengths, freq, length), (counted + 1.0) / (self.field.docs + 1.0))
            }
            Model::Dirichlet { mu } => {
                let mu = f64::from(mu);
                ((1.0 + freq / (mu * self.probability())).ln() + (mu / (length + mu)).ln()).max(0.0)
            }
            Model::JelinekMercer { lambda } => {
                // Lucene subtracts as floats.
                let (own, all) = (f64::from(1.0 - lambda), f64::from(lambda));
                (1.0 + (own * freq / length) / (all * self.probability())).ln()
            }
        };
        (self.boost * score) as f32
    }

    /// Of the word among all words of the field; in floats, as in Lucene.
    fn probability(&self) -> f64 {
        f64::from((self.occurrences as f32 + 1.0) / (self.field.tokens as f32 + 1.0))
    }

    fn randomness(&self, basic: BasicModel, freq: f64) -> f64 {
        let documents = self.field.docs;
        let rarity = match basic {
            BasicModel::Geometric => {
                let occurrences = self.occurrences + 1.0;
                let ratio = occurrences / (documents + occurrences);
                let (first, more) = ((ratio + 1.0).log2(), ((1.0 + ratio) / ratio).log2());
                return more - (more - first) / (1.0 + freq);
            }
            BasicModel::Occurrences => 1.0 + (documents + 1.0) / (self.occurrences + 0.5),
            BasicModel::Documents => (documents + 1.0) / (self.docs + 0.5),
            BasicModel::ExpectedDocuments => {
                let expected = documents * (1.0 - ((documents - 1.0) / documents).powf(self.occurrences));
                (documents + 1.0) / (expected + 0.5)
            }
        };
        rarity.log2() * (1.0 - 1.0 / (1.0 + freq))
    }

    fn after(&self, after: AfterEffect) -> f64 {
        match after {
            AfterEffect::Bernoulli => (self.occurrences + 2.0) / (self.docs + 1.0),
            AfterEffect::Laplace => 1.0,
        }
    }

    fn alike(&self, lengths: Normalization, freq: f64, length: f64) -> f64 {
        let average = self.field.average;
        match lengths {
            Normalization::AsTheyAre => freq,
            Normalization::Even { c } => freq * f64::from(c) * (average / length),
            Normalization::Falling { c } => freq * (1.0 + f64::from(c) * average / length).log2(),
            Normalization::Prior { mu } => {
                let mu = f64::from(mu);
                (freq + mu * self.probability()) / (length + mu) * mu
            }
            Normalization::Power { z } => freq * (average / length).powf(f64::from(z)),
        }
    }
}

fn apart(measure: IndependenceMeasure, freq: f64, expected: f64) -> f64 {
    let more = freq - expected;
    match measure {
        IndependenceMeasure::Standardized => more / expected.sqrt(),
        IndependenceMeasure::Saturated => more / expected,
        IndependenceMeasure::ChiSquared => more * more / expected,
    }
}

/// `rarity`: the share of documents, or of occurrences to documents.
fn information(spread: Distribution, freq: f64, rarity: f64) -> f64 {
    let rarity = if rarity == 1.0 { 1.0_f64.next_down() } else { rarity };
    match spread {
        Distribution::LogLogistic => -(rarity / (freq + rarity)).ln(),
        Distribution::PowerLaw => {
            let share = 1.0 - 1.0 / (freq + 1.0);
            let share = if share == 1.0 { 1.0_f64.next_down() } else { share };
            let power = rarity.powf(share);
            let power = if power == rarity { rarity.next_up() } else { power };
            -((power - rarity) / (1.0 - rarity)).ln()
        }
    }
}
