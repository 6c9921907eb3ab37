//! Reads that must not be stale: a node that may have been taken out of the cluster does not answer for a shard that another may have been given.
//!
//! In: a read of a primary, or a refresh that its clients count on. Out: what it found, once this node is certain that nobody else was the
//! primary meanwhile. A shard with one copy in sync needs no certainty: nobody else can have been promoted.

use std::future::Future;
use std::time::{Duration, Instant};

use model::error::{Error, ErrorKind};

use crate::core::Core;
use crate::indexes::{OpenIndex, OpenShard};

/// How long a lease that has ended is waited for: heartbeats may be late.
const PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// Whether nobody but this node could have been given a shard, whatever it has not heard: there is no other node, or no other copy is wanted. One
/// more copy would have recovered from this one.
pub(super) fn is_alone(core: &Core, open: &OpenIndex, shard: &OpenShard) -> bool {
    let state = core.state();
    let Some(index) = state.index_by_uuid(&open.view().metadata.uuid) else { return false };
    let in_sync = index.shard(shard.number).map_or(0, |table| table.in_sync.len());
    state.nodes.len() == 1 || (in_sync <= 1 && index.settings.typed().replicas == 0)
}

/// Reads, and looks at the lease afterwards: a lease that holds then held all the while. Without one it is read again when there is one.
///
/// # Errors
/// The read's; `no_shard_available_action_exception` when there is no lease in time, or as soon as the shard is known to be another's.
pub(super) async fn certain<T, W: Future<Output = Result<T, Error>>>(
    core: &Core,
    open: &OpenIndex,
    shard: &OpenShard,
    read: impl Fn() -> W,
) -> Result<T, Error> {
    let begun = Instant::now();
    loop {
        let found = read().await;
        if !is_primary(core, open, shard) {
            return Err(moved(open, shard));
        }
        if core.membership.has_lease() {
            return found;
        }
        if begun.elapsed() > PATIENCE {
            return Err(uncertain(open, shard));
        }
        while !core.membership.has_lease() && begun.elapsed() <= PATIENCE {
            tokio::time::sleep(POLL).await;
        }
    }
}

/// As far as this node knows. A copy that was appointed anew is another one.
fn is_primary(core: &Core, open: &OpenIndex, shard: &OpenShard) -> bool {
    let state = core.state();
    let table = state.index_by_uuid(&open.view().metadata.uuid).and_then(|index| index.shard(shard.number));
    let primary = table.and_then(|table| table.primary());
    primary.is_some_and(|(allocation, _)| Some(allocation) == shard.allocation.as_ref())
}

fn moved(open: &OpenIndex, shard: &OpenShard) -> Error {
    let reason = format!("shard [{}][{}] has its primary elsewhere", open.view().metadata.name, shard.number);
    Error::new(ErrorKind::NoShardAvailable, reason)
}

fn uncertain(open: &OpenIndex, shard: &OpenShard) -> Error {
    let reason = format!(
        "shard [{}][{}] is not certain to be this node's: it has no lease of the elected cluster manager",
        open.view().metadata.name,
        shard.number
    );
    Error::new(ErrorKind::NoShardAvailable, reason)
}
