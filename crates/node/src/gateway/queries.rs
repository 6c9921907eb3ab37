//! Questions about queries: how many match, why one document does, whether a query is valid.

use std::sync::Arc;
use std::time::Instant;

use cluster::resolve::{Options, read_target, resolve};
use cluster::routing::Spread;
use model::error::{Error, ErrorKind};
use model::search::{
    CountRequest, CountResponse, ExplainRequest, ExplainResponse, SearchRequest, Shards, ValidateRequest,
    ValidateResponse, Validation,
};
use search::describe::lucene;
use shard::execute;

use super::search::{bind_filtered, context, counting, search};
use crate::core::Core;
use crate::telemetry::Action;

pub(super) async fn count(core: &Arc<Core>, request: CountRequest) -> Result<CountResponse, Error> {
    let begun = Instant::now();
    let CountRequest { target, query, min_score, terminate_after, routing } = request;
    let search = search(core, SearchRequest { min_score, terminate_after, routing, ..counting(target, query) }).await?;
    core.metrics.request(Action::Count, begun.elapsed());
    let count = search.total.map_or(0, |total| total.value);
    Ok(CountResponse { count, terminated_early: search.terminated_early, shards: search.shards })
}

pub(super) async fn explain(core: &Arc<Core>, mut request: ExplainRequest) -> Result<ExplainResponse, Error> {
    super::lookup::of_query(core, &mut request.query).await?;
    let state = core.state();
    let metadata = read_target(&state, &request.index)?;
    super::blocks::check_read(&state, &metadata)?;
    let found = resolve(&state, &model::target::Target::one(request.index.as_str()), Options::open())?;
    let filters = found.first().map(|found| found.filters.clone()).unwrap_or_default();
    let routing = super::get::routing_of(&metadata, &request.index, request.routing.as_deref(), &request.id)?;
    let open = core.indexes.get(&metadata)?;
    let query = bind_filtered(&request.query, &filters, &context(core, &open.view()))?;
    let number = Spread::of(&metadata.settings).shard(&request.id, routing.as_deref());
    let copies: Vec<_> = open.shards.iter().map(|shard| shard.copy().cloned()).collect::<Result<_, _>>()?;
    let (id, index) = (Arc::<str>::from(request.id), metadata.name.clone());
    core.search
        .run(move || {
            let mut statistics = search::statistics::Statistics::default();
            for copy in &copies {
                statistics.merge(execute::statistics(&copy.reader(), &query)?);
            }
            let Some(copy) = copies.get(number.0 as usize) else { return Err(Error::index_not_found(&index)) };
            let reader = copy.reader();
            let Some((address, stored)) = copy.find_searched(&reader, &id)? else {
                return Ok(ExplainResponse { index, id, explanation: None, source: None });
            };
            let explanation = super::caught(|| execute::explain(&reader, &query, Some(&statistics), address))?;
            let source = request
                .source
                .as_ref()
                .map(|filter| search::fetch::source::filtered(&stored.source, filter))
                .transpose();
            let source = source.map_err(|e| Error::new(ErrorKind::Parse, e.to_string()))?.flatten();
            Ok(ExplainResponse { index, id, explanation: Some(explanation), source })
        })
        .await?
}

pub(super) async fn validate(core: &Arc<Core>, mut request: ValidateRequest) -> Result<ValidateResponse, Error> {
    super::lookup::of_query(core, &mut request.query).await?;
    let resolved = super::search::resolve_open(core, &request.target)?;
    let mut explanations = Vec::with_capacity(resolved.len());
    let mut shards = Shards::default();
    for found in &resolved {
        let open = core.indexes.get(&found.index)?;
        let asked = if request.all_shards { open.shards.len() as u32 } else { 1 };
        shards.total += asked;
        shards.successful += asked;
        let bound = bind_filtered(&request.query, &found.filters, &context(core, &open.view()));
        explanations.push(Validation { index: found.index.name.clone(), result: bound.map(|query| lucene(&query)) });
    }
    let valid = explanations.iter().all(|validation| validation.result.is_ok());
    Ok(ValidateResponse { shards, valid, explanations })
}
