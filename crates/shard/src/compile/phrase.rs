//! Phrases: positions made relative, prefixes expanded, one-word phrases turned into what they are.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use search::bound::{Phrase, TermBytes};

use super::pattern::prefix_end;
use super::{BoolWeight, Compiler, Context, Kind, PhraseWeight, Weight};
use crate::score::Outcome;
use crate::score::bm25::TermScore;
use crate::segment::EveryTerm;

impl Compiler<'_, '_> {
    pub(super) fn phrase(&mut self, phrase: &Phrase, context: Context) -> Outcome<Weight> {
        let first = phrase.positions.first().map_or(0, |position| position.position);
        let mut positions: Vec<(u32, Vec<TermBytes>)> =
            phrase.positions.iter().map(|p| (p.position.saturating_sub(first), p.terms.clone())).collect();
        if let (Some(limit), Some((_, last))) = (phrase.prefix_expansions, positions.last_mut()) {
            *last = self.with_prefixes(phrase, last, limit as usize)?;
        }
        if positions.is_empty() || positions.iter().any(|(_, terms)| terms.is_empty()) {
            return Ok(Weight::new(Kind::Nothing("no terms supplied for the phrase".into()), context.boost));
        }
        if let [(_, terms)] = positions.as_slice() {
            return self.one_position(phrase, terms, context);
        }
        let mut words = Vec::new();
        if context.scoring {
            for term in positions.iter().flat_map(|(_, terms)| terms) {
                words.extend(Some(self.counts.term(&phrase.field, term)?).filter(|word| word.doc_freq > 0));
            }
        }
        let scale = self.counts.scale(&phrase.field)?;
        let score = TermScore::of_words(scale, context.boost, &words);
        let doc_freqs = words.iter().map(|word| word.doc_freq).collect();
        let weight = PhraseWeight { place: self.place(&phrase.field), positions, slop: phrase.slop, doc_freqs, score };
        Ok(Weight::new(Kind::Phrase(weight), context.boost))
    }

    fn one_position(&mut self, phrase: &Phrase, terms: &[TermBytes], context: Context) -> Outcome<Weight> {
        if let [term] = terms {
            return self.term(&phrase.field, term, context);
        }
        let should = terms.iter().map(|term| self.term(&phrase.field, term, context)).collect::<Outcome<Vec<_>>>()?;
        let any = BoolWeight { should, minimum: 1, ..BoolWeight::default() };
        Ok(Weight::new(Kind::Bool(any), context.boost))
    }

    /// The first `limit` terms, in order, that begin with one of `prefixes`; other shards' count too.
    fn with_prefixes(&mut self, phrase: &Phrase, prefixes: &[TermBytes], limit: usize) -> Outcome<Vec<TermBytes>> {
        let mut found: BTreeSet<TermBytes> = BTreeSet::new();
        let begins = |term: &TermBytes| prefixes.iter().any(|prefix| term.starts_with(prefix));
        found.extend(self.counts.given_terms(&phrase.field).filter(|term| begins(term)).cloned());
        let reader = self.counts.reader();
        if let Some(entry) = reader.fields.by_path(&phrase.field) {
            for view in reader.segments.iter() {
                let Some(terms) = view.segment.terms(entry.slot)? else { continue };
                for prefix in prefixes {
                    let end = prefix_end(prefix);
                    let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
                    let mut left = limit;
                    terms.walk((Bound::Included(prefix), end), &EveryTerm, &mut |term, _| {
                        if left > 0 {
                            found.insert(Arc::from(term));
                            left -= 1;
                        }
                        left > 0
                    })?;
                }
            }
        }
        let kept: Vec<TermBytes> = found.into_iter().take(limit).collect();
        // Noted so that every shard expands to the same terms.
        for term in &kept {
            self.counts.doc_freq(&phrase.field, term)?;
        }
        Ok(kept)
    }
}
