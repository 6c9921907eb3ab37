//! `more_like_this`: of many words the most telling are chosen, by how many documents of the whole index have them.

use search::bound::{BoundLikeness, FieldName, LikeWords, TermBytes};

use super::{BoolWeight, Compiler, Context, Kind, Weight};
use crate::score::Outcome;

/// A word that was chosen.
struct Telling {
    field: FieldName,
    word: TermBytes,
    score: f32,
}

impl Compiler<'_, '_> {
    pub(super) fn likeness(&mut self, like: &BoundLikeness, context: Context) -> Outcome<Weight> {
        let mut parts = Vec::new();
        let mut of_documents = Vec::new();
        for words in &like.documents {
            of_documents.extend(self.telling(like, words)?);
        }
        if !of_documents.is_empty() {
            parts.push(self.any_of_telling(like, of_documents, context)?);
        }
        if let Some(words) = &like.texts {
            let telling = self.telling(like, words)?;
            if !telling.is_empty() {
                parts.push(self.any_of_telling(like, telling, context)?);
            }
        }
        Ok(match parts.len() {
            0 => Weight::new(Kind::Nothing("no telling words".to_owned()), context.boost),
            1 => parts.remove(0),
            _ => Weight::new(
                Kind::Bool(BoolWeight { should: parts, minimum: 1, ..BoolWeight::default() }),
                context.boost,
            ),
        })
    }

    /// The most telling words, the least of them first.
    fn telling(&mut self, like: &BoundLikeness, words: &LikeWords) -> Outcome<Vec<Telling>> {
        let documents = self.counts.documents()?;
        let mut chosen = Vec::new();
        for (word, count) in &words.words {
            let mut most: (u64, Option<&FieldName>) = (0, None);
            for field in &words.fields {
                let doc_freq = self.counts.doc_freq(field, word)?;
                if most.1.is_none() || doc_freq > most.0 {
                    most = (doc_freq, Some(field));
                }
            }
            let (doc_freq, Some(field)) = most else { continue };
            if doc_freq == 0 || doc_freq < like.min_doc_freq || doc_freq > like.max_doc_freq {
                continue;
            }
            let rarity = (((documents + 1) as f64 / (doc_freq + 1) as f64).ln() + 1.0) as f32;
            chosen.push(Telling { field: field.clone(), word: word.clone(), score: *count as f32 * rarity });
        }
        chosen.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.word.cmp(&b.word)));
        chosen.truncate(like.max_query_terms);
        chosen.reverse();
        Ok(chosen)
    }

    fn any_of_telling(&mut self, like: &BoundLikeness, telling: Vec<Telling>, context: Context) -> Outcome<Weight> {
        let least = telling.first().map_or(1.0, |first| first.score);
        let minimum = search::bind::required(telling.len(), &like.minimum_should_match)?.max(1);
        let mut should = Vec::with_capacity(telling.len());
        for one in telling {
            let factor = if like.boost_terms > 0.0 { like.boost_terms * one.score / least } else { 1.0 };
            should.push(self.term(&one.field, &one.word, Context { boost: context.boost * factor, ..context })?);
        }
        Ok(Weight::new(Kind::Bool(BoolWeight { should, minimum, ..BoolWeight::default() }), context.boost))
    }
}
