//! The shards of a search, and who holds each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cluster::state::{NodeId, State};
use model::error::Error;
use model::id::ShardNumber;
use model::search::SearchRequest;
use model::task::TaskId;
use search::statistics::Statistics;
use shard::reader::Reader;

use super::statistics::Generations;
use super::target::BoundIndex;
use crate::core::Core;
use crate::gateway::choice::Choice;
use crate::gateway::holder::Holder;
use crate::gateway::remote::search::{Searched, SearchedIndex};
use crate::indexes::{IndexView, OpenIndex};

/// One shard of the plan.
#[derive(Clone)]
pub(in crate::gateway) struct Place {
    /// Of the plan's indexes.
    pub(in crate::gateway) index: usize,
    pub(in crate::gateway) number: ShardNumber,
    pub(in crate::gateway) view: Arc<IndexView>,
    pub(in crate::gateway) holder: Holder,
    /// Of a point in time that is searched, where this node holds it.
    pub(in crate::gateway) reader: Option<Reader>,
    /// Among all shards of the point in time.
    pub(in crate::gateway) place: u32,
}

impl Place {
    /// A shard of the index that stands at `at` in the plan. `choice`: among its copies; `None`: another node has chosen the one here.
    pub(in crate::gateway) fn of(
        core: &Core,
        state: &State,
        (at, bound, open): (usize, &BoundIndex, &OpenIndex),
        number: ShardNumber,
        choice: Option<&Choice>,
    ) -> Self {
        let (holder, reader) = match &bound.pinned {
            Some(pinned) => pinned.holder(core, state, number),
            None => match choice {
                Some(choice) => (Holder::reading(core, state, open, number, choice), None),
                None => (Holder::here(open, number), None),
            },
        };
        let place = bound.pinned.as_ref().map_or(0, |pinned| pinned.place(number));
        Self { index: at, number, view: bound.view.clone(), holder, reader, place }
    }
}

/// The shards of a search in order, index by index. `silent`: nodes that are not asked any more, and why.
pub(super) fn places(
    core: &Core,
    indexes: &[BoundIndex],
    choice: &Choice,
    silent: &BTreeMap<NodeId, Error>,
) -> Result<Vec<Place>, Error> {
    let state = core.state();
    let mut places = Vec::new();
    for (at, bound) in indexes.iter().enumerate() {
        let open = core.indexes.get(&bound.metadata)?;
        for &number in &bound.shards {
            if !choice.asks(number) {
                continue;
            }
            if bound.pinned.is_none() {
                choice.check_shard(&bound.metadata, number)?;
            }
            let mut place = Place::of(core, &state, (at, bound, &open), number, Some(choice));
            if let Holder::There(node) = &place.holder
                && let Some(why) = silent.get(node)
            {
                place.holder = Holder::Silent(node.clone(), why.clone());
            }
            places.push(place);
        }
    }
    Ok(places)
}

/// What each other node has of a search: the part of the plan, and the places in order.
pub(super) struct Elsewhere<'a> {
    pub(super) state: &'a State,
    pub(super) request: &'a Arc<SearchRequest>,
    pub(super) indexes: &'a [BoundIndex],
    /// By index.
    pub(super) statistics: &'a [Option<Arc<Statistics>>],
    /// Of shards whose counts in `statistics` were told before.
    pub(super) trusted: &'a Generations,
    pub(super) remaining: Option<Duration>,
    /// The task that it is for.
    pub(super) task: Option<&'a TaskId>,
}

impl Elsewhere<'_> {
    /// By node. Places of one index lie side by side.
    pub(super) fn parts(&self, places: &[Place]) -> Vec<(NodeId, Vec<usize>, Searched)> {
        let mut by_node: BTreeMap<&NodeId, Vec<usize>> = BTreeMap::new();
        for (at, place) in places.iter().enumerate() {
            if let Holder::There(node) = &place.holder {
                by_node.entry(node).or_default().push(at);
            }
        }
        let part = |(node, slots): (&NodeId, Vec<usize>)| {
            let searched = self.searched(slots.iter().map(|slot| &places[*slot]));
            (node.clone(), slots, searched)
        };
        by_node.into_iter().map(part).collect()
    }

    fn searched<'p>(&self, places: impl Iterator<Item = &'p Place>) -> Searched {
        let mut indexes: Vec<(usize, SearchedIndex)> = Vec::new();
        for place in places {
            let trusted = self.trusted.get(&(place.index, place.number));
            match indexes.last_mut() {
                Some((at, part)) if *at == place.index => {
                    part.shards.push(place.number);
                    part.generations.extend(trusted);
                }
                _ => {
                    let bound = &self.indexes[place.index];
                    let part = SearchedIndex {
                        uuid: bound.metadata.uuid.clone(),
                        filters: bound.filters.clone(),
                        shards: vec![place.number],
                        statistics: self.statistics.get(place.index).cloned().flatten(),
                        generations: trusted.into_iter().copied().collect(),
                    };
                    indexes.push((place.index, part));
                }
            }
        }
        let logs = self.indexes.iter().any(|index| index.view.settings.slow_log.is_some());
        Searched {
            version: self.state.version,
            now_ms: self.indexes.first().map_or(0, |index| index.context.now_ms as u64),
            request: self.request.clone(),
            indexes: indexes.into_iter().map(|(_, part)| part).collect(),
            source: self.request.source.clone().filter(|_| logs),
            remaining_ms: self.remaining.map(|remaining| remaining.as_millis() as u64),
            task: self.task.cloned(),
        }
    }
}
