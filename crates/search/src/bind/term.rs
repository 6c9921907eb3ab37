//! Whole values: `term`, `terms`, `ids`, and the terms that analysed text is made of.

use std::sync::Arc;

use model::binary::from_base64;
use model::error::{Error, ErrorKind};
use model::mapping::{Field, FieldKind, NumberKind, Variant, simple_match};
use model::query::term_level::{Term, Terms};
use serde_json::Value;

use super::bitmap;
use super::fault::{Fault, Outcome};
use super::geo::not_exact;
use super::number::{java_text, term_code};
use super::pattern::literal;
use super::target::{Flat, Meta, Target, searchable};
use super::{Binder, ip, none_requested, vector};
use crate::bound::{BoundBool, BoundKind, BoundQuery, Expand, FieldName, Pattern, Rewrite, TermBytes};

/// Documents by id.
pub(super) fn ids(mut ids: Vec<Arc<str>>) -> BoundQuery {
    ids.sort();
    ids.dedup();
    if ids.is_empty() { none_requested() } else { BoundQuery::new(BoundKind::Ids(ids)) }
}

pub(super) fn bytes(text: &str) -> TermBytes {
    text.as_bytes().into()
}

/// A whole value that scores 1.
fn constant(field: FieldName, term: TermBytes) -> BoundQuery {
    let inner = BoundQuery::new(BoundKind::Term(field, term));
    BoundQuery::new(BoundKind::ConstantScore(Box::new(inner)))
}

fn any_of(field: FieldName, mut terms: Vec<TermBytes>) -> BoundQuery {
    terms.sort();
    terms.dedup();
    BoundQuery::new(BoundKind::Terms(field, terms))
}

/// `true` or `false`, and nothing else.
pub(super) fn boolean(value: &Value) -> Outcome<bool> {
    match java_text(value).as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        other => {
            Err(Fault::illegal_argument(format!("Can't parse boolean value [{other}], expected [true] or [false]")))
        }
    }
}

fn stored_queries() -> Fault {
    Fault::query_shard("Percolator fields are not searchable directly, use a percolate query instead")
}

/// Documents whose boolean is `value`. Indexed booleans score by rarity, as words do.
pub(super) fn boolean_term(field: &Field, value: bool) -> BoundQuery {
    let term = bytes(if value { "T" } else { "F" });
    let kind = match field.index {
        true => BoundKind::Term(field.path.clone(), term),
        false => BoundKind::Terms(field.path.clone(), vec![term]),
    };
    BoundQuery { boost: field.boost, ..BoundQuery::new(kind) }
}

fn not_searchable(meta: Meta) -> Fault {
    Fault::query_shard(match meta {
        Meta::DocCount => "Field [_doc_count] of type [_doc_count] is not searchable".to_owned(),
        _ => format!("The {} field is not searchable", meta.name()),
    })
}

/// A few bytes may stand for billions of numbers.
const MOST_OF_BITMAP: usize = 1 << 22;

impl Binder<'_> {
    pub(super) fn term_query(&self, query: &Term) -> Outcome<BoundQuery> {
        let target = self.target(&query.field);
        match &target {
            Target::Nothing => Ok(none_requested()),
            _ if query.case_insensitive => self.any_case(&query.field, &target, &query.value),
            _ => self.term(&target, &query.value),
        }
    }

    /// Documents in which the field has exactly this value.
    pub(super) fn term(&self, target: &Target<'_>, value: &Value) -> Outcome<BoundQuery> {
        match target {
            Target::Field(field) => self.field_term(field, value),
            Target::Flat(Flat { storage, prefix }) => {
                Ok(constant(storage.clone(), bytes(&format!("{prefix}{}", java_text(value)))))
            }
            Target::Meta(meta) => self.meta_term(*meta, value),
            Target::Nothing => Ok(none_requested()),
        }
    }

    fn field_term(&self, field: &Field, value: &Value) -> Outcome<BoundQuery> {
        match &field.kind {
            FieldKind::Binary => return Err(Fault::query_shard("Binary fields do not support searching")),
            FieldKind::Percolator => return Err(stored_queries()),
            FieldKind::FlatObject => return Ok(constant(field.path.clone(), bytes(&java_text(value)))),
            FieldKind::GeoPoint | FieldKind::GeoShape => return Err(not_exact(field)),
            FieldKind::Range(kind) => return self.range_with(field, *kind, value),
            FieldKind::Features { .. } => return Err(no_queries(field)),
            FieldKind::KnnVector | FieldKind::DenseVector => return Err(vector::not_exact(field)),
            _ => searchable(field)?,
        }
        let path = || field.path.clone();
        Ok(match &field.kind {
            FieldKind::Text if field.variant == Variant::MatchOnlyText => {
                BoundQuery { boost: field.boost, ..constant(path(), bytes(&java_text(value))) }
            }
            FieldKind::Text => {
                BoundQuery { boost: field.boost, ..BoundQuery::new(BoundKind::Term(path(), bytes(&java_text(value)))) }
            }
            FieldKind::Keyword => {
                let term = bytes(&self.normalized(field, &java_text(value))?);
                let joins = matches!(field.variant, Variant::Join | Variant::Parent);
                let scores = joins || field.explicit.get("use_similarity").and_then(Value::as_bool) == Some(true);
                let bound = match (field.index, scores) {
                    (true, true) => BoundQuery::new(BoundKind::Term(path(), term)),
                    (true, false) => constant(path(), term),
                    (false, _) => BoundQuery::new(BoundKind::Terms(path(), vec![term])),
                };
                BoundQuery { boost: field.boost, ..bound }
            }
            FieldKind::Number(kind) => match term_code(field, *kind, value)? {
                Ok(code) => BoundQuery::new(BoundKind::Numbers(path(), vec![code])),
                Err(reason) => BoundQuery::match_none(reason),
            },
            FieldKind::Boolean => boolean_term(field, boolean(value)?),
            FieldKind::Date | FieldKind::DateNanos => self.date_term(field, value)?,
            FieldKind::Ip => ip_term(field, &java_text(value))?,
            _ => none_requested(),
        })
    }

    fn meta_term(&self, meta: Meta, value: &Value) -> Outcome<BoundQuery> {
        let text = java_text(value);
        match meta {
            Meta::Id => Ok(ids(vec![text.into()])),
            Meta::Index => Ok(self.index_is(simple_match(&text, &self.context.index.name))),
            Meta::Routing | Meta::Ignored | Meta::FieldNames | Meta::NestedPath => {
                Ok(BoundQuery::new(BoundKind::Term(meta.name().into(), bytes(&text))))
            }
            Meta::SeqNo => {
                let code = super::number::sequence_number(value)?;
                Ok(BoundQuery::new(BoundKind::Numbers(meta.name().into(), vec![code])))
            }
            Meta::Source | Meta::Version | Meta::DocCount => Err(not_searchable(meta)),
        }
    }

    pub(super) fn index_is(&self, matches: bool) -> BoundQuery {
        if matches { BoundQuery::new(BoundKind::MatchAll) } else { none_requested() }
    }

    fn any_case(&self, name: &str, target: &Target<'_>, value: &Value) -> Outcome<BoundQuery> {
        let text = java_text(value);
        let (field, pattern) = match target {
            Target::Field(field) => match field.kind {
                FieldKind::Text | FieldKind::Keyword => {
                    searchable(field)?;
                    (field.path.clone(), literal(&self.normalized(field, &text)?))
                }
                FieldKind::FlatObject => (field.path.clone(), literal(&text)),
                FieldKind::Boolean => return self.field_term(field, value),
                _ => return Err(no_case(name, target)),
            },
            Target::Flat(flat) => (flat.storage.clone(), literal(&format!("{}{text}", flat.prefix))),
            Target::Meta(Meta::Index) => {
                let name = self.context.index.name.to_lowercase();
                return Ok(self.index_is(simple_match(&text.to_lowercase(), &name)));
            }
            Target::Meta(meta) if meta.is_keyword() || *meta == Meta::Id => (meta.name().into(), literal(&text)),
            Target::Meta(_) => return Err(no_case(name, target)),
            Target::Nothing => return Ok(none_requested()),
        };
        let pattern = Pattern::Wildcard { pattern, case_insensitive: true };
        Ok(BoundQuery::new(BoundKind::Expand(Expand { field, pattern, rewrite: Rewrite::Constant })))
    }

    pub(super) fn terms_query(&self, query: &Terms) -> Outcome<BoundQuery> {
        if query.lookup.is_some() {
            return Err(
                Error::new(ErrorKind::IllegalState, "the values of a query of terms have not been looked up").into()
            );
        }
        let most = self.context.settings.max_terms_count;
        let count = query.values.len();
        if count > most as usize {
            return Err(Fault::illegal_argument(format!(
                "The number of terms [{count}] used in the Terms Query request has exceeded the allowed maximum of [{most}]. \
                 This maximum can be set by changing the [index.max_terms_count] index level setting."
            )));
        }
        let target = self.target(&query.field);
        if query.bitmap {
            return self.bitmap_terms(&target, &query.values);
        }
        if query.values.is_empty() {
            return Ok(none_requested());
        }
        match &target {
            Target::Nothing => Ok(none_requested()),
            Target::Field(field) => self.field_terms(field, &query.values),
            Target::Flat(flat) => {
                let terms = query.values.iter().map(|value| bytes(&format!("{}{}", flat.prefix, java_text(value))));
                Ok(any_of(flat.storage.clone(), terms.collect()))
            }
            Target::Meta(meta) => self.meta_terms(*meta, &query.values),
        }
    }

    /// The numbers of a bitmap; only integers have such.
    fn bitmap_terms(&self, target: &Target<'_>, values: &[Value]) -> Outcome<BoundQuery> {
        let Target::Field(field) = target else { return Ok(none_requested()) };
        match &field.kind {
            FieldKind::Text | FieldKind::Keyword | FieldKind::FlatObject => return Ok(none_requested()),
            FieldKind::Number(NumberKind::Integer) => searchable(field)?,
            FieldKind::Number(kind) if *kind != NumberKind::ScaledFloat => {
                let kind = field.type_name();
                let reason = format!("Field [{kind}] of type [{kind}] does not support bitmap queries");
                return Err(Fault::illegal_argument(reason));
            }
            // They are no values of any other type.
            _ => return self.field_terms(field, &["a bitmap".into()]),
        }
        let bytes = values.first().and_then(Value::as_str).and_then(from_base64).unwrap_or_default();
        let numbers = bitmap::numbers(&bytes, MOST_OF_BITMAP).map_err(|refused| match refused {
            bitmap::Refused::Malformed => Fault::illegal_argument("Failed to deserialize the bitmap."),
            bitmap::Refused::TooMany => {
                Error::not_implemented(format!("a bitmap of more than {MOST_OF_BITMAP} numbers")).into()
            }
        })?;
        // A bitmap has no negative numbers: what is too great for the field is nobody's.
        let codes: Vec<i64> =
            numbers.into_iter().filter(|number| i32::try_from(*number).is_ok()).map(i64::from).collect();
        Ok(match codes.is_empty() {
            true => none_requested(),
            false => BoundQuery::new(BoundKind::Numbers(field.path.clone(), codes)),
        })
    }

    fn field_terms(&self, field: &Field, values: &[Value]) -> Outcome<BoundQuery> {
        if !matches!(field.kind, FieldKind::Binary | FieldKind::FlatObject)
            && !field.kind.is_geo()
            && !vector::holds(field)
        {
            searchable(field)?;
        }
        match &field.kind {
            FieldKind::Number(kind) => {
                let mut codes = Vec::with_capacity(values.len());
                for value in values {
                    codes.extend(term_code(field, *kind, value)?.ok());
                }
                codes.sort_unstable();
                codes.dedup();
                Ok(match codes.is_empty() {
                    true => BoundQuery::match_none("All values have a decimal part"),
                    false => BoundQuery::new(BoundKind::Numbers(field.path.clone(), codes)),
                })
            }
            FieldKind::Boolean => self.boolean_terms(field, values),
            FieldKind::Date | FieldKind::DateNanos | FieldKind::Ip | FieldKind::Range(_) => {
                self.any_value(field, values)
            }
            FieldKind::Features { .. } => Err(no_queries(field)),
            FieldKind::Text | FieldKind::Keyword | FieldKind::FlatObject => {
                let mut terms = Vec::with_capacity(values.len());
                for value in values {
                    terms.push(bytes(&self.normalized(field, &java_text(value))?));
                }
                Ok(any_of(field.path.clone(), terms))
            }
            FieldKind::GeoPoint | FieldKind::GeoShape => Err(not_exact(field)),
            FieldKind::KnnVector | FieldKind::DenseVector => Err(vector::not_exact(field)),
            FieldKind::Percolator => Err(stored_queries()),
            FieldKind::Binary | FieldKind::Alias(_) => {
                Err(Fault::query_shard("Binary fields do not support searching"))
            }
        }
    }

    fn boolean_terms(&self, field: &Field, values: &[Value]) -> Outcome<BoundQuery> {
        let mut seen = [false; 2];
        for value in values {
            seen[usize::from(boolean(value)?)] = true;
        }
        Ok(match seen {
            [true, true] => BoundQuery::new(BoundKind::Exists(vec![field.path.clone()])),
            [_, value] => boolean_term(field, value),
        })
    }

    /// Days, networks: values that stand for more than one term.
    fn any_value(&self, field: &Field, values: &[Value]) -> Outcome<BoundQuery> {
        let texts = values.iter().map(java_text);
        if field.kind == FieldKind::Ip && texts.clone().all(|text| !text.contains('/')) {
            let terms: Outcome<Vec<TermBytes>> = texts.map(|text| Ok(ip::address(&text)?.as_slice().into())).collect();
            return Ok(any_of(field.path.clone(), terms?));
        }
        let should: Outcome<Vec<BoundQuery>> = values.iter().map(|value| self.field_term(field, value)).collect();
        let clauses = BoundBool { should: should?, minimum_should_match: 1, ..BoundBool::default() };
        Ok(BoundQuery::new(BoundKind::ConstantScore(Box::new(BoundQuery::new(BoundKind::Bool(clauses))))))
    }

    fn meta_terms(&self, meta: Meta, values: &[Value]) -> Outcome<BoundQuery> {
        match meta {
            Meta::Id => Ok(ids(values.iter().map(|value| java_text(value).into()).collect())),
            // Names may be patterns, as in a target.
            Meta::Index => {
                let name = &self.context.index.name;
                Ok(self.index_is(values.iter().any(|value| simple_match(&java_text(value), name))))
            }
            Meta::SeqNo => {
                let codes: Outcome<Vec<i64>> = values.iter().map(super::number::sequence_number).collect();
                let mut codes = codes?;
                codes.sort_unstable();
                codes.dedup();
                Ok(BoundQuery::new(BoundKind::Numbers(meta.name().into(), codes)))
            }
            Meta::Routing | Meta::Ignored | Meta::FieldNames | Meta::NestedPath => {
                Ok(any_of(meta.name().into(), values.iter().map(|value| bytes(&java_text(value))).collect()))
            }
            Meta::Source | Meta::Version | Meta::DocCount => Err(not_searchable(meta)),
        }
    }
}

fn no_queries(field: &Field) -> Fault {
    Fault::illegal_argument(format!("Queries on [{}] fields are not supported", field.type_name()))
}

fn no_case(name: &str, target: &Target<'_>) -> Fault {
    let kind = target.type_name();
    Fault::query_shard(format!(
        "[{name}] field which is of type [{kind}], does not support case insensitive term queries"
    ))
}

fn ip_term(field: &Field, text: &str) -> Outcome<BoundQuery> {
    let path = field.path.clone();
    if !text.contains('/') {
        return Ok(BoundQuery::new(BoundKind::Terms(path, vec![ip::address(text)?.as_slice().into()])));
    }
    let (first, last) = ip::network(text)?;
    let inside = |bytes: [u8; 16]| std::ops::Bound::Included(bytes.as_slice().into());
    Ok(BoundQuery::new(BoundKind::TermRange(path, inside(first), inside(last))))
}
