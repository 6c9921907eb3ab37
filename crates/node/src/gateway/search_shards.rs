//! `_search_shards`: which copies a search would ask.

use cluster::resolve::{Options, Resolved, resolve};
use cluster::routing::Spread;
use cluster::state::{Copy, State};
use model::admin::SearchedIndex;
use model::error::Error;
use model::id::{AllocationId, ShardNumber};
use model::target::Target;

use super::choice::Choice;
use super::preference::Preference;
use crate::core::Core;

/// # Errors
/// As resolving names; what is no preference, and nodes that have no copy.
pub(super) fn search_shards(
    core: &Core,
    target: &Target,
    routing: &[String],
    preference: Option<&str>,
) -> Result<Vec<SearchedIndex>, Error> {
    let state = core.state();
    let found = resolve(&state, target, Options::open())?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let choice = Choice::new(Preference::of(core, preference)?, core.turn());
    found.iter().map(|one| of_index(core, &state, one, (routing, &choice))).collect()
}

fn of_index(
    core: &Core,
    state: &State,
    found: &Resolved,
    (routing, choice): (&[String], &Choice),
) -> Result<SearchedIndex, Error> {
    let spread = Spread::of(&found.index.settings);
    let numbers: Vec<ShardNumber> = match found.routing(routing) {
        None => (0..spread.shards).map(ShardNumber).collect(),
        Some(values) => values.iter().flat_map(|value| spread.shards_of(value)).collect(),
    };
    let mut index = SearchedIndex {
        name: found.index.name.clone(),
        aliases: found.aliases.iter().chain(&found.besides).cloned().collect(),
        filters: found.filters.clone(),
        shards: Default::default(),
    };
    for number in numbers.into_iter().filter(|number| choice.asks(*number)) {
        let Some(table) = found.index.shard(number) else { continue };
        choice.check_shard(&found.index, number)?;
        let there = |(_, copy): &(&AllocationId, &Copy)| state.nodes.contains_key(&copy.node);
        let ready: Vec<(&AllocationId, &Copy)> = table.started().filter(there).collect();
        let order = choice.order(&ready, &core.identity.node, number);
        index.shards.insert(number, order.into_iter().map(|id| id.0.clone()).collect());
    }
    Ok(index)
}
