//! What of a query is to be marked: terms wherever they stand, patterns, and phrases where they really occur.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use model::error::Error;

use crate::bound::{BoundKind, BoundQuery, FieldName, Pattern, Phrase, TermBytes};
use crate::interval::BoundInterval;
use crate::span::BoundSpan;

/// Deeper queries are refused when they are bound; here only the stack is guarded.
const MAX_DEPTH: u32 = 200;

/// Accepts terms as a pattern of a query does.
pub trait TermMatcher: Send + Sync {
    fn accepts(&self, term: &[u8]) -> bool;
}

/// Makes a matcher of a pattern.
pub type Matchers<'a> = &'a mut dyn FnMut(&Pattern) -> Result<Arc<dyn TermMatcher>, Error>;

/// What a query seeks in one field.
#[derive(Default)]
pub(super) struct Marks {
    /// Marked wherever they stand; each with the factor on its score. Sorted, distinct.
    terms: Vec<(TermBytes, f32)>,
    pub(super) patterns: Vec<(Accepted, f32)>,
    pub(super) phrases: Vec<PhraseMark>,
}

/// Terms that are told by a rule.
pub(super) enum Accepted {
    Matcher(Arc<dyn TermMatcher>),
    /// Sorted.
    Any(Vec<TermBytes>),
    Between(Bound<TermBytes>, Bound<TermBytes>),
    Prefix(Vec<TermBytes>),
}

/// Words near each other.
pub(super) struct PhraseMark {
    pub(super) clauses: Vec<Clause>,
    /// Positions that may lie between the words.
    pub(super) slop: u32,
    pub(super) ordered: bool,
    pub(super) boost: f32,
}

/// Any of these terms, or of those that begin with them.
pub(super) struct Clause {
    pub(super) terms: Vec<TermBytes>,
    pub(super) prefix: bool,
}

impl Accepted {
    pub(super) fn accepts(&self, term: &[u8]) -> bool {
        match self {
            Self::Matcher(matcher) => matcher.accepts(term),
            Self::Any(terms) => terms.binary_search_by(|known| (**known).cmp(term)).is_ok(),
            Self::Prefix(prefixes) => prefixes.iter().any(|prefix| term.starts_with(prefix)),
            Self::Between(from, to) => {
                let above = match from {
                    Bound::Included(from) => term >= &**from,
                    Bound::Excluded(from) => term > &**from,
                    Bound::Unbounded => true,
                };
                let below = match to {
                    Bound::Included(to) => term <= &**to,
                    Bound::Excluded(to) => term < &**to,
                    Bound::Unbounded => true,
                };
                above && below
            }
        }
    }
}

impl Clause {
    pub(super) fn accepts(&self, term: &[u8]) -> bool {
        self.terms.iter().any(|known| if self.prefix { term.starts_with(known) } else { **known == *term })
    }
}

impl Marks {
    /// What `query` seeks in `field`; `None`: in whatever field.
    ///
    /// # Errors
    /// As `matchers` makes them.
    pub(super) fn new(query: &BoundQuery, field: Option<&FieldName>, matchers: Matchers<'_>) -> Result<Self, Error> {
        let mut marks = Self::default();
        Collector { marks: &mut marks, field, matchers, depth: 0 }.collect(query, 1.0)?;
        // A term that is sought twice is marked once, with the factor that came last.
        let mut seen = BTreeSet::new();
        marks.terms.reverse();
        marks.terms.retain(|(term, _)| seen.insert(term.clone()));
        marks.terms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(marks)
    }

    /// The factor of a term that is marked wherever it stands.
    pub(super) fn term(&self, term: &[u8]) -> Option<f32> {
        let at = self.terms.binary_search_by(|(known, _)| (**known).cmp(term)).ok()?;
        self.terms.get(at).map(|(_, boost)| *boost)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.patterns.is_empty() && self.phrases.is_empty()
    }
}

struct Collector<'a, 'm> {
    marks: &'a mut Marks,
    field: Option<&'a FieldName>,
    matchers: Matchers<'m>,
    depth: u32,
}

impl Collector<'_, '_> {
    fn wants(&self, field: &FieldName) -> bool {
        self.field.is_none_or(|wanted| wanted == field)
    }

    fn collect(&mut self, query: &BoundQuery, outer: f32) -> Result<(), Error> {
        if self.depth >= MAX_DEPTH {
            return Ok(());
        }
        self.depth += 1;
        let boost = outer * query.boost;
        match &query.kind {
            BoundKind::Bool(clauses) => {
                for inner in clauses.must.iter().chain(&clauses.should).chain(&clauses.filter) {
                    self.collect(inner, boost)?;
                }
            }
            BoundKind::Boosting { positive: inner, .. } | BoundKind::ConstantScore(inner) => {
                self.collect(inner, boost)?
            }
            BoundKind::DisMax { queries, .. } => {
                for inner in queries {
                    self.collect(inner, boost)?;
                }
            }
            BoundKind::FunctionScore(function) => self.collect(&function.query, boost)?,
            BoundKind::TermsSet(set) => {
                for inner in &set.terms {
                    self.collect(inner, boost)?;
                }
            }
            BoundKind::Ranked(ranked) => self.collect(&ranked.candidates, boost)?,
            BoundKind::Nested(nested) => self.collect(&nested.query, boost)?,
            leaf => self.leaf(leaf, boost)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// The words of spans, wherever they stand.
    fn span(&mut self, span: &BoundSpan, boost: f32) -> Result<(), Error> {
        match span {
            BoundSpan::Term(field, term) if self.wants(field) => self.marks.terms.push((term.clone(), boost)),
            BoundSpan::Multi(query) => self.collect(query, boost)?,
            BoundSpan::Not { include, .. } => self.span(include, boost)?,
            other => {
                for part in other.parts() {
                    self.span(part, boost)?;
                }
            }
        }
        Ok(())
    }

    /// The words of intervals, wherever they stand.
    fn interval(&mut self, source: &BoundInterval, boost: f32) -> Result<(), Error> {
        match source {
            BoundInterval::Term(field, term) if self.wants(field) => self.marks.terms.push((term.clone(), boost)),
            BoundInterval::Term(..) => {}
            BoundInterval::Words(query, _) => self.collect(query, boost)?,
            BoundInterval::Any(clauses) | BoundInterval::Together { clauses, .. } => {
                for clause in clauses {
                    self.interval(clause, boost)?;
                }
            }
            BoundInterval::Repeated(inner, _) | BoundInterval::Behind(inner, _) | BoundInterval::Related(inner, ..) => {
                self.interval(inner, boost)?;
            }
        }
        Ok(())
    }

    fn leaf(&mut self, kind: &BoundKind, boost: f32) -> Result<(), Error> {
        match kind {
            BoundKind::Term(field, term) if self.wants(field) => self.marks.terms.push((term.clone(), boost)),
            BoundKind::Synonyms(field, terms) if self.wants(field) => {
                self.marks.terms.extend(terms.iter().map(|term| (term.clone(), boost)));
            }
            BoundKind::Blended { terms, .. } => {
                for (field, term, factor) in terms {
                    if self.wants(field) {
                        self.marks.terms.push((term.clone(), boost * factor));
                    }
                }
            }
            BoundKind::ByFrequency(common) if self.wants(&common.field) => {
                self.marks.terms.extend(common.terms.iter().map(|term| (term.clone(), boost)));
            }
            BoundKind::Combined(word) => {
                let factor = word.fields.iter().find(|(field, _)| self.wants(field)).map(|(_, factor)| *factor);
                self.marks.terms.extend(factor.map(|factor| (word.term.clone(), boost * factor)));
            }
            BoundKind::Terms(field, terms) if self.wants(field) => {
                self.marks.patterns.push((Accepted::Any(terms.clone()), boost));
            }
            BoundKind::TermRange(field, from, to) if self.wants(field) => {
                self.marks.patterns.push((Accepted::Between(from.clone(), to.clone()), boost));
            }
            BoundKind::Expand(expand) if self.wants(&expand.field) => {
                let accepted = match &expand.pattern {
                    Pattern::Prefix { prefix, case_insensitive: false } => {
                        Accepted::Prefix(vec![prefix.as_bytes().into()])
                    }
                    other => Accepted::Matcher((self.matchers)(other)?),
                };
                self.marks.patterns.push((accepted, boost));
            }
            BoundKind::Phrase(phrase) if self.wants(&phrase.field) => self.phrase(phrase, boost),
            BoundKind::Intervals(intervals) => self.interval(&intervals.source, boost)?,
            BoundKind::Spans(spans) => self.span(&spans.span, boost)?,
            _ => {}
        }
        Ok(())
    }

    fn phrase(&mut self, phrase: &Phrase, boost: f32) {
        let last = phrase.positions.len().saturating_sub(1);
        let is_prefix = |at: usize| at == last && phrase.prefix_expansions.is_some();
        if let [only] = &phrase.positions[..] {
            if is_prefix(0) {
                self.marks.patterns.push((Accepted::Prefix(only.terms.clone()), boost));
            } else {
                self.marks.terms.extend(only.terms.iter().map(|term| (term.clone(), boost)));
            }
            return;
        }
        let (Some(first), Some(end)) = (phrase.positions.first(), phrase.positions.last()) else { return };
        let gaps = (end.position.saturating_sub(first.position)).saturating_sub(last as u32);
        let clauses = phrase.positions.iter().enumerate();
        let clauses = clauses.map(|(at, position)| Clause { terms: position.terms.clone(), prefix: is_prefix(at) });
        self.marks.phrases.push(PhraseMark {
            clauses: clauses.collect(),
            slop: phrase.slop.saturating_add(gaps),
            ordered: phrase.slop == 0,
            boost,
        });
    }
}
