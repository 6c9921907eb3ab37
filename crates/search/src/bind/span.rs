//! Queries about where words stand: names to fields, values to words.

use model::error::{Error, ErrorKind};
use model::mapping::FieldKind;
use model::query::span::Span;

use super::Binder;
use super::fault::{Fault, Outcome};
use super::number::java_text;
use super::target::{Target, has_positions, searchable};
use super::term::bytes;
use crate::bound::{BoundKind, BoundQuery, FieldName};
use crate::span::{BoundSpan, BoundSpans};

impl Binder<'_> {
    pub(super) fn spans(&self, mut span: &Span) -> Outcome<BoundQuery> {
        // By itself it counts as what it is.
        while let Span::Masked { inner, .. } = span {
            span = inner;
        }
        let (field, span) = self.span(span)?;
        Ok(BoundQuery::new(BoundKind::Spans(Box::new(BoundSpans { field, span }))))
    }

    /// With the field that it is of. As deep as the query, which is bounded where it is read.
    fn span(&self, span: &Span) -> Outcome<(FieldName, BoundSpan)> {
        Ok(match span {
            Span::Term { field, value } => self.span_term(field, &java_text(value))?,
            Span::Multi(query) => {
                let bound = self.query(query)?;
                match &bound.kind {
                    BoundKind::Expand(expand) => (expand.field.clone(), BoundSpan::Multi(Box::new(bound))),
                    BoundKind::TermRange(field, ..) => (field.clone(), BoundSpan::Multi(Box::new(bound))),
                    BoundKind::MatchNone(_) => ("".into(), BoundSpan::Or(Vec::new())),
                    _ => {
                        let kind = query.kind_name();
                        return Err(Error::not_implemented(format!("[span_multi] of such a [{kind}] query")).into());
                    }
                }
            }
            Span::Or(clauses) => {
                let (field, clauses) = self.same_field(clauses, "Clauses must have same field.")?;
                (field, BoundSpan::Or(clauses))
            }
            Span::Near { clauses, slop, in_order } => {
                let (field, mut clauses) =
                    self.same_field(clauses, "Cannot add clause to SpanNearQuery for another field")?;
                match clauses.pop() {
                    Some(only) if clauses.is_empty() => (field, only),
                    last => {
                        clauses.extend(last);
                        (field, BoundSpan::Near { clauses, slop: *slop, in_order: *in_order })
                    }
                }
            }
            Span::Gap { field, width } => (self.span_field(field)?, BoundSpan::Gap(*width)),
            Span::First { inner, end } => {
                let (field, inner) = self.span(inner)?;
                (field, BoundSpan::First(Box::new(inner), *end))
            }
            Span::Not { include, exclude, before, after } => {
                let (field, include, exclude) = self.span_pair(include, exclude)?;
                let (before, after) = (before.unsigned_abs(), after.unsigned_abs());
                (field, BoundSpan::Not { include, exclude, before, after })
            }
            Span::Containing { big, little } => {
                let (field, big, little) = self.span_pair(big, little)?;
                (field, BoundSpan::Containing(big, little))
            }
            Span::Within { big, little } => {
                let (field, big, little) = self.span_pair(big, little)?;
                (field, BoundSpan::Within(big, little))
            }
            Span::Masked { inner, field } => {
                let (_, inner) = self.span(inner)?;
                let field = self.span_field(field)?;
                (field.clone(), BoundSpan::Masked(Box::new(inner), field))
            }
        })
    }

    fn span_pair(&self, one: &Span, other: &Span) -> Outcome<(FieldName, Box<BoundSpan>, Box<BoundSpan>)> {
        let ((field, one), (second, other)) = (self.span(one)?, self.span(other)?);
        if field != second {
            return Err(Fault::illegal_argument("Clauses must have same field."));
        }
        Ok((field, Box::new(one), Box::new(other)))
    }

    fn same_field(&self, clauses: &[Span], why: &str) -> Outcome<(FieldName, Vec<BoundSpan>)> {
        super::limits::clauses(clauses.len(), self.context.settings.max_clause_count)?;
        let bound = clauses.iter().map(|clause| self.span(clause)).collect::<Outcome<Vec<_>>>()?;
        let field = bound.iter().map(|(field, _)| field).find(|field| !field.is_empty());
        let field = field.cloned().unwrap_or_else(|| "".into());
        if bound.iter().any(|(other, _)| !other.is_empty() && *other != field) {
            return Err(Fault::illegal_argument(why));
        }
        Ok((field, bound.into_iter().map(|(_, clause)| clause).collect()))
    }

    /// The path of a field, aliases followed; of one that is not there its name.
    fn span_field(&self, name: &str) -> Outcome<FieldName> {
        Ok(match self.target(name) {
            Target::Field(field) => field.path.clone(),
            _ => name.into(),
        })
    }

    fn span_term(&self, name: &str, text: &str) -> Outcome<(FieldName, BoundSpan)> {
        let field = match self.target(name) {
            Target::Nothing => return Ok((name.into(), BoundSpan::Term(name.into(), bytes(text)))),
            Target::Field(field) => field,
            target => return Err(no_term(name, target.type_name())),
        };
        searchable(field)?;
        match field.kind {
            FieldKind::Text if has_positions(&Target::Field(field)) => {
                Ok((field.path.clone(), BoundSpan::Term(field.path.clone(), bytes(text))))
            }
            FieldKind::Text | FieldKind::Keyword => {
                let path = &field.path;
                let reason = format!(
                    "field \"{path}\" was indexed without position data; cannot run SpanTermQuery (term={text})"
                );
                Err(Fault::AsIs(Error::new(ErrorKind::IllegalState, reason)))
            }
            _ => Err(no_term(name, field.type_name())),
        }
    }
}

fn no_term(name: &str, kind: &str) -> Fault {
    Fault::illegal_argument(format!("Cannot extract a term from a query on the field [{name}] of type [{kind}]"))
}
