//! Patterns that score: the accepted terms are gathered over all segments, the best kept, each scored as the rewrite says.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use search::bound::{Expand, Rewrite, TermBytes};
use search::statistics::TermStatistics;

use super::pattern::Accepted;
use super::{BoolWeight, Compiler, Context, Kind, Set, Weight};
use crate::score::Outcome;

/// OpenSearch's `indices.query.bool.max_clause_count`.
const MAX_CLAUSES: usize = 1024;

impl Compiler<'_, '_> {
    pub(super) fn expand(&mut self, expand: &Expand, context: Context) -> Outcome<Weight> {
        let accepted = Accepted::of(&expand.pattern, &self.counts.reader().fuzzy)?;
        let boost = context.boost;
        let limit = match expand.rewrite {
            Rewrite::Constant => None,
            Rewrite::ScoringBoolean => Some(MAX_CLAUSES + 1),
            Rewrite::TopTerms(n) | Rewrite::TopTermsBlended(n) | Rewrite::TopTermsBoost(n) => {
                Some((n as usize).min(MAX_CLAUSES))
            }
        };
        let Some(limit) = limit else {
            return Ok(Weight::new(Kind::Set(Set::Accepted(self.place(&expand.field), accepted)), boost));
        };
        let best = self.best(expand, &accepted, limit)?;
        if expand.rewrite == Rewrite::ScoringBoolean && best.len() > MAX_CLAUSES {
            return Err(Error::new(ErrorKind::TooManyClauses, format!("maxClauseCount is set to {MAX_CLAUSES}")).into());
        }
        self.clauses(expand, best, context)
    }

    /// The first terms that a pattern accepts, at most `limit` of them.
    pub(super) fn accepted_terms(&mut self, expand: &Expand, limit: usize) -> Outcome<Vec<TermBytes>> {
        let accepted = Accepted::of(&expand.pattern, &self.counts.reader().fuzzy)?;
        Ok(self.best(expand, &accepted, limit)?.into_iter().map(|(term, _)| term).collect())
    }

    /// The `limit` closest terms, then in term order, with their closeness.
    fn best(&mut self, expand: &Expand, accepted: &Accepted, limit: usize) -> Outcome<Vec<(TermBytes, f32)>> {
        let mut found: BTreeMap<TermBytes, f32> = BTreeMap::new();
        for term in self.counts.given_terms(&expand.field).filter(|term| accepted.accepts(term)) {
            found.insert(term.clone(), accepted.closeness(term));
        }
        let reader = self.counts.reader();
        if let Some(entry) = reader.fields.by_path(&expand.field) {
            for view in reader.segments.iter() {
                let Some(terms) = view.segment.terms(entry.slot)? else { continue };
                terms.walk(accepted.range(), accepted.automaton(), &mut |term, _| {
                    found.insert(Arc::from(term), accepted.closeness(term));
                    // Far more than are wanted: the worst go, so that memory stays bounded.
                    if found.len() > 4 * limit.max(MAX_CLAUSES) {
                        cut(&mut found, limit);
                    }
                    true
                })?;
            }
        }
        cut(&mut found, limit);
        Ok(found.into_iter().collect())
    }

    fn clauses(&mut self, expand: &Expand, best: Vec<(TermBytes, f32)>, context: Context) -> Outcome<Weight> {
        let (mut words, mut together) = (Vec::with_capacity(best.len()), TermStatistics::default());
        for (term, _) in &best {
            let word = self.counts.term(&expand.field, term)?;
            together.doc_freq = together.doc_freq.max(word.doc_freq);
            together.total_term_freq += word.total_term_freq;
            words.push(word);
        }
        let mut should = Vec::with_capacity(best.len());
        for ((term, closeness), word) in best.into_iter().zip(words) {
            let boost = context.boost * closeness;
            should.push(match expand.rewrite {
                _ if !context.scoring => self.term(&expand.field, &term, context)?,
                Rewrite::TopTermsBoost(_) => {
                    let filter = self.term(&expand.field, &term, context.filter())?;
                    Weight::new(Kind::Constant(Box::new(filter)), boost)
                }
                Rewrite::TopTermsBlended(_) => self.term_with(&expand.field, &term, together, boost)?,
                _ => self.term_with(&expand.field, &term, word, boost)?,
            });
        }
        Ok(match should.len() {
            0 => Weight::new(Kind::Nothing("no matching terms".into()), context.boost),
            1 => should.remove(0),
            _ => Weight::new(Kind::Bool(BoolWeight { should, minimum: 1, ..BoolWeight::default() }), context.boost),
        })
    }
}

/// Keeps the `limit` closest, ties by term order.
fn cut(found: &mut BTreeMap<TermBytes, f32>, limit: usize) {
    if found.len() <= limit {
        return;
    }
    let mut all: Vec<(TermBytes, f32)> = std::mem::take(found).into_iter().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.truncate(limit);
    found.extend(all);
}
