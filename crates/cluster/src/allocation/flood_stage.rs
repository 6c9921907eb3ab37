//! Indexes with a shard on a disk that is all but full take no more writes, until there is room again.

use super::{Disk, View};
use crate::command::Command;
use crate::state::IndexMetadata;

/// Blocks to be set, and those of the cluster's own to be lifted. Where the thresholds are not looked at any more, all of its own are lifted.
pub(super) fn commands(view: &View<'_>) -> Vec<Command> {
    let enabled = view.rules.disk_enabled;
    let known: Vec<_> = view.facts.disks.iter().collect();
    let over = |index: &IndexMetadata, full: &dyn Fn(Disk) -> bool| {
        let mut copies = index.shards.iter().flat_map(|table| table.copies.values());
        copies.any(|copy| known.iter().any(|(node, disk)| **node == copy.node && full(**disk)))
    };
    let (mut block, mut lift) = (Vec::new(), Vec::new());
    for index in view.state.indexes.values() {
        let blocked = index.settings.typed().blocks.read_only_allow_delete;
        let has_room = || whole(view, index) && !over(index, &|disk| view.rules.high.exceeded(disk));
        if !blocked && enabled && over(index, &|disk| view.rules.flood_stage.exceeded(disk)) {
            block.push(index.uuid.clone());
        } else if blocked && view.state.flooded.contains(&index.uuid) && (!enabled || has_room()) {
            lift.push(index.uuid.clone());
        }
    }
    let is_due = !block.is_empty() || !lift.is_empty();
    is_due.then_some(Command::FloodStage { block, lift }).into_iter().collect()
}

/// Whether the disks of all its copies are known: without that, nobody knows that there is room again.
fn whole(view: &View<'_>, index: &IndexMetadata) -> bool {
    let mut copies = index.shards.iter().flat_map(|table| table.copies.values()).peekable();
    copies.peek().is_some() && copies.all(|copy| view.facts.disks.contains_key(&copy.node))
}
