//! Indexes with a shard on a disk that is all but full take no more writes, until there is room again.

use serde_json::{Map, Value};

use super::{Disk, View};
use crate::command::Command;
use crate::state::IndexMetadata;

const BLOCK: &str = "index.blocks.read_only_allow_delete";

/// Blocks to be set and to be lifted.
pub(super) fn commands(view: &View<'_>) -> Vec<Command> {
    if !view.rules.disk_enabled {
        return Vec::new();
    }
    let known: Vec<_> = view.facts.disks.iter().collect();
    let over = |index: &IndexMetadata, full: &dyn Fn(Disk) -> bool| {
        let mut copies = index.shards.iter().flat_map(|table| table.copies.values());
        copies.any(|copy| known.iter().any(|(node, disk)| **node == copy.node && full(**disk)))
    };
    let (mut set, mut lift) = (Vec::new(), Vec::new());
    for index in view.state.indexes.values() {
        let blocked = index.settings.typed().blocks.read_only_allow_delete;
        if !blocked && over(index, &|disk| view.rules.flood_stage.exceeded(disk)) {
            set.push(index.uuid.clone());
        } else if blocked && whole(view, index) && !over(index, &|disk| view.rules.high.exceeded(disk)) {
            lift.push(index.uuid.clone());
        }
    }
    let command = |indexes: Vec<_>, value: Value| {
        let settings: Map<String, Value> = [(BLOCK.to_owned(), value)].into_iter().collect();
        (!indexes.is_empty()).then_some(Command::PutSettings { indexes, settings, preserve_existing: false })
    };
    command(set, "true".into()).into_iter().chain(command(lift, Value::Null)).collect()
}

/// Whether the disks of all its copies are known: without that, nobody knows that there is room again.
fn whole(view: &View<'_>, index: &IndexMetadata) -> bool {
    let mut copies = index.shards.iter().flat_map(|table| table.copies.values()).peekable();
    copies.peek().is_some() && copies.all(|copy| view.facts.disks.contains_key(&copy.node))
}
