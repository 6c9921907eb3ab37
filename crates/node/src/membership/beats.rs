//! Heartbeats: every node tells the elected one that it lives, and has a lease for a while from then on. On a thread of their own, with
//! connections of their own, so that nothing else keeps them waiting.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cluster::allocation::Disk;
use cluster::state::NodeId;
use grpc::channels::{Ask, Channels};
use grpc::payload::{from_json, to_json};
use grpc::route::{Class, Router};
use model::error::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::Membership;
use super::watch::LEASE_MS;
use crate::metadata::answer;

const BEAT: &str = "membership.beat";
const INTERVAL: Duration = Duration::from_millis(200);
/// A beat that takes longer earns no lease that is worth waiting for.
const TIMEOUT: Duration = Duration::from_millis(1000);
/// Beats between two looks at the disk.
const DISK_BEATS: u64 = 25;

#[derive(Serialize, Deserialize)]
struct Beat {
    id: NodeId,
    ephemeral_id: Arc<str>,
    /// Total and available bytes of the disk that holds the data, where the system says.
    disk: Option<(u64, u64)>,
}

/// Starts the thread, whose connections `channels` are alone. It ends when the node does.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn start(membership: &Arc<Membership>, channels: Arc<Channels>, data: PathBuf) -> io::Result<()> {
    let weak = Arc::downgrade(membership);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let beat = async move {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut count, mut disk) = (0, None);
        loop {
            ticks.tick().await;
            let Some(membership) = weak.upgrade() else { return };
            if count % DISK_BEATS == 0 {
                disk = space(&data);
            }
            count += 1;
            if let Err(error) = membership.beat(&channels, disk).await {
                tracing::debug!("a heartbeat was not answered: {error}");
            }
        }
    };
    std::thread::Builder::new().name("shoal-heartbeat".to_owned()).spawn(move || runtime.block_on(beat)).map(drop)
}

/// Total and available bytes of the disk below a folder.
fn space(data: &std::path::Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(data).ok()?;
    // What the system keeps for itself is nobody's: it counts neither as used nor as there.
    let used = disk.f_blocks.saturating_sub(disk.f_bfree);
    Some(((used + disk.f_bavail) * disk.f_frsize, disk.f_bavail * disk.f_frsize))
}

impl Membership {
    /// Tells the elected node that this one lives; its answer is a lease from the time of sending on.
    async fn beat(&self, channels: &Channels, disk: Option<(u64, u64)>) -> Result<(), Error> {
        let sent = self.now_ms();
        let state = self.metadata.state();
        let Some(elected) = self.metadata.standing().elected else { return Ok(()) };
        if elected == self.own {
            self.report_disk(&self.own, disk);
            if let Some(ago) = self.metadata.confirmed() {
                let until = (self.now_ms() + LEASE_MS).saturating_sub(ago.as_millis() as u64);
                self.hold_lease(until);
            }
            return Ok(());
        }
        let sighted = self.metadata.sightings().address(&elected);
        let address = sighted.or_else(|| state.nodes.get(&elected).map(|node| node.peer_address.clone()));
        let Some(address) = address else { return Ok(()) };
        let beat = Beat { id: self.own.clone(), ephemeral_id: self.node.ephemeral_id.clone(), disk };
        let ask = Ask { class: Class::Control, kind: BEAT, within: Some(TIMEOUT), payload: to_json(&beat)?.into() };
        let known: bool = from_json(&channels.ask(&address, ask).await.map_err(Error::from)?)?;
        if known {
            self.hold_lease(sent + LEASE_MS);
        }
        Ok(())
    }

    /// Has a lease up to `until`, in milliseconds of this process.
    fn hold_lease(&self, until: u64) {
        let before = self.lease_until.swap(until, Ordering::AcqRel);
        if before > 0 && before < self.now_ms() {
            self.leases_lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn routes_of_beats(self: &Arc<Self>, router: &mut Router) {
        let membership = self.clone();
        answer(router, (Class::Control, BEAT), move |beat: Beat| {
            let membership = membership.clone();
            async move { membership.take(&beat) }
        });
    }

    /// As the elected node: hears a heartbeat. Out: whether that process is in the cluster.
    fn take(&self, beat: &Beat) -> Result<bool, Error> {
        let now = self.now_ms();
        let mut watch = self.watch.lock();
        let Some(watch) = watch.as_mut() else {
            return Err(Error::new(ErrorKind::ClusterManagerNotDiscovered, "this node is not the elected one"));
        };
        // What it answers is a lease: another may have been elected that gives the sender up.
        if !self.is_certain() {
            return Err(Error::new(
                ErrorKind::ClusterManagerNotDiscovered,
                "no majority has confirmed this node lately",
            ));
        }
        let state = self.metadata.state();
        let known = state.nodes.get(&beat.id).is_some_and(|node| node.ephemeral_id == beat.ephemeral_id);
        if known {
            watch.heard(now, &beat.id);
            self.report_disk(&beat.id, beat.disk);
        }
        Ok(known)
    }

    fn report_disk(&self, node: &NodeId, disk: Option<(u64, u64)>) {
        if let Some((total_bytes, available_bytes)) = disk {
            self.metadata.reports().disk(node, Disk { total_bytes, available_bytes });
        }
    }
}
