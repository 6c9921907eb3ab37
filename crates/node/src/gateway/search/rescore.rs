//! Other scores for the best hits: those of a second query, asked of them alone, are combined with their own.
//!
//! The window is that of all shards together, so that the number of shards does not change an answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use model::error::Error;
use model::id::ShardNumber;
use model::ranking::Rescore;
use model::search::{Explanation, Hit, SearchRequest, SearchResponse};
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
    let first = SearchRequest { from: 0, size: most, fetch: bare(), rescores: Vec::new(), ..request.clone() };
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
    Ok(())
}

/// Gives hits their new scores and order. Those beyond the window keep their own score, weighed, and may come before others.
async fn rescored(steps: &Steps<'_>, rescore: &Rescore, hits: &mut [Hit]) -> Result<(), Error> {
    let window = hits.len().min(rescore.window as usize);
    // What an index counts for is in the first scores already. Asked for no hits, too: a query that cannot be is refused.
    let request = SearchRequest {
        indices_boost: Vec::new(),
        explain: steps.request.explain,
        ..steps.among(&rescore.query, &hits[..window])
    };
    let found = steps.run(request).await?.hits;
    let mut second: BTreeMap<_, _> = found.into_iter().map(|hit| ((hit.index.clone(), hit.id.clone()), hit)).collect();
    for hit in hits.iter_mut() {
        let other = second.remove(&(hit.index.clone(), hit.id.clone()));
        let explained = hit.explanation.take().map(|first| explanation(rescore, *first, other.as_ref()));
        hit.explanation = explained.map(Box::new);
        let first = hit.score.unwrap_or_default() * rescore.query_weight;
        hit.score = Some(match other {
            Some(other) => rescore.mode.combine(first, other.score.unwrap_or_default() * rescore.rescore_weight),
            None => first,
        });
    }
    let by_score = |a: &Hit, b: &Hit| b.score.unwrap_or_default().total_cmp(&a.score.unwrap_or_default());
    hits.sort_by(|a, b| by_score(a, b).then_with(|| a.id.cmp(&b.id)));
    Ok(())
}

/// How two scores of a hit became one. `other`: the hit as the second query found it.
fn explanation(rescore: &Rescore, first: Explanation, other: Option<&Hit>) -> Explanation {
    let weighed = |told: Explanation, weight: f32, name: &str| {
        let value = told.value * weight;
        Explanation::matched(value, "product of:", vec![told, Explanation::matched(weight, name, Vec::new())])
    };
    let first = weighed(first, rescore.query_weight, "primaryWeight");
    let Some(second) = other.and_then(|hit| hit.explanation.as_deref()) else { return first };
    let second = weighed(second.clone(), rescore.rescore_weight, "secondaryWeight");
    let value = rescore.mode.combine(first.value, second.value);
    Explanation::matched(value, format!("{} of:", rescore.mode.name()), vec![first, second])
}
