//! How often terms occur in whole indexes: counted by every node that holds a shard of them, added up here.
//!
//! A node that gives no count is not asked again by this search: its shards are missing from it, and said to be.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::state::NodeId;
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::search::SearchRequest;
use model::task::TaskId;
use search::bound::BoundQuery;
use search::statistics::Statistics;
use shard::execute;
use shard::reader::Reader;
use tokio::task::JoinSet;

use super::brief::is_counted_at_once;
use super::known::ShardCounts;
use super::place::{Elsewhere, Place};
use super::target::BoundIndex;
use crate::core::Core;
use crate::gateway::choice::Choice;
use crate::gateway::holder::Holder;
use crate::gateway::patience::{Guard, SearchPatience};
use crate::gateway::remote;
use crate::gateway::remote::search::{Count, Searched, SearchedIndex};

/// What was counted.
pub(in crate::gateway) struct Counted {
    /// By index; `None`: its shards' own will do.
    pub(in crate::gateway) sums: Vec<Option<Arc<Statistics>>>,
    /// Nodes that gave no count, and why.
    pub(in crate::gateway) silent: BTreeMap<NodeId, Error>,
    /// The generations of shards whose counts were known, by index and number.
    pub(in crate::gateway) trusted: Generations,
}

/// Counts over all shards of each index that needs it, asked or not: routing does not change a score.
///
/// # Errors
/// What the queries ask that shards refuse.
pub(in crate::gateway) async fn count(
    core: &Arc<Core>,
    indexes: &[BoundIndex],
    (request, choice): (&Arc<SearchRequest>, &Choice),
    guard: &Guard,
    task: Option<&TaskId>,
) -> Result<Counted, Error> {
    let needs = |index: &BoundIndex| index.metadata.shards.len() > 1 && index.query.needs_statistics();
    let mut sums: Vec<Option<Statistics>> =
        indexes.iter().map(|index| needs(index).then(Statistics::default)).collect();
    if sums.iter().all(Option::is_none) {
        let (silent, trusted) = Default::default();
        return Ok(Counted { sums: vec![None; indexes.len()], silent, trusted });
    }
    let state = core.state();
    let mut places = Vec::new();
    for (at, index) in indexes.iter().enumerate().filter(|(_, index)| needs(index)) {
        let open = core.indexes.get(&index.metadata)?;
        let numbers = match &index.pinned {
            Some(pinned) => pinned.shards(),
            None => (0..index.metadata.shards.len() as u32).map(ShardNumber).collect(),
        };
        places.extend(
            numbers.into_iter().map(|number| Place::of(core, &state, (at, index, &open), number, Some(choice))),
        );
    }
    // A node that does not answer must leave time for the search itself.
    let remaining = guard.remaining().map(|remaining| remaining / 2);
    let mut trusted = BTreeMap::new();
    let elsewhere = Elsewhere { state: &state, request, indexes, statistics: &[], trusted: &trusted, remaining, task };
    let parts = elsewhere.parts(&places);
    let named: Vec<Option<Statistics>> =
        indexes.iter().map(|index| names(index, choice).filter(|_| needs(index))).collect();
    let mut asked = JoinSet::new();
    for (node, slots, searched) in parts {
        let part = Part { node, slots, places: &places, named: &named };
        if choice.trusts() && part.is_known(core, &searched, (&mut sums, &mut trusted)) {
            continue;
        }
        let (core, Part { node, slots, .. }) = (core.clone(), part);
        asked.spawn(async move {
            let message = Count(searched);
            let answer = remote::ask(&core, &node, &message, remaining).await;
            (node, slots, message.0, answer)
        });
    }
    count_here(core, indexes, &places, &guard.patience(), &mut sums).await?;
    let mut silent = BTreeMap::new();
    while let Some(answered) = asked.join_next().await {
        let (node, slots, searched, answer) = answered.map_err(lost)?;
        match answer {
            Ok(counts) => {
                Part { node, slots, places: &places, named: &named }.add(core, &searched, counts, &mut sums);
            }
            Err(error) => drop(silent.insert(node, error.into())),
        }
    }
    Ok(Counted { sums: sums.into_iter().map(|sum| sum.map(Arc::new)).collect(), silent, trusted })
}

/// What the scores of a search are made of; `None`: it has to be counted, since only the shards can tell what it is, or since not all shards
/// whose counts are trusted would be asked whether they still are what they were.
fn names(index: &BoundIndex, choice: &Choice) -> Option<Statistics> {
    let some = index.shards.iter().filter(|number| choice.asks(**number)).count();
    let all = index.pinned.is_none() && some == index.metadata.shards.len();
    Statistics::named(&index.query).filter(|_| all)
}

/// Of shards, by the place of their index: which generation of theirs was counted.
pub(super) type Generations = BTreeMap<(usize, ShardNumber), u64>;

/// What one node is to count.
struct Part<'a> {
    node: NodeId,
    /// Places in the plan; those of one index lie side by side.
    slots: Vec<usize>,
    places: &'a [Place],
    /// By index.
    named: &'a [Option<Statistics>],
}

impl Part<'_> {
    /// The indexes of the plan that it is about, in order.
    fn indexes(&self) -> Vec<usize> {
        let mut indexes: Vec<usize> = self.slots.iter().map(|slot| self.places[*slot].index).collect();
        indexes.dedup();
        indexes
    }

    /// Adds what the node has told before, if that is all of it.
    fn is_known(
        &self,
        core: &Core,
        searched: &Searched,
        (sums, trusted): (&mut [Option<Statistics>], &mut Generations),
    ) -> bool {
        let known = |(index, part): (usize, &SearchedIndex)| {
            let found = core.known_counts.find((&self.node, &part.uuid), &part.shards, self.named[index].as_ref()?);
            found.map(|found| (index, found))
        };
        let parts = self.indexes().into_iter().zip(&searched.indexes);
        let Some(known) = parts.map(known).collect::<Option<Vec<_>>>() else { return false };
        for ((index, (sum, generations)), part) in known.into_iter().zip(&searched.indexes) {
            add_one(&mut sums[index], sum);
            trusted.extend(part.shards.iter().map(|number| (index, *number)).zip(generations));
        }
        true
    }

    /// Adds what the node has counted, and remembers it.
    fn add(
        &self,
        core: &Core,
        searched: &Searched,
        counts: Vec<Vec<Option<ShardCounts>>>,
        sums: &mut [Option<Statistics>],
    ) {
        for ((index, part), counts) in self.indexes().into_iter().zip(&searched.indexes).zip(counts) {
            for (number, counted) in
                part.shards.iter().zip(counts).filter_map(|(number, counts)| Some((number, counts?)))
            {
                if let Some(named) = &self.named[index] {
                    core.known_counts.learn((self.node.clone(), part.uuid.clone(), *number), &counted, named);
                }
                add_one(&mut sums[index], counted.statistics);
            }
        }
    }
}

async fn count_here(
    core: &Arc<Core>,
    indexes: &[BoundIndex],
    places: &[Place],
    patience: &SearchPatience,
    sums: &mut [Option<Statistics>],
) -> Result<(), Error> {
    let here = places.iter().filter_map(|place| match &place.holder {
        Holder::Here(shard) => {
            let reader = place.reader.clone().or_else(|| Some(shard.copy().ok()?.reader()))?;
            Some((place.index, reader))
        }
        _ => None,
    });
    let mut running = Vec::new();
    for (index, reader) in here {
        let query = &indexes[index].query;
        if is_counted_at_once(query) {
            add_one(&mut sums[index], crate::gateway::caught(|| execute::statistics(&reader, query))?);
        } else {
            running.push((index, count_one(core, reader, query.clone(), patience.clone())));
        }
    }
    for (index, count) in running {
        add_one(&mut sums[index], count.await??);
    }
    Ok(())
}

fn add_one(sum: &mut Option<Statistics>, count: Statistics) {
    if let Some(sum) = sum {
        sum.merge(count);
    }
}

fn count_one(
    core: &Core,
    reader: Reader,
    query: Arc<BoundQuery>,
    patience: SearchPatience,
) -> impl Future<Output = Result<Result<Statistics, Error>, Error>> + use<> {
    core.search.run(move || {
        if patience.is_over() {
            Ok(Statistics::default())
        } else {
            crate::gateway::caught(|| execute::statistics(&reader, &query))
        }
    })
}

pub(super) fn lost(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::IllegalState, format!("a part of the search ended without an answer: {error}"))
}
