//! BM25 as Lucene computes it, rounding included, so that scores equal OpenSearch's; and where other models of similarity step in.

use std::sync::Arc;

use search::statistics::{FieldStatistics, TermStatistics};

use super::word_model::WordModel;
use crate::reader::{Bm25, Similarity};

/// What depends on the field alone: the length factor of each norm code.
#[derive(Debug)]
pub(crate) struct FieldScale {
    pub(crate) similarity: Similarity,
    counts: FieldStatistics,
    pub(crate) doc_count: u64,
    /// Tokens of a document on average.
    pub(crate) average: f32,
    /// `1 / (k1 * (1 - b + b * length / average))` by norm code.
    inverse: [f32; 256],
}

/// Length that a norm code stands for: Lucene's `SmallFloat.byte4ToInt`, exact up to 40, then four significant bits.
pub(crate) fn length(code: u8) -> u32 {
    const EXACT: u32 = 24;
    let code = u32::from(code);
    if code < EXACT {
        return code;
    }
    let rest = code - EXACT;
    let (mantissa, shift) = (rest & 7, rest >> 3);
    EXACT + if shift == 0 { mantissa } else { (mantissa | 8) << (shift - 1) }
}

/// The norm code of a document in a field without norms.
pub(crate) const NO_NORMS: u8 = 1;

impl FieldScale {
    pub(crate) fn new(similarity: Similarity, counts: FieldStatistics) -> Self {
        let average = match counts.doc_count {
            0 => 1.0,
            docs => (counts.total_term_freq as f64 / docs as f64) as f32,
        };
        let inverse = match similarity {
            Similarity::Bm25(Bm25 { k1, b, .. }) => std::array::from_fn(|code| {
                let inverse = 1.0 / (k1 * ((1.0 - b) + b * length(code as u8) as f32 / average));
                inverse.min(f32::MAX)
            }),
            // Every frequency saturates: the whole weight is scored.
            Similarity::Boolean => [f32::MAX; 256],
            Similarity::Model(_) => [0.0; 256],
        };
        Self { similarity, counts, doc_count: counts.doc_count, average, inverse }
    }

    /// Of a field that nobody scores.
    pub(crate) fn silent() -> Self {
        let (similarity, counts) = (Similarity::default(), FieldStatistics::default());
        Self { similarity, counts, doc_count: 0, average: 1.0, inverse: [0.0; 256] }
    }

    #[inline]
    pub(crate) fn inverse(&self, code: u8) -> f32 {
        self.inverse[usize::from(code)]
    }

    /// Inverse document frequency; `doc_freq` is at most the field's documents.
    pub(crate) fn idf(&self, doc_freq: u64) -> f32 {
        let doc_freq = doc_freq.min(self.doc_count);
        (1.0 + ((self.doc_count - doc_freq) as f64 + 0.5) / (doc_freq as f64 + 0.5)).ln() as f32
    }

    /// The most that a term of this rarity scores; of a phrase, `idf` is the sum of its terms'.
    pub(crate) fn weight(&self, boost: f32, idf: f32) -> f32 {
        match self.similarity {
            Similarity::Bm25(_) => self.boost(boost) * idf,
            Similarity::Boolean => boost,
            Similarity::Model(_) => UNBOUNDED,
        }
    }

    /// The boost with what the similarity adds to it.
    pub(crate) fn boost(&self, boost: f32) -> f32 {
        match self.similarity {
            Similarity::Bm25(Bm25 { k1, legacy: true, .. }) => boost * (1.0 + k1),
            _ => boost,
        }
    }

    /// Factor that turns bounds made under `average` into bounds here; `None`: they say nothing under these parameters.
    pub(crate) fn correction(&self, average: f32) -> Option<f32> {
        let Similarity::Bm25(Bm25 { k1, b, .. }) = self.similarity else { return None };
        let holds = b == 0.75 && k1 >= 1.2 && average > 0.0;
        holds.then(|| (self.average / average).max(1.0))
    }
}

/// More than any score of a model, and little enough to be added up.
const UNBOUNDED: f32 = 1e30;

/// How one term (or phrase) scores.
#[derive(Clone, Debug)]
pub(crate) struct TermScore {
    /// Boost times idf; of a model, what no score exceeds.
    pub(crate) weight: f32,
    pub(crate) scale: Arc<FieldScale>,
    /// Its words, where the field scores by a model: their scores add up. `None`: BM25, or what can be computed as if it were.
    models: Option<Arc<[WordModel]>>,
}

impl TermScore {
    /// Of one word, which counts as if it occurred as `word` says.
    pub(crate) fn of_word(scale: Arc<FieldScale>, boost: f32, word: TermStatistics) -> Self {
        let weight = scale.weight(boost, scale.idf(word.doc_freq));
        Self::new(scale, weight, boost, &[word])
    }

    /// Of several words that are counted together, a phrase: those that occur at all.
    pub(crate) fn of_words(scale: Arc<FieldScale>, boost: f32, words: &[TermStatistics]) -> Self {
        let idf: f64 = words.iter().map(|word| f64::from(scale.idf(word.doc_freq))).sum();
        let weight = scale.weight(boost, idf as f32);
        Self::new(scale, weight, boost, words)
    }

    /// Of what nobody wants the score of.
    pub(crate) fn silent(scale: Arc<FieldScale>) -> Self {
        Self { weight: 0.0, scale, models: None }
    }

    fn new(scale: Arc<FieldScale>, weight: f32, boost: f32, words: &[TermStatistics]) -> Self {
        let models = match scale.similarity {
            Similarity::Model(model) => {
                Some(words.iter().map(|word| WordModel::new(model, boost, scale.counts, *word)).collect())
            }
            _ => None,
        };
        Self { weight, scale, models }
    }

    #[inline]
    pub(crate) fn score(&self, freq: f32, code: u8) -> f32 {
        match &self.models {
            None => self.weight - self.weight / (1.0 + freq * self.scale.inverse(code)),
            Some(models) => by_models(models, freq, code),
        }
    }

    /// Whether every match scores more than nothing; models find some that do not.
    pub(crate) fn is_positive(&self) -> bool {
        self.weight > 0.0 && self.models.is_none()
    }

    /// Whether each document is to be scored by itself.
    #[inline]
    pub(crate) fn is_modelled(&self) -> bool {
        self.models.is_some()
    }

    /// At least the score of whatever has at most this impact; leaves room for rounding.
    #[inline]
    pub(crate) fn bound(&self, impact: f32) -> f32 {
        self.weight * (impact.min(1.0) + 4e-7) * 1.000_001
    }
}

#[cold]
fn by_models(models: &[WordModel], freq: f32, code: u8) -> f32 {
    models.iter().fold(0.0, |sum, word| sum + f64::from(word.score(freq, length(code)))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_lucenes() {
        let known = [
            (0, 0),
            (1, 1),
            (23, 23),
            (24, 24),
            (39, 39),
            (40, 40),
            (41, 42),
            (48, 56),
            (49, 60),
            (56, 88),
            (57, 96),
            (255, 2_013_265_944),
        ];
        for (code, expected) in known {
            assert_eq!(length(code), expected, "code {code}");
        }
        assert!((1..=255).all(|code| length(code) > length(code - 1)));
    }

    #[test]
    fn a_term_scores_as_opensearch_scores_it() {
        let counts = FieldStatistics { doc_count: 5, total_term_freq: 11 };
        let scale = Arc::new(FieldScale::new(Similarity::default(), counts));
        let term = TermScore::of_word(scale, 1.0, TermStatistics { doc_freq: 3, total_term_freq: 3 });
        // Asked of OpenSearch 3.4: five titles of 2, 1, 2, 5 and 1 words, three with the term.
        assert_eq!((term.score(1.0, 5), term.score(1.0, 2)), (0.161_113_08, 0.254_461_88));
    }
}
