//! The aggregations of a search, from what the shards found.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::aggregation::answer::Answer;
use model::error::Error;
use search::aggregation::Level;
use search::merge::aggregations::{Limit, finish_in_laps};
use search::merge::hits::Answer as ShardAnswer;

use super::target::BoundIndex;
use crate::core::Core;
use crate::gateway::cluster::max_buckets;

/// The answers; `None`: nothing was asked.
///
/// # Errors
/// `search_phase_execution_exception` around what does not merge or is too much.
pub(super) fn finish(
    core: &Arc<Core>,
    indexes: &[BoundIndex],
    shards: &mut [ShardAnswer],
) -> Result<Option<Vec<Answer>>, Error> {
    let levels: Vec<&Level> = indexes.iter().filter_map(|index| index.aggregations.as_deref()).collect();
    if levels.is_empty() {
        return Ok(None);
    }
    let lead = Level::lead(&levels);
    let found = shards.iter_mut().map(|(_, hits)| std::mem::take(&mut hits.aggregations)).collect();
    let mut times = vec![Duration::ZERO; lead.list.len()];
    let mut begun = Instant::now();
    let answers = finish_in_laps(&lead, found, &mut Limit::new(max_buckets(&core.state())), &mut |at| {
        let now = Instant::now();
        times[at] += now - begun;
        begun = now;
    });
    let mut told = shards.iter_mut().find_map(|(_, hits)| hits.profile.as_deref_mut());
    for (answer, time) in answers.iter().flatten().zip(times) {
        core.metrics.merged(answer.kind, time);
        let spent = told
            .as_deref_mut()
            .and_then(|told| told.aggregations.iter_mut().find(|spent| *spent.description == *answer.name));
        if let Some(spent) = spent {
            spent.add("reduce", time.as_nanos() as u64);
        }
    }
    answers.map(Some).map_err(|error| if error.is_reduce_phase() { error } else { Error::reduce_phase(error) })
}
