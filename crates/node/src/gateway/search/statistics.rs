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
use super::place::{Elsewhere, Place};
use super::target::BoundIndex;
use crate::core::Core;
use crate::gateway::choice::Choice;
use crate::gateway::holder::Holder;
use crate::gateway::patience::{Guard, SearchPatience};
use crate::gateway::remote::{self, search::Count};

/// What was counted.
pub(in crate::gateway) struct Counted {
    /// By index; `None`: its shards' own will do.
    pub(in crate::gateway) sums: Vec<Option<Arc<Statistics>>>,
    /// Nodes that gave no count, and why.
    pub(in crate::gateway) silent: BTreeMap<NodeId, Error>,
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
        return Ok(Counted { sums: vec![None; indexes.len()], silent: BTreeMap::new() });
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
    let elsewhere = Elsewhere { state: &state, request, indexes, statistics: &[], remaining, task };
    let mut asked = JoinSet::new();
    for (node, slots, searched) in elsewhere.parts(&places) {
        let core = core.clone();
        asked.spawn(async move {
            let answer = remote::ask(&core, &node, &Count(searched), remaining).await;
            (node, slots, answer)
        });
    }
    count_here(core, indexes, &places, &guard.patience(), &mut sums).await?;
    let mut silent = BTreeMap::new();
    while let Some(answered) = asked.join_next().await {
        let (node, slots, answer) = answered.map_err(lost)?;
        match answer {
            Ok(counts) => add(&places, &slots, counts, &mut sums),
            Err(error) => drop(silent.insert(node, error.into())),
        }
    }
    Ok(Counted { sums: sums.into_iter().map(|sum| sum.map(Arc::new)).collect(), silent })
}

/// Adds what a node has counted, index by index.
fn add(places: &[Place], slots: &[usize], counts: Vec<Statistics>, sums: &mut [Option<Statistics>]) {
    let mut indexes: Vec<usize> = slots.iter().map(|slot| places[*slot].index).collect();
    indexes.dedup();
    for (index, count) in indexes.into_iter().zip(counts) {
        add_one(&mut sums[index], count);
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
