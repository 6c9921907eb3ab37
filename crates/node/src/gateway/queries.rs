//! Questions about queries: how many match, whether a query is valid.

use std::sync::Arc;
use std::time::Instant;

use model::error::Error;
use model::search::{
    CountRequest, CountResponse, SearchRequest, Shards, ValidateRequest, ValidateResponse, Validation,
};
use search::describe::of_documents;

use super::search::{bind_filtered, context, counting, search};
use crate::clock::now_ms;
use crate::core::Core;
use crate::telemetry::Action;

pub(super) async fn count(core: &Arc<Core>, request: CountRequest) -> Result<CountResponse, Error> {
    let begun = Instant::now();
    let CountRequest { target, query, min_score, terminate_after, routing, preference } = request;
    let asked = SearchRequest { min_score, terminate_after, routing, preference, ..counting(target, query) };
    let search = search(core, asked).await?;
    core.metrics.request(Action::Count, begun.elapsed());
    let count = search.total.map_or(0, |total| total.value);
    Ok(CountResponse { count, terminated_early: search.terminated_early, shards: search.shards })
}

pub(super) async fn validate(core: &Arc<Core>, mut request: ValidateRequest) -> Result<ValidateResponse, Error> {
    let target = request.target.names.join(",");
    super::lookup::of_query(core, &mut request.query, &target).await?;
    let resolved = super::search::resolve_open(core, &request.target)?;
    let mut explanations = Vec::with_capacity(resolved.len());
    let mut shards = Shards::default();
    for found in &resolved {
        let open = core.indexes.get(&found.index)?;
        let asked = if request.all_shards { found.index.shards.len() as u32 } else { 1 };
        shards.total += asked;
        shards.successful += asked;
        let context = context(core, &open.view(), now_ms());
        let bound = bind_filtered(&request.query, &found.filters, &context);
        let result = bound.map(|query| of_documents(&query, &context.mapping));
        explanations.push(Validation { index: found.index.name.clone(), result });
    }
    let valid = explanations.iter().all(|validation| validation.result.is_ok());
    Ok(ValidateResponse { shards, valid, explanations })
}
