//! `cross_fields`: fields that are analysed alike count as one, word by word.

use analysis::{Analyzer, Token};

use super::fault::Outcome;
use super::fields::Weighted;
use super::multi_match::{Together, boosted};
use super::target::{Target, searchable};
use super::term::bytes;
use super::text::{Form, Reading, joined};
use super::{Binder, best_of, limits, minimum};
use crate::bound::{BoundKind, BoundQuery, FieldName, TermBytes};

/// Text fields with one analyzer.
struct Group {
    analyzer: Analyzer,
    members: Vec<Weighted>,
}

impl Binder<'_> {
    pub(super) fn across_fields(
        &self,
        fields: &[Weighted],
        text: &str,
        together: Together<'_>,
        reading: &Reading<'_>,
    ) -> Outcome<Option<BoundQuery>> {
        let mut groups: Vec<Group> = Vec::new();
        let mut alone: Vec<&Weighted> = Vec::new();
        for weighted in fields {
            let Some(field) = self.target(&weighted.0).text() else {
                alone.push(weighted);
                continue;
            };
            let named = reading.analyzer.and_then(|name| self.context.analysis.analyzer(name));
            let analyzer = match named {
                Some(analyzer) => analyzer,
                None => self.search_analyzer(field, false)?,
            };
            match groups.iter_mut().find(|group| group.analyzer.name() == analyzer.name()) {
                Some(group) => group.members.push(weighted.clone()),
                None => groups.push(Group { analyzer, members: vec![weighted.clone()] }),
            }
        }
        let mut queries = Vec::new();
        for group in &groups {
            let found = match group.members.as_slice() {
                [(name, factor)] => self.text(name, text, reading)?.map(|found| boosted(found, *factor)),
                _ => self.group(group, text, together, reading)?,
            };
            queries.extend(found);
        }
        for (name, factor) in alone {
            queries.extend(self.text(name, text, reading)?.map(|found| boosted(found, *factor)));
        }
        for query in &mut queries {
            minimum::apply(query, together.minimum_should_match)?;
        }
        Ok(best_of(queries, together.tie_breaker()))
    }

    fn group(
        &self,
        group: &Group,
        text: &str,
        together: Together<'_>,
        reading: &Reading<'_>,
    ) -> Outcome<Option<BoundQuery>> {
        let tokens = group.analyzer.tokens(text);
        if tokens.iter().any(|token| token.position_length > 1) {
            return self.graph_in_group(group, text, together, reading);
        }
        let mut clauses = Vec::new();
        let mut rest = tokens.as_slice();
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|token| token.position == first.position).count();
            let (here, behind) = rest.split_at(same);
            rest = behind;
            clauses.push(self.blended(group, here, together, reading)?);
        }
        limits::clauses(clauses.len(), self.context.settings.max_clause_count)?;
        Ok(match clauses.len() {
            0 | 1 => clauses.pop(),
            _ => Some(joined(clauses, reading.operator)),
        })
    }

    /// Synonyms of several words do not blend: the best field counts.
    fn graph_in_group(
        &self,
        group: &Group,
        text: &str,
        together: Together<'_>,
        reading: &Reading<'_>,
    ) -> Outcome<Option<BoundQuery>> {
        let mut queries = Vec::with_capacity(group.members.len());
        for (name, factor) in &group.members {
            let reading = Reading { form: Form::Words, ..reading.clone() };
            queries.extend(self.text(name, text, &reading)?.map(|found| boosted(found, *factor)));
        }
        Ok(best_of(queries, together.tie_breaker()))
    }

    /// The words at one position in every field of a group.
    fn blended(
        &self,
        group: &Group,
        words: &[Token],
        together: Together<'_>,
        reading: &Reading<'_>,
    ) -> Outcome<BoundQuery> {
        let mut terms: Vec<(FieldName, TermBytes, f32)> = Vec::with_capacity(words.len() * group.members.len());
        let mut others = Vec::new();
        for (name, factor) in &group.members {
            let target = self.target(name);
            let Target::Field(field) = target else { continue };
            match searchable(field) {
                Ok(()) => {
                    terms
                        .extend(words.iter().map(|word| (field.path.clone(), bytes(&word.text), factor * field.boost)));
                }
                Err(fault) => others.push(self.forgiving(reading.lenient, name, || Err(fault))?),
            }
        }
        let blended = BoundQuery::new(BoundKind::Blended { terms, tie_breaker: together.tie_breaker() });
        others.insert(0, blended);
        Ok(match others.len() {
            1 => others.remove(0),
            _ => BoundQuery::new(BoundKind::DisMax { queries: others, tie_breaker: 1.0 }),
        })
    }
}
