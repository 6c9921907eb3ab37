//! `percolate`, and the queries that it compares with documents.

use std::cell::RefCell;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::{FieldKind, Mapping};
use model::query::Query;
use model::query::percolate::{Documents, Percolate};
use serde_json::{Map, Value, json};

use super::fault::{Fault, Outcome};
use super::target::Target;
use super::{BindContext, Binder, bind_at};
use crate::bound::{BoundKind, BoundQuery};
use crate::percolate::BoundPercolate;

/// Binds a query that a document holds: fields that it names must be there, or are taken for texts where the index says so.
///
/// # Errors
/// As [`super::bind_filter`]; `query_shard_exception` for a field that is not there.
pub fn bind_stored(query: &Query, context: &BindContext) -> Result<BoundQuery, Error> {
    let noted = RefCell::default();
    let bound = bind_at(query, Binder { context, depth: 0, scope: None, joined: None, noted: Some(&noted) });
    let missing: Vec<String> = noted.take();
    let Some(first) = missing.first() else {
        return bound.map_err(|fault| match fault {
            Fault::Create(cause) | Fault::AsIs(cause) => in_index(cause, context),
        });
    };
    if context.settings.unmapped_as_text
        && let Some(mapping) = with_texts(&context.mapping, &missing)
    {
        return bind_stored(query, &BindContext { mapping: Arc::new(mapping), ..context.clone() });
    }
    let reason = format!("No field mapping can be found for the field with name [{first}]");
    Err(in_index(Error::new(ErrorKind::QueryShard, reason), context))
}

/// The mapping with more fields of text; `None`: it cannot have them.
fn with_texts(mapping: &Mapping, names: &[String]) -> Option<Mapping> {
    let texts: Map<String, Value> = names.iter().map(|name| (name.clone(), json!({"type": "text"}))).collect();
    let more = mapping.merge(&Mapping::parse(&json!({"properties": texts})).ok()?).ok()?;
    // What is still not there after that never will be.
    names.iter().all(|name| more.field(name).is_some()).then_some(more)
}

fn in_index(error: Error, context: &BindContext) -> Error {
    match error.kind == ErrorKind::QueryShard && error.index.is_none() {
        true => error.with_index(context.index.clone()),
        false => error,
    }
}

impl Binder<'_> {
    pub(super) fn percolate(&self, query: &Percolate) -> Outcome<BoundQuery> {
        let name = &query.field;
        let field = match self.target(name) {
            Target::Field(field) if field.kind == FieldKind::Percolator => field,
            Target::Nothing => return Err(Fault::query_shard(format!("field [{name}] does not exist"))),
            other => {
                let kind = other.type_name();
                let reason = format!("expected field [{name}] to be of type [percolator], but is of type [{kind}]");
                return Err(Fault::query_shard(reason));
            }
        };
        let Documents::Given(documents) = &query.documents else {
            return Err(Error::new(ErrorKind::IllegalState, "query builder must be rewritten first").into());
        };
        let documents = documents.iter().map(|document| document.to_string().into_bytes().into()).collect();
        Ok(BoundQuery::new(BoundKind::Percolate(BoundPercolate {
            field: field.path.clone(),
            name: query.name.as_deref().unwrap_or(name).into(),
            documents,
            context: Arc::new(self.context.clone()),
        })))
    }
}
