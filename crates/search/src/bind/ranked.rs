//! Full text as the Redis dialect ranks it: fields to paths, patterns and filters bound.

use model::mapping::FieldKind;
use model::query::ranked::{Corpus, Part, PartKind, Ranked, WordPattern};
use model::query::term_level::Term;
use model::query::{Kind, Query};

use super::Binder;
use super::fault::{Fault, Outcome};
use super::target::Target;
use super::term::bytes;
use crate::bound::{BoundKind, BoundQuery, BoundRanked, FieldName, RankedKind, RankedPart};

impl Binder<'_> {
    pub(super) fn ranked(&self, ranked: &Ranked) -> Outcome<BoundQuery> {
        let corpus = &ranked.corpus;
        let candidates = self.query(&ranked.part.candidates(corpus))?;
        Ok(BoundQuery::new(BoundKind::Ranked(Box::new(BoundRanked {
            verify: ranked.part.has_windows(),
            candidates,
            part: self.ranked_part(&ranked.part, corpus)?,
            scorer: ranked.scorer,
            corpus: corpus.clone(),
        }))))
    }

    fn ranked_part(&self, part: &Part, corpus: &Corpus) -> Outcome<RankedPart> {
        let deeper = self.deeper()?;
        let all = |parts: &[Part]| parts.iter().map(|part| deeper.ranked_part(part, corpus)).collect::<Outcome<_>>();
        let one = |part: &Part| deeper.ranked_part(part, corpus).map(Box::new);
        let paths = |fields: &Option<Vec<String>>, stem| {
            fields.as_deref().map(|fields| names(corpus.paths(Some(fields), stem)))
        };
        let pool = |stem| FieldName::from(corpus.paths(None, stem).remove(0));
        let kind = match &part.kind {
            PartKind::Everything => RankedKind::Everything,
            PartKind::Nothing => RankedKind::Nothing,
            PartKind::Word { term, stem, fields } => {
                RankedKind::Word { pool: pool(*stem), term: bytes(term), stem: *stem, fields: paths(fields, *stem) }
            }
            PartKind::Words { pattern, stem, fields } => {
                self.word_pattern(pattern, (pool(*stem), paths(fields, *stem), *stem))?
            }
            PartKind::Value { field, value } => self.ranked_value(field, value)?,
            PartKind::Filter(query) => RankedKind::Filter(self.query(query)?),
            PartKind::All(parts, window) => RankedKind::All(all(parts)?, *window),
            PartKind::Any(parts) => RankedKind::Any(all(parts)?),
            PartKind::First(parts) => RankedKind::First(all(parts)?),
            PartKind::Not(part) => RankedKind::Not(one(part)?),
            PartKind::Optional(part) => RankedKind::Optional(one(part)?),
        };
        Ok(RankedPart { kind, weight: part.weight })
    }

    fn word_pattern(
        &self,
        pattern: &WordPattern,
        (pool, fields, stem): (FieldName, Option<Vec<FieldName>>, bool),
    ) -> Outcome<RankedKind> {
        Ok(match self.query(&pattern.query(pool.to_string()))?.kind {
            BoundKind::Expand(expand) => RankedKind::Words { pool, pattern: expand.pattern, stem, fields },
            BoundKind::Term(_, term) => RankedKind::Word { pool, term, stem, fields },
            BoundKind::MatchNone(_) => RankedKind::Nothing,
            _ => return Err(Fault::illegal_argument(format!("[{pool}] is no field of text"))),
        })
    }

    fn ranked_value(&self, field: &str, value: &str) -> Outcome<RankedKind> {
        Ok(match self.target(field) {
            Target::Field(field) if field.kind == FieldKind::Keyword => {
                let term = bytes(&self.normalized(field, value)?);
                RankedKind::Value { field: field.path.clone(), term }
            }
            Target::Field(_) => {
                let term = Term { field: field.to_owned(), value: value.into(), case_insensitive: false };
                RankedKind::Filter(self.query(&Query::new(Kind::Term(term)))?)
            }
            _ => RankedKind::Nothing,
        })
    }
}

fn names(paths: Vec<String>) -> Vec<FieldName> {
    paths.into_iter().map(FieldName::from).collect()
}
