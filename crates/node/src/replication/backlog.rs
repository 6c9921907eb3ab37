//! Operations that a copy lacks and the log has: read for it a part at a time, no faster than recoveries may go.
//!
//! What was in the log when the recovery began is held back. What clients write meanwhile is not: it comes to every copy as fast as it is written,
//! and a copy that recovers would otherwise never have all of it.

use std::sync::Arc;

use model::id::{AllocationId, SeqNo};
use replication::event::Event;
use replication::message::Entry;
use shard::engine::ShardCopy;

use super::desk::entry;
use super::pace;
use super::room::Room;

/// Of one part, roughly: the last operation may go beyond.
const PART_BYTES: u64 = 4 << 20;

/// Reads operations of the log for a copy, beginning with `from`. `backlog`: what lies below it waits for its time.
pub(super) fn read(
    room: &Arc<Room>,
    engine: &Arc<ShardCopy>,
    to: AllocationId,
    (from, below): (SeqNo, SeqNo),
    backlog: SeqNo,
) {
    let (room, engine) = (room.clone(), engine.clone());
    let exchange = room.exchange.clone();
    exchange.aside(move || {
        let most = pace::part(&room.exchange, PART_BYTES);
        let entries: Vec<Entry> = match engine.read_log(from.0, below.0, most) {
            Ok(Some(entries)) => entries.into_iter().map(entry).collect(),
            Ok(None) => return room.post(Event::LogLacks { to }),
            Err(error) => {
                tracing::warn!("the log of shard {}[{}] does not read: {error}", room.index, room.shard.number);
                return room.post(Event::LogLacks { to });
            }
        };
        let held_back = entries.iter().filter(|entry| entry.seq_no < backlog);
        let bytes = held_back.map(|entry| entry.operation.len() as u64).sum();
        let exchange = room.exchange.clone();
        exchange.spawn(async move {
            pace::hold_back(&room.exchange, bytes).await;
            room.post(Event::LogRead { to, entries });
        });
    });
}
