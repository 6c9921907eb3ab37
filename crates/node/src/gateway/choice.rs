//! Which copy of a shard is read: as the client prefers, and none that has just failed.
//!
//! Without a preference a copy on this node is read, or else each in turn. A text of the client's own always leads to the same copies as long
//! as they are there, so that pages of one search come from one view.

use std::collections::BTreeSet;

use cluster::state::{Copy, IndexMetadata, NodeId};
use model::error::Error;
use model::id::{AllocationId, ShardNumber};

use super::preference::{Among, Preference};

/// A search's choice, the same for all its parts.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    preference: Preference,
    /// What tells searches without a preference apart.
    turn: u64,
    /// Nodes that have failed this search.
    avoided: BTreeSet<NodeId>,
    /// Those that had failed it have been asked again.
    forgiven: bool,
    /// What they have told of their terms before will do.
    trusting: bool,
}

impl Choice {
    /// `turn`: any number.
    pub(super) fn new(preference: Preference, turn: u64) -> Self {
        Self { preference, turn, avoided: BTreeSet::new(), forgiven: false, trusting: true }
    }

    /// The primary, which shows at once what it was told to publish; another copy where it does not answer.
    pub(super) fn primary_first(preference: Preference) -> Self {
        let among = Among::Primary { only: false };
        Self::new(Preference { among, ..preference }, 0)
    }

    /// Whether the shard is searched at all.
    pub(super) fn asks(&self, number: ShardNumber) -> bool {
        self.preference.shards.as_ref().is_none_or(|wanted| wanted.contains(&number))
    }

    /// # Errors
    /// `illegal_argument_exception` where no copy of the shard lies on the nodes that alone are to be asked.
    pub(super) fn check_shard(&self, index: &IndexMetadata, number: ShardNumber) -> Result<(), Error> {
        let Among::Nodes { nodes: wanted, only: Some(filters) } = &self.preference.among else { return Ok(()) };
        let table = index.shard(number);
        if table.is_some_and(|table| table.started().any(|(_, copy)| wanted.contains(&copy.node))) {
            return Ok(());
        }
        let shard = format!("[{}][{number}]", index.name);
        let word = if filters.len() == 1 { "criteria" } else { "criterion" };
        let filters = filters.join(",");
        Err(Error::illegal_argument(format!("no data nodes with {word} [{filters}] found for shard: {shard}")))
    }

    pub(super) fn avoids(&self, node: &NodeId) -> bool {
        self.avoided.contains(node)
    }

    /// Asks these nodes no more. Out: whether any of them was asked until now.
    pub(super) fn avoid(&mut self, nodes: BTreeSet<NodeId>) -> bool {
        let before = self.avoided.len();
        self.avoided.extend(nodes);
        self.avoided.len() > before
    }

    /// Asks all nodes again. Out: whether that is done now; once for each search.
    pub(super) fn forgive(&mut self) -> bool {
        self.avoided.clear();
        !std::mem::replace(&mut self.forgiven, true)
    }

    /// Whether counts of terms that nodes have told before will do, where they still hold.
    pub(super) fn trusts(&self) -> bool {
        self.trusting
    }

    /// Has every node count anew: one has changed since it told.
    pub(super) fn distrust(&mut self) {
        self.trusting = false;
    }

    /// One of the copies that serve, which are in the order of their ids; `None`: none of them will do.
    pub(super) fn of<'a>(
        &self,
        ready: &[(&'a AllocationId, &'a Copy)],
        own: &NodeId,
        number: ShardNumber,
    ) -> Option<&'a Copy> {
        let mut found: Option<(u8, &'a Copy)> = None;
        for (_, copy) in self.turned(ready, number) {
            if let Some(rank) = self.rank(copy, own)
                && found.is_none_or(|(best, _)| rank < best)
            {
                found = Some((rank, copy));
            }
        }
        found.map(|(_, copy)| copy)
    }

    /// All copies that may be read, those that are before others.
    pub(super) fn order<'a>(
        &self,
        ready: &[(&'a AllocationId, &'a Copy)],
        own: &NodeId,
        number: ShardNumber,
    ) -> Vec<&'a AllocationId> {
        let ranked = self.turned(ready, number).filter_map(|(id, copy)| Some((self.rank(copy, own)?, id)));
        let mut ranked: Vec<(u8, &AllocationId)> = ranked.collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, id)| id).collect()
    }

    /// The copies from one on that is another one from search to search, but for a text of the client's own.
    fn turned<'r, 'a>(
        &self,
        ready: &'r [(&'a AllocationId, &'a Copy)],
        number: ShardNumber,
    ) -> impl Iterator<Item = (&'a AllocationId, &'a Copy)> + use<'r, 'a> {
        let turn = match self.preference.among {
            Among::Own(hash) => hash,
            _ => self.turn,
        };
        let first = turn.wrapping_add(u64::from(number.0)) % ready.len().max(1) as u64;
        let (before, behind) = ready.split_at(first as usize);
        behind.iter().chain(before).copied()
    }

    /// How late a copy is asked; `None`: not at all.
    fn rank(&self, copy: &Copy, own: &NodeId) -> Option<u8> {
        let local = copy.node == *own;
        // What is preferred, whether anything else will do, and then what is near.
        let (fits, only) = match &self.preference.among {
            Among::Any => (local, false),
            Among::OnlyLocal => (local, true),
            Among::Own(_) => (true, false),
            Among::Primary { only } => (copy.primary, *only),
            Among::Replica { only } => (!copy.primary, *only),
            Among::Nodes { nodes, only } => (nodes.contains(&copy.node), only.is_some()),
        };
        match (fits, only) {
            (true, _) => Some(0),
            (false, true) => None,
            (false, false) => Some(if local { 1 } else { 2 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> NodeId {
        NodeId(name.into())
    }

    /// Copies on a, b and c, the primary on b. Whom `text` leads to, asked on `own`.
    fn chosen(text: Option<&str>, own: &str, avoided: &[&str], turn: u64) -> String {
        let copies: Vec<(AllocationId, Copy)> = ["a", "b", "c"]
            .map(|name| (AllocationId(name.into()), Copy { started: true, ..Copy::new(id(name), name == "b") }))
            .into();
        let nodes = |filters: &[String]| {
            ["a", "b", "c"].into_iter().filter(|name| filters.contains(&format!("node-{name}"))).map(id).collect()
        };
        let mut choice = Choice::new(Preference::read(text, &nodes).unwrap(), turn);
        choice.avoid(avoided.iter().map(|name| id(name)).collect());
        let ready: Vec<_> =
            copies.iter().map(|(id, copy)| (id, copy)).filter(|(_, copy)| !choice.avoids(&copy.node)).collect();
        choice.of(&ready, &id(own), ShardNumber(0)).map_or("-".to_owned(), |copy| copy.node.0.to_string())
    }

    #[test]
    fn copies_are_chosen_as_clients_prefer() {
        for (text, own, avoided, expected) in [
            (None, "c", &[][..], "c"),
            (None, "x", &[], "b"),
            (None, "c", &["c"], "b"),
            (Some("_local"), "a", &[], "a"),
            (Some("_only_local"), "x", &[], "-"),
            (Some("_primary"), "a", &[], "b"),
            (Some("_primary"), "a", &["b"], "-"),
            (Some("_primary_first"), "a", &["b"], "a"),
            (Some("_replica"), "b", &[], "c"),
            (Some("_replica"), "b", &["c"], "a"),
            (Some("_only_nodes:node-c,z"), "a", &[], "c"),
            (Some("_only_nodes:z"), "a", &[], "-"),
            (Some("_prefer_nodes:z"), "a", &[], "a"),
            (Some("_shards:0,1|_primary"), "a", &[], "b"),
        ] {
            assert_eq!(chosen(text, own, avoided, 1), expected, "{text:?} {own} {avoided:?}");
        }
        assert_eq!(chosen(None, "x", &[], 2), "c", "in turn");
        assert_eq!(chosen(Some("_replica"), "x", &[], 0), "a", "replicas are asked in turn, too");
        let same: BTreeSet<String> = (0..9).map(|turn| chosen(Some("client-7"), "x", &[], turn)).collect();
        assert_eq!(same.len(), 1, "a text of one's own leads to one copy");
    }
}
