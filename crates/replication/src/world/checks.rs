//! What must hold after every step.

use model::id::SeqNo;

use super::{Violation, World};

impl World {
    /// I2: every engine is given the same history, in order, without gaps.
    pub(super) fn applied(&mut self, node: usize, below: SeqNo) -> Result<(), Violation> {
        let from = self.nodes[node].applied_below();
        let log = self.nodes[node].disk.log(self.nodes[node].disk.len());
        for seq_no in (from.0..below.0).map(SeqNo) {
            let Some(entry) = log.get(&seq_no) else {
                return Err(format!("node {node} applies {seq_no}, which its log lacks"));
            };
            let agreed = self.agreed.entry(seq_no).or_insert_with(|| entry.clone());
            if agreed != entry {
                return Err(format!("node {node} applies {entry:?} where another applied {agreed:?}"));
            }
            self.nodes[node].applied.insert(seq_no, entry.clone());
        }
        Ok(())
    }

    pub(super) fn acknowledge(&mut self, node: usize, below: SeqNo) -> Result<(), Violation> {
        let waiting = std::mem::take(&mut self.nodes[node].waiting);
        let (safe, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|entry| entry.seq_no < below);
        self.nodes[node].waiting = waiting;
        for entry in safe {
            if let Some(other) = self.acknowledged.insert(entry.seq_no, entry.clone()).filter(|other| *other != entry) {
                return Err(format!("both {other:?} and {entry:?} were acknowledged"));
            }
        }
        Ok(())
    }

    /// I1: what was acknowledged is on the disk of every in-sync copy, also where the node is down.
    pub(super) fn check(&self) -> Result<(), Violation> {
        self.check_shown()?;
        for (copy, node) in self.master.in_sync() {
            let durable = self.nodes[node].disk.durable();
            for entry in self.acknowledged.values() {
                let held = durable.get(&entry.seq_no);
                if held != Some(entry) {
                    return Err(format!("{copy} has {held:?} where {entry:?} was acknowledged"));
                }
            }
        }
        Ok(())
    }

    /// I5: the copies hold equal documents and nothing beyond, and everything acknowledged.
    pub(super) fn is_equal(&self) -> bool {
        let first = &self.nodes[0].applied;
        let log_ends = |node: &super::node::Node| {
            let log = node.disk.log(node.disk.len());
            log.last_key_value().is_none_or(|(last, _)| *last < node.applied_below())
        };
        let all = self.nodes.iter().all(|node| node.applied == *first && log_ends(node));
        all && self.acknowledged.iter().all(|(seq_no, entry)| first.get(seq_no) == Some(entry))
    }

    pub(super) fn describe(&self) -> String {
        let copies: Vec<String> = self
            .nodes
            .iter()
            .map(|node| {
                let copy = node.copy.as_ref();
                format!(
                    "{:?} up {} local {:?} global {:?} applied {}",
                    node.me,
                    node.up,
                    copy.map(|copy| copy.local_checkpoint()),
                    copy.map(|copy| copy.global_checkpoint()),
                    node.applied_below()
                )
            })
            .collect();
        format!("{copies:?}; {:?}", self.master.assignment(model::id::AllocationId("".into())))
    }
}
