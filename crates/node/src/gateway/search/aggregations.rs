//! The aggregations of a search, from what the shards found.

use std::sync::Arc;

use model::aggregation::answer::Answer;
use model::error::Error;
use search::aggregation::Level;
use search::merge::aggregations::{Limit, finish as finish_all};
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
    let answers = finish_all(&lead, found, &mut Limit::new(max_buckets(&core.state())));
    answers.map(Some).map_err(|error| if error.is_reduce_phase() { error } else { Error::reduce_phase(error) })
}
