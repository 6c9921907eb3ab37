//! `intervals`: texts to words, patterns to what accepts them.

use std::collections::BTreeMap;

use analysis::Token;
use model::error::Error;
use model::mapping::{Field, FieldKind, Variant};
use model::query::Kind;
use model::query::interval::{Intervals, Rule, Source, Together};

use super::Binder;
use super::fault::{Fault, Outcome};
use super::graph::{Stretch, TokenGraph, TooManyWays, Way};
use super::target::{Target, has_positions, searchable};
use super::term::bytes;
use crate::bound::{BoundKind, BoundQuery};
use crate::interval::{BoundInterval, BoundIntervals, Relation};

/// Words that a pattern may stand for where nobody says.
const MAX_WORDS: usize = 128;

impl Binder<'_> {
    pub(super) fn intervals(&self, query: &Intervals) -> Outcome<BoundQuery> {
        let name = query.field.as_str();
        let Some(field) = self.interval_field(name)? else {
            return Ok(BoundQuery::match_none(format!("no field [{name}] to seek intervals in")));
        };
        let source = self.interval(&query.source, field)?;
        Ok(BoundQuery::new(BoundKind::Intervals(Box::new(BoundIntervals { field: field.path.clone(), source }))))
    }

    fn interval_field(&self, name: &str) -> Outcome<Option<&Field>> {
        let wrong = |kind: &str| {
            Fault::illegal_argument(format!(
                "Can only use interval queries on text fields - not on [{name}] which is of type [{kind}]"
            ))
        };
        let field = match self.target(name) {
            Target::Nothing => return Ok(None),
            Target::Field(field) if is_text(field) => field,
            target => return Err(wrong(target.type_name())),
        };
        searchable(field)?;
        if field.variant == Variant::MatchOnlyText || !has_positions(&Target::Field(field)) {
            return Err(Fault::illegal_argument(format!(
                "Cannot create intervals over field [{name}] with no positions indexed"
            )));
        }
        Ok(Some(field))
    }

    /// As deep as the query, which is bounded where it is read.
    fn interval(&self, source: &Source, field: &Field) -> Outcome<BoundInterval> {
        let of = |name: &Option<String>| match name {
            Some(name) => {
                let missing = || {
                    Fault::illegal_argument(format!(
                        "Cannot create interval query over field [{name}], which is not there"
                    ))
                };
                self.interval_field(name)?.ok_or_else(missing)
            }
            None => Ok(field),
        };
        let bound = match &source.rule {
            Rule::Match { query, together, analyzer, use_field } => {
                self.words_together(of(use_field)?, (query, analyzer.as_deref()), *together)?
            }
            Rule::AnyOf(clauses) => BoundInterval::Any(self.interval_clauses(clauses, field)?),
            Rule::AllOf { intervals, together } => joined(self.interval_clauses(intervals, field)?, *together),
            Rule::Words { query, use_field, max_expansions } => {
                let mut query = (**query).clone();
                let path = of(use_field)?.path.to_string();
                match &mut query.kind {
                    Kind::Prefix(pattern) | Kind::Wildcard(pattern) | Kind::Regexp(pattern) => pattern.field = path,
                    Kind::Fuzzy(fuzzy) => fuzzy.field = path,
                    _ => {}
                }
                let bound = self.query(&query)?;
                let most = max_expansions.map_or(MAX_WORDS, |most| most as usize);
                match bound.kind {
                    BoundKind::Expand(_) => BoundInterval::Words(Box::new(bound), most),
                    BoundKind::Term(field, term) => BoundInterval::Term(field, term),
                    _ => return Err(Error::not_implemented("[intervals] of such a pattern").into()),
                }
            }
        };
        let Some(filter) = &source.filter else { return Ok(bound) };
        let unknown = || Fault::illegal_argument(format!("Unknown filter type [{}]", filter.relation));
        let relation = Relation::of(&filter.relation).ok_or_else(unknown)?;
        let others = self.interval(&filter.source, field)?;
        Ok(BoundInterval::Related(Box::new(bound), relation, Box::new(others)))
    }

    fn interval_clauses(&self, clauses: &[Source], field: &Field) -> Outcome<Vec<BoundInterval>> {
        super::limits::clauses(clauses.len(), self.context.settings.max_clause_count)?;
        clauses.iter().map(|clause| self.interval(clause, field)).collect()
    }

    fn words_together(
        &self,
        field: &Field,
        (text, analyzer): (&str, Option<&str>),
        together: Together,
    ) -> Outcome<BoundInterval> {
        let analyzer = match analyzer {
            Some(name) => {
                let missing = || Fault::illegal_argument(format!("[intervals] analyzer [{name}] not found"));
                self.context.analysis.analyzer(name).ok_or_else(missing)?
            }
            None => self.search_analyzer(field, false)?,
        };
        let analyzed = analyzer.analyze(text);
        if analyzed.tokens.iter().any(|token| token.position_length > 1) {
            return Ok(joined(self.ways_together(field, &analyzed.tokens)?, together));
        }
        let mut places: BTreeMap<u32, Vec<BoundInterval>> = BTreeMap::new();
        for token in &analyzed.tokens {
            let term = BoundInterval::Term(field.path.clone(), bytes(&token.text));
            places.entry(token.position).or_default().push(term);
        }
        super::limits::clauses(places.len(), self.context.settings.max_clause_count)?;
        let word = |(position, mut words): (u32, Vec<BoundInterval>)| {
            (position, if words.len() == 1 { words.swap_remove(0) } else { BoundInterval::Any(words) })
        };
        Ok(joined(placed(places.into_iter().map(word)), together))
    }

    /// Words, and where synonyms have several, the ways through them: the words of one stand one behind the other.
    fn ways_together(&self, field: &Field, tokens: &[Token]) -> Outcome<Vec<BoundInterval>> {
        const PHRASE: Together = Together { ordered: true, apart: false, max_gaps: Some(0) };
        let most = self.context.settings.max_clause_count as usize;
        let stretches = TokenGraph::new(tokens).stretches(most).map_err(|TooManyWays| self.too_many_ways())?;
        let term = |token: &Token| BoundInterval::Term(field.path.clone(), bytes(&token.text));
        let way =
            |way: Way<'_>| joined(placed(way.into_iter().map(|(position, token)| (position, term(token)))), PHRASE);
        let clause = |stretch: Stretch<'_>| match stretch {
            Stretch::Words(words) => match words[..] {
                [only] => term(only),
                _ => BoundInterval::Any(words.into_iter().map(term).collect()),
            },
            Stretch::Ways(ways) => BoundInterval::Any(ways.into_iter().map(way).collect()),
        };
        Ok(stretches.into_iter().map(clause).collect())
    }
}

/// What stands at ascending positions. Words that a filter took out stood where nothing does.
fn placed(words: impl Iterator<Item = (u32, BoundInterval)>) -> Vec<BoundInterval> {
    let mut next = None;
    let one = |(position, word): (u32, BoundInterval)| {
        let gap = position - next.unwrap_or(position);
        next = Some(position + 1);
        if gap > 0 { BoundInterval::Behind(Box::new(word), gap) } else { word }
    };
    words.map(one).collect()
}

fn joined(mut clauses: Vec<BoundInterval>, together: Together) -> BoundInterval {
    match clauses.len() {
        0 => return BoundInterval::Any(Vec::new()),
        1 => return clauses.swap_remove(0),
        _ => {}
    }
    let Together { ordered, apart, max_gaps } = together;
    let block = ordered && max_gaps == Some(0);
    if !block {
        clauses = repeated(clauses, ordered);
    }
    match clauses.pop() {
        Some(only) if clauses.is_empty() && max_gaps.is_none() => only,
        last => {
            clauses.extend(last);
            BoundInterval::Together { clauses, ordered, apart, max_gaps }
        }
    }
}

/// Equal ones as one that repeats: neighbours where order counts, all otherwise.
fn repeated(clauses: Vec<BoundInterval>, ordered: bool) -> Vec<BoundInterval> {
    let mut counted: Vec<(BoundInterval, u32)> = Vec::with_capacity(clauses.len());
    for clause in clauses {
        let known = match ordered {
            true => counted.last_mut().filter(|(known, _)| *known == clause),
            false => counted.iter_mut().find(|(known, _)| *known == clause),
        };
        match known {
            Some((_, times)) => *times += 1,
            None => counted.push((clause, 1)),
        }
    }
    let one = |(clause, times)| match times {
        1 => clause,
        _ => BoundInterval::Repeated(Box::new(clause), times),
    };
    counted.into_iter().map(one).collect()
}

fn is_text(field: &Field) -> bool {
    field.kind == FieldKind::Text && matches!(field.variant, Variant::Plain | Variant::MatchOnlyText)
}
