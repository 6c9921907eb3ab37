//! BM25 as Lucene computes it, rounding included, so that scores equal OpenSearch's.

use std::sync::Arc;

use search::statistics::FieldStatistics;

use crate::reader::{Bm25, Similarity};

/// What depends on the field alone: the length factor of each norm code.
#[derive(Debug)]
pub(crate) struct FieldScale {
    pub(crate) similarity: Similarity,
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
        };
        Self { similarity, doc_count: counts.doc_count, average, inverse }
    }

    /// Of a field that nobody scores.
    pub(crate) fn silent() -> Self {
        Self { similarity: Similarity::default(), doc_count: 0, average: 1.0, inverse: [0.0; 256] }
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

/// How one term (or phrase) scores.
#[derive(Clone, Debug)]
pub(crate) struct TermScore {
    /// Boost times idf.
    pub(crate) weight: f32,
    pub(crate) scale: Arc<FieldScale>,
}

impl TermScore {
    #[inline]
    pub(crate) fn score(&self, freq: f32, code: u8) -> f32 {
        self.weight - self.weight / (1.0 + freq * self.scale.inverse(code))
    }

    /// At least the score of whatever has at most this impact; leaves room for rounding.
    #[inline]
    pub(crate) fn bound(&self, impact: f32) -> f32 {
        self.weight * (impact.min(1.0) + 4e-7) * 1.000_001
    }
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
        let term = TermScore { weight: scale.idf(3), scale };
        // Asked of OpenSearch 3.4: five titles of 2, 1, 2, 5 and 1 words, three with the term.
        assert_eq!((term.score(1.0, 5), term.score(1.0, 2)), (0.161_113_08, 0.254_461_88));
    }
}
