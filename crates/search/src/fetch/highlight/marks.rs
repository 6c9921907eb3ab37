//! What of a query is to be marked: terms wherever they stand, patterns, and the words of phrases and spans where they really occur.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use model::error::Error;

use super::leaves::leaves;
use crate::bound::{BoundKind, BoundQuery, FieldName, Pattern, Phrase, TermBytes};
use crate::interval::BoundInterval;
use crate::span::{BoundSpan, Spans};

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

/// Words that are marked where they stand as the query has them.
pub(super) struct PhraseMark {
    /// Which words may stand at each place.
    pub(super) clauses: Vec<Accepted>,
    /// How they stand: a word is the number of its clause.
    pub(super) spans: Spans<usize>,
    pub(super) boost: f32,
}

/// Any of these terms, or of those that begin with them.
pub(super) struct Clause {
    pub(super) terms: Vec<TermBytes>,
    pub(super) prefix: bool,
}

/// The field whose terms a query tells by a rule.
pub(super) fn ruled(kind: &BoundKind) -> Option<&FieldName> {
    match kind {
        BoundKind::Terms(field, _) | BoundKind::TermRange(field, ..) => Some(field),
        BoundKind::Expand(expand) => Some(&expand.field),
        _ => None,
    }
}

impl Accepted {
    /// The rule of a query that tells terms by one.
    ///
    /// # Errors
    /// As `matchers` makes them.
    pub(super) fn of(kind: &BoundKind, matchers: Matchers<'_>) -> Result<Option<Self>, Error> {
        Ok(match kind {
            BoundKind::Terms(_, terms) => Some(Self::Any(terms.clone())),
            BoundKind::TermRange(_, from, to) => Some(Self::Between(from.clone(), to.clone())),
            BoundKind::Expand(expand) => Some(match &expand.pattern {
                Pattern::Prefix { prefix, case_insensitive: false } => Self::Prefix(vec![prefix.as_bytes().into()]),
                other => Self::Matcher(matchers(other)?),
            }),
            _ => None,
        })
    }

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

impl From<Clause> for Accepted {
    fn from(Clause { mut terms, prefix }: Clause) -> Self {
        if prefix {
            return Self::Prefix(terms);
        }
        terms.sort_unstable();
        Self::Any(terms)
    }
}

impl Marks {
    /// What `query` seeks.
    ///
    /// # Errors
    /// As `matchers` makes them.
    pub(super) fn new(query: &BoundQuery, wanted: Wanted<'_>, matchers: Matchers<'_>) -> Result<Self, Error> {
        let mut marks = Self::default();
        Collector { marks: &mut marks, wanted, matchers }.collect(query, 1.0)?;
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

/// What of a query a highlighter looks for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// In any of these fields; `None`: in whatever field.
    pub(super) fields: Option<&'a [FieldName]>,
    /// Whether spans that are not there for others (`span_not`) are passed over.
    pub(super) exclusions: bool,
}

struct Collector<'a, 'm> {
    marks: &'a mut Marks,
    wanted: Wanted<'a>,
    matchers: Matchers<'m>,
}

impl Collector<'_, '_> {
    fn wants(&self, field: &FieldName) -> bool {
        self.wanted.fields.is_none_or(|wanted| wanted.contains(field))
    }

    fn collect(&mut self, query: &BoundQuery, outer: f32) -> Result<(), Error> {
        leaves(query, outer, &mut |leaf, boost| self.leaf(leaf, boost))
    }

    /// A word that is alone is marked wherever it stands.
    fn span(&mut self, span: &BoundSpan, boost: f32) -> Result<(), Error> {
        match span {
            BoundSpan::Not { include, .. } if !self.wanted.exclusions => self.span(include, boost)?,
            BoundSpan::Term(field, term) if self.wants(field) => self.marks.terms.push((term.clone(), boost)),
            BoundSpan::Multi(query) => self.collect(query, boost)?,
            _ => {
                let (exclusions, mut clauses) = (self.wanted.exclusions, Vec::new());
                let mut leaf = |leaf: &BoundSpan| {
                    clauses.push(self.words(leaf)?);
                    Ok::<_, Error>(clauses.len() - 1)
                };
                let spans = match exclusions {
                    true => Spans::new(span, &mut leaf)?,
                    false => Spans::without_exclusions(span, &mut leaf)?,
                };
                self.marks.phrases.push(PhraseMark { clauses, spans, boost });
            }
        }
        Ok(())
    }

    /// What a leaf of spans accepts.
    fn words(&mut self, leaf: &BoundSpan) -> Result<Accepted, Error> {
        let accepted = match leaf {
            BoundSpan::Term(field, term) if self.wants(field) => Some(Accepted::Any(vec![term.clone()])),
            BoundSpan::Multi(query) if ruled(&query.kind).is_some_and(|field| self.wants(field)) => {
                Accepted::of(&query.kind, self.matchers)?
            }
            _ => None,
        };
        Ok(accepted.unwrap_or(Accepted::Any(Vec::new())))
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
            BoundKind::Phrase(phrase) if self.wants(&phrase.field) => self.phrase(phrase, boost),
            BoundKind::Intervals(intervals) => self.interval(&intervals.source, boost)?,
            BoundKind::Spans(spans) => self.span(&spans.span, boost)?,
            rule => {
                if ruled(rule).is_some_and(|field| self.wants(field))
                    && let Some(accepted) = Accepted::of(rule, self.matchers)?
                {
                    self.marks.patterns.push((accepted, boost));
                }
            }
        }
        Ok(())
    }

    fn phrase(&mut self, phrase: &Phrase, boost: f32) {
        if let [only] = &phrase.positions[..] {
            if phrase.prefix_expansions.is_some() {
                self.marks.patterns.push((Accepted::Prefix(only.terms.clone()), boost));
            } else {
                self.marks.terms.extend(only.terms.iter().map(|term| (term.clone(), boost)));
            }
            return;
        }
        let (Some(first), Some(end)) = (phrase.positions.first(), phrase.positions.last()) else { return };
        let gaps = (end.position.saturating_sub(first.position)).saturating_sub(phrase.positions.len() as u32 - 1);
        let clauses: Vec<Accepted> = clauses(phrase).into_iter().map(Accepted::from).collect();
        let spans = Spans::near(0..clauses.len(), phrase.slop.saturating_add(gaps), phrase.slop == 0);
        self.marks.phrases.push(PhraseMark { clauses, spans, boost });
    }
}

/// What a phrase wants at each of its places.
pub(super) fn clauses(phrase: &Phrase) -> Vec<Clause> {
    let last = phrase.positions.len().saturating_sub(1);
    let is_prefix = |at: usize| at == last && phrase.prefix_expansions.is_some();
    let clauses = phrase.positions.iter().enumerate();
    clauses.map(|(at, position)| Clause { terms: position.terms.clone(), prefix: is_prefix(at) }).collect()
}
