//! What goes wrong, and how it ends.

use super::disk::Disk;
use super::{Violation, World};

impl World {
    pub(super) fn fault(&mut self) {
        let node = self.any_node();
        match self.random.below(14) {
            0..=2 if self.nodes[node].up => self.crash(node),
            3..=5 if !self.nodes[node].up => self.restart(node),
            // The master takes a node for gone, rightly or not.
            6 => self.master.node_left(node, &mut self.random),
            7 => self.cut[node] = !self.cut[node],
            8 if !self.nodes[node].up => self.wipe(node),
            9..=11 => self.master.replace_primary(&mut self.random),
            12..=13 => {
                if let Some(primary) = self.master.primary_node().filter(|node| self.nodes[*node].up) {
                    self.crash(primary);
                    self.master.node_left(primary, &mut self.random);
                }
            }
            _ => {}
        }
    }

    /// The process ends, and with it some of what was not synced.
    fn crash(&mut self, node: usize) {
        let unsynced = (self.nodes[node].disk.len() - self.nodes[node].disk.synced) as u64;
        let kept = self.nodes[node].disk.synced + self.random.below(unsynced + 1) as usize;
        self.crash_at(node, kept);
    }

    /// Only `kept` records of its log outlive it.
    pub(super) fn crash_at(&mut self, node: usize, kept: usize) {
        self.nodes[node].close();
        self.nodes[node].up = false;
        self.nodes[node].disk.crash(kept);
    }

    pub(super) fn restart(&mut self, node: usize) {
        self.nodes[node].up = true;
        self.master.node_returned(node, &mut self.random);
    }

    /// A disk is lost; but never that of the last in-sync copy, for then the data are gone, and the operator has to say so. That takes longer
    /// than it takes to miss the process.
    fn wipe(&mut self, node: usize) {
        if self.master.in_sync().all(|(_, on)| on != node) {
            self.master.node_left(node, &mut self.random);
            self.nodes[node].disk = Disk::empty("new");
            self.nodes[node].applied.clear();
        }
    }

    /// I12: without faults the shard becomes whole, with equal copies.
    pub(super) fn heal(&mut self) -> Result<(), Violation> {
        self.faults = false;
        for node in 0..self.nodes.len() {
            self.cut[node] = false;
            if !self.nodes[node].up {
                self.restart(node);
            }
        }
        for _ in 0..40_000 {
            self.step()?;
            if self.travelling.is_empty() && self.master.is_whole() && self.is_equal() {
                return Ok(());
            }
        }
        Err(format!("not whole again: {}", self.describe()))
    }
}
