//! One word in several fields that count as one.

use std::sync::Arc;

use model::error::Error;
use search::bound::{BoundCombined, TermBytes};
use search::statistics::{FieldStatistics, TermStatistics};

use super::scorer::Leaf;
use super::{Compiler, Context, Kind, Place, Set, Weight};
use crate::reader::Similarity;
use crate::score::Outcome;
use crate::score::bm25::{FieldScale, TermScore};
use crate::score::combined::Combined;
use crate::segment::Detail;

pub(crate) struct CombinedWeight {
    /// With their factors.
    fields: Vec<(Place, f32)>,
    term: TermBytes,
    pub(crate) doc_freq: u64,
    pub(crate) score: TermScore,
    pub(crate) notation: String,
}

/// No field's name: what is common to several scores as fields do that say nothing of it.
const NO_FIELD: &str = "";

impl Compiler<'_, '_> {
    pub(super) fn combined(&mut self, word: &BoundCombined, context: Context) -> Outcome<Weight> {
        if !context.scoring {
            let one = |(field, _): &_| {
                let set = Set::of_terms(self.place(field), std::slice::from_ref(&word.term));
                Weight::new(Kind::Set(set), context.boost)
            };
            let parts = word.fields.iter().map(one).collect();
            return Ok(Weight::new(Kind::DisMax { parts, tie_breaker: 0.0 }, context.boost));
        }
        let (mut doc_count, mut total, mut doc_freq) = (0, 0.0, 0);
        for (field, factor) in &word.fields {
            let counts = self.counts.field(field)?;
            doc_count = doc_count.max(counts.doc_count);
            total += f64::from(*factor) * counts.total_term_freq as f64;
            doc_freq = doc_freq.max(self.counts.doc_freq(field, &word.term)?);
        }
        let counts = FieldStatistics { doc_count, total_term_freq: total as u64 };
        let similarity = self.counts.reader().similarities.of(NO_FIELD);
        if matches!(similarity, Similarity::Model(_)) {
            return Err(Error::not_implemented(
                "combined_fields where [index.similarity.default] is neither BM25 nor boolean",
            )
            .into());
        }
        let scale = Arc::new(FieldScale::new(similarity, counts));
        let occurrences = TermStatistics { doc_freq, total_term_freq: doc_freq };
        let score = TermScore::of_word(scale, context.boost, occurrences);
        let fields = word.fields.iter().map(|(field, factor)| (self.place(field), *factor)).collect();
        let weight = CombinedWeight { fields, term: word.term.clone(), doc_freq, score, notation: word.to_string() };
        Ok(Weight::new(Kind::Combined(Box::new(weight)), context.boost))
    }
}

impl Leaf<'_> {
    pub(crate) fn combined(&self, weight: &CombinedWeight) -> Outcome<Combined> {
        let (mut words, mut lengths) = (Vec::new(), Vec::new());
        for (place, factor) in &weight.fields {
            let cursor = self.cursor(place, &weight.term, (Detail::Freqs, &weight.score))?;
            words.extend(cursor.map(|cursor| (cursor, *factor)));
            let norms = place.slot.map(|slot| self.segment.norms(slot)).transpose()?.flatten();
            lengths.extend(norms.map(|norms| (norms, *factor)));
        }
        Ok(Combined::new(words, lengths, weight.score.clone()))
    }
}
