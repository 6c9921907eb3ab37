//! Other scores for the best hits: those of a second query, asked of them alone, are combined with their own.
//!
//! The window is that of all shards together, so that the number of shards does not change an answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use model::error::Error;
use model::id::ShardNumber;
use model::ranking::Rescore;
use model::search::{Hit, SearchRequest, SearchResponse};
use model::task::TaskId;

use super::shown::{Steps, bare};
use super::{failure, plain_order, resolve_open};
use crate::core::Core;

/// Carries out a request that has rescores.
pub(super) async fn search(
    core: &Arc<Core>,
    mut request: SearchRequest,
    begun: Instant,
    task: &TaskId,
) -> Result<SearchResponse, Error> {
    plain_order(&mut request);
    check(core, &request)?;
    let steps = Steps { core, request: &request, begun, task };
    let page = request.from.saturating_add(request.size);
    let most = request.rescores.iter().map(|rescore| u64::from(rescore.window)).max().unwrap_or_default().max(page);
    let first =
        SearchRequest { from: 0, size: most, fetch: bare(), explain: false, rescores: Vec::new(), ..request.clone() };
    let mut answer = steps.run(first).await?;
    let mut hits = std::mem::take(&mut answer.hits);
    for rescore in &request.rescores {
        rescored(&steps, rescore, &mut hits).await?;
    }
    let scores = hits.iter().filter(|_| request.size > 0).filter_map(|hit| hit.score);
    answer.max_score = scores.reduce(f32::max);
    let (from, size) = (request.from as usize, request.size as usize);
    let chosen: Vec<Hit> = hits.into_iter().skip(from).take(size).collect();
    answer.hits = steps.show(chosen, request.fetch.clone()).await?;
    answer.took_ms = begun.elapsed().as_millis() as u64;
    Ok(answer)
}

fn check(core: &Core, request: &SearchRequest) -> Result<(), Error> {
    let found = if request.point.is_none() { resolve_open(core, &request.target)? } else { Vec::new() };
    let Some(first) = found.first().map(|found| &found.index) else { return Ok(()) };
    let refused = |why: String| {
        let error = Error::illegal_argument(why);
        Error::search_phase("all shards failed", vec![failure(first, ShardNumber(0), Some(&core.identity.node), error)])
    };
    if !request.sort.is_empty() {
        return Err(refused("Cannot use [sort] option in conjunction with [rescore].".to_owned()));
    }
    let limit = first.settings.typed().max_rescore_window;
    if let Some(rescore) = request.rescores.iter().find(|rescore| u64::from(rescore.window) > limit) {
        return Err(refused(format!(
            "Rescore window [{}] is too large. It must be less than [{limit}]. This prevents allocating massive heaps for storing the results to be rescored. This limit can be set by changing the [index.max_rescore_window] index level setting.",
            rescore.window
        )));
    }
    if request.explain {
        return Err(Error::not_implemented("[explain] of a search with [rescore]"));
    }
    Ok(())
}

/// Gives hits their new scores and order. Those beyond the window keep their own score, weighed, and may come before others.
async fn rescored(steps: &Steps<'_>, rescore: &Rescore, hits: &mut [Hit]) -> Result<(), Error> {
    let window = hits.len().min(rescore.window as usize);
    let mut second = BTreeMap::new();
    if window > 0 {
        let (query, size) = Steps::among(&rescore.query, &hits[..window]);
        // What an index counts for is in the first scores already.
        let request = SearchRequest { indices_boost: Vec::new(), ..steps.plain(query, size) };
        for hit in steps.run(request).await?.hits {
            second.insert((hit.index.clone(), hit.id.clone()), hit.score.unwrap_or_default());
        }
    }
    for hit in hits.iter_mut() {
        let first = hit.score.unwrap_or_default() * rescore.query_weight;
        let other = second.get(&(hit.index.clone(), hit.id.clone()));
        hit.score = Some(match other {
            Some(other) => rescore.mode.combine(first, other * rescore.rescore_weight),
            None => first,
        });
    }
    let by_score = |a: &Hit, b: &Hit| b.score.unwrap_or_default().total_cmp(&a.score.unwrap_or_default());
    hits.sort_by(|a, b| by_score(a, b).then_with(|| a.id.cmp(&b.id)));
    Ok(())
}
