//! `intervals`: patterns expanded; nothing is counted, for intervals score by themselves.

use model::error::{Error, ErrorKind};
use search::bound::BoundKind;
use search::interval::{BoundInterval, BoundIntervals};

use super::scorer::Leaf;
use super::{Compiler, Context, Kind, Weight};
use crate::score::Outcome;
use crate::score::interval::{IntervalScorer, Intervals};

/// Rules with all patterns expanded.
pub(crate) struct IntervalWeight {
    source: BoundInterval,
    extent: u32,
    /// In Lucene's notation.
    pub(crate) notation: String,
}

impl Compiler<'_, '_> {
    pub(super) fn intervals(&mut self, intervals: &BoundIntervals, context: Context) -> Outcome<Weight> {
        let notation = format!("{}:{}", intervals.field, intervals.source);
        let mut source = intervals.source.clone();
        let extent = source.extent();
        self.fill(&mut source)?;
        Ok(Weight::new(Kind::Intervals(Box::new(IntervalWeight { source, extent, notation })), context.boost))
    }

    /// Patterns become the words that they accept.
    fn fill(&mut self, source: &mut BoundInterval) -> Outcome<()> {
        match source {
            BoundInterval::Term(..) => {}
            BoundInterval::Words(query, most) => {
                // Nothing else is bound so.
                let BoundKind::Expand(expand) = &query.kind else { return Ok(()) };
                let (field, most) = (expand.field.clone(), *most);
                let words = self.accepted_terms(expand, most + 1)?;
                if words.len() > most {
                    let reason = format!("Automaton [{source}] expanded to too many terms (limit {most})");
                    return Err(Error::new(ErrorKind::IllegalState, reason).into());
                }
                let word = |word| BoundInterval::Term(field.clone(), word);
                *source = BoundInterval::Any(words.into_iter().map(word).collect());
            }
            BoundInterval::Any(clauses) | BoundInterval::Together { clauses, .. } => {
                for clause in clauses {
                    self.fill(clause)?;
                }
            }
            BoundInterval::Repeated(inner, _) | BoundInterval::Behind(inner, _) => self.fill(inner)?,
            BoundInterval::Related(of, _, others) => {
                self.fill(of)?;
                self.fill(others)?;
            }
        }
        Ok(())
    }
}

impl Leaf<'_> {
    pub(crate) fn intervals(&self, weight: &IntervalWeight, boost: f32) -> Outcome<IntervalScorer> {
        Ok(IntervalScorer::new(self.interval_source(&weight.source)?, weight.extent, boost))
    }

    fn interval_source(&self, source: &BoundInterval) -> Outcome<Intervals> {
        let all = |clauses: &[BoundInterval]| {
            clauses.iter().map(|clause| self.interval_source(clause)).collect::<Outcome<Vec<_>>>()
        };
        Ok(match source {
            BoundInterval::Term(field, term) => Intervals::Term(self.occurrences(field, term)?),
            BoundInterval::Words(..) => Intervals::Any(Vec::new()),
            BoundInterval::Any(clauses) => Intervals::Any(all(clauses)?),
            BoundInterval::Together { clauses, ordered, apart, max_gaps } => {
                Intervals::Together { clauses: all(clauses)?, ordered: *ordered, apart: *apart, max_gaps: *max_gaps }
            }
            BoundInterval::Repeated(inner, times) => {
                Intervals::Repeated(Box::new(self.interval_source(inner)?), *times)
            }
            BoundInterval::Behind(inner, words) => Intervals::Behind(Box::new(self.interval_source(inner)?), *words),
            BoundInterval::Related(of, relation, others) => {
                let (of, others) = (self.interval_source(of)?, self.interval_source(others)?);
                Intervals::Related(Box::new(of), *relation, Box::new(others))
            }
        })
    }
}
