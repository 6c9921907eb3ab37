//! `combined_fields`: text fields that are analysed alike count as one field, whose words are those of all of them.

use analysis::{Analyzer, Token};
use model::mapping::Variant;
use model::query::full_text::{CombinedFields, Operator};

use super::fault::{Fault, Outcome};
use super::fields::Weighted;
use super::graph::{Stretch, TokenGraph, TooManyWays, Way};
use super::target::Target;
use super::term::bytes;
use super::text::joined;
use super::{Binder, limits, minimum};
use crate::bound::{BoundCombined, BoundKind, BoundQuery, FieldName};

/// Fields that are searched as one.
struct Combined {
    fields: Vec<(FieldName, f32)>,
    analyzer: Analyzer,
    operator: Operator,
}

impl Binder<'_> {
    pub(super) fn combined_fields(&self, query: &CombinedFields) -> Outcome<BoundQuery> {
        let fields = self.fields(&query.fields, None)?;
        let Some(combined) = self.combined(&fields, query.operator)? else {
            let names: Vec<&str> = query.fields.iter().map(|(name, _)| name.as_str()).collect();
            return Ok(BoundQuery::match_none(format!("unmapped fields [{}]", names.join(", "))));
        };
        let tokens = combined.analyzer.tokens(&query.text);
        let mut found = match tokens.as_slice() {
            [] => return Ok(BoundQuery::match_none("Matching no documents because no terms present")),
            [one] => combined.word(one),
            many => {
                let graph = TokenGraph::new(many);
                let most = self.context.settings.max_clause_count as usize;
                let stretches = graph.stretches(most).map_err(|TooManyWays| self.too_many_ways())?;
                limits::clauses(stretches.len(), self.context.settings.max_clause_count)?;
                match stretches.as_slice() {
                    [only] => combined.stretch(only),
                    many => joined(many.iter().map(|one| combined.stretch(one)).collect(), query.operator),
                }
            }
        };
        minimum::apply(&mut found, query.minimum_should_match.as_deref())?;
        Ok(found)
    }

    /// `None`: there are no such fields.
    fn combined(&self, fields: &[Weighted], operator: Operator) -> Outcome<Option<Combined>> {
        let mut shared: Option<(Combined, bool)> = None;
        for (name, factor) in fields {
            let Target::Field(field) = self.target(name) else { return Err(not_supported(name, name)) };
            if self.target(name).text().is_none() || field.variant != Variant::Plain {
                return Err(not_supported(name, field.type_name()));
            }
            if *factor < 1.0 {
                return Err(Fault::illegal_argument("weight must be greater or equal to 1"));
            }
            let analyzer = self.search_analyzer(field, false)?;
            let word = (field.path.clone(), *factor);
            match &mut shared {
                None => shared = Some((Combined { fields: vec![word], analyzer, operator }, field.norms)),
                Some((combined, norms)) => {
                    if combined.analyzer.name() != analyzer.name() {
                        let reason = "All fields in [combined_fields] query must have the same search analyzer";
                        return Err(Fault::illegal_argument(reason));
                    }
                    if *norms != field.norms && field.index {
                        return Err(unlike_norms());
                    }
                    combined.fields.push(word);
                }
            }
        }
        Ok(shared.map(|(combined, _)| combined))
    }
}

impl Combined {
    fn word(&self, token: &Token) -> BoundQuery {
        let fields = self.fields.clone();
        BoundQuery::new(BoundKind::Combined(BoundCombined { fields, term: bytes(&token.text) }))
    }

    /// Alternatives of one word count as words: all of them must match where all words must.
    fn stretch(&self, stretch: &Stretch<'_>) -> BoundQuery {
        match stretch {
            Stretch::Words(words) => match words.as_slice() {
                [one] => self.word(one),
                many => joined(many.iter().map(|one| self.word(one)).collect(), self.operator),
            },
            Stretch::Ways(ways) => joined(ways.iter().map(|way| self.way(way)).collect(), Operator::Or),
        }
    }

    fn way(&self, way: &Way<'_>) -> BoundQuery {
        match way.as_slice() {
            [(_, one)] => self.word(one),
            many => joined(many.iter().map(|(_, one)| self.word(one)).collect(), Operator::And),
        }
    }
}

fn not_supported(name: &str, kind: &str) -> Fault {
    Fault::illegal_argument(format!("Field [{name}] of type [{kind}] does not support [combined_fields] queries"))
}

fn unlike_norms() -> Fault {
    let reason = "CombinedFieldQuery requires norms to be consistent across fields: some fields cannot  have norms enabled, while others \
                  have norms disabled";
    Fault::AsIs(model::error::Error::illegal_argument(reason))
}
