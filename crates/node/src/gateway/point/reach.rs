//! How a search reaches the readers of a point in time, and which shards a slice of it asks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::state::State;
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber};
use model::mapping::{FieldKind, Mapping};
use model::point::{PointInTime, Slice};
use search::bound::BoundSlice;
use shard::reader::Reader;

use super::id::{PointId, PointIndex};
use crate::core::Core;
use crate::gateway::holder::Holder;

/// What a point in time has of one index.
#[derive(Clone)]
pub(in crate::gateway) struct Pinned {
    index: Arc<PointIndex>,
    keep: Option<Duration>,
}

impl Pinned {
    /// The indexes of a point, each with what is kept of it.
    ///
    /// # Errors
    /// `illegal_argument_exception` for what is no id.
    pub(in crate::gateway) fn all(point: &PointInTime) -> Result<Vec<Self>, Error> {
        let keep = point.keep_alive_ms.map(Duration::from_millis);
        let id = PointId::read(&point.id).map_err(|error| Error { cause: None, ..error })?;
        let indexes = id.indexes.into_iter();
        Ok(indexes.map(|index| Self { index: Arc::new(index), keep }).collect())
    }

    /// What a point has of one index; `None`: nothing.
    ///
    /// # Errors
    /// As [`Pinned::all`].
    pub(in crate::gateway) fn of(point: Option<&PointInTime>, uuid: &IndexUuid) -> Result<Option<Self>, Error> {
        let Some(point) = point else { return Ok(None) };
        Ok(Self::all(point)?.into_iter().find(|pinned| pinned.index.uuid == *uuid))
    }

    pub(in crate::gateway) fn uuid(&self) -> &IndexUuid {
        &self.index.uuid
    }

    pub(in crate::gateway) fn filters(&self) -> &[serde_json::Value] {
        &self.index.filters
    }

    pub(in crate::gateway) fn shards(&self) -> Vec<ShardNumber> {
        self.index.shards.iter().map(|shard| shard.number).collect()
    }

    /// The place of a shard among all of the point.
    pub(in crate::gateway) fn place(&self, number: ShardNumber) -> u32 {
        self.index.shards.iter().find(|shard| shard.number == number).map_or(0, |shard| shard.place)
    }

    /// Who has the reader of a shard; this node's is handed out.
    pub(in crate::gateway) fn holder(
        &self,
        core: &Core,
        state: &State,
        number: ShardNumber,
    ) -> (Holder, Option<Reader>) {
        let Some(shard) = self.index.shards.iter().find(|shard| shard.number == number) else {
            return (Holder::Nowhere(missing(0)), None);
        };
        if shard.node != core.identity.node {
            let there = state.nodes.contains_key(&shard.node);
            let holder =
                if there { Holder::There(shard.node.clone()) } else { Holder::Nowhere(missing(shard.context)) };
            return (holder, None);
        }
        match core.points.reader(shard.context, (&self.index.uuid, number), self.keep, Instant::now()) {
            Some(kept) => (Holder::Here(kept.shard), Some(kept.reader)),
            None => (Holder::Nowhere(missing(shard.context)), None),
        }
    }
}

/// What was kept is gone.
pub(in crate::gateway) fn missing(context: u64) -> Error {
    Error::new(ErrorKind::SearchContextMissing, format!("No search context found for id [{context}]"))
}

/// What a slice asks of an index with so many shards: the shards, and which part of each (`None`: all of it).
///
/// While there are no more slices than shards, whole shards are dealt out; beyond, each shard is cut into parts.
///
/// # Errors
/// `illegal_argument_exception` for a field that has no numbers to tell documents apart by.
pub(in crate::gateway) fn sliced(
    slice: &Slice,
    shards: u32,
    mapping: &Mapping,
) -> Result<(impl Fn(ShardNumber) -> bool + use<>, Option<BoundSlice>), Error> {
    let (id, max, shards) = (slice.id, slice.max.max(1), shards.max(1));
    let field = field_of(slice, mapping)?;
    let (target, part, of) = if shards == 1 {
        (None, id, max)
    } else if max < shards {
        (None, 0, 1)
    } else {
        let target = id % shards;
        (Some(target), id / shards, max / shards + u32::from(max % shards > target))
    };
    let deals = max < shards && shards > 1;
    let asked = move |number: ShardNumber| match target {
        Some(target) => number.0 == target,
        None => !deals || number.0 % max == id,
    };
    Ok((asked, (of > 1).then_some(BoundSlice { field, part, of })))
}

/// The field whose numbers tell documents apart; `None`: their ids do.
fn field_of(slice: &Slice, mapping: &Mapping) -> Result<Option<Arc<str>>, Error> {
    let Some(name) = slice.field.as_deref().filter(|name| *name != "_id") else { return Ok(None) };
    let refused = |why: &str| Error::illegal_argument(format!("cannot load numeric doc values on {name}{why}"));
    let field = mapping.field(name).ok_or_else(|| refused(""))?;
    let numeric =
        matches!(field.kind, FieldKind::Number(_) | FieldKind::Date | FieldKind::DateNanos | FieldKind::Boolean);
    if numeric && field.doc_values && field.kind != FieldKind::Boolean {
        return Ok(Some(field.path.clone()));
    }
    Err(refused(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_every_shard_once() {
        for shards in 1..7u32 {
            for max in 2..15u32 {
                // For each shard the parts that slices ask of it.
                let mut parts = vec![Vec::new(); shards as usize];
                for id in 0..max {
                    let slice = Slice { field: None, id, max };
                    let (asked, part) = sliced(&slice, shards, &Mapping::default()).unwrap();
                    for number in (0..shards).filter(|number| asked(ShardNumber(*number))) {
                        parts[number as usize].push(part.as_ref().map_or((0, 1), |part| (part.part, part.of)));
                    }
                }
                for mut parts in parts {
                    parts.sort_unstable();
                    let of = parts.len() as u32;
                    assert_eq!(parts, (0..of).map(|part| (part, of)).collect::<Vec<_>>(), "{shards} {max}");
                }
            }
        }
    }
}
