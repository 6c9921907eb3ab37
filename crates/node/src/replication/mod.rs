//! Shard copies as parts of a shard: what this node does for the protocol (`replication`) that keeps them equal.
//!
//! In: writes of clients, the metadata, messages of other copies, the disk's word that something is safe. Out: writes that every in-sync copy
//! has before their clients are told, messages, questions to the elected node. One [`Room`] a copy; the [`Exchange`] carries what rooms of
//! different nodes say to each other. A primary that is alone does without the protocol: its writes are safe when its log says so. Not here:
//! the rules, and why they suffice (`replication::rules`).

mod arrival;
mod backlog;
mod desk;
mod exchange;
mod files;
mod pace;
mod room;
mod show;

use std::sync::Weak;
use std::time::Duration;

use crate::core::Core;
pub(crate) use desk::Opened;
pub(crate) use exchange::{Exchange, routes};
pub(crate) use room::{Place, Room, Safe, SharedPreparer};

/// How often rooms look at what is late.
const TICK: Duration = Duration::from_millis(200);
/// After how many ticks somebody looks for files that nobody needs any more.
const CLEAR_EVERY: u32 = 5;

/// Tells the rooms how time passes, until the node is gone.
pub(crate) async fn ticks(core: Weak<Core>) {
    let mut beats = 0u32;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let Some(core) = core.upgrade() else { return };
        core.indexes.rooms().iter().for_each(|room| room.tick());
        beats = beats.wrapping_add(1);
        if beats.is_multiple_of(CLEAR_EVERY) && core.membership.is_in() {
            let for_job = core.clone();
            core.exchange.aside(move || for_job.indexes.clear_leftovers(&for_job.state(), &for_job.identity.node));
        }
    }
}
