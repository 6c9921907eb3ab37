//! Search pipelines: kept in the metadata, chosen by a request or by the settings of its indexes.

use std::collections::BTreeMap;

use model::definition::Definition;
use model::error::Error;
use model::query::compound::Boolean;
use model::query::{Kind, Query};
use model::search::{PipelineChoice, SearchRequest};
use search::pipeline::Pipeline;
use serde_json::Value;

use crate::core::Core;

/// The pipeline of a request; `None`: it goes through none.
///
/// # Errors
/// `illegal_argument_exception` for a pipeline that is not there; as [`Pipeline::parse`].
pub(super) fn of(core: &Core, request: &SearchRequest) -> Result<Option<Pipeline>, Error> {
    let state = core.state();
    let named = |name: &str| match state.definition(Definition::SearchPipeline, name) {
        Some(definition) => Pipeline::parse(definition).map(Some),
        None => Err(Error::illegal_argument(format!("Pipeline {name} is not defined"))),
    };
    match &request.pipeline {
        Some(PipelineChoice::Inline(definition)) => Pipeline::parse(definition).map(Some),
        Some(PipelineChoice::Named(name)) if name == "_none" => Ok(None),
        Some(PipelineChoice::Named(name)) => named(name),
        // Most clusters have none, and then no setting can name one.
        None if state.definitions.get(&Definition::SearchPipeline).is_none_or(BTreeMap::is_empty) => Ok(None),
        None => match default_of(core, request).as_deref() {
            None | Some("_none") => Ok(None),
            Some(name) => named(name),
        },
    }
}

/// What the settings of all indexes of a search name; of several that disagree none.
fn default_of(core: &Core, request: &SearchRequest) -> Option<String> {
    let found = super::search::resolve_open(core, &request.target).ok()?;
    let mut names = found.iter().map(|found| found.index.settings.given().get("index.search.default_pipeline"));
    let first = names.next()??.as_str()?;
    names.all(|name| name.and_then(Value::as_str) == Some(first)).then(|| first.to_owned())
}

/// Adds the filters of a pipeline to a request.
///
/// # Errors
/// As reading a query.
pub(super) fn filter(pipeline: &Pipeline, request: &mut SearchRequest) -> Result<(), Error> {
    for definition in &pipeline.filters {
        let filter = rest::dsl::query(definition)?;
        if let Kind::Hybrid(hybrid) = &mut request.query.kind {
            let both = hybrid.filter.take().into_iter().chain([filter]).collect();
            hybrid.filter = Some(Query::new(Kind::Bool(Boolean { filter: both, ..Boolean::default() })));
            continue;
        }
        let must = vec![std::mem::replace(&mut request.query, Query::match_all())];
        request.query = Query::new(Kind::Bool(Boolean { must, filter: vec![filter], ..Boolean::default() }));
    }
    Ok(())
}
