//! Words apart by how frequent they are: how many documents of the whole index have each decides.

use model::query::full_text::{Frequency, Operator};
use search::bound::{BoundBool, BoundKind, BoundQuery, TermBytes, WordsByFrequency};

use super::{Compiler, Context, Weight};
use crate::score::Outcome;

impl Compiler<'_, '_> {
    pub(super) fn by_frequency(&mut self, common: &WordsByFrequency, context: Context) -> Outcome<Weight> {
        if let [only] = &common.terms[..] {
            return self.term(&common.field, only, context);
        }
        let documents = self.counts.documents()?;
        let (mut rare, mut frequent) = (Vec::new(), Vec::new());
        for term in &common.terms {
            let doc_freq = self.counts.doc_freq(&common.field, term)?;
            match is_frequent(doc_freq, common.cutoff, documents) {
                true => frequent.push(term),
                false => rare.push(term),
            }
        }
        let mut clauses = BoundBool::default();
        if !rare.is_empty() {
            clauses.must.push(words(common, &rare, &common.rare)?);
        }
        if !frequent.is_empty() {
            // Alone, frequent words are sought together: any of them would match too much.
            let together = Frequency { operator: Operator::And, minimum_should_match: None };
            let alone = rare.is_empty() && required(&common.frequent, frequent.len())? == 0;
            clauses.should.push(words(common, &frequent, if alone { &together } else { &common.frequent })?);
        }
        self.boolean(&clauses, context)
    }
}

/// Words that no document has are rare, whatever the bound.
fn is_frequent(doc_freq: u64, cutoff: f32, documents: u64) -> bool {
    let number = cutoff >= 1.0 && doc_freq as f32 > cutoff;
    doc_freq > 0 && (number || doc_freq as i64 > (cutoff * documents as f32).ceil() as i64)
}

/// How many of these words a document must have, where that is said.
fn required(frequency: &Frequency, words: usize) -> Outcome<u32> {
    Ok(frequency.minimum_should_match.as_deref().map_or(Ok(0), |spec| search::bind::required(words, spec))?)
}

fn words(common: &WordsByFrequency, terms: &[&TermBytes], frequency: &Frequency) -> Outcome<BoundQuery> {
    let term = |term: &&TermBytes| BoundQuery::new(BoundKind::Term(common.field.clone(), (*term).clone()));
    let clauses: Vec<BoundQuery> = terms.iter().map(term).collect();
    Ok(BoundQuery::new(BoundKind::Bool(match frequency.operator {
        Operator::And => BoundBool { must: clauses, ..BoundBool::default() },
        Operator::Or => {
            let minimum_should_match = required(frequency, clauses.len())?.max(1);
            BoundBool { should: clauses, minimum_should_match, ..BoundBool::default() }
        }
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_frequent_from_a_number_or_a_share_on() {
        let frequent = |cutoff: f32| -> String {
            [0, 1, 3, 5, 6].map(|doc_freq| if is_frequent(doc_freq, cutoff, 10) { 'f' } else { '-' }).iter().collect()
        };
        assert_eq!(frequent(0.5), "----f");
        assert_eq!(frequent(0.45), "----f", "shares are rounded up");
        assert_eq!(frequent(3.0), "---ff");
        assert_eq!(frequent(0.0), "-ffff");
        assert_eq!(frequent(-1.0), "-ffff", "what no document has is rare");
    }
}
